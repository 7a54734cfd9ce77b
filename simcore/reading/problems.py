"""pydantic's errors in the user's terms: file and line, what was expected, what it got, and the nearest key."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from simcore.errors import InputError, did_you_mean, nearest
from simcore.reading.numbers import shown
from simcore.reading.tree import Entry, Path, find
from simcore.reading.values import TAG

_EXPECTED = {
    "int_type": "an integer",
    "float_type": "a number",
    "finite_number": "a finite number",
    "int_parsing_size": "an integer of 64 bits",
    "bool_type": "true or false",
    "string_type": "text",
    "string_too_short": "text that is not empty",
    "tuple_type": "a list",
    "dict_type": "a mapping",
}


class Problem(NamedTuple):
    """An error and the path of the value that it is about."""

    path: Path
    error: InputError


def problems_of(error: ValidationError, model: type[BaseModel], root: Entry) -> list[InputError]:
    """Return one InputError for each problem, in the order of the fields."""
    return [problem.error for problem in located_problems(error, model, root)]


def located_problems(error: ValidationError, model: type[BaseModel], root: Entry) -> list[Problem]:
    """Return each problem with the path of the value that it is about, in the order of the fields."""
    details = error.errors(include_url=False)
    misnamed = [_untagged(detail["loc"])[:-1] for detail in details if detail["loc"][-1:] == ("[key]",)]
    found: list[Problem] = []
    for detail in details:
        path = _untagged(detail["loc"])
        is_below_misnamed = any(path[: len(name)] == name for name in misnamed)
        if path[-1:] == ("[key]",) or not is_below_misnamed:
            found.extend(_problems(detail, model, root))
    return found


def _problems(detail: ErrorDetails, model: type[BaseModel], root: Entry) -> Iterator[Problem]:
    path, kind = _untagged(detail["loc"]), detail["type"]
    if kind == "rules":
        for below, message, hint in detail["ctx"]["broken"]:
            yield _problem(path + tuple(below), message, root, hint)
    elif kind == "extra_forbidden":
        yield _unknown_key(path, _keys_at(model, detail["loc"][:-1]), root)
    elif path[-1:] == ("[key]",):
        yield _unknown_key(path[:-1], _keys_at(model, path[:-2]), root)
    elif kind == "missing":
        keys = find(root, path[:-1])[0]
        inside = f" in {dotted(path[:-1])}" if path[:-1] else ""
        yield Problem(path, InputError(f"missing key '{path[-1]}'{inside}", keys.key_where))
    else:
        hint = None
        if kind == "literal_error" and isinstance(detail["input"], str):
            match = nearest(detail["input"], detail["ctx"]["expected"].split("'")[1::2])
            hint = f"did you mean '{match}'?" if match else None
        yield _problem(path, f"expected {_expected(detail, model)}, got {_shown(detail['input'])}", root, hint)


def _untagged(path: Path) -> Path:
    """Return the path without the tags that name the model of a union which pydantic tried."""
    return tuple(step for step in path if not (isinstance(step, str) and step.startswith(TAG)))


def _problem(path: Path, message: str, root: Entry, hint: str | None) -> Problem:
    start = f"{dotted(path)}: " if path else ""
    return Problem(path, InputError(start + message, find(root, path)[0].where, hint))


def _unknown_key(path: Path, known: list[str], root: Entry) -> Problem:
    inside = f" in {dotted(path[:-1])}" if path[:-1] else ""
    hint = did_you_mean(str(path[-1]), known)
    return Problem(path, InputError(f"unknown key '{path[-1]}'{inside}", find(root, path)[0].key_where, hint))


def _expected(detail: ErrorDetails, model: type[BaseModel]) -> str:
    kind = detail["type"]
    if kind == "literal_error":
        return str(detail["ctx"]["expected"])
    if kind == "greater_than_equal":
        return f"at least {detail['ctx']['ge']}"
    if kind in ("greater_than", "less_than"):
        return f"a number above {detail['ctx']['gt']:g}" if kind == "greater_than" else f"a number below {detail['ctx']['lt']:g}"
    if kind == "less_than_equal":
        return f"at most {detail['ctx']['le']}"
    if kind == "model_type":
        return f"a mapping with keys {', '.join(_keys_at(model, detail['loc']))}"
    return _EXPECTED.get(kind, detail["msg"])


def _shown(value: Any) -> str:
    """Return the value as the user would write it; for a mapping or a list, only its kind."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else shown(value)


def dotted(path: Path) -> str:
    """Return a path as it is written after ``--set``: scratchpads.ifmap.banks."""
    return ".".join(str(step) for step in path)


def _keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """Return the keys that the schema knows at a path."""
    here: Any = model
    for step in path:
        here = _child(here, step)
    here = without_none(here)
    if isinstance(here, type) and issubclass(here, BaseModel):
        return list(here.model_fields)
    names = typing.get_args(here)
    return [str(name) for name in typing.get_args(names[0])] if typing.get_origin(here) is dict else []


def _child(annotation: Any, step: str | int) -> Any:
    annotation = without_none(annotation)
    if isinstance(step, str) and step.startswith(TAG):
        return next(typing.get_args(option)[0] for option in typing.get_args(annotation) if Tag(step) in typing.get_args(option))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation.model_fields[str(step)].annotation if step in annotation.model_fields else None
    inner = typing.get_args(annotation)
    return inner[-1] if typing.get_origin(annotation) is dict else inner[0] if inner else None


def without_none(annotation: Any) -> Any:
    """Return a type without ``| None``."""
    options = [option for option in typing.get_args(annotation) if option is not type(None)]
    return options[0] if type(None) in typing.get_args(annotation) and len(options) == 1 else annotation
