"""The description of a user's cell, from a YAML file. Every error names the line."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from models.cells.agreement import contradictions
from models.cells.description import CellDescription
from simcore.errors import InputError, raise_all
from simcore.reading.problems import problems_of
from simcore.reading.text_file import read_text
from simcore.reading.tree import plain
from simcore.reading.yaml_tree import read_yaml


def is_file(name: str) -> bool:
    """Return whether a cell's name is the path of a description."""
    return name.endswith((".yaml", ".yml"))


def description_in(path: str) -> CellDescription:
    """Return the description in a YAML file. Raise InputError for a bad file. Contradictions are no error here."""
    root, errors = read_yaml(read_text(Path(path)), path)
    raise_all(errors)
    if not isinstance(root.value, dict):
        raise InputError(f"expected a mapping with keys {', '.join(CellDescription.model_fields)}", root.where)
    try:
        return CellDescription.model_validate(plain(root.value))
    except ValidationError as error:
        raise_all(problems_of(error, CellDescription, root))
        raise


def sound_description_in(path: str) -> CellDescription:
    """Return the description in a YAML file. Raise InputError, too, for contradictions that it does not acknowledge."""
    description = description_in(path)
    raise_all([InputError(each.message, path, each.hint) for each in contradictions(description)])
    return description
