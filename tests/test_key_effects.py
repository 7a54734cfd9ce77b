"""A key said to change no cycle changes none, and one said to change cycles can: a pair of runs for every key shows it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from key_effect_cases import EVERY_KIND, IDEAL_AND_ROOFLINE, PIM_DRAM, ROOFLINE, SYSTOLIC, TABLE, Case, TableCase

from simcore import simulate
from simcore.dram.checker import check_commands
from simcore.dram.commands import Command
from simcore.dram.controller import ControllerSpec
from simcore.dram.resolve import load_dram
from simcore.dram.tables import ResolvedDram
from simcore.dram.trace import make_trace
from simcore.engine.dram_traces import run_trace
from simcore.engine.reference.dram.device import Device
from simcore.engine.reference.dram.record import CommandRecord
from simcore.meanings.keys import all_keys
from workloads.layers import Input, MatMul
from workloads.network import Network, NetworkBuilder

SYSTEM_CASES = {
    (file, path): case
    for file, cases in (
        ("every kind", EVERY_KIND),
        ("systolic", SYSTOLIC),
        ("ideal and roofline", IDEAL_AND_ROOFLINE),
        ("roofline", ROOFLINE),
        ("pim-dram", PIM_DRAM),
    )
    for path, case in cases.items()
}
#: Keys whose effect a test of their own shows.
ALONE = {("every kind", "extends"), ("systolic", "kind"), ("ideal", "kind"), ("roofline", "kind"), ("pim-dram", "kind")}
ALONE |= {("DRAM tables", "row_level"), ("DRAM tables", "bus_level")}
CONV = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Filters, Strides\nc, 8, 8, 3, 3, 4, 4, 2\n"
SAID = {(item.file, item.path): item.changes_cycles for item in all_keys() if item.changes_cycles is not None}


def product() -> Network:
    made = NetworkBuilder("product")
    for name in ("left", "right"):
        made.add(Input(name, (8, 8)))
    made.add(MatMul("product"), ["left", "right"])
    return made.build()


def cycles(case: Case, overrides: tuple[str, ...], folder: Path) -> list[float]:
    network: Any = case.network
    if network != "lenet5":
        return [float(simulate(network, case.system, overrides=overrides).cycles)]
    if not case.layers:
        network = product() if case.system == "pascal-titan-x" else folder / "conv.csv"
        (folder / "conv.csv").write_text(CONV)
    ran = simulate(network, case.system, layers=case.layers or None, training=case.training, overrides=overrides)
    return [float(value) for value in ran.layers["cycles"]]


def served(table: dict[str, Any], controller: dict[str, Any]) -> list[tuple[int, ...]]:
    """Return when each of some requests arrived and departed. They hit, miss and conflict with rows of all banks."""
    draw = random.Random(5)
    dram = load_dram(table)
    addresses = [draw.randrange(8) << 18 | draw.randrange(1 << 12) << 6 for _ in range(300)]
    addresses = [address ^ after for address in addresses for after in (0, 1 << 6)]
    earliest = [8 * number if number < 400 else 6000 + 8 * number for number in range(600)]  # a refresh comes in cycle 9363
    columns = (earliest, [int(draw.random() < 0.3) for _ in addresses], addresses)
    found = run_trace(dram, make_trace(*(np.array(values) for values in columns)), ControllerSpec(**controller))
    return [(int(arrive), int(depart)) for arrive, depart in zip(found.arrive, found.depart, strict=True)]


def merged(one: Any, other: Any) -> Any:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return other
    return {**one, **{key: merged(one.get(key), value) for key, value in other.items()}}


def test_every_key_has_a_pair_of_runs() -> None:
    cases = {*SYSTEM_CASES, *(("DRAM tables", path) for path in TABLE), *ALONE}
    assert set(SAID) - cases == set(), "add a pair of runs to tests/key_effect_cases.py"
    assert cases - set(SAID) == set()


@pytest.mark.slow
@pytest.mark.parametrize(("file", "path"), SYSTEM_CASES, ids=[f"{file}:{path}" for file, path in SYSTEM_CASES])
def test_a_key_of_a_system_changes_cycles_as_its_reference_says(file: str, path: str, tmp_path: Path) -> None:
    case = SYSTEM_CASES[file, path]
    before = cycles(case, case.base, tmp_path)
    after = cycles(case, (*case.base, case.change, *case.forced), tmp_path)
    assert (before != after) == SAID[file, path]


@pytest.mark.slow
@pytest.mark.parametrize("path", TABLE)
def test_a_key_of_a_dram_table_changes_cycles_as_its_reference_says(path: str) -> None:
    case: TableCase = TABLE[path]
    base = {"extends": "ddr4_2400r", **case.base}
    assert (served(base, case.controller) != served(merged(base, case.change), case.controller)) == SAID["DRAM tables", path]


def test_extends_changes_cycles(tmp_path: Path) -> None:
    for name in ("edge-sram", "edge-stt"):
        (tmp_path / f"{name}-of-mine.yaml").write_text(f"extends: {name}\n")
    found = [simulate("lenet5", tmp_path / f"{name}-of-mine.yaml", layers="c1").cycles for name in ("edge-sram", "edge-stt")]
    assert found[0] != found[1]


def test_the_kind_changes_cycles() -> None:
    """An ideal machine and a roofline with the same bandwidth differ in a layer that the peak bounds."""
    peak = ("peak_macs_per_s.four_bytes=1 GMAC/s",)
    found = [simulate("lenet5", "edge-sram", layers="c3").cycles, simulate("lenet5", "ideal-titan-xp", layers="c3").cycles]
    assert len({*found, simulate("lenet5", "titan-xp", layers="c3", overrides=peak).cycles}) == 3


def test_row_level_changes_when_a_second_row_of_a_bank_opens() -> None:
    """Only issuers of commands take ``subarray``; the controllers refuse it."""
    below = {"level": "subarray"}
    cycle = ("tRC", "tRCD", "tRAS", "tRP", "tRTP", "tWR", "RDA to ACT", "WRA to ACT")
    commands = dict.fromkeys(("ACT", "PREpb", "RD", "WR", "RDA", "WRA"), below)
    rows = {"commands": commands, "constraints": dict.fromkeys(cycle, below), "row_level": "subarray"}
    banks, subarrays = load_dram("ddr4_2400r"), load_dram({"extends": "ddr4_2400r", **rows})
    bank = (0, 0, 0, 0)
    assert wait_for_second_row(banks, bank, bank) == banks.timing["nRC"]
    assert wait_for_second_row(subarrays, (*bank, 0), (*bank, 1)) == banks.timing["nRRDL"]


def test_bus_level_gives_nodes_below_the_channel_command_slots_of_their_own() -> None:
    """Two banks may then take a command in one cycle. Only issuers of micro-programs use it."""
    for level, broken in (("channel", 1), ("bank", 0)):
        dram = load_dram({"extends": "ddr4_2400r", "bus_level": level})
        close = dram.index("PREpb")
        commands = [Command(1, 0, close, (0, 0, 0, 0, -1, -1)), Command(2, 0, close, (0, 0, 0, 1, -1, -1))]
        assert len(list(check_commands(commands, dram))) == broken, level


def wait_for_second_row(dram: ResolvedDram, first: tuple[int, ...], second: tuple[int, ...]) -> int:
    device = Device(dram, 0, CommandRecord(dram, keeps_commands=False))
    device.issue(dram.index("ACT"), first, 0, 0, 0)
    return device.ready_at(dram.index("ACT"), second)
