"""Rows that are copied from one subarray to another of the same bank: cycles by hand, and streams under the checker.

DDR4-2666: tRAS 43, tRP 19, tRRD_S 4, tFAW 28 cycles; a move over two subarrays 16 ns: 22 cycles.
"""

from __future__ import annotations

import numpy as np
import pytest
from test_pim_transfers import at, wrong_lines

from simcore.dram.checker import check_commands
from simcore.dram.commands import Command
from simcore.dram.tables import ResolvedDram
from simcore.engine.micro_programs import run_work
from simcore.errors import InputError
from simcore.pim.limits import NO_LIMITS, PimLimits, load_pim_dram
from simcore.pim.outcome import PimOutcome
from simcore.pim.sequence import Sequence, joined, repeated, row_copy, row_hold, row_transfer
from simcore.pim.work import PimWork

DRAM = load_pim_dram("pim-ddr4_2666", NO_LIMITS)
#: 3 tRAS + 2 tRP, a move, and a cycle between the precharges of the two subarrays.
NEXT = 3 * 43 + 2 * 19 + 22 + 1


def run(*banks: Sequence, subarrays: int = 1, limits: PimLimits = NO_LIMITS) -> PimOutcome:
    """Run on both engines, which must agree, and check the stream."""
    work = PimWork(load_pim_dram(DRAM.name, limits), limits, banks, subarrays)
    one, other = (run_work(work, engine, record_commands=True) for engine in ("simpy", "compiled"))
    assert np.array_equal(one.commands, other.commands)
    assert np.array_equal(one.stalls, other.stalls)
    assert np.array_equal(one.finished, run_work(work).finished)
    assert wrong_lines(one) == []
    return one


def test_a_row_copy_to_the_next_subarray_by_hand() -> None:
    outcome = run(row_copy(DRAM, 5, 7, 1))
    assert (at(outcome, "ACT"), at(outcome, "LINK"), at(outcome, "LAND")) == ([0], [43], [43 + 22])
    # The target's rows are restored in tRAS; the half of the row that takes the other row buffer adds tRAS + tRP.
    assert at(outcome, "PREpb") == [43 + 22 + 43 + 62, 43 + 22 + 43 + 62 + 1]
    assert (outcome.cycles, outcome.compute_cycles, outcome.stall_cycles["row_copy"]) == (NEXT, 62, NEXT - 62)
    rows = dict(zip(outcome.commands[:, 1].tolist(), outcome.commands[:, -2].tolist(), strict=True))
    assert (rows[DRAM.index("ACT")], rows[DRAM.index("LINK")], rows[DRAM.index("LAND")]) == (5, 5, 512 + 7)
    assert outcome.counts == {"ACT": 1, "LINK": 1, "LAND": 1, "PREpb": 2}


@pytest.mark.parametrize(("subarrays", "nanoseconds"), [(1, 148.5), (7, 196.5), (15, 260.5)])
def test_the_links_take_the_times_of_their_source(subarrays: int, nanoseconds: float) -> None:
    """DDR3-1600 in cycles of 1.25 ns. nLINK rounds 16 ns up to 13 cycles, so each move takes a quarter of a nanosecond more."""
    dram = load_pim_dram("pim-ddr3_1600k", NO_LIMITS)
    cycles = run_work(PimWork(dram, NO_LIMITS, (row_copy(dram, 0, 0, subarrays),)), "simpy").cycles
    assert subarrays > 1 or cycles * 1.25 == 150  # what docs/pim-dram.md says
    assert (cycles - 1) * 1.25 == nanoseconds + 0.25 * -(-subarrays // 2)


@pytest.mark.parametrize("earlier", range(1, 6))
def test_each_command_of_a_copy_a_cycle_earlier_is_refused(earlier: int) -> None:
    limits = PimLimits(refresh="none")
    outcome = run(row_copy(DRAM, 0, 0, 3), limits=limits)
    assert [outcome.dram.commands[row[1]] for row in outcome.commands] == ["ACT", "LINK", "LINK", "LAND", "PREpb", "PREpb"]
    assert wrong_lines(outcome, earlier)


@pytest.mark.parametrize("name", ["pim-ddr3_1600k", "pim-ddr4_2666", "pim-hbm2_2000"])
def test_a_landing_without_a_link_before_it_in_its_bank_is_refused(name: str) -> None:
    dram = load_pim_dram(name, NO_LIMITS)
    work = PimWork(dram, NO_LIMITS, (repeated(row_copy(dram, 0, 0, 1), 2),) * 2)
    rows = run_work(work, "simpy", record_commands=True).commands.tolist()
    stream = [Command(line, row[0], row[1], tuple(row[2:])) for line, row in enumerate(rows)]
    assert check_commands(stream, dram) == []
    links = [command for command in stream if dram.commands[command.command] == "LINK"]
    assert len(links) == 4
    for link in links:
        (violation,) = check_commands([command for command in stream if command is not link], dram)
        bank = ".".join(map(str, link.address[: dram.bank_level + 1]))
        landed = next(
            each for each in stream[link.line :] if dram.commands[each.command] == "LAND" and at_bank(each) == at_bank(link)
        )
        said = f"line {landed.line}: LAND breaks after LINK: needed LINK in bank {bank} before it, came none"
        assert str(violation) == said


def at_bank(command: Command) -> tuple[int, ...]:
    return command.address[:-2]


def test_a_bank_that_copies_does_nothing_else() -> None:
    # Both subarrays copy, one after the other. The second is the target of the first, so it waits for tRP after its precharge, a
    # cycle before that of the source. Then both rows are held for so short a time that it costs nothing.
    outcome = run(joined(row_copy(DRAM, 0, 0, 1), row_hold(DRAM, 1, 1)), subarrays=2)
    second = NEXT - 1
    assert at(outcome, "PREpb")[:4] == [second - 19, second - 18, 2 * second - 19, 2 * second - 18]
    assert at(outcome, "ACT") == [0, second, 2 * second, 2 * second + 1]
    assert outcome.stalls[:, 2].tolist() == [NEXT - 62 + 2 * second - NEXT, second + NEXT - 62]
    assert outcome.finished.tolist() == [2 * second + 62, 2 * second + 1 + 62]
    assert (outcome.finished - outcome.stalls.sum(axis=1)).tolist() == [2 * 62] * 2


def test_a_copy_waits_until_the_other_rows_of_the_bank_are_closed() -> None:
    outcome = run(joined(row_hold(DRAM, 1, 50), row_copy(DRAM, 0, 0, 1)), subarrays=2)
    # The periphery serves subarray 0 until 69, subarray 1 until 119.
    assert at(outcome, "PREpb")[:2] == [69, 119]
    assert at(outcome, "ACT")[2] == 120
    assert outcome.stalls[0, 2] == 120 - (69 + 19) + NEXT - 62


@pytest.mark.slow
def test_banks_copy_at_the_same_time_under_the_limits_of_activations() -> None:
    limits = PimLimits(refresh="none", command_bus=False)
    outcome = run(*[repeated(row_copy(DRAM, 0, 0, 1), 20)] * 16, limits=limits)
    # 32 activations at 4 in tFAW take 224 cycles, more than a copy.
    assert 20 * 32 * 28 / 4 < outcome.cycles < 1.1 * 20 * 32 * 28 / 4
    assert outcome.stall_cycles["tFAW"] > 0
    assert outcome.compute_cycles == 20 * 62


def test_a_row_over_the_bus_takes_longer_than_a_row_copy() -> None:
    whole_row = row_transfer(DRAM, "WR", 0, DRAM.counts[-1])
    assert run(*[whole_row] * 4).cycles > 4 * 512 > 10 * run(*[row_copy(DRAM, 0, 0, 1)] * 4).cycles / 4


def changed(sequence: Sequence, column: int, value: int) -> Sequence:
    operations = sequence.operations.copy()
    operations[0, column] = value
    return Sequence(operations)


def without_links(dram: ResolvedDram) -> ResolvedDram:
    from dataclasses import replace

    return replace(dram, commands=tuple(name.replace("LINK", "OTHER") for name in dram.commands))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: row_copy(DRAM, 0, 512, 1), "operation 0: expected a second row below 512"),
        (lambda: row_copy(DRAM, 0, 0, 65), "expected at most 32 moves over links, the bank has no more subarrays, got 33"),
        (lambda: row_copy(without_links(DRAM), 0, 0, 1), "has no commands LINK and LAND"),
        (lambda: changed(row_copy(DRAM, 0, 0, 1), 1, DRAM.index("COPY")), "expected LAND as the second activation of a row copy"),
        (lambda: changed(row_copy(DRAM, 0, 0, 1), 5, 0), "expected LAND as the second activation of a row copy"),
        (
            lambda: changed(row_copy(DRAM, 0, 0, 1), 4, DRAM.roles["read"]),
            "only one of a second activation, bursts and a hold|LAND",
        ),
    ],
)
def test_copies_that_mean_nothing_are_refused(make, message) -> None:
    with pytest.raises(InputError, match=message):
        PimWork(DRAM, NO_LIMITS, (make(),))
