"""What makes compiling cheaper changes no machine code, and is undone afterwards."""

from __future__ import annotations

import gc
import re
from contextlib import nullcontext

import numba
import pytest
from numba import int64
from numba.core.ir import Scope

from simcore.timing import numba_code
from simcore.timing.machine_code import MachineCode
from simcore.timing.numba_code import machine_code


@numba.njit(inline="always", _nrt=False)
def clipped(value, least, most):
    found = value
    if value < least:
        found = least
    if found > most:
        found = most
    return found


@numba.njit(inline="always", _nrt=False)
def folded(value, size):
    total = 0
    for part in range(size):
        left = clipped(value - part, 0, size)
        total += clipped(left * left, part, 9 * size)
    return total


def kernel(values):
    total = 0
    for at in range(len(values)):
        first = folded(values[at], 5)
        second = folded(clipped(first, 2, 30), 3)
        total += first - second
    return total


SIGNATURE = int64(int64[::1])


def anonymous(code: MachineCode) -> bytes:
    """The object file without the number that numba gives each compilation of a function (``v12``, of any length)."""
    return re.sub(rb"kernelB\d+v\d+", b"", code.object_file)


@pytest.mark.slow
def test_sharing_scopes_changes_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = anonymous(machine_code(kernel, SIGNATURE, _nrt=False, error_model="numpy"))
    monkeypatch.setattr(numba_code, "_scopes_shared", nullcontext)
    monkeypatch.setattr(numba_code, "_no_garbage_collected", nullcontext)
    assert anonymous(machine_code(kernel, SIGNATURE, _nrt=False, error_model="numpy")) == shared


def test_numba_and_the_garbage_collector_are_as_before() -> None:
    machine_code(lambda: 1, int64(), _nrt=False)
    with pytest.raises(numba.core.errors.TypingError):
        machine_code(lambda: missing, int64(), _nrt=False)  # noqa: F821
    assert "__deepcopy__" not in vars(Scope)
    assert gc.isenabled()
