"""The extra ``train``: what training needs and simcore otherwise does not."""

from __future__ import annotations

import importlib
from typing import Any

from simcore.errors import InputError

_PACKAGES = {"torch": "torch", "sklearn": "scikit-learn"}


def needed(module: str, purpose: str) -> Any:
    """The module (of torch or sklearn), imported; raises InputError naming the extra where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = _PACKAGES[module.partition(".")[0]]
        raise InputError(f"{purpose} needs the package {package}", hint="pip install 'simcore[train]'") from error
