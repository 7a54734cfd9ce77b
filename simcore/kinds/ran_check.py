"""The check of what a kind's run gives back: counts that are integers, not negative, and whose cycles add up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from simcore.errors import InputError
from simcore.kinds.kind import MachineKind
from simcore.kinds.runs import Ran
from simcore.program.outcome import Outcome

if TYPE_CHECKING:
    from simcore.results import LayerRun


def check_ran(kind: MachineKind[Any, Any], ran: Ran) -> None:
    """Raise InputError, which names the kind and the layer, for the first layer whose counts cannot be those of a run."""
    for layer in ran.layers:
        for problem in _problems(layer, len(kind.causes)):
            raise InputError(f"kind '{kind.name}' gave wrong counts: {problem}", where=f"layer '{layer.name}'")


def _problems(layer: LayerRun, causes: int) -> Iterator[str]:
    yield from _bad_number("macs", layer.macs)
    outcome = layer.outcome
    if outcome is None:
        return
    for name in ("start_cycle", "cycles", "compute_cycles"):
        yield from _bad_number(name, getattr(outcome, name))
    for name in ("stall_cycles", "dma_read_bytes", "dma_write_bytes"):
        yield from _bad_array(name, getattr(outcome, name))
    if len(outcome.stall_cycles) != causes:
        yield f"expected stall_cycles to have a row for each of its {causes} causes, got {len(outcome.stall_cycles)} rows"
    yield from _bad_sum(outcome)


def _bad_number(name: str, value: object) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        yield f"expected {name} to be an integer, got {value!r}"
    elif value < 0:
        yield f"expected {name} to be at least 0, got {value}"


def _bad_array(name: str, value: object) -> Iterator[str]:
    if not isinstance(value, np.ndarray) or not np.issubdtype(value.dtype, np.integer):
        yield f"expected {name} to be an array of integers, got {getattr(value, 'dtype', value)}"
    elif value.size and value.min() < 0:
        yield f"expected {name} to be at least 0, got {value.min()}"


def _bad_sum(outcome: Outcome) -> Iterator[str]:
    stalled = int(outcome.stall_cycles.sum())
    if outcome.cycles != outcome.compute_cycles + stalled:
        expected = f"compute_cycles + stall_cycles = {outcome.compute_cycles} + {stalled}"
        yield f"expected cycles to be {expected}, got {outcome.cycles}"
