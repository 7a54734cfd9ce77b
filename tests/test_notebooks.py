"""The gallery and the notebooks are kept without outputs. `make docs` executes them, and fails if a cell does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"
NOTEBOOKS = [FOLDER.parent / "gallery.ipynb", *sorted(FOLDER.glob("*.ipynb"))]


def cells(notebook: Path, kind: str) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def test_there_are_a_gallery_and_three_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["gallery", "first-run", "own-memory-and-banks", "sweep"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(notebook: Path) -> None:
    for cell in cells(notebook, "code"):
        assert (cell["outputs"], cell["execution_count"]) == ([], None)
    assert "".join(cells(notebook, "markdown")[0]["source"]).startswith("# ")
