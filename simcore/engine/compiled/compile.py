"""The layer kernel with its one signature, compiled on first import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import int64

from simcore.engine.compiled.cache import compile_kernel, types
from simcore.engine.compiled.dram.signature import DRAM_TYPE
from simcore.engine.compiled.kernel import run_layer as layer_kernel
from simcore.engine.compiled.state import MAX_TIMINGS
from simcore.timing.compiled import SERVE_TYPE


def _signature() -> Any:
    table, vector = int64[:, ::1], int64[::1]
    return int64(
        types.UniTuple(SERVE_TYPE, MAX_TIMINGS),
        DRAM_TYPE,
        vector,  # K
        *[table] * 13,  # N E R B P V G Q D O S C W
        table,  # segments
        vector,  # geometry
        table,  # regions
        table,  # ops
        *[vector] * 4,  # resident, params, shared, states
        *[table] * 3,  # listed, inflight, burst_lists
        *[vector] * 4,  # free_writes, posted, lines, slots
        *[table] * 3,  # output_places, stall_cycles, bank_stall_cycles
        vector,  # bank_pad
        *[table] * 2,  # conflict, busy
        *[vector] * 5,  # bin_steps, bin_start_cycles, read_bytes, write_bytes, dram
        int64,  # until
    )


def load_memory(has_dram: bool) -> Callable[..., int]:
    """The function that runs main memory: that of a DRAM is compiled or loaded only where there is one."""
    if has_dram:
        from simcore.engine.compiled.dram.present import run_present

        return run_present
    from simcore.engine.compiled.dram.absent import run_absent

    return run_absent


run_layer = compile_kernel(_signature(), layer_kernel)
