"""Replay of equal stretches of micro-programs: with it, without it and in SimPy, every cell is the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_pim_dram import random_work

from models.pim import maj
from simcore import simulate
from simcore.engine.compiled.pim import memo, replay
from simcore.engine.micro_programs import run_work
from simcore.engine.shortcuts import Shortcuts
from simcore.pim.limits import NO_LIMITS, PimLimits, load_pim_dram
from simcore.pim.outcome import PimOutcome
from simcore.pim.sequence import Sequence, joined, repeated, row_hold, row_transfer, sequence_of
from simcore.pim.work import PimWork

WITHOUT = Shortcuts(pim_replay=False)


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    memo.forget()
    yield
    memo.forget()


def differences(one: PimOutcome, other: PimOutcome) -> list[str]:
    tables = ("finished", "stalls", "command_counts", "open_cycles")
    return [name for name in tables if not np.array_equal(getattr(one, name), getattr(other, name))]


def known_steps() -> int:
    return sum(len(known.gains) for known in memo._memos.values())


def round_of(limits: PimLimits, bits: int, bursts: int, hold: int = 64) -> Sequence:
    """Operand rows that are written over the bus, a product, and its rows through the periphery."""
    dram, recording = load_pim_dram("pim-ddr4_2666", limits), maj.PROGRAMS["mul"].recorded(bits)
    product = sequence_of(recording.published, len(recording.rows), dram, limits)
    writes = [row_transfer(dram, "WR", row, bursts) for row in range(bits)]
    return joined(*writes, product, *(row_hold(dram, row, hold) for row in range(2 * bits)))


def repeated_work(random: np.random.Generator, seed: int, most: int) -> PimWork:
    given = random_work(seed)
    often = {id(sequence): int(random.integers(1, most)) for sequence in given.sequences}
    alone = random.random() < 0.4  # banks of their own numbers of repeats
    times = [int(random.integers(1, most)) if alone else often[id(sequence)] for sequence in given.sequences]
    further = tuple(tuple(repeated(each, often.get(id(each), 1)) for each in row) for row in given.further)
    return replace(given, sequences=tuple(map(repeated, given.sequences, times)), further=further)


@pytest.mark.slow
def test_random_works_run_alike_with_and_without_replay_and_in_simpy(monkeypatch) -> None:
    for seed in range(12):
        random = np.random.default_rng(seed)
        monkeypatch.setattr(replay, "_OPERATIONS", int(random.integers(1, 9)))
        monkeypatch.setattr(replay, "_CYCLES", int(2 ** random.integers(5, 12)))
        given = repeated_work(random, seed, 4)
        first, again = run_work(given), run_work(given)
        assert differences(first, run_work(given, "simpy")) == [], seed
        assert differences(first, again) == [], seed


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
def test_long_random_works_run_alike_with_and_without_replay(part, monkeypatch) -> None:
    for seed in range(100 * part, 100 * part + 15):
        random = np.random.default_rng(seed)
        monkeypatch.setattr(replay, "_OPERATIONS", int(random.integers(1, 9)))
        monkeypatch.setattr(replay, "_CYCLES", int(2 ** random.integers(5, 12)))
        given = repeated_work(random, seed, 40)
        if random.random() < 0.5:
            memo.forget()
        plain = run_work(given, shortcuts=WITHOUT)
        assert differences(plain, run_work(given)) == [], seed
        assert differences(plain, run_work(given)) == [], seed


@pytest.mark.slow
@pytest.mark.parametrize("refresh", ["none", "all-bank"])
def test_rounds_with_transfers_and_holds_run_alike_while_subarrays_wait_for_long(refresh) -> None:
    limits = PimLimits(refresh=refresh)
    dram = load_pim_dram("pim-ddr4_2666", limits)
    given = PimWork(dram, limits, (repeated(round_of(limits, 2, 128), 60),) * 16)
    outcome = run_work(given)
    assert differences(run_work(given, shortcuts=WITHOUT), outcome) == []
    assert outcome.compute_cycles + sum(outcome.stall_cycles.values()) == outcome.cycles
    # Fewer rounds of the same kind run by what is known; only their end is new.
    steps = known_steps()
    fewer = replace(given, sequences=(repeated(round_of(limits, 2, 128), 41),) * 16)
    assert differences(run_work(fewer, shortcuts=WITHOUT), run_work(fewer)) == []
    assert known_steps() - steps < 0.2 * steps


@pytest.mark.slow
def test_a_million_products_take_a_million_times_as_long_by_hand() -> None:
    dram, recording = load_pim_dram("pim-ddr4_2666", NO_LIMITS), maj.PROGRAMS["mul"].recorded(8)
    product = sequence_of(recording.published, len(recording.rows), dram, NO_LIMITS)
    outcome = run_work(PimWork(dram, NO_LIMITS, (repeated(product, 1_000_000),) * 4, 2))
    assert outcome.finished.tolist() == [1_000_000 * 416 * 62] * 8
    assert outcome.counts == dict.fromkeys(("ACT", "PREpb", "COPY"), 8 * 1_000_000 * 416)
    assert not outcome.stalls.any()
    assert known_steps() < 100


@pytest.mark.slow
@pytest.mark.parametrize("lock_step", [True, False])
def test_banks_of_different_lengths_finish_alike(lock_step) -> None:
    limits = PimLimits()
    dram = load_pim_dram("pim-ddr4_2666", limits, {"nREFI": 2000})
    sequences = tuple(repeated(round_of(limits, bits, 3), times) for bits, times in ((2, 40), (3, 9), (2, 1), (1, 70)))
    given = PimWork(dram, limits, sequences, 2, lock_step)
    outcome = run_work(given)
    assert differences(run_work(given, shortcuts=WITHOUT), outcome) == []
    assert len(set(outcome.finished.tolist())) > 3


@pytest.mark.slow
@pytest.mark.parametrize(("module", "name", "value"), [(replay, "_PATIENCE", 3), (memo, "_WORDS", 40)])
def test_a_run_that_gives_up_remembering_ends_alike(module, name, value, monkeypatch) -> None:
    monkeypatch.setattr(module, name, value)
    limits = PimLimits()
    sequences = tuple(repeated(round_of(limits, bits, 40), 5) for bits in (2, 3))
    given = PimWork(load_pim_dram("pim-ddr4_2666", limits), limits, sequences, 2)
    outcome = run_work(given)
    few = known_steps()
    assert differences(run_work(given, shortcuts=WITHOUT), outcome) == []
    monkeypatch.undo()
    run_work(given)
    assert 0 < few < known_steps() / 2


@pytest.mark.slow
def test_banks_that_drift_apart_by_more_operations_than_are_compared_end_alike() -> None:
    limits = PimLimits()
    dram = load_pim_dram("pim-ddr4_2666", limits)
    given = PimWork(dram, limits, (repeated(row_hold(dram, 0, 4000), 700), repeated(row_hold(dram, 0, 1), 3000)), lock_step=False)
    assert differences(run_work(given, shortcuts=WITHOUT), run_work(given)) == []


@pytest.mark.slow
@pytest.mark.parametrize("system", ["pim-dram-ddr4", "pim-dram-hbm2"])
def test_a_network_has_the_same_tables_with_and_without_replay(system) -> None:
    results = [simulate("lenet5", system, shortcuts=Shortcuts(pim_replay=on)) for on in (True, False)]
    tables, others = (result.tables() for result in results)
    assert list(tables) == list(others)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(table, others[name])
    assert known_steps() > 0
