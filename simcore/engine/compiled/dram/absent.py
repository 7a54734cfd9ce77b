"""What the layer kernel is given in place of a DRAM; it is never called."""

from __future__ import annotations

from simcore.engine.compiled.cache import compile_kernel
from simcore.engine.compiled.dram.signature import DRAM_SIGNATURE
from simcore.program.program import Int64Array


def no_dram(dram: Int64Array, scalars: Int64Array, bursts: Int64Array, burst_lists: Int64Array, now: int, bound: int) -> int:
    """Nothing happens."""
    return bound


run_absent = compile_kernel(DRAM_SIGNATURE, no_dram)
