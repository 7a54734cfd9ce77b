"""Dataflows by name: those that come with simcore and those of installed packages, or one from a file of the user's own."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from simcore.errors import InputError
from simcore.extensions.installed import imported, offered
from simcore.extensions.model_file import load_value
from simcore.spec.dataflow_name import DATAFLOW_GROUP, dataflow_names, is_file
from workloads.dataflow.dataflow import Dataflow


def dataflow_named(name: str) -> Dataflow:
    """The dataflow of a name that ``array.dataflow`` may have: a registered one, or ``FILE.py:NAME``.

    Raises InputError for one that cannot be loaded or is no Dataflow.
    """
    return _from_file(name) if is_file(name) else _registered(name)


def dataflows() -> dict[str, Dataflow]:
    """All registered dataflows by name. Raises InputError as :func:`dataflow_named`."""
    return {name: _registered(name) for name in dataflow_names()}


def _from_file(target: str) -> Dataflow:
    path = Path(target.rpartition(":")[0])
    return _read(target, path.stat().st_mtime_ns if path.is_file() else 0)


@lru_cache(maxsize=64)
def _read(target: str, written_at_ns: int) -> Dataflow:
    found = load_value(target, Dataflow, "Dataflow")
    assert isinstance(found, Dataflow)
    return found


@lru_cache(maxsize=64)
def _registered(name: str) -> Dataflow:
    found = imported(name, offered(DATAFLOW_GROUP, "dataflow")[name], "dataflow")
    if not isinstance(found, Dataflow):
        raise InputError(f"the installed dataflow '{name}' is no Dataflow but {type(found).__name__}", where="array.dataflow")
    if found.name != name:
        raise InputError(f"the installed dataflow '{name}' calls itself '{found.name}'", where="array.dataflow")
    return found
