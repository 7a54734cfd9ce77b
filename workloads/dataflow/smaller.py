"""Machines of smaller scratchpads, whose tilings are tried where the one for all of the capacity moves more than expected."""

from __future__ import annotations

from collections.abc import Iterator

from simcore.spec.system import System
from workloads.dataflow.regions import tenants_of


def smaller_machines(system: System) -> list[Iterator[System]]:
    """Return two rows of machines: with 1/2, 1/4, ... of every scratchpad, and with those parts of the partial sums' alone."""
    sums = next(iter(tenants_of(system, ["psum"])))
    return [_halved(system, {str(name) for name in system.scratchpads}), _halved(system, {sums})]


def _halved(system: System, names: set[str]) -> Iterator[System]:
    """Yield machines in which the scratchpads of some names are halved again and again, down to one line for each bank."""
    while True:
        pads = {}
        for name, pad in system.scratchpads.items():
            row = pad.line_bytes * pad.banks
            smaller = pad.capacity_bytes // 2 // row * row
            pads[name] = pad.model_copy(update={"capacity_bytes": smaller}) if name in names else pad
        if not all(pad.capacity_bytes for pad in pads.values()):
            return
        system = system.model_copy(update={"scratchpads": pads})
        yield system
