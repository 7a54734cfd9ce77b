"""The kernel with its one signature, compiled on first import and cached under a hash of the sources it is made of.

numba's own cache does not see an edit in an imported file; here every edit of the engine gives another cache folder.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numba
from numba import int64, njit

from simcore import clock, machine, outcome, program, streams

types: Any = numba.types
config: Any = numba.config


def source_hash() -> str:
    """Hash of everything the kernel is compiled from, and of the compiler."""
    folder = Path(__file__).parent
    digest = hashlib.sha256(f"{numba.__version__} {sys.version}".encode())
    files = sorted(folder.glob("*.py")) + [Path(m.__file__ or "") for m in (clock, machine, outcome, program, streams)]
    for file in [*files, folder.parents[1] / "timing_compiled.py"]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Where compiled kernels are kept: the user's cache folder, or a temporary one where that cannot be written."""
    base = Path(os.environ.get("SIMCORE_CACHE_DIR") or Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "simcore")
    folder = base / source_hash()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return folder if os.access(folder, os.W_OK) else Path(tempfile.gettempdir()) / f"simcore-{source_hash()}"
    except OSError:
        return Path(tempfile.gettempdir()) / f"simcore-{source_hash()}"


def _signature() -> Any:
    from simcore.engine.compiled.state import MAX_TIMINGS
    from simcore.timing_compiled import SERVE_TYPE

    table, vector = int64[:, ::1], int64[::1]
    return int64(
        types.UniTuple(SERVE_TYPE, MAX_TIMINGS),
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
        *[vector] * 2,  # bin_steps, bin_start_cycles
        *[vector] * 2,  # read_bytes, write_bytes
        int64,  # until
    )


def _compile() -> Any:
    from simcore.engine.compiled import kernel

    if config.DISABLE_JIT:
        return kernel.run_layer
    before, config.CACHE_DIR = config.CACHE_DIR, str(cache_folder())
    try:
        return njit(_signature(), cache=True, _nrt=False)(kernel.run_layer)
    finally:
        config.CACHE_DIR = before


run_layer = _compile()
