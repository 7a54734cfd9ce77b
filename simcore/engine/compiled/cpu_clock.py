"""The clock by which a kernel ends its slice."""

from __future__ import annotations

import time
from typing import Any, cast

import numba
from numba import int64

from simcore.timing.machine_code import jit_is_off

if jit_is_off():

    def clock_us() -> int:
        """Return the CPU time of this process in microseconds."""
        return time.process_time_ns() // 1000

else:
    # This is the C library's clock, which counts in microseconds on every POSIX system.
    clock_us = cast(Any, numba).types.ExternalFunction("clock", int64())
