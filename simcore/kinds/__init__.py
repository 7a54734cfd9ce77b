"""Kinds of machine: what a kind answers (`kind.py`, `runs.py`), and the kinds by name (`registry.py`). Holds no kind."""

from simcore.kinds.kind import MachineKind
from simcore.kinds.registry import kind_names, kind_of, machine_kind
from simcore.kinds.runs import Estimate, Ran, RunOrder

__all__ = ["Estimate", "MachineKind", "Ran", "RunOrder", "kind_names", "kind_of", "machine_kind"]
