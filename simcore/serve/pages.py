"""The pages of the server beside reports: the list and errors."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from simcore.results.found import Found
from simcore.sweeps.found import FoundSweep

_ASSETS = Path(__file__).parent / "assets"
_STYLE = Path(__file__).parents[1] / "report" / "assets" / "report.css"


def list_page(found: Sequence[Found], sweeps: Sequence[FoundSweep]) -> str:
    """Return the list of runs, studies and sweeps, with a box to choose each and a button that opens a report of them."""
    runs = [each for each in found if each.what == "run"]
    studies = [each for each in found if each.what == "study"]
    broken = [each for each in found if each.what == "broken"]
    return _rendered("list.html.j2", runs=runs, studies=studies, broken=broken, sweeps=sweeps)


def error_page(status: int, message: str) -> str:
    """Return a page that says why there is no other."""
    return _rendered("error.html.j2", status=status, message=message)


@cache
def list_policy() -> str:
    """Return the policy of these pages: their own style and script, and requests to this server alone."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_hash(_text(_STYLE))}'",
            f"script-src '{_hash(_text(_ASSETS / 'list.js'))}'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _rendered(name: str, **values: object) -> str:
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["asked"] = lambda run: urlencode({"run": run}, errors="surrogateescape")
    template = environment.from_string(_text(_ASSETS / name))
    return template.render(style=_text(_STYLE), script=_text(_ASSETS / "list.js"), **values)


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"
