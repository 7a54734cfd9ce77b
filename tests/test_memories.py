"""The memories of simcore, worked out by hand, and as both engines call them."""

import math

import numpy as np
import pytest

from models.memories import Sram, SttMram, SttMramVerify
from simcore.timing.bank_timing import READ, WRITE
from simcore.timing.compiled import compile_serve


def answers(timing, operations, bank_index=0):
    """Answers of one bank to (now, op) in turn."""
    params, bank, shared = timing.params_array(), timing.initial_bank(bank_index), timing.initial_shared()
    return [tuple(map(int, timing.serve(params, bank, shared, now, op, 0))) for now, op in operations]


def test_sram_takes_a_request_every_cycle_whatever_its_latency():
    timing = Sram(read_cycles=3, write_cycles=2)
    assert answers(timing, [(10, READ), (11, WRITE), (12, READ)]) == [(11, 13), (12, 13), (13, 15)]


def test_stt_write_occupies_the_bank_for_write_cycles_and_a_read_for_read_cycles():
    assert answers(SttMram(read_cycles=2, write_cycles=10), [(100, WRITE), (110, READ)]) == [(110, 110), (112, 112)]


@pytest.mark.parametrize("write_cycles", [1, 4, 10])
def test_a_read_after_an_stt_write_is_illegal_at_n_minus_1_and_legal_at_n(write_cycles):
    ((free_at, _),) = answers(SttMram(write_cycles=write_cycles), [(7, WRITE)])
    assert [cycle >= free_at for cycle in (7 + write_cycles - 1, 7 + write_cycles)] == [False, True]


def test_stt_latency_beyond_the_occupancy_holds_the_bank_only_when_unpipelined():
    cycles = {"read_cycles": 2, "read_latency_cycles": 5, "write_cycles": 4, "write_latency_cycles": 9}
    requests = [(0, READ), (20, WRITE)]
    assert answers(SttMram(**cycles, pipelined=0), requests) == [(5, 5), (29, 29)]
    assert answers(SttMram(**cycles, pipelined=1), requests) == [(2, 5), (24, 29)]


def test_stt_occupancy_beyond_the_latency_is_kept():
    assert answers(SttMram(read_cycles=6, read_latency_cycles=2), [(0, READ)]) == [(6, 2)]


def test_verify_reads_take_read_cycles_and_a_certain_write_one_attempt():
    timing = SttMramVerify(read_cycles=3, write_cycles=7, failures_per_million=0)
    assert answers(timing, [(0, READ), (5, WRITE), (20, WRITE)]) == [(3, 3), (15, 15), (30, 30)]


@pytest.mark.parametrize("max_attempts", [1, 2, 8])
def test_verify_gives_up_after_max_attempts(max_attempts):
    timing = SttMramVerify(read_cycles=2, write_cycles=10, failures_per_million=1_000_000, max_attempts=max_attempts)
    assert answers(timing, [(0, WRITE)]) == [(12 * max_attempts, 12 * max_attempts)]


def attempts(timing, writes, bank_index=0):
    cycles = timing.values["read_cycles"] + timing.values["write_cycles"]
    return np.array([free_at for free_at, _ in answers(timing, [(0, WRITE)] * writes, bank_index)]) // cycles


@pytest.mark.parametrize("failures_per_million", [1_000, 100_000, 500_000])
def test_verify_retries_as_often_as_the_failure_rate_says(failures_per_million):
    writes, rate = 20_000, failures_per_million / 1e6
    drawn = attempts(SttMramVerify(failures_per_million=failures_per_million, max_attempts=50), writes)
    # Attempts until success are geometric: mean 1 / (1 - rate), variance rate / (1 - rate)^2. 4 sigma: 1 in 16000 would fail.
    sigma = math.sqrt(rate / writes) / (1 - rate)
    assert abs(drawn.mean() - 1 / (1 - rate)) < 4 * sigma


def test_verify_draws_repeat_for_a_seed_and_differ_between_banks_and_seeds():
    timing = SttMramVerify(failures_per_million=500_000)
    assert np.array_equal(attempts(timing, 200), attempts(timing, 200))
    others = [attempts(timing, 200, bank_index=1), attempts(SttMramVerify(failures_per_million=500_000, seed=1), 200)]
    # Two independent draws agree on whether the first attempt fails in half of the writes; 4 sigma is 0.14.
    for other in others:
        assert abs(np.mean((attempts(timing, 200) > 1) == (other > 1)) - 0.5) < 0.14


def test_verify_hash_stays_below_2_to_the_63_at_the_largest_values():
    timing = SttMramVerify(failures_per_million=1_000_000, max_attempts=3, seed=2**63 - 1)
    params, bank, shared = timing.params_array(), np.array([2**62, 2**62]), timing.initial_shared()
    with np.errstate(over="raise"):
        timing.serve(params, bank, shared, 0, WRITE, 0)
    assert bank[1] == 2**62 + 2


@pytest.mark.parametrize(
    "timing",
    [
        Sram(read_cycles=2, write_cycles=3),
        SttMram(read_latency_cycles=5, pipelined=1),
        SttMramVerify(failures_per_million=300_000, seed=2**62),
    ],
    ids=lambda timing: timing.name,
)
def test_compiled_and_plain_memories_give_the_same_answers_and_state(timing):
    compiled = compile_serve(timing)
    params, shared = timing.params_array(), timing.initial_shared()
    plain_bank, compiled_bank = timing.initial_bank(6), timing.initial_bank(6)
    for now in range(500):
        op = now * 7 % 3 % 2
        assert tuple(compiled(params, compiled_bank, shared, now, op, 0)) == timing.serve(params, plain_bank, shared, now, op, 0)
        assert np.array_equal(plain_bank, compiled_bank)
