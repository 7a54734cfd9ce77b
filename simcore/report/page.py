"""The page of a report: our own style, scripts and data in one file, under a policy that allows nothing else."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import simcore
from simcore.errors import InputError

_ASSETS = Path(__file__).parent / "assets"
#: The scripts, in the order in which they stand in the page. Each is a file of its own.
_SCRIPTS = ("core.js", "tables.js", "bars.js", "heat.js", "plots.js", "sections.js", "start.js")


def page(data: Mapping[str, Any], first_line: str) -> str:
    """Return the page that shows ``data``.

    The data are compressed and in base64, so that no text in them can be taken for markup; scripts put them into the page as text
    only. The policy allows the page's own style and scripts, by their hashes, and no request of any sort.
    """
    from jinja2 import Environment

    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(_asset("report.html.j2"))
    style, script = _asset("report.css"), "\n".join(map(_asset, _SCRIPTS))
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    made = template.render(
        title=", ".join(str(item.get("title") or item["name"]) for item in data["items"])[:200],
        items=data["items"],
        version=simcore.__version__,
        policy=policy,
        style=style,
        script=script,
        data=packed(data),
    )
    return f"{first_line}\n{made}"


def packed(data: Mapping[str, Any]) -> str:
    """Return plain JSON values compressed, as base64; equal data give equal texts. Raise InputError for NaN and infinity."""
    try:
        text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    except ValueError:
        raise InputError("expected finite numbers in what is reported, got one that is infinite or not a number") from None
    return base64.b64encode(gzip.compress(text.encode("utf-8", "surrogatepass"), 6, mtime=0)).decode("ascii")


@cache
def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"
