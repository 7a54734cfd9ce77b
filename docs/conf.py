"""The documentation as a site: ``make docs`` writes build/docs.

The source folder is the repository's root, so that a link from one page to another, or to DEVIATIONS.md, is the same on the site
as where the repository is browsed. Generated pages (commands.md, python.md, metrics.md, system-keys.md) are built as they stand.
"""

import re
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]
_VERSION = next(
    line for line in (ROOT / "simcore/__init__.py").read_text(encoding="utf-8").splitlines() if "__version__ =" in line
)

project = "simcore"
author = "the simcore authors"
project_copyright = "the simcore authors, Apache-2.0"
release = _VERSION.partition('"')[2].rstrip('"')

extensions = ["myst_nb"]
# Notebooks are kept without outputs. They are executed each time, in an empty folder, and one that fails is an error.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 300
root_doc = "docs/index"
include_patterns = ["docs/*.md", "docs/*.ipynb", "docs/notebooks/*.ipynb"]
include_patterns += ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "DEVIATIONS.md"]
# Anchors are those that GitHub makes of headings; tests/test_links.py checks them.
myst_heading_anchors = 4
# Options such as --json in plain text keep their two hyphens.
smartquotes = False

html_theme = "furo"
html_title = f"simcore {release}"
# index.html, which leads from the root of the site to the first page, and the style of tables.
html_extra_path = ["site"]
html_css_files = ["../tables.css"]
html_copy_source = False


def _link_pages(app: Sphinx, name: str, source: list[str]) -> None:
    """Make a link of each page that is named in passing, as docs/metrics.md is, but not in code."""
    start = "" if name.startswith("docs/") else "docs/"
    parts = re.split(r"(^```.*?^```$|`[^`\n]*`)", source[0], flags=re.MULTILINE | re.DOTALL)
    linked = (re.sub(r"(?<!\]\()(?<![\w\[/])docs/([\w-]+\.md)", rf"[\1]({start}\1)", part) for part in parts[::2])
    parts[::2] = list(linked)
    source[0] = "".join(parts)


def setup(app: Sphinx) -> None:
    """Show blocks of CSV, for which there is no highlighting, as plain text. Link pages that are named in passing."""
    app.add_lexer("csv", TextLexer)
    app.connect("source-read", _link_pages)
