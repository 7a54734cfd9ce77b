"""Descriptions of cells by name or from a user's YAML file."""

from __future__ import annotations

from models.arrays.cells import memory_cell
from models.cells.description import CellDescription
from models.cells.own_file import description_in, is_file


def load_description(source: str) -> CellDescription:
    """Return the description of the cell of this name, or the one in a YAML file.

    Raise InputError for an unknown name, a cell that is not written by a pulse, and a bad file. Contradictions are no error here.
    """
    return description_in(source) if is_file(source) else memory_cell(source).described
