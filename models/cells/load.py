"""Descriptions of cells by name or from a user's YAML file. Every error names the line."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from models.arrays.cells import memory_cell
from models.cells.description import CellDescription
from simcore.errors import InputError, raise_all
from simcore.reading.problems import problems_of
from simcore.reading.text_file import read_text
from simcore.reading.tree import plain
from simcore.reading.yaml_tree import read_yaml

_YAML = (".yaml", ".yml")


def load_description(source: str) -> CellDescription:
    """Return the description of the cell of this name, or the one in a YAML file.

    Raise InputError for an unknown name, a cell that is not written by a pulse, and a bad file. Contradictions are no error here.
    """
    return _from_file(Path(source)) if source.endswith(_YAML) else memory_cell(source).described


def _from_file(path: Path) -> CellDescription:
    root, errors = read_yaml(read_text(path), str(path))
    raise_all(errors)
    if not isinstance(root.value, dict):
        raise InputError(f"expected a mapping with keys {', '.join(CellDescription.model_fields)}", root.where)
    try:
        return CellDescription.model_validate(plain(root.value))
    except ValidationError as error:
        raise_all(problems_of(error, CellDescription, root))
        raise
