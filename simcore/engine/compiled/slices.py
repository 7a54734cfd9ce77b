"""Kernels run in slices: each returns within a fraction of a second, so that Ctrl-C is seen and progress can be told."""

from __future__ import annotations

import time
from typing import Any, cast

import numba
from numba import int64

_numba: Any = cast(Any, numba)

#: CPU time after which a kernel returns, to be called again: it goes on where it stood.
SLICE_US = 100_000
#: So often it looks at the clock: once in so many cycles or elements. The most costly one takes about a millisecond.
LOOK_EVERY = 64

if _numba.config.DISABLE_JIT:

    def clock_us() -> int:
        """CPU time of this process in microseconds."""
        return time.process_time_ns() // 1000

else:
    # The C library's clock, which counts in microseconds wherever POSIX holds.
    clock_us = _numba.types.ExternalFunction("clock", int64())
