"""How the kernel's functions are compiled: all of them into one, without reference counts.

Measured on ResNet18's layer1.0.conv1: numba's reference counts tripled the time, and passing tables (nine words each) between
functions that are not inlined cost four fifths of the remaining time. The kernel allocates nothing, so nothing needs counting.
The specs allow no divisor of 0 in it, so divisions are not checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

# numba's annotations do not know `_nrt`.
_njit: Any = numba.njit

#: Compiled into its caller. Tables are borrowed from the caller of the kernel, which keeps them alive.
inlined: Any = _njit(_nrt=False, forceinline=True, error_model="numpy")

#: A function of its own, which its callers call.
called: Any = _njit(_nrt=False, error_model="numpy")

#: The options of a function that Python calls.
KERNEL = {"_nrt": False, "error_model": "numpy"}


def entry(signature: Any) -> Callable[[Any], Any]:
    """Give a function that Python calls its one signature."""

    def give(function: Any) -> Any:
        function.signature = signature
        return function

    return give
