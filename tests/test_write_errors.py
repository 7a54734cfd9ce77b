"""Write errors bit by bit: words, the rule of the failed write, addresses. Needs only numpy."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simcore.errors import InputError
from workloads.faults.injection import Written, drawn_sites, error_rates, write_words
from workloads.faults.rate_table import rate_table
from workloads.faults.word_memory import TENSORS, WordMemory
from workloads.faults.words import Bf16, FixedPoint, word_format

RNG_SEED = 7


def words(*values: int) -> npt.NDArray[np.uint32]:
    return np.array(values, np.uint32)


def write(
    old: npt.NDArray[np.uint32], new: npt.NDArray[np.uint32], rates: npt.NDArray[np.float64], seed: int = RNG_SEED
) -> Written:
    return write_words(old, new, rates, np.random.default_rng(seed))


def float32(*values: float) -> npt.NDArray[np.float32]:
    return np.array(values, np.float32)


# The rule.


def test_without_errors_the_new_words_are_stored() -> None:
    written = write(words(0b1010, 0), words(0b0110, 0b1111), error_rates(4, 0.0))
    assert written.words.tolist() == [0b0110, 0b1111]
    assert (written.flipped_bits, written.failed_bits) == (2 + 4, 0)


def test_where_every_write_fails_the_old_words_stay() -> None:
    written = write(words(0b1010, 0), words(0b0110, 0b1111), error_rates(4, 1.0))
    assert written.words.tolist() == [0b1010, 0]
    assert written.failed_bits == written.flipped_bits == 6


def test_a_bit_that_does_not_flip_cannot_fail() -> None:
    same = words(*range(16))
    written = write(same, same, error_rates(4, 1.0))
    assert written.words.tolist() == same.tolist()
    assert (written.flipped_bits, written.failed_bits) == (0, 0)


@pytest.mark.parametrize("bit", range(4))
def test_errors_at_one_position_keep_the_old_bit_there_and_nowhere_else(bit: int) -> None:
    old, new = words(0b0000, 0b1111, 0b1010), words(0b1111, 0b0000, 0b1010)
    written = write(old, new, error_rates(4, 1.0, [bit]))
    mask = 1 << bit
    assert written.words.tolist() == [0b1111 & ~mask, mask, 0b1010]
    assert written.failed_bits == 2


def test_the_directions_fail_apart() -> None:
    old, new = words(0b0011), words(0b0101)
    assert write(old, new, error_rates(4, (1.0, 0.0))).words.tolist() == [0b0001], "0->1 at bit 2 fails"
    assert write(old, new, error_rates(4, (0.0, 1.0))).words.tolist() == [0b0111], "1->0 at bit 1 fails"


def test_the_old_and_new_words_are_left_as_they_were() -> None:
    old, new = words(0, 5), words(7, 2)
    stored = write(old, new, error_rates(3, 0.5)).words
    assert (old.tolist(), new.tolist()) == ([0, 5], [7, 2])
    assert not np.shares_memory(stored, new)


@given(
    pairs=st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255)), min_size=1, max_size=40),
    rate=st.floats(0, 1),
    seed=st.integers(0, 10),
)
def test_every_stored_bit_is_the_old_or_the_new_one(pairs: list[tuple[int, int]], rate: float, seed: int) -> None:
    old, new = words(*(pair[0] for pair in pairs)), words(*(pair[1] for pair in pairs))
    written = write(old, new, error_rates(8, rate), seed)
    wrong = written.words ^ new
    assert not (wrong & ~(old ^ new)).any()
    assert int(np.bitwise_count(wrong).sum()) == written.failed_bits


# Statistics: within five standard deviations of the binomial, from fixed seeds.


def within_binomial(successes: int, trials: int, rate: float) -> bool:
    return abs(successes - trials * rate) <= 5 * np.sqrt(trials * rate * (1 - rate)) + 1e-9


@pytest.mark.parametrize("rate", [1e-5, 1e-3, 0.03, 0.2, 0.5, 0.9])
def test_each_bit_and_direction_fails_at_its_rate(rate: float) -> None:
    n = 200_000
    rising = write(np.zeros(n, np.uint32), np.full(n, 0xFF, np.uint32), error_rates(8, (rate, rate / 2)))
    falling = write(np.full(n, 0xFF, np.uint32), np.zeros(n, np.uint32), error_rates(8, (rate, rate / 2)))
    for bit in range(8):
        assert within_binomial(int((~rising.words >> np.uint32(bit) & np.uint32(1)).sum()), n, rate)
        assert within_binomial(int((falling.words >> np.uint32(bit) & np.uint32(1)).sum()), n, rate / 2)


class CountingDraws(np.random.Generator):
    """A generator that counts the distances that are drawn."""

    distances = 0

    def standard_exponential(self, *, out: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:  # type: ignore[override]
        self.distances += len(out)
        return super().standard_exponential(out=out)


def test_upper_bits_that_hardly_fail_take_no_draws_beside_lower_ones_that_do() -> None:
    """4 of 16 bits at 0.1: a tenth of 4 bits a word, five standard deviations more, and one draw for the others."""
    n, rates = 10_000, error_rates(16, 1e-9)
    rates[:4] = 0.1
    draws = CountingDraws(np.random.PCG64(RNG_SEED))
    write_words(np.zeros(n, np.uint32), np.full(n, 0xFFFF, np.uint32), rates, draws)
    assert 0.4 * n < draws.distances <= 0.4 * n + 5 * (0.4 * n) ** 0.5 + 3


def test_bits_of_very_different_rates_each_keep_their_own() -> None:
    n = 300_000
    rates = np.zeros((8, 2))
    expected = [0.5, 0.0, 1e-4, 1.0, 0.01, 0.0, 0.25, 1e-3]
    rates[:, 0] = expected
    stored = write(np.zeros(n, np.uint32), np.full(n, 0xFF, np.uint32), rates).words
    for bit, rate in enumerate(expected):
        assert within_binomial(int((~stored >> np.uint32(bit) & np.uint32(1)).sum()), n, rate), f"bit {bit}"


def test_bits_fail_independently_of_each_other() -> None:
    n, rate = 400_000, 0.1
    failed = ~write(np.zeros(n, np.uint32), np.full(n, 3, np.uint32), error_rates(2, rate)).words & np.uint32(3)
    assert within_binomial(int((failed == 3).sum()), n, rate**2)
    beside = (failed[1:] & 1) & (failed[:-1] & 1)
    assert within_binomial(int(beside.sum()), n - 1, rate**2)


def test_rates_too_small_for_any_failure_are_no_trouble() -> None:
    n = 1000
    for rate in (1e-18, 1e-300, 5e-324):
        assert write(np.zeros(n, np.uint32), np.full(n, 1, np.uint32), error_rates(1, rate)).failed_bits == 0


@pytest.mark.parametrize("rate", [1e-12, 1e-3, 0.1, 0.333, 0.34, 1.0])
def test_sites_lie_at_geometric_distances(rate: float) -> None:
    """The distances, which are computed for all sites at once, are those that numpy's own function draws one by one."""
    sites, scalar = 5000, np.random.default_rng(RNG_SEED)
    expected, site = [], -1
    while (site := site + min(int(scalar.geometric(rate)), sites + 1)) < sites:
        expected.append(site)
    assert drawn_sites(sites, rate, np.random.default_rng(RNG_SEED)).tolist() == expected


@given(
    st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255)), max_size=60),
    st.lists(st.tuples(*[st.sampled_from((0.0, 0.05, 0.3, 0.5, 1.0))] * 2), min_size=8, max_size=8),
)
def test_a_write_is_that_of_its_bits_one_by_one(pairs: list[tuple[int, int]], by_bit: list[tuple[float, float]]) -> None:
    """Site by site: a bit that must flip keeps its old value if a number drawn for it says so."""
    old, new, rates = words(*(a for a, _ in pairs)), words(*(b for _, b in pairs)), np.array(by_bit)
    scalar, expected = np.random.default_rng(RNG_SEED), new.tolist()
    for bits, highest in rate_table(rates).groups if (old ^ new).any() else ():
        for site in drawn_sites(len(bits) * len(new), highest, scalar).tolist():
            word, bit = site // len(bits), int(bits[site % len(bits)])
            was, wanted = int(old[word]) >> bit & 1, int(new[word]) >> bit & 1
            if was != wanted and scalar.random() < rates[bit, was] / highest:
                expected[word] ^= 1 << bit
    written = write(old, new, rates)
    assert written.words.tolist() == expected
    assert written.failed_bits == int(np.bitwise_count(written.words ^ new).sum())


@pytest.mark.parametrize(
    ("rate", "bits"), [(1.5, None), (-0.1, None), (float("nan"), None), ((0.1, 2.0), None), (0.1, [4]), (0.1, [-1])]
)
def test_rates_and_bits_out_of_range_are_reported(rate: float, bits: list[int] | None) -> None:
    with pytest.raises(InputError, match="expected"):
        error_rates(4, rate, bits)


# Words.


def test_fixed_point_words_by_hand() -> None:
    word = FixedPoint(8, 4)
    encoded, scale = word.encode(float32(0, 1, -1, 0.0625, 7.9375, 100, -100, 0.09375, 0.03125))
    assert scale == 4
    # 0.09375 is 1.5 steps, 0.03125 half a step: both to even.
    assert encoded.tolist() == [0x00, 0x10, 0xF0, 0x01, 0x7F, 0x7F, 0x80, 0x02, 0x00]
    assert word.decode(encoded, scale).tolist() == [0, 1, -1, 0.0625, 7.9375, 7.9375, -8, 0.125, 0]


@pytest.mark.parametrize(("peak", "fraction"), [(1.0, 6), (0.99, 7), (3.0, 5), (0.01, 13), (300.0, -2)])
def test_scaling_per_tensor_takes_the_most_fraction_bits_that_fit(peak: float, fraction: int) -> None:
    word = FixedPoint(8)
    encoded, scale = word.encode(float32(peak, -peak, 0))
    assert scale == fraction
    assert np.abs(word.decode(encoded, scale) - float32(peak, -peak, 0)).max() <= 2.0**-fraction / 2 + 2.0**-fraction * (
        peak == 0.99
    )


def test_a_tensor_of_zeros_or_of_none_can_be_stored() -> None:
    for values in (float32(0, 0), float32()):
        encoded, scale = FixedPoint(16).encode(values)
        assert FixedPoint(16).decode(encoded, scale).tolist() == values.tolist()


def test_what_is_not_finite_saturates_or_becomes_zero_in_fixed_point() -> None:
    word = FixedPoint(8, 4)
    encoded, scale = word.encode(float32(np.inf, -np.inf, np.nan, 1))
    assert word.decode(encoded, scale).tolist() == [7.9375, -8, 0, 1]


def test_bf16_words_by_hand() -> None:
    encoded, scale = Bf16().encode(float32(1, -2, 0, 1 + 2**-8, 1 + 3 * 2**-8, np.inf, np.nan))
    # The two in the middle lie half-way between words: to even, down and up.
    assert encoded.tolist() == [0x3F80, 0xC000, 0, 0x3F80, 0x3F82, 0x7F80, 0x7FC0]
    decoded = Bf16().decode(encoded, scale)
    assert decoded[:-1].tolist() == [1, -2, 0, 1, 1.015625, np.inf]
    assert np.isnan(decoded[-1])


@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=30), st.sampled_from(["fixed16", "fixed8", "fixed24", "bf16"])
)
def test_a_stored_value_stored_again_stays_as_it_is(values: list[float], name: str) -> None:
    word = word_format(name)
    once = word.decode(*word.encode(float32(*values)))
    assert np.array_equal(word.decode(*word.encode(once)), once)


def test_formats_have_names_and_unknown_ones_are_reported() -> None:
    for name in ("bf16", "fixed16", "fixed12.8"):
        assert word_format(name).name == name
    assert word_format("fixed12.8").word_bits == 12
    for name in ("fp16", "fixed", "fixed1", "fixed40", "fixed8.8", "fixed16.-1"):
        with pytest.raises(InputError, match="expected"):
            word_format(name)


# Addresses.


def scratchpad(rate: float, **kwargs: object) -> WordMemory:
    return WordMemory({tensor: error_rates(8, rate) for tensor in TENSORS}, seed=0, **kwargs)  # type: ignore[arg-type]


def test_a_word_is_written_over_its_predecessor_of_the_last_minibatch() -> None:
    pad = scratchpad(0.0)
    pad.write("weights", 0, words(0b1100, 0b1010))
    pad.rates["weights"][:] = 1.0  # type: ignore[index]
    assert pad.write("weights", 0, words(0b0011, 0b1011)).tolist() == [0b1100, 0b1010]
    assert pad.counts["weights"].failed_bits == 4 + 1


def test_the_memory_starts_as_zeros_and_keeps_what_failed_to_change() -> None:
    pad = scratchpad(1.0)
    for value in (0xFF, 0x0F):
        assert pad.write("errors", 0, words(value)).tolist() == [0]


def test_layers_and_tensors_have_addresses_of_their_own() -> None:
    pad = scratchpad(1.0)
    pad.rates["activations"][:] = 0.0  # type: ignore[index]
    pad.write("activations", 0, words(0xAA))
    assert pad.write("errors", 0, words(0x55)).tolist() == [0]
    pad.rates["activations"][:] = 1.0  # type: ignore[index]
    assert pad.write("activations", 1, words(0x55)).tolist() == [0]
    assert pad.write("activations", 0, words(0x55)).tolist() == [0xAA]


def test_layers_that_share_addresses_find_each_others_words() -> None:
    pad = scratchpad(0.0, reuse="shared")
    pad.write("activations", 0, words(1, 2, 3))
    pad.write("activations", 1, words(9))
    pad.rates["activations"][:] = 1.0  # type: ignore[index]
    assert pad.write("activations", 2, words(0, 0, 0, 4)).tolist() == [9, 2, 3, 0]


def test_shapes_are_kept_and_words_counted() -> None:
    pad = scratchpad(0.0)
    stored = pad.write("activations", 0, np.arange(24, dtype=np.uint32).reshape(2, 3, 4))
    assert stored.shape == (2, 3, 4)
    assert (pad.counts["activations"].words, pad.counts["errors"].words) == (24, 0)


def test_the_draws_of_a_tensor_depend_on_the_seed_and_not_on_other_tensors() -> None:
    new = np.full(2000, 0xFF, np.uint32)

    def stored(seed: int, others: int) -> list[int]:
        pad = WordMemory({tensor: error_rates(8, 0.1) for tensor in TENSORS}, seed)
        for _ in range(others):
            pad.write("activations", 0, new)
        return pad.write("errors", 0, new).tolist()  # type: ignore[no-any-return]

    assert stored(0, 0) == stored(0, 3)
    assert stored(0, 0) != stored(1, 0)


def test_an_unknown_way_of_reuse_is_reported() -> None:
    with pytest.raises(InputError, match="did you mean 'shared'"):
        scratchpad(0.0, reuse="share")
