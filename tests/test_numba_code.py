"""What makes compiling cheaper changes no result, and is undone afterwards."""

from __future__ import annotations

import gc
import re
from contextlib import nullcontext
from types import FunctionType

import numba
import numpy as np
import pytest
from numba import int64

from simcore.timing import numba_code
from simcore.timing.machine_code import MachineCode, jit_is_off, load_code
from simcore.timing.numba_code import machine_code


@numba.njit(_nrt=False)
def clipped(value, least, most):
    found = value
    if value < least:
        found = least
    if found > most:
        found = most
    return found


@numba.njit(_nrt=False)
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
pytestmark = pytest.mark.skipif(jit_is_off(), reason="nothing is compiled")


@pytest.fixture(autouse=True)
def nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba_code, "_parts", [])
    for function in (clipped, folded, refused):
        function._reset_overloads()


def anonymous(code: MachineCode) -> bytes:
    """The object file without the number that numba gives each compilation of a function (``v12``, of any length)."""
    return re.sub(rb"kernelB\d+v\d+", b"", code.object_file)


@numba.njit(_nrt=False)
def refused(value):
    if value > 90:
        raise ValueError("too large")
    return value


def another(values):
    return folded(refused(values[0]), 4)


def results(function, options) -> list[int]:
    code = load_code(machine_code(function, SIGNATURE, _nrt=False, error_model="numpy", **options), 1)
    return [code(np.array([first, 7, -3, 29])) for first in (-5, 0, 3, 88)]


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"boundscheck": True}])
def test_functions_compiled_only_within_their_caller_give_the_same_results(monkeypatch: pytest.MonkeyPatch, options) -> None:
    found = results(kernel, options), results(another, options)
    assert {dispatcher for dispatcher, _ in numba_code._parts} == {clipped, folded, refused}
    monkeypatch.setattr(numba_code, "_AS_KNOWN", False)
    monkeypatch.setattr(numba_code, "_OURS", ())
    monkeypatch.setattr(numba_code, "_parts", [])
    assert (results(kernel, options), results(another, options)) == found
    assert found[1] == [another.__globals__["folded"].py_func(first, 4) for first in (-5, 0, 3, 88)]


def test_an_error_comes_out_of_a_function_within_another() -> None:
    code = load_code(machine_code(another, SIGNATURE, _nrt=False), 1)
    with pytest.raises(ValueError, match="too large"):
        code(np.array([91]))


def test_a_part_is_compiled_once() -> None:
    machine_code(kernel, SIGNATURE, _nrt=False)
    parts = list(numba_code._parts)
    machine_code(kernel, SIGNATURE, _nrt=False)
    assert numba_code._parts == parts
    assert {dispatcher for dispatcher, _ in parts} == {clipped, folded}


def test_python_gets_to_see_no_part() -> None:
    machine_code(kernel, SIGNATURE, _nrt=False)
    assert not clipped.overloads
    assert [clipped(value, 2, 30) for value in (1, 5, 31)] == [2, 5, 30]
    machine_code(kernel, SIGNATURE, _nrt=False)  # which leaves what Python has compiled
    assert clipped(1, 2, 30) == 2


def test_a_numba_without_these_methods_compiles_as_it_always_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba_code, "_AS_KNOWN", False)
    assert results(kernel, {}) == [sum_of(first) for first in (-5, 0, 3, 88)]
    assert not numba_code._parts


def sum_of(first: int) -> int:
    """The kernel as plain Python."""
    cut = clipped.py_func
    whole = {"clipped": cut, "range": range}
    fold = FunctionType(folded.py_func.__code__, whole)
    return FunctionType(kernel.__code__, {"clipped": cut, "folded": fold, "range": range, "len": len})(
        np.array([first, 7, -3, 29])
    )


@pytest.mark.slow
def test_collecting_no_garbage_changes_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    without = anonymous(machine_code(kernel, SIGNATURE, _nrt=False, error_model="numpy"))
    monkeypatch.setattr(numba_code, "_no_garbage_collected", nullcontext)
    assert anonymous(machine_code(kernel, SIGNATURE, _nrt=False, error_model="numpy")) == without


def test_numba_and_the_garbage_collector_are_as_before() -> None:
    before = [vars(owner)[name] for owner, name, _ in numba_code._OURS]
    machine_code(lambda: 1, int64(), _nrt=False)
    with pytest.raises(numba.core.errors.TypingError):
        machine_code(lambda: missing, int64(), _nrt=False)  # noqa: F821
    assert [vars(owner)[name] for owner, name, _ in numba_code._OURS] == before
    assert not {function for _, _, function in numba_code._OURS} & set(before)
    assert gc.isenabled()
