"""How the layer kernel calls a DRAM: as a function of its own, so that machines without one neither compile nor load it."""

from __future__ import annotations

from numba import int64

from simcore.engine.compiled.cache import types

#: run_memory(dram, scalars, bursts, burst_lists, now, bound): see `memory.run_memory`.
DRAM_SIGNATURE = int64(int64[::1], int64[::1], int64[:, ::1], int64[:, ::1], int64, int64)
#: The numba type of the kernel's argument.
DRAM_TYPE = types.FunctionType(DRAM_SIGNATURE)
