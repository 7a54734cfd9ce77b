"""A timeline's slices add up to the tables of its run, cycle by cycle, and Perfetto's own classes can read it."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from command_line import invoke, printed_json
from timeline_file import Timeline, read

from simcore import simulate
from simcore.errors import InputError
from simcore.program.outcome import CAUSE_NAMES
from simcore.results import Results
from simcore.results.perfetto import writer
from simcore.results.perfetto.order import TimelineOrder
from workloads.layers import Conv, Input, Pool
from workloads.network import Network, NetworkBuilder

HAS_PERFETTO = importlib.util.find_spec("perfetto") is not None
#: Sums that are read and written in two slow banks, where reads preempt writes: every event of an access occurs.
BUSY = {"array.rows": 8, "scratchpads.accumulator.banks": 2}


def network() -> Network:
    made = NetworkBuilder("small")
    made.add(Input("in", (3, 9, 9)))
    made.add(Conv("c1", 6, 3))
    made.add(Pool("s2", "max", 2, 2))
    return made.build()


def run(tmp_path: Path, system: str = "edge-sram", **options: Any) -> tuple[Results, Timeline]:
    order = TimelineOrder(tmp_path / "run.pftrace", *options.pop("cycles", (0, None)))
    results = simulate(network(), system, trace=order, **options)
    return results, read(tmp_path / "run.pftrace")


def check_sums(results: Results, timeline: Timeline) -> None:
    layers = results.layers
    array = timeline.lengths("/array")
    assert array["compute"] == layers["compute_cycles"].sum()
    for cause in CAUSE_NAMES:
        assert array[cause] == layers[f"stall_{cause}_cycles"].sum()
    assert sum(array.values()) == results.cycles
    lasting = {name: end - begin for track, name, begin, end, _ in timeline.slices if track == "/layers"}
    assert lasting == {name: cycles for name, cycles in zip(layers["layer"], layers["cycles"], strict=True) if cycles}
    for (port, cause), rows in results.stalls.groupby(["port", "cause"]):
        assert timeline.lengths(f"/ports/{port}")[str(cause)] == rows["cycles"].sum()
    for bank in results.banks.itertuples():
        busy = sum(timeline.lengths(f"/{bank.scratchpad}/bank {bank.bank}").values())
        assert busy == bank.busy_cycles


@pytest.mark.slow
def test_slices_add_up_to_the_tables(tmp_path: Path) -> None:
    results, timeline = run(tmp_path, "edge-stt-buffered", overrides=BUSY)
    check_sums(results, timeline)
    assert results.banks["preempted"].sum() > 0
    at_banks: Counter[tuple[str, int, str]] = Counter()
    for track, name, begin, end, notes in timeline.slices:
        if track == "/array" and "bank" in notes:
            at_banks[notes["scratchpad"], notes["bank"], name] += end - begin
    causes = [f"stall_{cause}_cycles" for cause in CAUSE_NAMES]
    for bank in results.banks.to_dict("records"):
        for cause, column in zip(CAUSE_NAMES, causes, strict=True):
            assert at_banks[bank["scratchpad"], bank["bank"], cause] == bank.get(column, 0)
    bursts = [value for _, _, value in timeline.values]
    assert 0 < max(bursts) <= results.system.to_yaml_dict()["dma"]["outstanding_bursts"]
    assert bursts[-1] == 0


def test_a_window_holds_its_cycles_alone(tmp_path: Path) -> None:
    options: dict[str, Any] = {"layers": "c1", "overrides": {"array.rows": 8}}
    _, whole = run(tmp_path, **options)
    _, part = run(tmp_path, cycles=(200, 300), **options)
    assert sum(part.lengths("/array").values()) == 100
    inside = [
        (track, name, max(begin, 200), min(end, 300), notes)
        for track, name, begin, end, notes in whole.slices
        if track.startswith(("/array", "/ports", "/layers")) and begin < 300 and end > 200
    ]
    assert sorted(map(str, inside)) == sorted(
        str(row) for row in part.slices if row[0].startswith(("/array", "/ports", "/layers"))
    )


@pytest.mark.skipif(not HAS_PERFETTO, reason="needs the package perfetto")
def test_perfettos_own_classes_read_it(tmp_path: Path) -> None:
    from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace

    results, timeline = run(tmp_path)
    trace = Trace()
    trace.ParseFromString((tmp_path / "run.pftrace").read_bytes())
    assert trace.packet[1].track_descriptor.name == "layers"
    events = [packet for packet in trace.packet if packet.HasField("track_event")]
    assert sum(event.track_event.type == event.track_event.TYPE_SLICE_BEGIN for event in events) == len(timeline.slices)
    assert events[0].sequence_flags == 1
    assert all(event.sequence_flags == 2 and event.trusted_packet_sequence_id == 1 for event in events[1:])
    assert {event.track_event.name_iid for event in events} <= {0} | {
        name.iid for event in events for name in event.interned_data.event_names
    }
    tracks_of = {packet.track_descriptor.name: packet.track_descriptor.uuid for packet in trace.packet}
    begun = lasted = 0
    for event in events:
        if event.track_event.track_uuid == tracks_of["array"]:
            if event.track_event.type == event.track_event.TYPE_SLICE_BEGIN:
                begun = event.timestamp
            else:
                lasted += event.timestamp - begun
    assert lasted == results.cycles


def test_a_timeline_that_becomes_too_large_is_cut_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer.PerfettoFile.__init__, "__defaults__", (4_000,))
    results, timeline = run(tmp_path)
    cut_at = results.manifest["traces"]["cut_at_cycle"]
    assert 0 < cut_at < results.cycles
    assert (tmp_path / "run.pftrace").stat().st_size < 5_000
    assert sum(timeline.lengths("/array").values()) < results.cycles
    shown = invoke("run", "lenet5", "--layers", "c1", "--timeline", str(tmp_path / "run.pftrace"), "--quiet")
    assert shown.exit_code == 0
    assert shown.stderr.startswith("simcore: the timeline ends at cycle ")


def test_a_run_with_a_timeline_gives_the_tables_of_the_compiled_engine(tmp_path: Path) -> None:
    results, _ = run(tmp_path)
    assert results.engine == "simpy"
    assert results.layers.equals(simulate(network(), "edge-sram").layers)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--timeline", "FILE", "--engine", "compiled"), "only engine 'simpy' writes a timeline, got 'compiled'"),
        (("--timeline", "FILE", "--system", "ideal-titan-xp"), "a machine of kind 'ideal' has no timeline; leave it out"),
        (("--cycles", "1:2"), "expected --timeline FILE with it, got none"),
        (("--timeline", "FILE", "--cycles", "2:1"), "expected cycles from 0 on, of which the second is larger, got 2:1"),
        (("--timeline", "FILE", "--cycles", "x"), "expected FIRST:END, such as 1000:2000, got 'x'"),
        (("--timeline", "nowhere/x.pftrace"), "no folder 'nowhere'"),
        (("--timeline", "MINE"), "is a file that simcore did not write as a timeline"),
        (("--timeline", "FILE", "--trace", "scratchpads", "--out", "OUT"), "expected --timeline or --trace, got both"),
    ],
)
def test_bad_input_is_one_line(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    named = {"FILE": tmp_path / "t.pftrace", "MINE": tmp_path / "mine.txt", "OUT": tmp_path / "out"}
    shown = invoke("run", "lenet5", "--layers", "c1", *(str(named.get(word, word)) for word in arguments))
    assert (shown.exit_code, message in shown.stderr) == (2, True), shown.stderr
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt"]


def test_a_failed_run_leaves_the_timeline_of_the_run_before(tmp_path: Path) -> None:
    printed_json("run", "lenet5", "--layers", "c1", "--timeline", str(tmp_path / "t.pftrace"))
    before = (tmp_path / "t.pftrace").read_bytes()
    with pytest.raises(InputError, match="takes about"):
        simulate("resnet18", "edge-sram", trace=TimelineOrder(tmp_path / "t.pftrace"), limit_s=0.1)
    assert (tmp_path / "t.pftrace").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["t.pftrace"]


@pytest.mark.slow
def test_the_guides_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (Path(__file__).parents[1] / "docs" / "timelines.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^\$ simcore (.*)$", guide, flags=re.MULTILINE)
    for command in commands:
        assert invoke(*shlex.split(command)).exit_code == 0
    assert len(commands) == 4
    part = read(Path("part.pftrace"))
    assert sum(part.lengths("/array").values()) == 200
    of_array, of_dram = (re.findall(r"^\| `([^`]+)` \|", part, flags=re.MULTILINE) for part in guide.split("\n## ")[1:])
    assert tracks("ddr4.pftrace") == set(of_array) | {"ifmap", "filter", "ofmap"}
    assert tracks("c1.pftrace") == tracks("ddr4.pftrace") - {"DRAM"}
    assert tracks("pim.pftrace") == set(of_dram)


def tracks(file: str) -> set[str]:
    """The first parts of the paths of the tracks that show something."""
    timeline = read(Path(file))
    return {track.split("/")[1] for track, *_ in (*timeline.slices, *timeline.values)}
