"""The type of a DRAM in the layer kernel: a separate function, so that machines without a DRAM neither compile nor load one."""

from __future__ import annotations

from numba import int64

from simcore.engine.compiled.cache import types

#: The signature of run_memory(dram, scalars, bursts, burst_lists, now, bound); see `memory.run_memory`.
DRAM_SIGNATURE = int64(int64[::1], int64[::1], int64[:, ::1], int64[:, ::1], int64, int64)
#: The numba type of the kernel's argument.
DRAM_TYPE = types.FunctionType(DRAM_SIGNATURE)
