"""The DRAM device takes commands from any issuer, in both engines.

The issuer in this file issues a list of commands, each as early as the device allows. Like a future issuer of micro-programs, it
has no requests and no queue. The checker judges its streams.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import pytest

from simcore.dram.checker import check_commands
from simcore.dram.commands import Command
from simcore.dram.controller import ControllerSpec
from simcore.dram.controller_check import check_controller
from simcore.dram.resolve import dram_names, load_dram
from simcore.dram.tables import NEEDS_CLOSED, NEEDS_OPEN, ResolvedDram
from simcore.engine.compiled.dram.device import issue, ready_at
from simcore.engine.compiled.dram.device_state import device_tables, logged_commands
from simcore.engine.compiled.dram.tables import DeviceTables
from simcore.engine.compiled.flat_access import tables_in
from simcore.engine.compiled.flat_tables import flattened
from simcore.engine.compiled.jit import KERNEL
from simcore.engine.reference.dram.device import Device
from simcore.engine.reference.dram.record import CommandRecord
from simcore.errors import InputError

DDR4 = load_dram("ddr4_2400r")
NAMES = dram_names()


# A standard whose subarrays keep rows open, each with a row cycle of its own: a table, as a user would write it.
PER_SUBARRAY = ("ACT", "PREpb", "RD", "WR", "RDA", "WRA")
ROW_CYCLE = ("tRC", "tRCD", "tRAS", "tRP", "tRTP", "tWR", "RDA to ACT", "WRA to ACT")
SUBARRAYS = {
    "extends": "ddr4_2400r",
    "row_level": "subarray",
    "commands": {name: {"level": "subarray"} for name in PER_SUBARRAY},
    "constraints": {name: {"level": "subarray"} for name in ROW_CYCLE},
}
#: The same without limits on activations: each is a rule that a table leaves out.
UNLIMITED = {**SUBARRAYS, "constraints": {**SUBARRAYS["constraints"], "tRRD_S": None, "tRRD_L": None, "tFAW": None}}


class Step(NamedTuple):
    """A command for a node that keeps a row open (a bank, or a subarray), or for the node above it that the command addresses."""

    command: str
    bank: tuple[int, ...]
    row: int = -1
    column: int = -1


def address_of(dram: ResolvedDram, step: Step) -> tuple[int | None, ...]:
    level = int(dram.command_level[dram.index(step.command)])
    return tuple(number if at <= level else None for at, number in enumerate(step.bank))


def by_reference(dram: ResolvedDram, steps: list[Step]) -> np.ndarray:
    """The device of the reference engine: [clock, command, address]."""
    record = CommandRecord(dram, keeps_commands=True)
    device, now, free_at = Device(dram, 0, record), 0, [0] * len(dram.buses)
    for step in steps:
        command, address = dram.index(step.command), address_of(dram, step)
        bus = int(dram.command_bus[command])
        now = max(now, free_at[bus], device.ready_at(command, address))
        device.issue(command, address, step.row, step.column, now)
        free_at[bus] = now + 1
    return record.commands()


@numba.njit(**KERNEL)
def _issue_all(flat, free_at, steps):
    device, now = tables_in(flat, DeviceTables), 0
    for i in range(len(steps)):
        command, bank, bus = steps[i, 0], steps[i, 1], steps[i, 4]
        now = max(now, max(free_at[bus], ready_at(device, command, bank)))
        issue(device, command, bank, steps[i, 2], steps[i, 3], now)
        free_at[bus] = now + 1


def by_compiled(dram: ResolvedDram, steps: list[Step]) -> np.ndarray:
    """The device of the compiled engine, likewise."""
    flat, device = flattened(device_tables(dram, set(range(len(dram.commands))), len(steps)))
    rows = []
    for step in steps:
        command = dram.index(step.command)
        # The first bank of the node that is addressed.
        first = tuple(0 if number is None else number for number in address_of(dram, step))
        bank = int(np.ravel_multi_index(first, dram.node_counts))
        rows.append([command, bank, step.row, step.column, int(dram.command_bus[command])])
    _issue_all(flat, np.zeros(len(dram.buses), dtype=np.int64), np.array(rows, dtype=np.int64))
    return logged_commands(dram, device)


def violations(dram: ResolvedDram, stream: np.ndarray) -> list[int]:
    """Places in a stream at which the checker finds a command too early, or in the wrong state."""
    commands = [Command(at, row[0], row[1], tuple(row[2:])) for at, row in enumerate(stream.tolist())]
    return [violation.line for violation in check_commands(commands, dram)]


def one_cycle_earlier(stream: np.ndarray, at: int) -> np.ndarray:
    moved = stream.copy()
    moved[at, 0] -= 1
    return moved


# Two banks of a bank group and one of another: activations in lock-step, a row read and closed, and a refresh of the rank.
A, B, C = (0, 0, 0, 0), (0, 0, 0, 1), (0, 0, 1, 0)
BY_HAND = [
    Step("ACT", A, row=5),
    Step("ACT", C, row=5),
    Step("ACT", B, row=5),
    Step("RD", A, row=5, column=3),
    Step("WR", C, row=5, column=0),
    Step("PREpb", B),
    Step("ACT", B, row=7),
    Step("PREab", A),
    Step("REFab", A),
    Step("ACT", A, row=9),
]
# 16-16-16, tRAS 39, tRRD_S 4 (B waits for C; tRRD_L, 6 after A, is over before), CL 16, CWL 12, burst 4, tRFC 433: by hand.
CYCLES = [0, 4, 4 + 4, 16, 16 + 16 + 4 + 2 - 12, 8 + 39, 47 + 16, 63 + 39, 102 + 16, 118 + 433]


@pytest.mark.slow
@pytest.mark.parametrize("run", [by_reference, by_compiled])
def test_a_list_of_commands_is_issued_each_as_early_as_the_rules_allow(run) -> None:
    stream = run(DDR4, BY_HAND)
    assert stream[:, 0].tolist() == CYCLES
    assert [DDR4.commands[command] for command in stream[:, 1]] == [step.command for step in BY_HAND]
    assert violations(DDR4, stream) == []
    for at in range(1, len(stream)):
        assert at in violations(DDR4, one_cycle_earlier(stream, at)), BY_HAND[at]


def activations(dram: ResolvedDram, count: int) -> list[Step]:
    """One in each of so many subarrays of one bank."""
    return [Step("ACT", (0, 0, 0, 0, at), row=at * dram.rows_per_subarray) for at in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize("run", [by_reference, by_compiled])
def test_subarrays_of_a_bank_are_open_together_within_the_limits_of_the_table(run) -> None:
    dram, free = load_dram(SUBARRAYS), load_dram(UNLIMITED)
    # tRRD_L 6; the fifth ACT waits for tFAW, 26 cycles after the first, which is later than four times tRRD_L.
    stream = run(dram, activations(dram, 8))
    assert stream[:, 0].tolist() == [0, 6, 12, 18, 26, 32, 38, 44]
    assert violations(dram, stream) == []
    for at in range(1, 8):
        assert set(violations(dram, one_cycle_earlier(stream[: at + 1], at))) == {at}
    assert run(free, activations(free, 8))[:, 0].tolist() == list(range(8))
    # One bank keeps one row open.
    assert violations(DDR4, stream)


def test_controllers_refuse_a_standard_whose_subarrays_keep_rows_open() -> None:
    with pytest.raises(InputError, match="the controllers open one row per bank, but row_level 'subarray' allows more"):
        check_controller(load_dram(SUBARRAYS), ControllerSpec())


def test_subarrays_that_keep_rows_open_are_powers_of_two() -> None:
    odd = {**SUBARRAYS, "organisations": {"8Gb_x8": {"rows_per_subarray": 500}}}
    with pytest.raises(InputError, match="rows_per_subarray: expected a power of two up to 65536, got 500"):
        load_dram(odd)


def drawn_steps(dram: ResolvedDram, seed: int, length: int) -> list[Step]:
    """Commands of any kind for any bank of channel 0, each in a state that allows it."""
    random, steps = np.random.default_rng(seed), []
    opened: dict[tuple[int, ...], int] = {}
    banks = [(0, *bank) for bank in np.ndindex(*dram.node_counts[1:])]
    near_and_far = [*banks[:6], *banks[-2:]]
    while len(steps) < length:
        command, bank = int(random.integers(len(dram.commands))), near_and_far[random.integers(8)]
        reached = [
            other for other in banks if other[: dram.command_level[command] + 1] == bank[: dram.command_level[command] + 1]
        ]
        are_open = [other in opened for other in reached]
        if (dram.needs[command] == NEEDS_CLOSED and any(are_open)) or (dram.needs[command] == NEEDS_OPEN and not all(are_open)):
            continue
        first = bank[-1] * dram.rows_per_subarray if dram.row_level > dram.bank_level else 0
        row = first + int(random.integers(4)) if dram.opens[command] else opened.get(bank, first)
        steps.append(Step(dram.commands[command], bank, row, 0))
        for other in reached:
            if dram.opens[command]:
                opened[other] = row
            elif dram.closes[command]:
                opened.pop(other, None)
    return steps


@pytest.mark.slow
@pytest.mark.parametrize("source", [*NAMES, pytest.param(SUBARRAYS, id="subarrays")])
def test_both_devices_issue_any_legal_list_in_the_same_cycles_and_not_one_could_come_earlier(source) -> None:
    dram = load_dram(source, {"rank" if "rank" in load_dram(source).levels else "pseudochannel": 2})
    steps = drawn_steps(dram, 2400, 150)
    stream = by_reference(dram, steps)
    assert np.array_equal(by_compiled(dram, steps), stream)
    assert violations(dram, stream) == []
    late = [at for at in range(1, len(stream)) if stream[at, 0] > stream[at - 1, 0] + 1]
    assert len(late) > 20
    for at in late:
        assert at in violations(dram, one_cycle_earlier(stream[: at + 1], at)), (at, steps[at])
