"""The layer kernel with its one signature, compiled on first import."""

from __future__ import annotations

from collections.abc import Callable

from numba import int64

from simcore.engine.compiled.cache import compile_kernel
from simcore.engine.compiled.dram.signature import DRAM_TYPE
from simcore.engine.compiled.kernel import run_layer as layer_kernel
from simcore.engine.compiled.state import SERVES_TYPE
from simcore.engine.compiled.tables import Tables, numba_type


def load_memory(has_dram: bool) -> Callable[..., int]:
    """Return the function that runs main memory. That of a DRAM is compiled or loaded only for machines with a DRAM."""
    if has_dram:
        from simcore.engine.compiled.dram.present import run_present

        return run_present
    from simcore.engine.compiled.dram.absent import run_absent

    return run_absent


run_layer = compile_kernel(int64(SERVES_TYPE, DRAM_TYPE, numba_type(Tables), int64), layer_kernel)
