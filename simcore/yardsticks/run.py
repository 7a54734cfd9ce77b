"""The bounds of layers as the records from which all tables are made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simcore.errors import InputError
from simcore.program.outcome import Cause, Outcome, without_banks
from simcore.program.program import Port
from simcore.progress import OnProgress
from simcore.results import LayerRun
from simcore.yardsticks.bounds import BoundLayer, Bounds

#: With at most this many cycles in a run, every sum in the tables fits into int64.
MAX_CYCLES = 10**18


def layer_runs(layers: Sequence[BoundLayer], progress: OnProgress | None) -> list[LayerRun]:
    """Return one record per layer. Layers run one after another. Raise InputError for more than ``MAX_CYCLES`` cycles in all."""
    start, runs = 0, []
    for done, layer in enumerate(layers, start=1):
        name, kind = layer.instance.name, layer.instance.layer
        if layer.bounds is not None and start + layer.bounds.cycles > MAX_CYCLES:
            hint = "a higher bandwidth or peak, or a slower core clock?"
            raise InputError(f"expected at most {MAX_CYCLES:.0e} core cycles in all, got more", f"layer '{name}'", hint)
        outcome = None if layer.bounds is None else _outcome(start, layer.bounds)
        start += 0 if outcome is None else outcome.cycles
        macs = 0 if layer.bounds is None else layer.bounds.macs
        runs.append(LayerRun(name, kind.op, macs, outcome, {"pass": kind.pass_name}, layer.fused_into))
        if progress is not None:
            progress(done, len(layers), name)
    return runs


def _outcome(start: int, bounds: Bounds) -> Outcome:
    """Return the outcome of a layer. The cycles beyond its compute cycles wait for main memory."""
    stalls = np.zeros((len(Cause), len(Port)), np.int64)
    stalls[Cause.DRAM_WAIT, Port.DMA] = bounds.cycles - bounds.compute_cycles
    return without_banks(start, bounds.compute_cycles, stalls, read_bytes=bounds.read_bytes, written_bytes=bounds.written_bytes)
