"""The timeline of a DRAM as main memory: its slices add up to the DRAM's own counts, and to those of its timings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from timeline_file import Timeline, read

from simcore import simulate
from simcore.results import Results
from simcore.results.perfetto.order import TimelineOrder
from simcore.spec.memory import DramMemorySpec
from workloads.layers import Conv, Input
from workloads.network import Network, NetworkBuilder

#: Machines with ranks, with pseudo-channels that are refreshed bank by bank, and with rows that close themselves. A core that is
#: slower and one that is faster than the DRAM. Refreshes are due so often that the few cycles of a small layer see some.
MEMORIES = {
    "ranks": ("ddr4_2400r", 1_000_000_000, "{rank: 2, nREFI: 700}", {}),
    "bank by bank": ("hbm2_2000", 400_000_000, "{nREFIpb: 250}", {"controller.refresh": "per-bank"}),
    "closing": (
        "lpddr4_3200",
        2_500_000_000,
        "{nREFI: 900}",
        {"controller.row_policy": "{name: closed-after, accesses: 2}"},
    ),
}


def network() -> Network:
    made = NetworkBuilder("small")
    made.add(Input("in", (4, 12, 12)))
    made.add(Conv("c1", 16, 3))
    made.add(Conv("c2", 8, 3))
    return made.build()


def run(tmp_path: Path, memory: str, cycles: tuple[int, int | None] = (0, None)) -> tuple[Results, Timeline]:
    standard, core_hz, overrides, more = MEMORIES[memory]
    keys = {"core_clock_hz": core_hz, "memory.standard": standard, "memory.overrides": overrides}
    keys |= {f"memory.{key}": value for key, value in more.items()}
    order = TimelineOrder(tmp_path / "run.pftrace", *cycles)
    found = simulate(network(), "edge-sram-ddr4", trace=order, overrides=[f"{key}={value}" for key, value in keys.items()])
    return found, read(tmp_path / "run.pftrace")


def dram_cycles(timeline: Timeline, end: str, name: str) -> list[int]:
    """The lengths in DRAM cycles of the slices of this name on tracks with this end."""
    return [notes["dram_cycles"] for track, named, _, _, notes in timeline.slices if track.endswith(end) and named == name]


def in_all(results: Results, column: str) -> int:
    return int(results.layers[column].sum())


@pytest.mark.slow
@pytest.mark.parametrize("memory", MEMORIES)
def test_slices_of_a_dram_add_up_to_its_counts(tmp_path: Path, memory: str) -> None:
    results, timeline = run(tmp_path, memory)
    spec: Any = results.system
    assert isinstance(spec.memory, DramMemorySpec)
    dram, clock = spec.memory.resolved(), spec.core_clock_hz
    assert dram_cycles(timeline, "/data bus", "read") == [dram.burst_cycles] * in_all(results, "dram_rd_commands")
    assert dram_cycles(timeline, "/data bus", "write") == [dram.burst_cycles] * in_all(results, "dram_wr_commands")
    rows = [notes for track, name, _, _, notes in timeline.slices if name.startswith("row ")]
    assert len(rows) == in_all(results, "dram_act_commands")
    timing, command = ("nRFCpb", "REFpb") if memory == "bank by bank" else ("nRFC", "REFab")
    held = dict(zip(dram.commands, dram.command_cycles.tolist(), strict=True))
    refresh = dram.timing[timing] + held[command] - held[dram.commands[dram.roles["activate"]]]
    refreshes = [notes["dram_cycles"] for _, name, _, _, notes in timeline.slices if name == "refresh"]
    assert refreshes == [refresh] * in_all(results, "dram_ref_commands")
    assert len(refreshes) > 2
    opened = np.array([0])
    for layer in results.runs:
        assert layer.outcome is not None
        assert layer.outcome.dram is not None
        opened = opened + layer.outcome.dram.open_cycles
    assert sorted(_open_cycles(timeline).values()) == sorted(int(cycles) for cycles in opened if cycles)
    for track, _, begin, end, notes in timeline.slices:
        if track.startswith("/DRAM") and end < results.cycles:  # nothing goes on beyond the run
            assert abs(end - begin - notes["dram_cycles"] * dram.tck_ps * clock / 1e12) < 1


def _open_cycles(timeline: Timeline) -> dict[str, int]:
    found: dict[str, int] = {}
    for track, name, _, _, notes in timeline.slices:
        if name == "a row is open":
            found[track] = found.get(track, 0) + notes["dram_cycles"]
    return found


@pytest.mark.slow
def test_a_window_shows_rows_that_were_opened_before_it(tmp_path: Path) -> None:
    results, whole = run(tmp_path, "ranks")
    opened = next(begin for _, name, begin, _, _ in whole.slices if name == "a row is open")
    first, end = opened + 10, opened + 410
    _, part = run(tmp_path, "ranks", (first, end))
    of_dram = [row for row in whole.cut(first, end) if row[0].startswith("/DRAM")]
    assert of_dram == [row for row in part.cut(0, results.cycles) if row[0].startswith("/DRAM")]
    assert any(name == "a row is open" and begin == first for _, name, begin, _ in of_dram)
