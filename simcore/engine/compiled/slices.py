"""Slices of kernels: a kernel returns within a fraction of a second, so that Python notices Ctrl-C and can report progress."""

from __future__ import annotations

import time
from typing import Any, cast

import numba
from numba import int64

_numba: Any = cast(Any, numba)

#: The CPU time after which a kernel returns. The next call continues the work.
SLICE_US = 100_000
#: The number of cycles or elements between two looks at the clock. The most costly one takes about a millisecond.
LOOK_EVERY = 512

if _numba.config.DISABLE_JIT:

    def clock_us() -> int:
        """Return the CPU time of this process in microseconds."""
        return time.process_time_ns() // 1000

else:
    # This is the C library's clock, which counts in microseconds on every POSIX system.
    clock_us = _numba.types.ExternalFunction("clock", int64())
