"""Kinds of machine: the questions that a kind answers (`kind.py`), and the kinds by name (`registry.py`). Holds no kind."""

from simcore.kinds.kind import Estimate, MachineKind, Ran, RunOrder
from simcore.kinds.registry import kind_names, kind_of, machine_kind

__all__ = ["Estimate", "MachineKind", "Ran", "RunOrder", "kind_names", "kind_of", "machine_kind"]
