"""A study in the form of a report: its conclusions, findings, figures, tables and assumptions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simcore.compare.configuration import flattened
from simcore.errors import InputError
from simcore.report.columns import column_object
from simcore.report.run_item import MOST_ROWS
from simcore.saving.content import Content
from simcore.saving.json_text import parsed

_FIGURE = re.compile(r"- \[[^\]]*\]\(figures/([^)]*)\.svg\): (.*)")
_LISTS = ("conclusions", "assumptions", "left_out")


@dataclass(frozen=True)
class SavedStudy:
    """A study that was saved: results.json as it is, the figures as SVG texts, and what each figure shows."""

    name: str
    title: str
    found: Mapping[str, Any]
    figures: Mapping[str, str]
    captions: Mapping[str, str]


def load_study(content: Content) -> SavedStudy:
    """Return the study of a checked directory. Raise InputError if a file was changed or is no study's."""
    where = str(content.directory)
    content.require_whole()
    try:
        found = parsed(content.read("results.json"))
        index = content.read("index.md").decode("utf-8")
        figures = {
            Path(name).stem: content.read(name).decode("utf-8")
            for name in content.files
            if name.startswith("figures/") and name.endswith(".svg")
        }
    except ValueError:
        raise InputError("a file of this study is no text or no JSON that simcore writes", where) from None
    if not isinstance(found, dict) or not isinstance(found.get("tables"), dict):
        raise InputError("expected the tables of a study in 'results.json'", where)
    for name, rows in found["tables"].items():
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise InputError(f"expected rows in the table '{name}' of 'results.json'", where)
    title = index.partition("\n")[0].lstrip("# ").removesuffix(": tables and figures")
    captions = dict(_FIGURE.findall(index))
    return SavedStudy(content.directory.absolute().name, title, found, figures, captions)


def study_item(study: SavedStudy, name: str) -> dict[str, Any]:
    """Return the study as plain JSON values."""
    found = study.found
    return {
        "type": "study",
        "name": name,
        "title": study.title,
        **{key: _lines(found.get(key)) for key in _LISTS},
        "findings": _pairs(found.get("findings")),
        "settings": _pairs(found.get("settings")),
        "figures": [
            {"name": name, "svg": text, "caption": study.captions.get(name, name)} for name, text in study.figures.items()
        ],
        "figures_left_out": [],
        "tables": [_table(table, rows) for table, rows in found["tables"].items() if rows],
    }


def _lines(found: Any) -> list[str]:
    return [line for line in found if isinstance(line, str)] if isinstance(found, list) else []


def _pairs(tree: Any) -> list[list[Any]]:
    values = flattened(tree) if isinstance(tree, Mapping) else {}
    return [[key, value if isinstance(value, int | float) and value == value else str(value)] for key, value in values.items()]


def _table(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    kept = rows[:MOST_ROWS]
    names = dict.fromkeys(str(key) for row in kept for key in row)
    columns = [column_object(column, [row.get(column) for row in kept], {}) for column in names]
    return {"name": name, "rows": len(rows), "kept": len(kept), "columns": columns}
