"""The reference of simcore's names in Python, as Markdown: ``python -m simcore.cli.python_page > docs/python.md``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import simcore

_INTRO = """\
# Python

The names that `import simcore` offers, from their docstrings. Written by `python -m simcore.cli.python_page`. The columns of all
tables are in [metrics.md](metrics.md), the keys of a System in [system-keys.md](system-keys.md).
"""

#: The longest signature that stands on one line.
_WIDTH = 110

_STARS: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


def markdown() -> str:
    """Return the reference as the text of docs/python.md."""
    names = [name for name in sorted(simcore.__all__, key=str.casefold) if name != "__version__"]
    return "\n".join([_INTRO, *(part for name in names for part in _section(name, getattr(simcore, name)))])


def _section(name: str, found: Any) -> Iterator[str]:
    """Yield the parts about a function or a class."""
    yield f"## {name}\n"
    if not inspect.isclass(found):
        yield from _described(found, name)
        return
    yield f"{_text(found)}\n"
    if found.__init__.__module__.startswith("simcore") and found.__init__.__doc__:
        yield from _described(found.__init__, name)
    members = dict(_members(found))
    tables = {key: member for key, member in members.items() if isinstance(member, (property, cached_property))}
    if tables:
        rows = [f"| `{key}` | {' '.join(_text(member).split())} |" for key, member in tables.items()]
        yield "\n".join(["| attribute | meaning |", "|---|---|", *rows]) + "\n"
    for key, member in members.items():
        if key not in tables:
            yield f"### {name}.{key}\n"
            yield from _described(member, key)


def _members(cls: type) -> Iterator[tuple[str, Any]]:
    """Yield the public methods and properties of simcore's own classes, in the order of their source, a subclass's first."""
    seen = set()
    for base in cls.__mro__:
        for name, member in vars(base).items() if base.__module__.startswith("simcore") else ():
            called = member.__func__ if isinstance(member, (staticmethod, classmethod)) else member
            if not name.startswith("_") and name not in seen and (inspect.isfunction(called) or _is_attribute(called)):
                seen.add(name)
                yield name, called


def _is_attribute(member: object) -> bool:
    return isinstance(member, (property, cached_property)) and bool(member.__doc__)


def _described(function: Any, name: str) -> Iterator[str]:
    yield f"```python\n{_signature(function, name)}\n```\n"
    yield f"{_text(function)}\n"


def _text(found: Any) -> str:
    """Return the docstring as Markdown: what stands in two backticks stands in one."""
    return re.sub(r"``([^`]+)``", r"`\1`", inspect.getdoc(found) or "")


def _signature(function: Any, name: str) -> str:
    """Return the signature with the types as the source writes them, an argument per line if one line is too short."""
    signature = inspect.signature(function)
    arguments: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not any(each.startswith("*") for each in arguments):
            arguments.append("*")
        if parameter.name != "self":
            arguments.append(_argument(parameter))
    gives = "" if name[0].isupper() else f" -> {_type(signature.return_annotation)}"
    line = f"{name}({', '.join(arguments)}){gives}"
    return line if len(line) <= _WIDTH else "\n".join([f"{name}(", *(f"    {each}," for each in arguments), f"){gives}"])


def _argument(parameter: inspect.Parameter) -> str:
    typed = _STARS.get(parameter.kind, "") + parameter.name
    if parameter.annotation is not parameter.empty:
        typed += f": {_type(parameter.annotation)}"
    if parameter.default is parameter.empty:
        return typed
    default = parameter.default.__name__ if inspect.isclass(parameter.default) else repr(parameter.default)
    return f"{typed} = {default}"


def _type(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else str(inspect.formatannotation(annotation))


if __name__ == "__main__":
    print(markdown(), end="")
