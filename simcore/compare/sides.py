"""The runs that a command names: saved directories, or NETWORK@SYSTEM, which is simulated."""

from __future__ import annotations

import os
from pathlib import Path

from simcore.errors import InputError
from simcore.results import Results
from simcore.results.any_run import AnyRun
from simcore.run_time import LIMIT_S
from simcore.simulation import simulate

_EXPECTED = "expected the directory of a saved run, or NETWORK@SYSTEM"


def run_named(text: str, *, limit_s: float | None = LIMIT_S) -> AnyRun:
    """Return the run in a directory, or else that of a network on a system, such as ``resnet18@edge-stt``.

    Raise InputError if the text is neither, for a directory that is no whole run, and as ``simulate`` does.
    """
    if os.path.isdir(text):
        return Results.load(text)
    network, at, system = text.rpartition("@")
    if not at or not network or not system:
        hint = "'simcore list runs DIR' finds saved runs, 'simcore run --out DIR' saves one"
        raise InputError(f"{_EXPECTED}, got '{text}'", hint=hint)
    return simulate(network, system, limit_s=limit_s)


def name_of(text: str) -> str:
    """Return how a run is called beside others: the last part of its directory, or what was asked for."""
    return Path(os.path.abspath(text)).name if os.path.isdir(text) else text
