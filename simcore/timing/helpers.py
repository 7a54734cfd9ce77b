"""The functions of a model's own file that its ``serve`` calls, directly or through each other."""

from __future__ import annotations

import dis
from collections.abc import Callable
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any, cast


def helpers_of(function: Callable[..., Any]) -> dict[str, FunctionType]:
    """Return the plain Python functions that a function calls by a global name, by that name."""
    plain = cast(FunctionType, function)
    found = {name: plain.__globals__.get(name) for name in dict.fromkeys(_global_names(plain.__code__))}
    return {name: item for name, item in found.items() if isinstance(item, FunctionType)}


@lru_cache(maxsize=256)
def _global_names(code: CodeType) -> tuple[str, ...]:
    """Return the global names that a code and the codes within it read."""
    own = [item.argval for item in dis.get_instructions(code) if item.opname in ("LOAD_GLOBAL", "LOAD_NAME")]
    inner = [name for constant in code.co_consts if isinstance(constant, CodeType) for name in _global_names(constant)]
    return (*own, *inner)


def all_helpers(function: Callable[..., Any]) -> list[FunctionType]:
    """Return every function that a function calls, and those that these call, each once. They may call themselves."""
    found: dict[FunctionType, None] = {}
    waiting = list(helpers_of(function).values())
    while waiting:
        helper = waiting.pop(0)
        if helper not in found:
            found[helper] = None
            waiting += helpers_of(helper).values()
    return list(found)


def helpers_wrong(serve: Callable[..., Any], owner: str) -> str | None:
    """Return what is wrong with the functions that ``serve`` of the class ``owner`` calls, in one line, or None."""
    own_file = cast(FunctionType, serve).__code__.co_filename
    for helper in all_helpers(serve):
        if helper.__code__.co_filename != own_file:
            return f"{owner}.serve: expected calls of functions of its own file only, got '{helper.__name__}' of another"
        if helper in all_helpers(helper):
            return f"{owner}.serve: expected functions that do not call themselves, got '{helper.__name__}'"
    return None
