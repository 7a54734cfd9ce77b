"""The extras the study can do without, and what is left out where one is missing."""

from __future__ import annotations

import importlib

#: Part of the study -> the extra it needs and the modules that the extra brings.
NEEDS = {"figures": ("plot", ("matplotlib",)), "accuracy": ("train", ("torch", "sklearn"))}


def left_out(part: str) -> str | None:
    """One line that says that a part is left out and which extra it needs; None where the extra is there."""
    extra, modules = NEEDS[part]
    if all(_is_there(module) for module in modules):
        return None
    return f"{part}: left out, needs the extra {extra} (pip install 'simcore[{extra}]')"


def _is_there(module: str) -> bool:
    """Imported, not only looked for: a broken package is to be told of, not to end the study after all the work before it."""
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True
