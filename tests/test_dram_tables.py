"""Standards as tables: their resolved values, and the keys that a System may change."""

import json
from pathlib import Path

import numpy as np
import pytest

from simcore.dram.resolve import dram_names, load_dram, resolve
from simcore.dram.standard import load_standard, standard_names

CONFIGS = Path(__file__).parent / "golden" / "dram" / "configs"
GOLDEN = [
    ("ddr3_1600k", "ram_ddr3_1600K"), ("ddr4_2400r", "ram_ddr4_2400R"),
    ("ddr4_3200aa", "ram_ddr4_3200AA"), ("hbm2_2000", "ram_hbm2_2000"),
]  # fmt: skip


def golden(name: str) -> dict:
    return json.loads((CONFIGS / f"{name}.json").read_text())


def pairs(constraints: list) -> set:
    """Golden rules as the rows of `ResolvedDram.constraints`."""
    found = set()
    for level, preceding, following, latency, *rest in constraints:
        window, sibling = (rest + [1, False][len(rest) :])[:2]
        found |= {(level, before, after, latency, window, int(sibling)) for before in preceding for after in following}
    return found


@pytest.mark.parametrize(("preset", "config"), GOLDEN)
def test_resolved_constraints_equal_ramulators(preset, config):
    dram, expected = load_dram(preset), golden(config)
    ours = {tuple(row) for row in dram.constraints.tolist()}
    assert ours == pairs(expected["memory_system"]["controllers"][0]["dram"]["timing_constraints"])
    assert list(dram.commands) == expected["command_names"]


@pytest.mark.parametrize(("preset", "config"), GOLDEN)
def test_resolved_timings_and_organisation_equal_ramulators(preset, config):
    dram, expected = load_dram(preset), golden(config)
    timings = {name: value for name, value in expected["resolved_timing"].items() if name not in ("rate", "tCK_ps")}
    assert dict(dram.timing) == timings
    assert dram.tck_ps == expected["resolved_timing"]["tCK_ps"]
    place = expected["resolved_org"]
    burst_length = load_standard(dram.standard).spec.burst_length
    for level, count in zip(dram.levels, dram.counts, strict=True):
        assert count * (burst_length if level == "column" else 1) == place.get(level, 1)
    assert dram.channel_width_bits == place["channel_width"]
    cycles = expected["memory_system"]["controllers"][0]["dram"]["command_cycles"]
    assert dram.command_cycles.tolist() == cycles


def test_every_shipped_preset_resolves_and_every_number_has_a_source():
    assert standard_names() == ["ddr3", "ddr4", "ddr5", "hbm2", "lpddr4", "nvm"]
    for name in dram_names():
        dram = load_dram(name)
        assert dram.name == name
        assert {"commands", "constraints", "organisation", "speed", "rows_per_subarray"} <= set(dram.sources)
        assert all(len(source) > 10 for source in dram.sources.values())
        assert all(rule.source for rule in dram.rules)
        assert dram.currents is None or len(dram.currents.source) > 10
        assert sum(dram.field_bits) + dram.offset_bits == (np.prod(dram.counts) * dram.transaction_bytes).item().bit_length() - 1


def test_a_command_of_two_bus_cycles_counts_from_its_last():
    dram = load_dram("ddr5_4800an")
    act, read, precharge = (dram.index(name) for name in ("ACT", "RD", "PREpb"))
    rows = {tuple(row[:4]): row for row in dram.constraints.tolist()}
    bank = dram.bank_level
    assert (bank, act, read, dram.timing["nRCD"]) in rows  # both take two cycles
    assert (bank, act, precharge, dram.timing["nRAS"] + 1) in rows
    assert (bank, precharge, act, dram.timing["nRP"] - 1) in rows
    assert (0, act, precharge, 2) in rows  # the bus is held


def test_hbm2_has_a_column_and_a_row_bus():
    dram = load_dram("hbm2_2000")
    assert dram.buses == ("column", "row")
    on = {name: dram.buses[bus] for name, bus in zip(dram.commands, dram.command_bus, strict=True)}
    assert {name for name, bus in on.items() if bus == "column"} == {"RD", "WR", "RDA", "WRA"}
    assert dram.transaction_bytes == 32


def test_nonvolatile_memory_does_not_refresh_and_a_write_keeps_its_bank_for_the_longer_pulse():
    dram = load_dram("nvm_pcm")
    assert dram.refresh_interval == 0
    assert dram.roles["refresh_all"] == -1
    row = (dram.bank_level, dram.index("WR"), dram.index("RD"), 4 + 4 + 60, 1, 0)  # tCWD + burst + 150 ns at 400 MHz
    assert row in {tuple(row) for row in dram.constraints.tolist()}
    assert dram.timing["nWP0"] == 40  # RESET, 100 ns
    quick_ones = load_dram("nvm_pcm", {"nWP0": 40, "nWP1": 20})
    assert quick_ones.timing["nWP"] == 40


def test_overrides_set_timings_and_counts():
    dram = load_dram("ddr4_2400r", {"nRCD": 17, "rank": 2, "channel": 2})
    assert dram.timing["nRCD"] == 17
    assert dram.counts[:2] == (2, 2)
    assert dram.field_bits[:2] == (1, 1)
    assert resolve("ddr4", "8Gb_x8", "2400R").timing == load_dram("ddr4_2400r").timing


def test_organisations_take_their_own_timings():
    assert resolve("ddr4", "8Gb_x4", "2400R").timing["nFAW"] == 16
    assert resolve("ddr4", "4Gb_x8", "2400R").timing["nRFC"] == 313  # 260 ns / 0.833 ns, up


def test_a_dram_of_simcore_is_resolved_once_and_a_file_of_ones_own_each_time(tmp_path):
    """A plan asks for its DRAM several times for each layer; a file may change in between."""
    assert load_dram("ddr4_2400r") is load_dram("ddr4_2400r", {})
    assert load_dram("ddr4_2400r", {"nRCD": 17}).timing["nRCD"] == 17 != load_dram("ddr4_2400r", {"nRCD": 18}).timing["nRCD"]
    file = tmp_path / "own.yaml"
    for cycles in (12, 13):
        file.write_text(f"extends: ddr3_1600k\nspeeds:\n  1600K:\n    timings: {{nRCD: {cycles}}}\n")
        assert load_dram(file).timing["nRCD"] == cycles
