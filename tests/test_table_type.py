"""The tables of a kernel: words are read and written where Python code says, and no index counts from the end."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import pytest
from numba import int64

from simcore import simulate
from simcore.engine.compiled import cache
from simcore.engine.compiled.jit import KERNEL, inlined
from simcore.engine.compiled.tables import Table, Vector, numba_type, words_of
from simcore.program.program import Int64Array
from simcore.timing.machine_code import load_code
from simcore.timing.numba_code import machine_code


class Three(NamedTuple):
    """A vector, a table with a fixed number of columns, and one without."""

    vector: Vector
    fixed: Annotated[Int64Array, 2, 3]
    table: Table


def _tables() -> Three:
    return Three(np.arange(5), np.arange(12).reshape(4, 3).copy(), np.ones((4, 2), dtype=np.int64))


def _work(tables: Three, row: int) -> int:
    vector, fixed, table = tables.vector, tables.fixed, tables.table
    vector[0] += 1
    fixed[row, 2] += vector[0]
    fixed[row, 0], fixed[row, 1] = vector[row], 7
    table[row, 1] = fixed[row, 2] + table.shape[0] + len(vector)
    # This is read again after writes to other tables, and after a write to itself at another place.
    vector[row - 1] = table[row, 1]
    return _sum(fixed[row]) + vector[row - 1] + vector[0]


def _sum(words: Int64Array) -> int:
    return int(words[0] + words[1] + words[-1])


def _read(tables: Three, row: int) -> int:
    return int(tables.fixed[row, 1])


def _write(tables: Three, row: int) -> int:
    tables.vector[row] = 9
    return 0


def _compiled(function: Callable[[Three, int], int], **options: Any) -> Callable[[Three, int], int]:
    kernel = load_code(machine_code(function, int64(numba_type(Three), int64), **KERNEL, **options), 1)

    def call(tables: Three, row: int) -> int:
        words = words_of(tables)  # they must outlive the call
        return int(kernel(words.ctypes.data, row))

    return call


@pytest.mark.slow
def test_a_kernel_reads_and_writes_the_words_that_python_does(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, compiled = _tables(), _tables()
    expected = _work(plain, 2)
    monkeypatch.setitem(_work.__globals__, "_sum", inlined(_sum))
    assert _compiled(_work)(compiled, 2) == expected
    for one, other in zip(plain, compiled, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("function", [_read, _write])
@pytest.mark.parametrize("row", [-1, 5])
def test_with_bounds_checks_an_index_outside_of_a_table_is_an_error(function: Callable[[Three, int], int], row: int) -> None:
    with pytest.raises(IndexError, match="out of bounds"):
        _compiled(function, boundscheck=True)(_tables(), row)


@pytest.mark.parametrize("system", ["edge-stt", "edge-sram-ddr4", "edge-unified"])
def test_tables_of_a_kernel_share_no_memory(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiler relies on it. numpy compares the memory of every two tables of each call.

    ``counters`` holds the counts of a layer once more; the next test is about it.
    """
    calls = []

    def watched(tables: Any) -> Int64Array:
        calls.append(tables)
        arrays = [(name, array) for name, array in zip(tables._fields, tables, strict=True) if name != "counters"]
        for at, (name, array) in enumerate(arrays):
            shared = [other for other, further in arrays[at + 1 :] if np.shares_memory(array, further)]
            assert not shared, f"{name} shares memory with {shared}"
        return words_of(tables)

    monkeypatch.setattr(cache, "words_of", watched)
    simulate("lenet5", system, layers="c1,s2,f6")
    assert calls


def test_no_kernel_names_the_counters_and_the_tables_that_are_parts_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the kernels of replay name `counters`, and of its parts they name no more than the shape."""
    calls = []
    monkeypatch.setattr(cache, "words_of", lambda tables: calls.append(tables) or words_of(tables))
    simulate("lenet5", "edge-stt", layers="c1")
    (tables,) = [found for found in calls if hasattr(found, "counters")][:1]
    parts = [name for name, array in zip(tables._fields, tables, strict=True) if np.shares_memory(array, tables.counters)]
    parts.remove("counters")
    assert {"counts", "stall_cycles", "buffer_cycles"} <= set(parts)
    for file in Path(cache.__file__).parent.rglob("*.py"):
        named = r"tables\.counters\b" if file.parent.name != "replay" else rf"tables\.({'|'.join(parts)})\b(?!\.shape)"
        assert re.findall(named, file.read_text(encoding="utf-8")) == [], file
