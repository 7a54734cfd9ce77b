"""Scratchpads in which every write of a machine meets errors: addresses, shares that are too small, partial sums."""

from __future__ import annotations

import numpy as np
import pytest

from workloads.faults.injection import error_rates
from workloads.faults.pad_memory import BankShare, PadMemory, Sites
from workloads.faults.step_writes import RegionWrites
from workloads.faults.sum_words import FixedSums, FloatSums, sum_format
from workloads.faults.words import Bf16, FixedPoint

SAFE, BAD = "weights", "errors"
ALL_SITES = np.arange(32, dtype=np.uint32)


def rates(rate: float = 1.0) -> dict:
    """Words of kind ``errors`` fail at this rate in every bit, words of kind ``weights`` never."""
    bits = {"filter": 16, "accumulator": 32}
    return {(pad, kind): error_rates(bits[pad], rate if kind == BAD else 0.0) for pad in bits for kind in (SAFE, BAD)}


def region(
    kind: str, *, base: int = 0, capacity: int = 16, loaded: int = 0, stored: int = 0, pad: str = "filter"
) -> RegionWrites:
    return RegionWrites("ofmap", pad, kind, base, capacity, 16 if pad == "filter" else 32, loaded, stored)  # type: ignore[arg-type]


def words(*values: int) -> np.ndarray:
    return np.array(values, np.uint32)


def sites(folds: int, sums: int) -> Sites:
    """Every bit of every sum that every fold writes."""
    fold, word, bit = (axis.ravel() for axis in np.meshgrid(np.arange(folds), np.arange(sums), ALL_SITES, indexing="ij"))
    return Sites(fold, word, bit.astype(np.uint32))


def test_a_tensor_overwrites_what_another_layer_left_at_its_address():
    memory = PadMemory(rates(), 0)
    memory.store(region(SAFE, base=2, stored=4), "first", words(11, 12, 13, 14))
    assert memory.store(region(BAD, base=4, stored=3), "second", words(7, 7, 7)).tolist() == [13, 14, 0]
    own = PadMemory(rates(), 0, "own")
    own.store(region(SAFE, base=2, stored=4), "first", words(11, 12, 13, 14))
    assert own.store(region(BAD, base=4, stored=3), "second", words(7, 7, 7)).tolist() == [0, 0, 0]


def test_a_tensor_larger_than_its_share_goes_round_it():
    memory = PadMemory(rates(), 0)
    memory.store(region(SAFE, capacity=4, stored=4), "first", words(1, 2, 3, 4))
    found = memory.load(region(BAD, capacity=4, loaded=6), "second", words(5, 6, 7, 8, 9, 10))
    assert found.tolist() == [1, 2, 3, 4, 1, 2]


def test_words_that_are_fetched_twice_are_written_twice_and_those_never_fetched_stay_right():
    memory = PadMemory(rates(), 0)
    memory.load(region(SAFE, loaded=6), "first", words(1, 2, 3, 4))
    assert memory.counts["filter"].words == 6
    found = memory.load(region(BAD, loaded=2), "second", words(5, 6, 7, 8))
    assert found.tolist() == [1, 2, 7, 8]
    assert memory.counts["filter"].words == 8


def test_sums_whose_writes_all_fail_are_what_the_accumulator_held_plus_the_last_fold():
    psum = region(BAD, capacity=2, stored=4, pad="accumulator")
    partials = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.float32)
    memory = PadMemory(rates(), 0)
    assert memory.add_up(psum, "first", partials, FloatSums(), sites(2, 2)).tolist() == [5.0, 6.0]
    left = np.array([0.5, 0.25], np.float32).view(np.uint32)
    memory.leave_sums(region(SAFE, capacity=2, pad="accumulator"), "between", 2, lambda: left)
    assert memory.add_up(psum, "second", partials, FloatSums(), sites(2, 2)).tolist() == [5.5, 6.25]
    assert memory.add_up(psum, "third", partials, FloatSums(), sites(0, 2)).tolist() == [9.0, 12.0]


def test_a_failed_sign_of_one_sum_stays_that_of_the_sum_before():
    psum = region(BAD, capacity=2, stored=4, pad="accumulator")
    partials = np.array([[1.0, 1.0], [-3.0, -3.0], [10.0, 10.0]], np.float32)
    sign = Sites(np.array([1]), np.array([1]), words(31))
    memory = PadMemory(rates(), 0)
    # The second sum becomes -2, of which the sign fails: 2.
    assert memory.add_up(psum, "layer", partials, FloatSums(), sign).tolist() == [8.0, 12.0]
    assert memory.counts["accumulator"].failed_bits == 1


def test_sums_are_drawn_and_fail_at_their_rate():
    rate, sums = 0.01, 20_000
    memory = PadMemory(rates(rate), 3)
    psum = region(BAD, capacity=sums, stored=sums, pad="accumulator")
    drawn = memory.sum_sites(psum, 1, sums)
    assert drawn is not None
    memory.add_up(psum, "layer", np.ones((2, sums), np.float32), FloatSums(), drawn)
    # 1.0 is 0x3F800000: 7 bits flip in each of the sums.
    expected = 7 * sums * rate
    assert abs(memory.counts["accumulator"].failed_bits - expected) < 5 * expected**0.5
    assert memory.counts["accumulator"].words == sums
    assert memory.sum_sites(region(SAFE, stored=sums, pad="accumulator"), 1, sums) is None


def test_bits_of_sums_are_drawn_at_their_own_rates_in_order_of_the_folds():
    folds, sums = 3, 20_000
    mixed = error_rates(32, 0.2, range(2))
    mixed[30:] = 0.01
    memory = PadMemory({**rates(), ("accumulator", BAD): mixed}, 3)
    drawn = memory.sum_sites(region(BAD, capacity=sums, stored=folds * sums, pad="accumulator"), folds, sums)
    assert drawn is not None
    assert (np.diff(drawn.fold) >= 0).all()
    assert len(set(zip(drawn.fold.tolist(), drawn.word.tolist(), drawn.bit.tolist(), strict=True))) == len(drawn.bit)
    for bit, rate in {0: 0.2, 1: 0.2, 2: 0.0, 30: 0.01, 31: 0.01}.items():
        for fold in range(folds):
            found = int(((drawn.bit == bit) & (drawn.fold == fold)).sum())
            assert abs(found - sums * rate) <= 5 * (sums * rate * (1 - rate)) ** 0.5, (bit, fold)


def test_the_forms_of_sums():
    assert isinstance(sum_format(Bf16()), FloatSums)
    fixed = sum_format(FixedPoint(16))
    assert isinstance(fixed, FixedSums)
    scale = fixed.scale(5.0)
    assert scale == 27, "5 needs 3 bits, the sign one, and one is free"
    values = np.array([1.5, -5.0, 7.0, 100.0, -100.0, np.nan], np.float32)
    found = fixed.decode(fixed.encode(values, scale), scale)
    assert found.tolist() == [1.5, -5.0, 7.0, pytest.approx(16.0), -16.0, 0.0]


def test_words_in_safe_banks_do_not_fail():
    """Lines of 2 words go round 4 banks, of which the first two are safe: words 0 to 3 and 8 to 11 of each 16."""
    share = {"filter": BankShare(4, 2, 2), "accumulator": BankShare(2, 1, 1)}
    memory = PadMemory(rates(), 0, "shared", shares=share)
    found = memory.store(region(BAD, base=2, stored=8), "layer", words(*range(1, 9)))
    # They lie at addresses 2 to 9.
    assert found.tolist() == [1, 2, 0, 0, 0, 0, 7, 8]
    assert memory.counts["filter"].failed_bits == sum(value.bit_count() for value in (3, 4, 5, 6))
    drawn = memory.sum_sites(region(BAD, capacity=4, stored=8, pad="accumulator"), 2, 4)
    assert drawn is not None
    assert set(drawn.word.tolist()) == {1, 3}
