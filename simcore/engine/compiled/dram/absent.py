"""The function that the layer kernel gets in place of a DRAM. The kernel never calls it."""

from __future__ import annotations

from simcore.engine.compiled.cache import compile_kernel
from simcore.engine.compiled.dram.signature import DRAM_SIGNATURE
from simcore.program.program import Int64Array


def no_dram(dram: Int64Array, scalars: Int64Array, bursts: Int64Array, burst_lists: Int64Array, now: int, bound: int) -> int:
    """Do nothing."""
    return bound


run_absent = compile_kernel(DRAM_SIGNATURE, no_dram)
