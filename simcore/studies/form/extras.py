"""The extras that a study can do without, and what is left out where one is missing."""

from __future__ import annotations

import importlib

#: Extra -> the modules that it brings.
EXTRAS = {"plot": ("matplotlib",), "train": ("torch", "sklearn")}


def left_out(what: str, extra: str) -> str | None:
    """One line that says that something is left out and which extra it needs; None where the extra is there."""
    if all(_is_there(module) for module in EXTRAS[extra]):
        return None
    return f"{what}: left out, needs the extra {extra} (pip install 'simcore[{extra}]')"


def _is_there(module: str) -> bool:
    """Whether the module can be imported: a package that is there but broken counts as missing before the work, not after it."""
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True
