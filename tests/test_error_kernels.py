"""Compiled writes with errors, and sums of them, are those in numpy: words, counts, and the state of the generator afterwards."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simcore.timing.machine_code import address_of
from workloads.faults import distances, error_kernels, injection, sum_writes
from workloads.faults.injection import Written, error_rates, write_words, written_in_numpy
from workloads.faults.sum_sites import Sites
from workloads.faults.sum_words import FixedSums, FloatSums, SumFormat

jit_is_off = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
compiled_only = pytest.mark.skipif(jit_is_off, reason="nothing is compiled")
RATES = (0.0, 5e-324, 1e-10, 1e-3, 0.03, 0.1, 0.333, 1 / 3, 0.9, 1.0)


@pytest.fixture(autouse=True)
def _compiled_from_the_first_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(error_kernels, "COMPILED_FROM_WORDS", 0)


def drawn_write(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Old and new words, and rates: of each bit and direction alone, or of two groups of bits, as studies have them."""
    pick = np.random.default_rng(seed)
    bits, size = int(pick.integers(1, 33)), int(pick.choice([0, 1, 2, 7, 60, 900]))
    old, new = pick.integers(0, 2**bits, (2, size), dtype=np.uint64).astype(np.uint32)
    if pick.random() < 0.5:
        return old, new, pick.choice(RATES, (bits, 2))
    low, high = pick.choice(RATES, 2)
    split = int(pick.integers(0, bits + 1))
    return old, new, error_rates(bits, low, range(split)) + error_rates(bits, high, range(split, bits))


def generators(seed: int) -> tuple[np.random.Generator, np.random.Generator]:
    kind = (np.random.Philox, np.random.PCG64, np.random.MT19937)[seed % 3]
    return np.random.Generator(kind(seed)), np.random.Generator(kind(seed))


def assert_equal_writes(old: np.ndarray, new: np.ndarray, rates: np.ndarray, seed: int) -> Written:
    one, other = generators(seed)
    found, expected = write_words(old, new, rates, one), written_in_numpy(old, new, rates, other)
    assert found.words.tolist() == expected.words.tolist()
    assert found[1:] == expected[1:]
    assert str(one.bit_generator.state) == str(other.bit_generator.state)
    return found


@compiled_only
@given(st.integers(0, 2**32))
def test_compiled_writes_are_those_in_numpy(seed: int) -> None:
    assert_equal_writes(*drawn_write(seed), seed)


@compiled_only
def test_compiled_writes_are_those_in_numpy_where_a_first_round_of_draws_does_not_suffice() -> None:
    """About three in a hundred rounds of one draw do not lead past all sites if 0.03 sites are expected to fail."""
    old, new = np.zeros(300, np.uint32), np.full(300, 1, np.uint32)
    failed = [assert_equal_writes(old, new, error_rates(1, 1e-4), seed).failed_bits for seed in range(600)]
    assert 0 < sum(failed) < 60


@compiled_only
def test_words_that_cannot_be_borrowed_are_written_too() -> None:
    old, new = np.arange(20, dtype=np.uint32)[::2], np.arange(10, dtype=np.uint32)
    new.flags.writeable = False
    assert_equal_writes(old, new, error_rates(5, 0.3), 1)
    assert_equal_writes(new, old, error_rates(5, 0.3), 1)


@compiled_only
def test_fewer_words_than_there_were_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(5,\) words in place of as many, got \(4,\)"):
        write_words(np.zeros(5, np.uint32), np.zeros(4, np.uint32), error_rates(1, 0.5), np.random.default_rng(1))


def test_a_distance_is_never_0() -> None:
    class Zeros:
        def standard_exponential(self, out: np.ndarray) -> None:
            out[:] = 0.0

    assert distances.distances(3, 0.1, 10, Zeros()).tolist() == [1, 1, 1]  # type: ignore[arg-type]


def test_small_writes_wait_for_compiled_functions_until_a_large_one_has_loaded_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    monkeypatch.setattr(error_kernels, "COMPILED_FROM_WORDS", 100)
    monkeypatch.setattr(error_kernels, "error_kernel", lru_cache(len))
    assert [error_kernels.compiled_pays(words) for words in (99, 100)] == [False, True]
    error_kernels.error_kernel("count_flips")
    assert error_kernels.compiled_pays(1)


def test_the_switch_that_turns_compiling_off_leaves_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("compiled")

    monkeypatch.setattr(injection, "fail_writes", never)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    zeros, ones = np.zeros(5000, np.uint32), np.ones(5000, np.uint32)
    assert write_words(zeros, ones, error_rates(1, 1.0), np.random.default_rng(1)).failed_bits == 5000


def test_arrays_of_other_numbers_do_not_come_to_compiled_code() -> None:
    with pytest.raises(TypeError, match="expected a contiguous uint32 array that can be written, got int32"):
        address_of(np.zeros(3, np.int32), np.dtype(np.uint32))
    with pytest.raises(TypeError, match="expected a contiguous uint32"):
        error_kernels.Borrowed(np.zeros((4, 4), np.uint32)[:, 1], np.uint32)


# Partial sums.

#: Products of a fold: numbers of any size, and what a failed write may leave.
_SPECIAL = np.array([np.inf, -np.inf, np.nan, -0.0, 1e-42, 3e38], np.float32)


class DrawnSums(NamedTuple):
    """Products of each fold, what the scratchpad holds, the error rates, and the form of the sums."""

    partials: np.ndarray
    held: np.ndarray
    rates: np.ndarray
    form: SumFormat


def drawn_sums_of(seed: int) -> DrawnSums:
    """Sums of up to five folds, in a scratchpad that has room for some or all, with special numbers, if any, in few places."""
    pick = np.random.default_rng(seed)
    folds, sums = int(pick.integers(0, 5)), int(pick.choice([1, 2, 17, 40, 300]))
    partials = (pick.standard_normal((folds + 1, sums)) * 10.0 ** pick.integers(-3, 4)).astype(np.float32)
    if pick.random() < 0.5:
        partials.ravel()[pick.integers(0, partials.size, 3)] = pick.choice(_SPECIAL)
    held = pick.integers(0, 2**32, int(pick.integers(1, 2 * sums + 1)), dtype=np.uint64).astype(np.uint32)
    low, high = pick.choice(RATES, 2)
    rates = error_rates(32, low, range(23)) + error_rates(32, high, range(23, 32))
    if pick.random() < 0.3:
        rates = pick.choice(RATES, (32, 2))
    return DrawnSums(partials, held, rates, FloatSums() if pick.random() < 0.5 else FixedSums())


def added(drawn: DrawnSums, rng: np.random.Generator) -> tuple[object, ...]:
    """What the draws and the additions give, in numbers that are equal only if all bits are."""
    folds, sums = len(drawn.partials) - 1, drawn.partials.shape[1]
    held, sites = drawn.held.copy(), sum_writes.drawn_sums(drawn.rates, folds, sums, rng)
    if sites is None:
        return (str(rng.bit_generator.state),)
    found, failed = sum_writes.add_up(drawn.partials, held, sites, drawn.form, drawn.rates, rng)
    columns = [(column.tolist(), column.dtype) for column in (*sites, found.view(np.uint32), held)]
    return *columns, failed, str(rng.bit_generator.state)


@compiled_only
@given(st.integers(0, 2**32))
def test_compiled_sums_are_those_in_numpy(seed: int) -> None:
    one, other = generators(seed)
    drawn = drawn_sums_of(seed)
    found = added(drawn, one)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sum_writes, "compiled_pays", lambda _: False)
        assert found == added(drawn, other)


@compiled_only
@pytest.mark.parametrize("form", [FloatSums(), FixedSums()])
def test_which_sums_are_compiled(form: SumFormat, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but those of products that hold a not-a-number: which one of two is left is up to numpy."""
    monkeypatch.setattr(sum_writes, "added_in_numpy", lambda *_: "in numpy")
    rates, sites = error_rates(32, 1.0), Sites(np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1, np.uint32))
    partials = np.array([[1.0, np.inf], [2.0, -np.inf]], np.float32)
    rng = np.random.default_rng(1)
    assert sum_writes.add_up(partials, np.zeros(2, np.uint32), sites, form, rates, rng) != "in numpy"
    partials[0, 1] = np.nan
    assert sum_writes.add_up(partials, np.zeros(2, np.uint32), sites, form, rates, rng) == "in numpy"
