"""The optional extras of a study, and the message for what a missing extra leaves out."""

from __future__ import annotations

import importlib

#: Extra -> the modules that it installs.
EXTRAS = {"plot": ("matplotlib",), "train": ("torch", "sklearn")}


def left_out(what: str, extra: str) -> str | None:
    """Return a line that says that ``what`` is left out and which extra it needs, or None if the extra is installed."""
    if all(_is_there(module) for module in EXTRAS[extra]):
        return None
    return f"{what}: left out, needs the extra {extra} (pip install 'simcore[{extra}]')"


def _is_there(module: str) -> bool:
    """Return whether the module can be imported.

    The import is tried, so that a package that is installed but broken counts as missing before the work begins.
    """
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True
