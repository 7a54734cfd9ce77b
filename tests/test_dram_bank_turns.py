"""Rules of the scheduler bank-round-robin, worked out by hand, in both engines."""

import pytest
from test_dram_controller import DDR4, ENGINES, line, trace

from simcore.dram.controller import ControllerSpec, RowPolicySpec
from simcore.dram.outcome import READ, WRITE, DramOutcome
from simcore.dram.resolve import load_dram
from simcore.engine.dram_traces import run_trace


def served(outcome: DramOutcome) -> list[tuple[str, int, int]]:
    """Reads and writes: command, bank group, row."""
    found = [(outcome.dram.commands[row[1]], row[4], row[6]) for row in outcome.commands.tolist()]
    return [item for item in found if item[0] in ("RD", "WR")]


def in_turn(engine: str, *requests: tuple[int, int, int], overrides: dict[str, int] | None = None, **keys: object) -> DramOutcome:
    controller = ControllerSpec.model_validate({"scheduler": "bank-round-robin", "refresh": "none", **keys})
    return run_trace(load_dram(DDR4, overrides), trace(*requests), controller, engine, record_commands=True)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_request_spends_a_cycle_on_the_way_to_its_bank(engine: str) -> None:
    outcome = in_turn(engine, (0, READ, line(1)))
    assert outcome.commands[:, 0].tolist() == [2, 18]


@pytest.mark.parametrize("engine", ENGINES)
def test_banks_are_served_in_turn_from_the_one_after_the_last_and_not_by_age(engine: str) -> None:
    # Behind a refresh all four banks wait, and are ready together; bank group 0 was the last that was served.
    waiting = [(1000, READ, line(1, group=group)) for group in (3, 1, 0, 2)]
    requests, overrides = [(0, READ, line(1)), *waiting], {"nREFI": 1000}
    outcome = in_turn(engine, *requests, overrides=overrides, refresh="all-bank")
    assert [group for _, group, _ in served(outcome)] == [0, 1, 2, 3, 0]
    by_age = run_trace(load_dram(DDR4, overrides), trace(*requests), ControllerSpec(), engine, record_commands=True)
    assert [group for _, group, _ in served(by_age)] == [0, 3, 1, 0, 2]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("hits", "first"), [(1, 2), (2, 3), (3, 4), (6, 4)])
def test_a_conflict_waits_for_hits_behind_it_until_four_accesses_of_the_row(engine: str, hits: int, first: int) -> None:
    # Reads of row 1 come in 18, 24, 30, 36, ...; the bank could be precharged from 34 on, four cycles after each of them.
    requests = [(0, READ, line(1)), (18, READ, line(2)), *[(18, READ, line(1, column=1 + i)) for i in range(hits)]]
    rows = [row for *_, row in served(in_turn(engine, *requests, overrides={"nRTP": 4, "nRAS": 30}))]
    assert rows.index(2) == first


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("bank_queue", "rows"), [(1, [1, 2, 1]), (2, [1, 1, 2])])
def test_a_hit_overtakes_a_conflict_only_within_the_banks_queue(engine: str, bank_queue: int, rows: list[int]) -> None:
    requests = [(0, READ, line(1)), (18, READ, line(2)), (18, READ, line(1, column=1))]
    assert [row for *_, row in served(in_turn(engine, *requests, bank_queue=bank_queue))] == rows


@pytest.mark.parametrize("engine", ENGINES)
def test_what_waits_for_a_full_bank_lets_requests_of_other_banks_pass(engine: str) -> None:
    requests = [*[(0, READ, line(row)) for row in range(1, 4)], (0, READ, line(1, group=1))]
    passed = in_turn(engine, *requests, bank_queue=1)
    assert passed.depart[3] < passed.depart[1]
    # The second read keeps the only place of the queue of reads until the first was read.
    blocked = in_turn(engine, *requests, bank_queue=1, read_queue=1)
    assert blocked.depart[3] > blocked.depart[1]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("column", "order"), [(1, ["RD", "WR", "RD", "WR"]), (2, ["RD", "WR", "WR", "RD"])])
def test_requests_of_one_line_keep_their_order_at_the_bank(engine: str, column: int, order: list[str]) -> None:
    # After a write the next write is ready 6 cycles later, a read 25.
    opened = [(0, READ, line(1)), (100, WRITE, line(1, column=5))]
    outcome = in_turn(engine, *opened, (101, READ, line(1, column=1)), (102, WRITE, line(1, column=column)))
    assert [name for name, *_ in served(outcome)] == order


@pytest.mark.parametrize("engine", ENGINES)
def test_a_row_just_opened_is_used_before_a_refresh_closes_it(engine: str) -> None:
    # Two cycles after the activation the refresh is due.
    outcome = in_turn(engine, (96, READ, line(1)), overrides={"nREFI": 100, "nRFC": 50}, refresh="all-bank")
    assert outcome.commands[:2, 0].tolist() == [98, 98 + 16]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_row_just_opened_is_used_before_its_policy_closes_it(engine: str) -> None:
    requests, policy = [(0, READ, line(row)) for row in range(1, 4)], RowPolicySpec(name="timeout", timeout_cycles=1)
    # The row could be precharged before it is read.
    outcome = in_turn(engine, *requests, overrides={"nRAS": 2}, row_policy=policy)
    assert [row for *_, row in served(outcome)] == [1, 2, 3]
    assert outcome.counts["ACT"] == 3
