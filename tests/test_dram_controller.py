"""Rules of the DRAM controller, worked out by hand, in both engines: queues, row policies, mappings, rejected input."""

import numpy as np
import pytest

from simcore.dram.controller import ControllerSpec, RowPolicySpec
from simcore.dram.mapping import address_mapping
from simcore.dram.outcome import READ, WRITE, DramOutcome
from simcore.dram.resolve import load_dram
from simcore.dram.trace import DramTrace, make_trace, read_trace
from simcore.engine.dram_traces import run_trace
from simcore.errors import InputError

ENGINES = ("compiled", "simpy")
#: (row, bank, bank group, column) of DDR4 with RoBaRaCoCh: 6 offset bits, 7 column, 2 bank group, 2 bank, 16 row.
DDR4 = "ddr4_2400r"


def line(row: int, bank: int = 0, group: int = 0, column: int = 0) -> int:
    return row << 17 | bank << 15 | group << 13 | column << 6


def trace(*requests: tuple[int, int, int]) -> DramTrace:
    """Requests (earliest, op, address)."""
    return DramTrace(*np.array(requests, dtype=np.int64).reshape(-1, 3).T.copy())


def names(outcome: DramOutcome) -> list[str]:
    return [outcome.dram.commands[command] for command in outcome.commands[:, 1]]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_read_of_a_waiting_write_is_forwarded_and_a_second_write_merged(engine: str) -> None:
    address = line(5)
    # The first write opens another row of the bank, so the second waits.
    requests = trace((0, WRITE, line(4)), (0, WRITE, address), (0, READ, address + 8), (0, WRITE, address))
    outcome = run_trace(load_dram(DDR4), requests, engine=engine)
    assert outcome.kind.tolist() == [0, 0, 1, 2]
    assert (outcome.depart - outcome.arrive).tolist()[2:] == [1, 0]
    assert (outcome.counts["WR"], outcome.counts["RD"]) == (2, 0)
    assert (outcome.forwarded_reads, outcome.coalesced_writes) == (1, 1)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_pause_without_reads_turns_to_writes_even_if_a_refresh_ends_it(engine: str) -> None:
    # Served from the queue, the second read leaves the controller serving reads; then nothing comes until the refresh at 9364.
    pause = [(0, READ, line(1)), (1000, READ, line(1, column=1))]
    # Not enough writes to go first on their own account (25), and too many to give way to a read (6).
    after = [*[(9363, WRITE, line(2, bank=i % 4, group=i // 4)) for i in range(10)], (9363, READ, line(3, bank=3, group=3))]
    outcome = run_trace(load_dram(DDR4), trace(*pause, *after), engine=engine, record_commands=True)
    assert names(outcome)[:5] == ["ACT", "RD", "RD", "PREab", "REFab"]
    assert [row for clock, command, *_, row, _ in outcome.commands.tolist() if command == 0 and clock > 9364][:4] == [2] * 4


@pytest.mark.parametrize("engine", ENGINES)
def test_ready_requests_overtake_only_without_fcfs(engine: str) -> None:
    # A conflict in bank 0 while bank 1 could read at once.
    requests = trace((0, READ, line(1)), (0, READ, line(2)), (0, READ, line(1, bank=1)))
    first_ready = run_trace(load_dram(DDR4), requests, ControllerSpec(), engine)
    in_order = run_trace(load_dram(DDR4), requests, ControllerSpec(scheduler="fcfs"), engine)
    assert first_ready.depart[2] < first_ready.depart[1]
    assert (np.diff(in_order.depart) > 0).all()
    assert first_ready.row_conflicts == in_order.row_conflicts == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_row_hits_first_keeps_the_row_for_an_older_hit_only(engine: str) -> None:
    dram, controller = load_dram(DDR4), ControllerSpec(scheduler="frfcfs-rowhit", refresh="none")
    # While bank 0 has the data bus, bank 1 could be precharged for the last request, before its older hit comes to read.
    opened = [(0, READ, line(1)), (0, READ, line(1, bank=1))]
    busy = [(200, READ, line(1, column=column)) for column in range(1, 9)]
    requests = trace(*opened, *busy, (200, READ, line(1, bank=1, column=1)), (200, READ, line(2, bank=1)))
    outcome = run_trace(dram, requests, controller, engine, record_commands=True)
    assert names(outcome)[4:] == ["RD"] * 9 + ["PREpb", "ACT", "RD"]
    assert run_trace(dram, requests, ControllerSpec(refresh="none"), engine).counts["PREpb"] == 2


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("refresh", "offered", "first"), [(200, 199, "RD"), (201, 200, "WR")])
def test_an_idle_cycle_turns_the_controller_to_writes(engine: str, refresh: int, offered: int, first: str) -> None:
    # The second request hits the open row: RD in 199. Then a read and a write wait together behind a refresh; with one write of
    # two waiting the controller stays with what it was at: reads, unless a cycle, 200, went by without any.
    dram = load_dram(DDR4, {"nREFI": refresh, "nRFC": 40})
    controller = ControllerSpec(write_queue=2, write_low_watermark=0.5, write_high_watermark=0.5)
    opened = [(80, READ, line(1)), (198, READ, line(1, column=1))]
    requests = trace(*opened, (offered, READ, line(1, bank=1)), (offered + 1, WRITE, line(1, bank=2)))
    outcome = run_trace(dram, requests, controller, engine, record_commands=True)
    assert [name for name in names(outcome) if name in ("RD", "WR")][2] == first


@pytest.mark.parametrize("engine", ENGINES)
def test_closed_after_three_makes_the_fourth_access_close_the_row(engine: str) -> None:
    controller = ControllerSpec(row_policy=RowPolicySpec(name="closed-after", accesses=3), refresh="none")
    requests = trace(*[(0, READ, line(1, column=column)) for column in range(4)])
    outcome = run_trace(load_dram(DDR4), requests, controller, engine, record_commands=True)
    assert names(outcome) == ["ACT", "RD", "RD", "RD", "RDA"]


@pytest.mark.parametrize("engine", ENGINES)
def test_closed_after_three_precharges_where_no_fourth_access_comes(engine: str) -> None:
    controller = ControllerSpec(row_policy=RowPolicySpec(name="closed-after", accesses=3), refresh="none")
    requests = trace(*[(0, READ, line(1, column=column)) for column in range(3)], (500, READ, line(2)))
    outcome = run_trace(load_dram(DDR4), requests, controller, engine, record_commands=True)
    assert names(outcome) == ["ACT", "RD", "RD", "RD", "PREpb", "ACT", "RD"]
    # ACT at 1, tRAS 39; the last RD at 29, tRTP 9.
    assert outcome.commands[4, 0] == 40


@pytest.mark.parametrize("engine", ENGINES)
def test_timeout_precharges_so_many_cycles_after_the_last_use(engine: str) -> None:
    controller = ControllerSpec(row_policy=RowPolicySpec(name="timeout", timeout_cycles=100), refresh="none")
    outcome = run_trace(
        load_dram(DDR4), trace((0, READ, line(1)), (500, READ, line(1))), controller, engine, record_commands=True
    )
    assert names(outcome) == ["ACT", "RD", "PREpb", "ACT", "RD"]
    assert outcome.commands[2, 0] == outcome.commands[1, 0] + 100


@pytest.mark.parametrize("engine", ENGINES)
def test_per_bank_refresh_takes_every_bank_in_turn(engine: str) -> None:
    dram = load_dram("hbm2_2000")
    outcome = run_trace(dram, trace((122 * 40, READ, 0)), ControllerSpec(refresh="per-bank"), engine, record_commands=True)
    refreshes = outcome.commands[outcome.commands[:, 1] == dram.index("REFpb")]
    assert (refreshes[:40, 0] == 122 * np.arange(1, 41)).all()
    banks = [tuple(address) for address in refreshes[:32, 3:6].tolist()]
    assert banks == [(pc, group, bank) for pc in range(2) for group in range(4) for bank in range(4)]
    assert outcome.counts["REFab"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_two_channels_halve_the_time_of_a_stream(engine: str) -> None:
    def cycles(channels: int) -> int:
        dram, count = load_dram(DDR4, {"channel": channels}), 800
        requests = DramTrace(np.zeros(count, np.int64), np.zeros(count, np.int64), np.arange(count) * 64)
        return run_trace(dram, requests, engine=engine).cycles

    assert cycles(2) == pytest.approx(cycles(1) / 2, rel=0.05)


@pytest.mark.parametrize("mapping", ["RoBaRaCoCh", "MOP4CLXOR", "row bank:1 column:5 bank rank bankgroup column:2 channel"])
def test_a_mapping_gives_every_line_a_place_of_its_own(mapping: str) -> None:
    dram = load_dram("ddr3_1600k" if "bankgroup" not in mapping else DDR4, {"row": 16, "channel": 2})
    found = address_mapping(dram, mapping)
    lines = np.arange(1 << (found.address_bits - dram.offset_bits)) << dram.offset_bits
    places = found.decode(lines, len(dram.levels))
    assert len(np.unique(places, axis=1).T) == len(lines) == np.prod(dram.counts)
    assert (places.max(axis=1) == np.array(dram.counts) - 1).all()


def test_mop_has_four_lines_of_a_row_together_and_xors_bank_group_bank_and_row_with_the_column() -> None:
    dram = load_dram(DDR4)
    # Column bits from the least: 2, then bank group 2, bank 2, column 5, row 16.
    address = (0b01 | 0b10 << 2 | 0b01 << 4 | 0b11010 << 6 | 0x1234 << 11) << 6
    channel, rank, group, bank, row, column = address_mapping(dram, "MOP4CLXOR").decode(np.array([address]), 6)[:, 0].tolist()
    assert (channel, rank, column) == (0, 0, 0b1101001)
    assert (group, bank, row) == (0b10 ^ 0b01, 0b01 ^ 0b10, 0x1234 ^ 0b110)


def test_open_cycles_are_those_between_act_and_precharge() -> None:
    controller = ControllerSpec(refresh="none")
    outcome = run_trace(load_dram(DDR4), trace((0, READ, line(1)), (0, READ, line(2))), controller, record_commands=True)
    act, _, pre, again, _ = outcome.commands[:, 0].tolist()
    assert outcome.open_cycles.tolist() == [pre - act + outcome.cycles - again]


def test_latency_statistics_are_ranks_of_the_sorted_latencies() -> None:
    outcome = run_trace(load_dram(DDR4), trace(*[(200 * i, READ, line(i % 2)) for i in range(100)]))
    latencies = np.sort(outcome.depart - outcome.arrive)
    found = outcome.read_latency
    assert (found.requests, found.p50, found.p95, found.p99, found.max) == (100, *latencies[[49, 94, 98, 99]])
    assert found.mean == latencies.mean()
    assert outcome.write_latency.requests == 0


@pytest.mark.parametrize(
    ("controller", "message"),
    [
        (ControllerSpec(mapping="RoBaRaCoCH"), "did you mean 'RoBaRaCoCh'"),
        (ControllerSpec(mapping="row bank bankgruop column"), "did you mean 'bankgroup'"),
        (ControllerSpec(mapping="row bank column"), "expected 2 bits of bankgroup, got 0"),
        (ControllerSpec(refresh="per-bank"), "role refresh_bank"),
    ],
)
def test_a_controller_that_the_standard_does_not_allow_is_refused(controller: ControllerSpec, message: str) -> None:
    with pytest.raises(InputError, match=message):
        run_trace(load_dram(DDR4), trace((0, READ, 0)), controller)


def test_an_address_beyond_the_memory_is_refused() -> None:
    with pytest.raises(InputError, match=r"expected addresses below 0x200000000, got 0x200000000 in request 1"):
        run_trace(load_dram(DDR4), trace((0, READ, 0), (0, READ, 1 << 33)))


@pytest.mark.parametrize("text", ["0 R", "0 X 40", "x R 40", "0 R zz", "-1 R 40", "0 R 40 1", f"{1 << 60} R 0"])
def test_a_line_that_is_no_request_is_named(tmp_path: object, text: str) -> None:
    path = f"{tmp_path}/bad.trace"
    with open(path, "w") as file:
        file.write(f"0 W 40\n{text}\n")
    with pytest.raises(InputError, match=r"bad\.trace:2: expected"):
        read_trace(path)


def test_arrays_that_are_no_trace_are_refused() -> None:
    zeros = np.zeros(2, dtype=np.int64)
    with pytest.raises(InputError, match="one length"):
        make_trace(zeros, zeros, np.zeros(3, dtype=np.int64))
    with pytest.raises(InputError, match="expected op from 0 to 1, got 2 in request 1"):
        make_trace(zeros, np.array([0, 2]), zeros)
