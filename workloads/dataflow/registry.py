"""Dataflows by name: those of simcore, those of installed packages, and those in a user's own file."""

from __future__ import annotations

import os
from functools import lru_cache

from simcore.errors import InputError
from simcore.extensions.installed import imported, offered
from simcore.extensions.model_file import load_value
from simcore.spec.dataflow_name import DATAFLOW_GROUP, is_file
from workloads.dataflow.dataflow import Dataflow


def dataflow_named(name: str) -> Dataflow:
    """Return the dataflow for a value of ``array.dataflow``: a registered name, or ``FILE.py:NAME``.

    Raise InputError if it cannot be loaded or is not a Dataflow.
    """
    return _from_file(name) if is_file(name) else _registered(name)


def _from_file(target: str) -> Dataflow:
    path = target.rpartition(":")[0]
    return _read(target, os.stat(path).st_mtime_ns if os.path.isfile(path) else 0)


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
