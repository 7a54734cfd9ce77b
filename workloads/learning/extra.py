"""The extra ``train``: packages that only training needs."""

from __future__ import annotations

import importlib
from typing import Any

from simcore.errors import InputError

_PACKAGES = {"torch": "torch", "sklearn": "scikit-learn", "PIL": "pillow"}


def needed(module: str, purpose: str) -> Any:
    """Return the imported module (of torch, sklearn or PIL). Raise InputError, with the extra's name, if it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = _PACKAGES[module.partition(".")[0]]
        raise InputError(f"{purpose} needs the package {package}", hint="pip install 'simcore[train]'") from error
