"""``--estimate``: what is said before a run holds what the run then takes, and nothing is simulated for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from command_line import invoke, printed_json

from simcore import simulate, sweep
from simcore.cli.estimating import _BYTES, _SECONDS, in_unit
from simcore.errors import InputError
from simcore.estimate import estimate
from simcore.sweeps.reading import read_space
from simcore.sweeps.simulating import Settings
from simcore.sweeps.size import sweep_size


def bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "system", "options"),
    [
        ("lenet5", "edge-sram", {}),
        ("lenet5", "ideal-titan-xp", {}),
        ("lenet5", "edge-stt", {"layers": "c1,s2"}),
    ],
)
def test_a_saved_run_is_as_large_as_estimated(network: str, system: str, options: dict[str, Any], tmp_path: Path) -> None:
    size = estimate(network, system, **options)
    results = simulate(network, system, **options)
    results.save(tmp_path / "out")
    assert size.disk_bytes.least <= bytes_in(tmp_path / "out") <= size.disk_bytes.most
    assert size.cycles <= results.cycles
    assert size.layers >= (results.layers["cycles"] > 0).sum()


def test_more_work_takes_more() -> None:
    small, large, slow = estimate("lenet5"), estimate("vgg16"), estimate("vgg16", engine="simpy")
    for quantity in ("seconds", "memory_bytes", "disk_bytes"):
        one, other = getattr(small, quantity), getattr(large, quantity)
        assert one.least < one.likely < one.most
        assert one.likely < other.likely
    assert slow.seconds.least > large.seconds.most
    assert estimate("lenet5", layers="c1").layers == 1


def test_nothing_is_simulated_for_an_estimate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("simulated")

    monkeypatch.setattr("simcore.engine.run_programs", refuse)
    monkeypatch.setattr("simcore.systolic.planned.plan_layers", refuse)
    monkeypatch.setattr("simcore.sweeps.simulating.simulate", refuse)
    shown = invoke("run", "resnet18", "--estimate", "--out", str(tmp_path / "out"))
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert lines[0].endswith("cycles or more.")
    assert [line.split(": about")[0] for line in lines[1:]] == ["time", "memory", "disk with --out"]
    found = printed_json("run", "resnet18", "--estimate")
    assert found["seconds"]["least"] < found["seconds"]["likely"] < found["seconds"]["most"]
    (tmp_path / "space.yaml").write_text("networks: lenet5\nproduct: {array.rows: [8, 16, 32]}\n")
    assert printed_json("sweep", str(tmp_path / "space.yaml"), "--estimate")["to_simulate"] == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["space.yaml"]


def test_bad_input_is_refused_as_by_a_run() -> None:
    with pytest.raises(InputError, match="no layer matches 'c9'"):
        estimate("lenet5", layers="c9")
    shown = invoke("run", "lenet6", "--estimate")
    assert (shown.exit_code, shown.stderr.count("\n")) == (2, 1)


SPACE: dict[str, Any] = {
    "networks": "lenet5",
    "run": {"layers": "c1"},
    "product": {"array.rows": [8, 16, 24, 32], "technology.node_nm": [45, 32]},
}


def test_a_sweep_is_sized_by_what_is_left_of_it(tmp_path: Path) -> None:
    space = read_space(SPACE)
    before = sweep_size(space, tmp_path / "out", 2)
    assert (before.rows, before.to_simulate, before.looked_at) == (8, 8, 8)
    sweep({**SPACE, "product": {**SPACE["product"], "array.rows": [8, 16, 24]}}, tmp_path / "out", jobs=1)
    after = sweep_size(space, tmp_path / "out", 2)
    assert (after.rows, after.to_simulate) == (8, 2)
    assert after.seconds.likely < before.seconds.likely
    sweep(space, tmp_path / "out", jobs=1)
    assert sweep_size(space, tmp_path / "out", 2).to_simulate == 0


@pytest.mark.slow
def test_a_large_sweep_is_sized_from_a_sample() -> None:
    rows = {"array.rows": {"from": 1, "to": 50}, "array.columns": {"from": 1, "to": 20}}
    large = sweep_size(read_space({**SPACE, "product": rows}), None, 1)
    part = sweep_size(read_space({**SPACE, "product": {**rows, "array.columns": [10]}}), None, 1)
    assert large.rows == large.to_simulate == 1000
    assert large.looked_at <= 300
    assert large.seconds.likely > 4 * part.seconds.likely
    searched = sweep_size(read_space({**SPACE, "product": rows, "search": {"trials": 70}}), None, 1)
    assert searched.rows == searched.to_simulate == 70


@pytest.mark.slow
@pytest.mark.parametrize("per_layer", [False, True])
def test_a_sweep_is_as_large_as_estimated(tmp_path: Path, per_layer: bool) -> None:
    space = read_space({"networks": "lenet5", "systems": "ideal-titan-xp", "product": {"run.batch": {"from": 1, "to": 20}}})
    size = sweep_size(space, None, 1, per_layer=per_layer)
    sweep(space, tmp_path / "out", jobs=1, settings=Settings(per_layer=per_layer))
    assert size.disk_bytes.least <= bytes_in(tmp_path / "out") <= size.disk_bytes.most


def test_quantities_are_said_in_two_digits() -> None:
    said = [in_unit(value, _SECONDS) for value in (0.034, 1.26, 119.0, 7300.0, 200_000.0)]
    assert said == ["0.034 s", "1.3 s", "2 min", "2 hours", "2.3 days"]
    assert [in_unit(value, _BYTES) for value in (900, 215e6, 1.44e9)] == ["0.9 kB", "220 MB", "1.4 GB"]


def test_a_cluster_is_not_estimated(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text("networks: lenet5\n")
    shown = invoke("sweep", str(tmp_path / "space.yaml"), "--estimate", "--dask")
    assert (shown.exit_code, "expected no cluster with --estimate" in shown.stderr) == (2, True)
