"""Links between the pages lead to files and headings, named tests exist, and every page stands in the site's contents."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def prose(page: Path) -> str:
    """The text of a page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def slug(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


@cache
def anchors(page: Path) -> frozenset[str]:
    found: dict[str, int] = {}
    made = set()
    for heading in re.findall(r"^#{1,6} +(.+)$", prose(page), flags=re.MULTILINE):
        name = slug(heading)
        made.add(f"{name}-{found[name]}" if name in found else name)
        found[name] = found.get(name, 0) + 1
    return frozenset(made)


def broken(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    found = []
    for target in LINK.findall(re.sub(r"`[^`\n]*`", "", prose(page))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        place = (page.parent / name).resolve() if name else page
        if not place.is_file() or not place.is_relative_to(ROOT) or (anchor and anchor not in anchors(place)):
            found.append(target)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    assert broken(page) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_that_are_named_in_passing_are_there(page: Path) -> None:
    named = set(re.findall(r"\bdocs/[\w-]+\.md\b", page.read_text(encoding="utf-8")))
    assert {name for name in named if not (ROOT / name).is_file()} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tests_that_are_named_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for file, name in re.findall(r"`((?:tests|benchmarks)/\w+\.py)(?:::(\w+))?`", text):
        assert (ROOT / file).is_file(), file
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8") or not name, f"{file}::{name}"


def test_every_page_of_the_site_is_in_its_contents_once() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    entries = [line for block in re.findall(r"^```\{toctree\}\n(.*?)^```$", index, re.M | re.S) for line in block.splitlines()]
    listed = [entry for entry in entries if entry and not entry.startswith(":")]
    assert sorted(listed) == sorted(set(listed))
    docs = ROOT / "docs"
    notebooks = {path.relative_to(docs).with_suffix("").as_posix() for path in docs.rglob("*.ipynb")}
    assert notebooks <= set(listed)
    assert {(ROOT / "docs" / f"{entry}.md").resolve() for entry in set(listed) - notebooks} == set(PAGES) - {
        ROOT / "README.md",
        ROOT / "docs" / "index.md",
    }


def test_a_broken_link_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("test_links.ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("# A `key`: its use\n\n## Twice\n\n## Twice\n\n[a](#a-key-its-use) [b](page.md#twice-1) [c](https://x.org)\n")
    assert broken(page) == []
    page = tmp_path / "other.md"
    page.write_text("[a](no.md) [b](#nowhere) [c](page.md#twice-2) [d](../other.md)\n\n```md\n[e](no.md)\n```\n")
    assert broken(page) == ["no.md", "#nowhere", "page.md#twice-2", "../other.md"]
