"""Transfers beside multiplications: a further subarray of each bank moves data at a pace of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_pim_dram import random_sequence, random_work, violations
from test_pim_replay import differences, round_of
from test_pim_transfers import DRAM, at, wrong_lines

from simcore.engine.compiled.pim import memo, replay
from simcore.engine.micro_programs import run_work
from simcore.engine.shortcuts import Shortcuts
from simcore.errors import InputError
from simcore.pim.limits import NO_LIMITS, PimLimits, load_pim_dram
from simcore.pim.sequence import Sequence, repeated, row_hold, row_transfer
from simcore.pim.work import PimWork

IDLE = Sequence(np.zeros((0, 7), np.int64))


def test_a_row_moves_while_the_bank_computes_by_hand() -> None:
    rows = repeated(row_hold(DRAM, 0, 1), 3)
    work = PimWork(DRAM, NO_LIMITS, (rows,), beside=(row_transfer(DRAM, "RD", 0, 20),))
    outcomes = [run_work(work, engine, record_commands=True) for engine in ("simpy", "compiled")]
    assert np.array_equal(outcomes[0].commands, outcomes[1].commands)
    # Three operations of 62 cycles; 20 bursts from 19 on, 7 cycles apart, of which the last lets the row close 10 cycles later.
    assert outcomes[0].finished.tolist() == [3 * 62, 19 + 19 * 7 + 10 + 19]
    assert at(outcomes[0], "RD") == [19 + 7 * burst for burst in range(20)]
    assert outcomes[0].stalls[:, 0].tolist() == [0, 19 + 19 * 7 + 10 - 43]
    assert wrong_lines(outcomes[0]) == []


def test_lock_step_is_not_kept_with_what_moves_beside_it() -> None:
    work = PimWork(DRAM, NO_LIMITS, (repeated(row_hold(DRAM, 0, 1), 9), IDLE), beside=(IDLE, row_transfer(DRAM, "WR", 0, 99)))
    outcome = run_work(work)
    assert outcome.finished.tolist() == [9 * 62, 0, 0, 19 + 98 * 7 + 14 + 4 + 20 + 19]


@pytest.mark.slow
def test_random_works_with_others_beside_them_run_alike_on_both_engines(monkeypatch) -> None:
    tried = 0
    for seed in range(24):
        given = random_work(seed)
        if given.subarrays + 1 > given.dram.node_counts[-1]:
            continue
        random = np.random.default_rng(seed)
        monkeypatch.setattr(replay, "_BESIDE", int(2 ** random.integers(5, 12)))
        movers = tuple(
            random_sequence(random, given.dram, given.limits) if random.random() < 0.7 else IDLE for _ in given.sequences
        )
        work = replace(given, beside=movers, sequences=tuple(repeated(each, 3) for each in given.sequences))
        one, other = (run_work(work, engine, record_commands=True) for engine in ("simpy", "compiled"))
        assert differences(one, other) == [], seed
        assert np.array_equal(one.commands, other.commands), seed
        assert differences(one, run_work(work)) == [], seed
        assert violations(given.dram, one.commands) == [], seed
        tried += 1
    assert tried > 15


@pytest.mark.slow
@pytest.mark.parametrize("refresh", ["none", "all-bank"])
def test_rounds_go_on_by_replay_after_what_moves_beside_them(refresh) -> None:
    memo.forget()
    limits = PimLimits(refresh=refresh)
    dram = load_pim_dram("pim-ddr4_2666", limits)
    movers = (repeated(row_transfer(dram, "WR", 0, 128), 12), *[row_transfer(dram, "RD", 0, 50)] * 7)
    work = PimWork(dram, limits, (repeated(round_of(limits, 2, 3), 150),) * 8, beside=movers)
    outcome = run_work(work)
    assert differences(run_work(work, shortcuts=Shortcuts(pim_replay=False)), outcome) == []
    assert 0 < sum(len(known.gains) for known in memo._memos.values()) < 3000
    assert (outcome.finished[8:] < outcome.cycles / 2).all()


def test_each_bank_has_something_beside_it_or_none_has() -> None:
    with pytest.raises(InputError, match="expected a sequence beside those of each of 2 banks, got 1"):
        PimWork(DRAM, NO_LIMITS, (IDLE, IDLE), beside=(IDLE,))
    with pytest.raises(InputError, match="expected 1 to 63 subarrays of a bank, got 64"):
        PimWork(DRAM, NO_LIMITS, (IDLE,), 64, beside=(IDLE,))
