"""simcore: a cycle-level simulator of machine-learning accelerators. ``simulate(network, system)`` returns Results."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simcore.errors import InputError
    from simcore.generation.result import Generation, generate
    from simcore.results import Results
    from simcore.simulation import simulate
    from simcore.spec.load import load_system
    from simcore.spec.system import System
    from simcore.sweeps.sweep import Sweep, sweep
    from simcore.timing.bank_timing import BankTiming
    from workloads.importers.pytorch.export import from_torch

__version__ = "0.1.0"
__all__ = [
    "BankTiming",
    "Generation",
    "InputError",
    "Results",
    "Sweep",
    "System",
    "__version__",
    "from_torch",
    "generate",
    "load_system",
    "simulate",
    "sweep",
]

_HOMES = {
    "BankTiming": "simcore.timing.bank_timing",
    "Generation": "simcore.generation.result",
    "InputError": "simcore.errors",
    "Results": "simcore.results",
    "Sweep": "simcore.sweeps.sweep",
    "System": "simcore.spec.system",
    "from_torch": "workloads.importers.pytorch.export",
    "generate": "simcore.generation.result",
    "load_system": "simcore.spec.load",
    "simulate": "simcore.simulation",
    "sweep": "simcore.sweeps.sweep",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that ``import simcore`` and the command line's help stay fast."""
    if name not in _HOMES:
        raise AttributeError(f"module 'simcore' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
