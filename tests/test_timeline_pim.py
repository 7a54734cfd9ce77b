"""The timeline of a DRAM that computes: its slices add up to the tables of the run, subarray by subarray and cause by cause."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from pim_kind import SMALL
from test_pim_kind_random import small_network
from test_timeline_dram import run as run_on_dram
from timeline_file import Timeline, read, read_by_perfetto

from simcore import simulate
from simcore.errors import InputError
from simcore.pim.activity import ROW_OPERATIONS
from simcore.pim_dram import timeline, tracks
from simcore.results import Results
from simcore.results.perfetto.order import TimelineOrder
from workloads.layers import Conv, Input
from workloads.network import Network, NetworkBuilder

#: Many refreshes, and subarrays that share a bank.
TOGETHER = (*SMALL, "dram.overrides={column: 16, nREFI: 1500}", "active_subarrays=2", "banks=3")
#: Weights are written to one subarray and copied from there to the three others.
COPIES = (SMALL[1], "dram.overrides={column: 512}", "active_subarrays=4", "banks=1", "weights=reloaded", "row_copies=true")
#: Two channels whose stages have banks of their own, with transfers beside the multiplications.
PIPELINED = (
    "dram.overrides={column: 16, channel: 2}",
    *("precision={weight_bits: 2, activation_bits: 2}", "placement=pipelined", "overlap_transfers=true", "banks=3"),
)


def convolution() -> Network:
    builder = NetworkBuilder("conv")
    builder.add(Input("image", (8, 64, 64)))
    builder.add(Conv("conv", 8, kernel=1))
    return builder.build(1)


def run(tmp_path: Path, overrides: tuple[str, ...], **options: Any) -> tuple[Results, Timeline]:
    order = TimelineOrder(tmp_path / "run.pftrace", *options.pop("cycles", (0, None)))
    network = convolution() if overrides is COPIES else small_network(1)
    results = simulate(network, "pim-dram-ddr4", trace=order, overrides=overrides, **options)
    return results, read(tmp_path / "run.pftrace")


def check_subarrays(results: Results, timeline: Timeline) -> None:
    """Each subarray's slices add up to its row of the table of banks."""
    for bank in results.banks.to_dict("records"):
        lengths = timeline.lengths(f"/banks/{bank['scratchpad']}/subarray {bank['bank']}")
        assert sum(lengths[name] for name in ROW_OPERATIONS) == bank["busy_cycles"]
        for cause in results.kind.causes:
            assert lengths[cause] == bank[f"stall_{cause}_cycles"]


def check_dram(results: Results, timeline: Timeline, channels: int) -> None:
    """There are as many bursts and refreshes as commands in the channels that are shown, each as long as the standard says."""
    dram = results.details["machine"].dram
    counts, copies = results.tables()["commands"].sum(numeric_only=True), results.details["machine"].channels // channels
    for name, command in (("read", "RD"), ("write", "WR")):
        bursts = [notes for track, told, _, _, notes in timeline.slices if track.endswith("data bus") and told == name]
        assert len(bursts) == counts[command] / copies
        assert {notes["dram_cycles"] for notes in bursts} <= {dram.burst_cycles}
    refreshes = [notes["dram_cycles"] for _, name, _, _, notes in timeline.slices if name == "refresh" and "dram_cycles" in notes]
    assert refreshes == [dram.timing["nRFC"]] * int(counts["REF"] / copies)


@pytest.mark.slow
@pytest.mark.parametrize("overrides", [TOGETHER, COPIES], ids=["refreshes", "copies"])
def test_slices_add_up_to_the_tables(tmp_path: Path, overrides: tuple[str, ...]) -> None:
    results, timeline = run(tmp_path, overrides)
    check_subarrays(results, timeline)
    check_dram(results, timeline, channels=1)
    phases = results.tables()["phases"]
    every = phases[phases["image"] == "every"]
    assert {"multiply", "vector", "move", *(["copy"] if overrides is COPIES else [])} <= set(every["phase"])
    for (layer, phase), rows in every.groupby(["layer", "phase"]):
        found = [
            end - begin
            for track, name, begin, end, notes in timeline.slices
            if track == "/phases" and name == phase and notes["layer"] == layer
        ]
        assert sum(found) == rows["cycles"].sum()
    layers = results.layers[results.layers["cycles"] > 0]
    assert timeline.lengths("/layers") == dict(zip(layers["layer"], layers["cycles"], strict=True))
    assert sum(timeline.lengths("/phases").values()) == results.cycles


@pytest.mark.slow
def test_slices_of_a_pipeline_add_up_to_its_steps_and_shares(tmp_path: Path) -> None:
    results, timeline = run(tmp_path, PIPELINED)
    check_subarrays(results, timeline)
    check_dram(results, timeline, channels=2)
    interval = results.to_json()["pipeline"]["interval_cycles"]
    assert sum(timeline.lengths("/steps").values()) == interval
    phases = results.tables()["phases"]
    for (layer, phase), rows in phases[phases["image"] == "every"].groupby(["layer", "phase"]):
        found = [
            end - begin
            for track, name, begin, end, notes in timeline.slices
            if track.startswith("/stages/") and name == phase and notes["layer"] == layer
        ]
        assert sum(found) == rows["cycles"].sum()
    assert any(track.endswith("/transfers") for track, *_ in timeline.slices)


@pytest.mark.slow
def test_a_window_is_a_part_of_the_whole(tmp_path: Path) -> None:
    results, whole = run(tmp_path, TOGETHER)
    first, end = results.cycles // 3, results.cycles // 3 + 700
    _, part = run(tmp_path, TOGETHER, cycles=(first, end))
    assert part.cut(0, results.cycles) == whole.cut(first, end)
    assert sum(part.lengths("/phases").values()) == end - first


def test_cycles_that_lie_too_deep_in_a_phase_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "MOST_BEFORE", 20)
    start = simulate(convolution(), "pim-dram-ddr4", overrides=COPIES).tables()["phases"]["cycles"].iloc[:3].sum()
    with pytest.raises(InputError, match=rf"'multiply of conv', got {start + 2000}.*the phase begins in cycle {start}"):
        run(tmp_path, COPIES, cycles=(start + 2000, start + 2100))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_both_engines_write_the_same_timeline(tmp_path: Path) -> None:
    one, other = (run(tmp_path, COPIES, engine=engine)[1].slices for engine in ("compiled", "simpy"))
    assert one == other


@pytest.mark.slow
def test_a_timeline_that_becomes_too_large_is_cut_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracks, "MOST_BYTES", 20_000)
    results, timeline = run(tmp_path, TOGETHER)
    cut_at = results.manifest["traces"]["cut_at_cycle"]
    assert 0 < cut_at < results.cycles
    assert (tmp_path / "run.pftrace").stat().st_size < 21_000
    assert sum(timeline.lengths("/phases").values()) == results.cycles


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("perfetto") is None, reason="needs the package perfetto")
@pytest.mark.parametrize(("run_it", "how"), [(run_on_dram, "ranks"), (run, COPIES)], ids=["systolic", "pim-dram"])
def test_perfettos_own_classes_read_both_kinds(tmp_path: Path, run_it: Any, how: Any) -> None:
    _, timeline = run_it(tmp_path, how)
    lengths = {track: timeline.lengths(track) for track, *_ in timeline.slices}
    found = read_by_perfetto(tmp_path / "run.pftrace")
    assert found == {(track, name): cycles for track in lengths for name, cycles in lengths[track].items()}
    assert any(track.startswith("/DRAM/channel 0/rank 0") for track, _ in found)
