"""A sweep's table says what single runs say, each point is simulated once, and a sweep that ended goes on."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from simcore import simulate, sweep
from simcore.errors import InputError
from simcore.sweeps import simulating
from simcore.sweeps.log import FIRST
from simcore.sweeps.simulating import Settings
from simcore.sweeps.sweep import Sweep
from workloads.load import load_network

SPACE: dict[str, Any] = {
    "networks": ["lenet5"],
    "systems": ["edge-sram", "edge-stt"],
    "run": {"layers": "c1"},
    "product": {"array.rows": [8, 16], "array.dataflow": ["ws", "os"]},
}


class Counted:
    """Counts the calls of ``simulate``, and fails those after the ``most``-th as ``why`` says."""

    def __init__(self) -> None:
        self.systems: list[tuple[str, int]] = []
        self.most, self.why = 10**9, RuntimeError("stopped")

    def __call__(self, network: Any, system: Any, **options: Any) -> Any:
        if len(self.systems) >= self.most:
            raise self.why
        self.systems.append((system.name, system.array.rows))
        return simulate(network, system, **options)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    counter = Counted()
    monkeypatch.setattr(simulating, "simulate", counter)
    return counter


@pytest.mark.slow
def test_a_row_has_the_totals_of_the_run_that_its_keys_describe(tmp_path: Path) -> None:
    found = sweep(SPACE, tmp_path / "out", jobs=1)
    assert list(found.table.columns[:6]) == ["point", "network", "system", "array.rows", "array.dataflow", "error"]
    assert len(found.table) == found.table["point"].nunique() == 8
    for _, row in found.table.iterrows():
        overrides = {"array.rows": int(row["array.rows"]), "array.dataflow": str(row["array.dataflow"])}
        run = simulate("lenet5", str(row["system"]), layers="c1", overrides=overrides)
        for metric, value, _ in run.total_rows:
            assert row[metric] == value, metric
    assert found.table["cycles"].dtype == "int64"
    pd.testing.assert_frame_equal(found.table, pd.read_parquet(tmp_path / "out" / "points.parquet"))


@pytest.mark.slow
def test_processes_give_the_bytes_that_one_gives(tmp_path: Path) -> None:
    settings = Settings(per_layer=True)
    sweep(SPACE, tmp_path / "serial", jobs=1, settings=settings)
    sweep(SPACE, tmp_path / "spread", jobs=2, settings=settings)
    for name in ("points.parquet", "layers.parquet"):
        assert (tmp_path / "serial" / name).read_bytes() == (tmp_path / "spread" / name).read_bytes()


def test_points_that_are_there_are_not_simulated_again(tmp_path: Path, counted: Counted) -> None:
    sweep(SPACE, tmp_path / "out", jobs=1)
    assert len(counted.systems) == 8
    again = sweep(SPACE, tmp_path / "out", jobs=1)
    assert (len(counted.systems), again.counts["simulated"], again.counts["done"]) == (8, 0, 8)
    more = {**SPACE, "product": {**SPACE["product"], "array.rows": [4, 8, 16]}}
    found = sweep(more, tmp_path / "out", jobs=1)
    assert counted.systems[8:] == [("edge-sram", 4), ("edge-sram", 4), ("edge-stt", 4), ("edge-stt", 4)]
    assert len(found.table) == 12
    sweep(SPACE, tmp_path / "out", jobs=1, fresh=True)
    assert len(counted.systems) == 12 + 8


def test_equal_points_and_points_that_differ_in_costs_alone_are_simulated_once(counted: Counted) -> None:
    # 45 nm and 1 ns are what edge-sram has anyhow; another node changes energies and no cycle.
    space = {
        "networks": "lenet5",
        "run": {"layers": "c1"},
        "product": {"core_clock_hz": ["1 GHz", 10**9], "technology.node_nm": [45, 32]},
    }
    table = sweep(space, jobs=1).table
    assert len(counted.systems) == 1
    assert list(table["point"].value_counts()) == [2, 2]
    alone = simulate("lenet5", "edge-sram", layers="c1", overrides={"technology.node_nm": 32})
    row = table[table["technology.node_nm"] == 32].iloc[0]
    assert {metric: row[metric] for metric, _, _ in alone.total_rows} == {metric: value for metric, value, _ in alone.total_rows}
    assert table["cycles"].nunique() == 1
    assert table["energy_pj"].nunique() == 2


def test_a_layer_that_equals_one_of_another_point_is_not_simulated_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from simcore.engine.compiled.run import CompiledEngine

    begun: list[str] = []
    run_anew = CompiledEngine._run_anew

    def noted(self: CompiledEngine, program: Any, on_step: Any) -> Any:
        begun.append(program.name)
        return run_anew(self, program, on_step)

    monkeypatch.setattr(CompiledEngine, "_run_anew", noted)
    simulating._kept.cache_clear()
    # The vector unit pools; the array, which convolves, does not depend on its lanes.
    space = {"networks": "lenet5", "run": {"layers": "c1,s2"}, "product": {"vector_unit.lanes": [4, 2, 1]}}
    table = sweep(space, jobs=1).table
    assert begun.count("c1") == 1
    assert begun.count("s2") == 3
    for _, row in table.iterrows():
        overrides = {"vector_unit.lanes": int(row["vector_unit.lanes"])}
        assert row["cycles"] == simulate("lenet5", "edge-sram", layers="c1,s2", overrides=overrides).cycles


def test_points_that_fail_are_rows_with_an_error_and_are_tried_again(tmp_path: Path, counted: Counted) -> None:
    counted.most, counted.why = 5, InputError("no more for now")
    space = {**SPACE, "product": {**SPACE["product"], "array.rows": [8, 16, -1]}}
    found = sweep(space, tmp_path / "out", jobs=1)
    assert found.counts["failed"] == 12 - 5
    errors = found.table["error"]
    assert errors.isna().tolist() == found.table["cycles"].notna().tolist()
    assert sum("array.rows: expected at least 1, got -1" in error for error in errors.dropna()) == 4
    assert sum(error == "no more for now" for error in errors.dropna()) == 3
    assert found.table["cycles"].dtype == "Int64"
    counted.most = 10**9
    again = sweep(space, tmp_path / "out", jobs=1)
    assert (again.counts["failed"], again.counts["simulated"]) == (4, 3)


def test_a_bug_in_one_point_does_not_end_the_sweep(counted: Counted) -> None:
    counted.most, counted.why = 7, ZeroDivisionError("oops")
    table = sweep(SPACE, jobs=1).table
    assert table["error"].dropna().tolist() == ["ZeroDivisionError: oops; this is a bug in simcore or in a file of yours"]


def test_a_full_disk_is_one_error_and_loses_no_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, room = os.write, [3000]

    def into_little_room(descriptor: int, data: Any) -> int:
        fits = min(len(data), room[0])
        if not fits:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        room[0] -= fits
        return write(descriptor, bytes(data)[:fits])

    monkeypatch.setattr("simcore.sweeps.log.os.write", into_little_room)
    with pytest.raises(InputError) as caught:
        sweep(SPACE, tmp_path / "out", jobs=1)
    assert str(caught.value) == (
        f"{tmp_path}/out: cannot write here: No space left on device; "
        "what is done is kept; make room and run the same command again"
    )
    kept = (tmp_path / "out" / "log.jsonl").read_text()
    assert kept.startswith(FIRST)
    assert kept.endswith("}\n")
    known = [json.loads(line)["point"] for line in kept.splitlines() if '"point"' in line]
    assert 0 < len(known) < 8
    room[0] = 10**9
    again = sweep(SPACE, tmp_path / "out", jobs=1)
    assert (again.counts["simulated"], again.counts["done"]) == (8 - len(known), 8)
    assert again.table.equals(sweep(SPACE, jobs=1).table)


def test_a_log_that_was_cut_anywhere_gives_the_same_table(tmp_path: Path) -> None:
    space = {**SPACE, "systems": ["ideal-titan-xp"], "product": {"core_clock_hz": ["1 GHz", "2 GHz", "3 GHz"]}}
    whole = sweep(space, tmp_path / "out", jobs=1)
    log = (tmp_path / "out" / "log.jsonl").read_bytes()
    expected = (tmp_path / "out" / "points.parquet").read_bytes()
    for end in range(0, len(log), 211):
        (tmp_path / "out" / "log.jsonl").write_bytes(log[:end])
        found = sweep(space, tmp_path / "out", jobs=1)
        assert found.table.equals(whole.table)
        assert (tmp_path / "out" / "points.parquet").read_bytes() == expected
        assert (tmp_path / "out" / "log.jsonl").read_bytes().count(b'"point"') == 3


def test_a_damaged_line_within_a_log_is_named(tmp_path: Path) -> None:
    space = {**SPACE, "systems": ["ideal-titan-xp"], "product": {}}
    sweep(space, tmp_path / "out", jobs=1)
    path = tmp_path / "out" / "log.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:2], "nothing\n", *lines[2:]]))
    with pytest.raises(InputError, match=r"log\.jsonl:3: is no line that simcore wrote; remove this line"):
        sweep(space, tmp_path / "out", jobs=1)
    for value in ("[1]", "{}", "9" * 40):
        damaged = re.sub(r'"values":\[[^,]*', f'"values":[{value}', lines[2])
        path.write_text("".join([*lines[:2], damaged, lines[2]]))
        with pytest.raises(InputError, match=r"log\.jsonl:3: is no line that simcore wrote"):
            sweep(space, tmp_path / "out", jobs=1)
    path.write_text("something else\n")
    with pytest.raises(InputError, match="is a file that simcore did not write as the log of a sweep"):
        sweep(space, tmp_path / "out", jobs=1)


def test_a_directory_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="holds something other than a sweep of simcore"):
        sweep(SPACE, out, jobs=1, fresh=True)
    (out / "mine.txt").unlink()
    sweep({**SPACE, "systems": "ideal-titan-xp", "product": {}}, out, jobs=1)
    (out / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match=r"holds 'mine\.txt', which is no part of a sweep"):
        sweep(SPACE, out, jobs=1, fresh=True)
    assert (out / "mine.txt").read_text() == "mine"


def test_a_directory_without_a_parent_is_an_error_that_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        sweep(SPACE, tmp_path / "missing" / "out", jobs=1)
    assert str(raised.value).endswith(f"the parent is not a directory; 'mkdir -p {tmp_path / 'missing'}' makes it")


def test_two_processes_do_not_work_in_one_directory(tmp_path: Path) -> None:
    from simcore.sweeps.folder import sweep_folder

    with sweep_folder(tmp_path / "out"), pytest.raises(InputError, match=r"another simcore .* is writing here"):
        sweep(SPACE, tmp_path / "out", jobs=1)


def test_a_sweep_is_read_again(tmp_path: Path) -> None:
    made = sweep({**SPACE, "objectives": ["cycles", "max:macs"]}, tmp_path / "out", jobs=1)
    found = Sweep.load(tmp_path / "out")
    assert found.table.equals(made.table)
    assert (found.axes, found.objectives, found.counts) == (made.axes, made.objectives, made.counts)
    assert found.pareto.equals(made.pareto)
    with pytest.raises(InputError, match="holds no sweep of simcore"):
        Sweep.load(tmp_path)


@pytest.mark.slow
def test_rows_of_layers_are_those_of_the_runs(tmp_path: Path) -> None:
    space = {**SPACE, "run": {}, "systems": "edge-sram", "product": {"array.rows": [16, 32]}}
    sweep(space, tmp_path / "out", jobs=1)
    found = sweep(space, tmp_path / "out", jobs=1, settings=Settings(per_layer=True))
    assert found.counts["simulated"] == 2, "the points had no rows of layers"
    layers = pd.read_parquet(tmp_path / "out" / "layers.parquet")
    for name, rows in zip(found.table["point"], (16, 32), strict=True):
        run = simulate("lenet5", "edge-sram", overrides={"array.rows": rows})
        mine = layers[layers["point"] == name]
        assert mine["layer"].tolist() == run.layers["layer"].tolist()
        assert mine["cycles"].tolist() == run.layers["cycles"].tolist()
        assert mine["energy_pj"].tolist() == run.layers["energy_pj"].tolist()


def test_networks_and_systems_may_be_objects() -> None:
    from simcore import load_system

    network, system = load_network("lenet5"), load_system("edge-sram")
    space = {"networks": [network], "systems": [system], "run": {"layers": "c1", "batch": 2}, "product": {"array.rows": [8]}}
    row = sweep(space, jobs=1).table.iloc[0]
    assert (row["network"], row["system"]) == ("lenet5", "edge-sram")
    assert row["cycles"] == simulate(network, system, layers="c1", batch=2, overrides={"array.rows": 8}).cycles


def test_the_name_of_a_point_depends_on_all_that_its_results_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tmp_path / "mine.py"
    source = (
        "from simcore import BankTiming\n\nclass Mine(BankTiming):\n"
        "    @staticmethod\n    def serve(params, bank, shared, now, op, row):\n        return now + 1, now + 1\n"
    )
    model.write_text(source)

    def named(**changes: Any) -> str:
        space = {"networks": "lenet5", "systems": "edge-sram", "run": {"layers": "c1"}, "product": {}, **changes}
        from simcore.sweeps.reading import read_space
        from simcore.sweeps.resolve import Resolver

        return Resolver(None).point(next(read_space(space).choices())).name

    timing = {"set": {"scratchpads.ifmap.timing": f"{model}:Mine"}}
    names = {
        "plain": named(),
        "network": named(networks="alexnet", run={}),
        "system": named(systems="edge-stt"),
        "key": named(set={"array.rows": 8}),
        "layers": named(run={"layers": "c3"}),
        "batch": named(run={"layers": "c1", "batch": 2}),
        "training": named(run={"layers": "c1", "training": "sgd"}),
        "file": named(**timing),
    }
    model.write_text(source.replace("now + 1, now + 1", "now + 2, now + 1"))
    names["edited file"] = named(**timing)
    monkeypatch.setattr("simcore.sweeps.resolve.code_version", lambda: "another")
    names["version"] = named()
    assert len(set(names.values())) == len(names)
    monkeypatch.undo()
    assert named(set={"array.rows": 32, "name": "other"}) == names["plain"], "32 rows are what the preset has"
