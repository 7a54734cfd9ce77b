"""The values that a key takes, in words, derived from the type of its field."""

from __future__ import annotations

import typing
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from simcore.reading.keys import Written
from simcore.reading.problems import without_none
from simcore.reading.units import SIZE, format_frequency, format_quantity


def values_text(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """Return the values of a type with these constraints: ``integer from 1 to 16``, ```low-order`, `xor` or `block```."""
    inner, own = _opened(annotation)
    limits = _flat([*own, *metadata])
    written = written_as(limits)
    if written is not None:
        return written.values
    origin, arguments = typing.get_origin(inner), typing.get_args(inner)
    if origin is Literal:
        return _either([f"`{value}`" for value in arguments])
    if origin is dict:
        return f"a mapping from names to {_plural(values_text(arguments[1]))}"
    if origin is tuple:
        return f"a list of {_plural(values_text(arguments[0]))}"
    if inner is bool:
        return "`true` or `false`"
    if inner in (int, float):
        return _number("an integer" if inner is int else "a number", limits)
    return "text"


def unit_of(annotation: Any, metadata: Iterable[Any]) -> str:
    """Return the unit that the type itself fixes, such as bytes of a size, or ""."""
    written = written_as(_flat([*_opened(annotation)[1], *metadata]))
    return "" if written is None else written.unit


def default_text(field: FieldInfo, unit: str) -> str:
    """Return the default as a file would give it, ``needed`` for a key without one, ``none`` for one that may be left out."""
    if field.is_required():
        return "needed"
    default = field.default_factory() if field.default_factory is not None else field.default  # type: ignore[call-arg]
    if default is None or default is PydanticUndefined:
        return "none"
    if isinstance(default, BaseModel) or default in ({}, (), ""):
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, int) and unit in ("bytes", "Hz") and default > 8:
        return format_quantity(default, SIZE) if unit == "bytes" else format_frequency(default)
    return str(default)


def _opened(annotation: Any) -> tuple[Any, list[Any]]:
    """Return the type itself and what its ``Annotated`` forms say about it."""
    found: list[Any] = []
    bare = without_none(annotation)
    while typing.get_origin(bare) is Annotated:
        bare, *own = typing.get_args(bare)
        found += own
        bare = without_none(bare)
    return bare, found


def _flat(metadata: Iterable[Any]) -> list[Any]:
    return [part for item in metadata for part in (item.metadata if isinstance(item, FieldInfo) else [item])]


def written_as(limits: Iterable[Any]) -> Written | None:
    """Return what the type says about the form of its values, or None."""
    return next((item for item in limits if isinstance(item, Written)), None)


def _number(start: str, limits: Iterable[Any]) -> str:
    words = {"ge": "from", "gt": "above", "le": "to", "lt": "below"}
    found = {name: getattr(item, name) for item in limits for name in words if getattr(item, name, None) is not None}
    shown = [f"{words[name]} {_shown(found[name])}" for name in words if name in found]
    return " ".join([start, *shown])


def _shown(limit: float) -> str:
    if not isinstance(limit, int) or abs(limit) < 2**20:
        return f"{limit:g}"
    sign, size, power = "-" if limit < 0 else "", abs(limit), abs(limit).bit_length()
    if size & (size - 1) == 0:
        return f"{sign}2^{power - 1}"
    return f"{sign}2^{power} - 1" if size == 2**power - 1 and not sign else f"{limit:,}"


def _either(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"


def _plural(text: str) -> str:
    for start, many in (
        ("an integer", "integers"),
        ("a number of cycles or an expression", "cycles or expressions"),
        ("a number", "numbers"),
    ):
        if text.startswith(start):
            return many + text[len(start) :]
    return "texts" if text == "text" else text
