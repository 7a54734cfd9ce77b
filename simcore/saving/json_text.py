"""JSON as simcore saves it, read back: nothing but finite numbers, and no deep nesting, whoever wrote the file."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, NoReturn

_DEEPEST = 40


def parsed(raw: bytes) -> Any:
    """Return JSON values. Raise ValueError for what is none, for numbers that are not finite, and for deep nesting."""
    try:
        found = json.loads(raw.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    level = [found]
    for _ in range(_DEEPEST):
        level = [item for each in level for item in _inside(each)]
        if not level:
            return found
    raise ValueError("nested too deeply")


def _inside(value: Any) -> Sequence[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ()


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is greater than any number that simcore writes")
    return value
