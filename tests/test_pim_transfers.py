"""Rows of a DRAM that computes whose data are moved over the bus, or which are given to the bank's periphery: cycles by hand.

DDR4-2666: tRCD 19, tRAS 43, tRP 19, tRTP 10, tWR 20, CWL 14, burst 4, tCCD_S 4, tCCD_L 7, tWTR_S 4, tWTR_L 10 cycles.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simcore.dram.checker import check_commands, check_file
from simcore.dram.commands import Command
from simcore.dram.standard import pim_names
from simcore.engine.micro_programs import run_work
from simcore.errors import InputError
from simcore.pim.limits import NO_LIMITS, PimLimits, load_pim_dram
from simcore.pim.outcome import PimOutcome
from simcore.pim.sequence import Sequence, joined, repeated, row_hold, row_transfer
from simcore.pim.work import PimWork

DRAM = load_pim_dram("pim-ddr4_2666", NO_LIMITS)


def run(*banks: Sequence, subarrays: int = 1, engine: str = "simpy", limits: PimLimits = NO_LIMITS) -> PimOutcome:
    return run_work(PimWork(load_pim_dram(DRAM.name, limits), limits, banks, subarrays), engine, record_commands=True)


def at(outcome: PimOutcome, command: str, bank: tuple[int, ...] = ()) -> list[int]:
    rows = outcome.commands[outcome.commands[:, 1] == outcome.dram.index(command)]
    levels = 2 + outcome.dram.bank_level - len(bank) + 1
    return [int(row[0]) for row in rows if tuple(row[levels : levels + len(bank)]) == bank]


def wrong_lines(outcome: PimOutcome, earlier: int | None = None) -> list[int]:
    """The lines that the checker refuses, with one command moved a cycle earlier if wanted."""
    stream = outcome.commands.copy()
    if earlier is not None:
        stream[earlier, 0] -= 1
        stream = stream[np.argsort(stream[:, 0], kind="stable")]
    commands = [Command(line, row[0], row[1], tuple(row[2:])) for line, row in enumerate(stream.tolist())]
    return [violation.line for violation in check_commands(commands, outcome.dram)]


def test_bursts_of_one_row_by_hand() -> None:
    outcome = run(row_transfer(DRAM, "RD", 5, 4))
    assert (at(outcome, "ACT"), at(outcome, "RD"), at(outcome, "PREpb")) == ([0], [19, 26, 33, 40], [50])
    # The row alone could be closed at 43; the last burst lets it close 10 cycles after itself.
    assert (outcome.cycles, outcome.compute_cycles, outcome.stall_cycles["transfer"]) == (50 + 19, 62, 7)
    reads = outcome.commands[outcome.commands[:, 1] == DRAM.index("RD")]
    assert reads[:, -2:].tolist() == [[5, 0], [5, 1], [5, 2], [5, 3]]
    assert outcome.counts == {"ACT": 1, "RD": 4, "PREpb": 1}
    assert wrong_lines(outcome) == []
    assert all(wrong_lines(outcome, line) for line in range(1, 6))


def test_a_write_needs_its_recovery_and_few_reads_hide_behind_tras() -> None:
    write = run(row_transfer(DRAM, "WR", 0, 1))
    assert (at(write, "WR"), at(write, "PREpb")) == ([19], [19 + 14 + 4 + 20])
    assert write.stall_cycles["transfer"] == 57 - 43
    assert wrong_lines(write) == [] != wrong_lines(write, 2)
    assert run(row_transfer(DRAM, "RD", 0, 3)).stall_cycles["transfer"] == 0


def test_banks_share_the_data_bus() -> None:
    reads = row_transfer(DRAM, "RD", 0, 3)
    outcome = run(reads, reads)
    # The banks lie in different bank groups, so their bursts follow each other after tCCD_S, those of one bank after tCCD_L.
    assert at(outcome, "RD", (0, 0)) == [19, 27, 35]
    assert at(outcome, "RD", (1, 0)) == [23, 31, 39]
    assert outcome.stalls[:, 0].tolist() == [45 - 43, 49 - 43]
    assert wrong_lines(outcome) == []


@pytest.mark.parametrize(("banks", "read_at"), [(2, 19 + 14 + 4 + 4), (5, 19 + 14 + 4 + 10)])
def test_the_bus_turns_around_from_a_write_to_a_read(banks, read_at) -> None:
    idle, write, read = row_hold(DRAM, 0, 1), row_transfer(DRAM, "WR", 0, 1), row_transfer(DRAM, "RD", 0, 1)
    # The fifth bank is the second one of the first bank group.
    outcome = run(write, *[idle] * (banks - 2), read)
    assert (at(outcome, "WR"), at(outcome, "RD")) == ([19], [read_at])
    assert outcome.stalls[-1, 0] == read_at + 10 - 43
    moved = int(np.flatnonzero(outcome.commands[:, 1] == DRAM.index("RD"))[0])
    assert wrong_lines(outcome) == [] != wrong_lines(outcome, moved)


def test_a_bank_moves_data_of_one_subarray_at_a_time() -> None:
    outcome = run(row_transfer(DRAM, "RD", 0, 4), subarrays=2)
    assert (at(outcome, "ACT"), at(outcome, "PREpb")) == ([0, 51], [50, 101])
    assert outcome.stalls[:, 0].tolist() == [7, 51 + 7]


@pytest.mark.parametrize(("write", "closed_at"), [(False, 19 + 50), (True, 19 + 50 + 20)])
def test_a_row_held_by_the_periphery_by_hand(write, closed_at) -> None:
    outcome = run(row_hold(DRAM, 0, 50, write))
    assert at(outcome, "PREpb") == [closed_at]
    assert outcome.stall_cycles["periphery"] == closed_at - 43
    assert outcome.compute_cycles == 62
    assert wrong_lines(outcome) == []


@pytest.mark.parametrize(("write", "free_at"), [(False, 19 + 50), (True, 19 + 50 + 20)])
def test_the_stream_tells_holds_and_the_checker_allows_no_command_to_a_held_row(write, free_at) -> None:
    outcome = run(row_hold(DRAM, 7, 50, write), engine="compiled")
    assert np.array_equal(outcome.commands, run(row_hold(DRAM, 7, 50, write)).commands)
    name = "HOLDW" if write else "HOLD"
    assert at(outcome, name) == [19]
    assert outcome.commands[1, -2:].tolist() == [7, 50]
    assert outcome.counts == {"ACT": 1, name: 1, "PREpb": 1}
    # The row is held longer than tRAS, so nothing but the hold keeps the precharge from coming a cycle earlier.
    assert wrong_lines(outcome) == []
    assert wrong_lines(outcome, 2) == [2]
    assert wrong_lines(outcome, 1) == [1]
    stream = [Command(line, row[0], row[1], tuple(row[2:])) for line, row in enumerate(outcome.commands.tolist())]
    early = [*stream[:2], stream[2]._replace(clock=free_at - 1)]
    (violation,) = check_commands(early, outcome.dram)
    assert (
        str(violation)
        == f"line 2: PREpb breaks row held by the periphery: needed cycle {free_at} (line 1 holds it), came cycle {free_at - 1}"
    )
    refresh = stream[1]._replace(line=2, clock=30, command=DRAM.index("REFab"), address=(0, 0, *[-1] * 4))
    assert "row held by the periphery" in {each.rule for each in check_commands([*stream[:2], refresh], outcome.dram)}


def test_the_checker_lets_a_periphery_have_one_row_at_a_time() -> None:
    outcome = run(row_hold(DRAM, 0, 50), subarrays=2)
    holds = [line for line, row in enumerate(outcome.commands.tolist()) if row[1] == DRAM.index("HOLD")]
    assert at(outcome, "HOLD") == [19, 69]
    assert wrong_lines(outcome) == []
    assert wrong_lines(outcome, holds[1]) != []


def test_a_hold_takes_no_bus_and_must_last_a_cycle(tmp_path) -> None:
    head = "clock,command,channel,rank,bankgroup,bank,row,column\n0,ACT,0,0,0,0,7,0\n19,RD,0,0,0,0,7,3\n"
    file = tmp_path / "stream.csv"
    file.write_text(f"{head}19,HOLD,0,0,0,0,7,50\n")
    assert check_file(file, DRAM) == []
    for name, cycles in (("HOLD", 0), ("HOLD", -1), ("HOLDW", 0), ("HOLDW", -1)):
        file.write_text(f"{head}19,{name},0,0,0,0,7,{cycles}\n")
        with pytest.raises(InputError) as caught:
            check_file(file, DRAM)
        assert str(caught.value) == f"{file}:4: column of {name}: expected a number of cycles from 1, got {cycles}"


def test_the_periphery_serves_one_subarray_of_a_bank_at_a_time_and_short_holds_cost_nothing() -> None:
    outcome = run(row_hold(DRAM, 0, 50), row_hold(DRAM, 0, 24), subarrays=2)
    assert at(outcome, "PREpb", (0, 0)) == [69, 119]
    assert at(outcome, "PREpb", (1, 0)) == [43, 67]
    assert outcome.stalls[:, 1].tolist() == [69 - 43, 0, 119 - 43, 67 - 43]


def test_hbm_reads_rows_later_than_it_writes_them() -> None:
    dram = load_pim_dram("pim-hbm2_2000", NO_LIMITS)
    # tRCDRD 14, tRCDWR 12, to the last cycle of an ACT of two cycles; tRAS 34, tWR 16.
    for write, closed_at in ((False, 15 + 40), (True, 13 + 40 + 16)):
        outcome = run_work(PimWork(dram, NO_LIMITS, (row_hold(dram, 0, 40, write),)), "simpy", record_commands=True)
        assert outcome.commands[-1, 0] == closed_at


def test_repeats_are_the_sequence_again_and_again() -> None:
    piece = joined(row_transfer(DRAM, "WR", 1, 2), row_hold(DRAM, 2, 9))
    assert (len(repeated(repeated(piece, 2), 3)), piece.commands, repeated(piece, 6).commands) == (12, 6, 36)
    outcomes = [run(sequence, sequence) for sequence in (repeated(piece, 3), joined(*[piece] * 3), joined(repeated(piece, 3)))]
    assert all(np.array_equal(outcomes[0].commands, other.commands) for other in outcomes[1:])


@pytest.mark.slow
@pytest.mark.parametrize("name", pim_names())
def test_whole_rows_of_all_banks_take_the_time_of_the_data_bus(name) -> None:
    limits = PimLimits(refresh="none")
    dram = load_pim_dram(name, limits)
    bursts, banks = dram.counts[-1], 8
    outcome = run_work(PimWork(dram, limits, (row_transfer(dram, "WR", 0, bursts),) * banks), record_commands=True)
    least = banks * bursts * dram.burst_cycles
    if "hbm2" in name:  # the banks of a channel lie on two pseudo-channels with a bus each
        least //= 2
    assert least < outcome.cycles < 1.05 * least + 150
    assert outcome.cycles - outcome.stall_cycles["transfer"] < 150
    assert wrong_lines(outcome) == []


@pytest.mark.slow
def test_transfers_wait_for_refreshes_only_between_rows() -> None:
    limits = PimLimits()
    dram = load_pim_dram(DRAM.name, limits, {"nREFI": 1200})
    work = PimWork(dram, limits, (repeated(row_transfer(dram, "RD", 0, 128), 4),) * 2)
    one, other = (run_work(work, engine, record_commands=True) for engine in ("simpy", "compiled"))
    assert np.array_equal(one.commands, other.commands)
    assert wrong_lines(one) == []
    refreshes = [line for line, row in enumerate(one.commands.tolist()) if row[1] == dram.index("REFab")]
    assert len(refreshes) >= 2
    assert {dram.commands[one.commands[line - 1, 1]] for line in refreshes} <= {"PREpb", "REFab"}
    assert one.stall_cycles["refresh"] > 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: row_transfer(DRAM, "RD", 0, 129), "operation 0: expected 0 to 128 bursts, the row has no more columns, got 129"),
        (lambda: row_transfer(DRAM, "RD", 512, 1), "expected a row below 512, got 512"),
        (lambda: row_hold(DRAM, 0, -1), "expected a row to be held for 0 to 1,048,576 cycles, got -1"),
        (lambda: repeated(row_hold(DRAM, 0, 1), 0), "expected a sequence to be done at least once, got 0 repeats"),
        (lambda: repeated(row_hold(DRAM, 0, 1), 1 << 41), "operations in all"),
        (lambda: Sequence(np.zeros((1, 4), dtype=np.int64)), "expected operations of 7 integers each"),
        (lambda: changed(row_transfer(DRAM, "RD", 0, 1), 4, 0), "expected RD or WR as the command of its bursts, got 0"),
        (lambda: changed(row_transfer(DRAM, "RD", 0, 1), 6, 9), "expected only one of a second activation, bursts and a hold"),
        (lambda: changed(row_hold(DRAM, 0, 1), 0, 99), "expected a command as its first activation, got 99"),
        (lambda: changed(row_hold(DRAM, 0, 0), 1, -2), "expected a command or none as its second activation, got -2"),
    ],
)
def test_sequences_that_mean_nothing_are_refused(make, message) -> None:
    with pytest.raises(InputError, match=message):
        PimWork(DRAM, NO_LIMITS, (make(),))


def changed(sequence: Sequence, column: int, value: int) -> Sequence:
    operations = sequence.operations.copy()
    operations[0, column] = value
    return replace(sequence, operations=operations)
