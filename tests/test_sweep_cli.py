"""``simcore sweep`` at the command line: what it prints, its exit codes, its figure, its Pareto front."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import invoke, printed_json

from simcore.errors import InputError
from simcore.sweeps.objectives import Objective
from simcore.sweeps.pareto import front_of, on_front

SPACE = """
networks: [lenet5]
systems: [edge-sram, edge-stt]
run: {layers: c1}
product:
  array.rows: [8, 16]
"""


@pytest.fixture
def space(tmp_path: Path) -> str:
    (tmp_path / "space.yaml").write_text(SPACE)
    return str(tmp_path / "space.yaml")


def test_the_front_is_printed_with_what_was_chosen_and_what_it_costs(space: str, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    shown = invoke("sweep", space, "--out", out, "--jobs", "1")
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.splitlines()
    front, said = lines.index(""), " ".join(" ".join(lines[lines.index("") + 1 :]).split())
    assert lines[0] == "Pareto front of cycles, energy_pj, area_mm2"
    assert lines[1].split() == ["network", "system", "array.rows", "cycles", "energy_pj", "area_mm2"]
    assert said == f"4 points, 4 simulated now, {front - 2} on the Pareto front; table: {out}/points.parquet"
    again = invoke("sweep", space, "--out", out, "--jobs", "1", "--quiet")
    assert again.stdout.startswith("4 points, 0 simulated now")
    assert "Pareto front of" not in again.stdout


def test_json_holds_all_rows_and_names_the_front(space: str) -> None:
    found = printed_json("sweep", space, "--jobs", "1", "--objective", "cycles")
    assert found["counts"]["points"] == len(found["rows"]) == 4
    assert found["objectives"] == ["cycles"]
    best = min(found["rows"], key=lambda row: row["cycles"])
    assert found["pareto"] == [best["point"]]
    assert best["error"] is None


def test_failed_points_are_told_and_give_the_code_of_bad_input(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(SPACE.replace("[8, 16]", "[8, 0]"))
    shown = invoke("sweep", str(tmp_path / "space.yaml"), "--jobs", "1")
    assert shown.exit_code == 2
    assert ", 2 failed" in shown.stdout
    assert shown.stderr == f"simcore: 2 rows failed: {tmp_path}/space.yaml:6: array.rows: expected at least 1, got 0\n"


@pytest.mark.slow
def test_a_figure_of_the_front_is_drawn(space: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    assert invoke("sweep", space, "--out", str(tmp_path / "out"), "--jobs", "1", "--plot", "--quiet").exit_code == 0
    drawn = (tmp_path / "out" / "pareto.svg").read_text()
    assert "<svg" in drawn
    refused = invoke("sweep", space, "--plot")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing.yaml",), "expected a file, found none at 'nothing.yaml'"),
        (("SPACE", "--dask", "--scheduler", "x"), "expected --dask or --scheduler, got both"),
        (("SPACE", "--objective", "cycle", "--jobs", "1"), "no metric named 'cycle'; did you mean 'cycles'?"),
        (("SPACE", "--jobs", "0"), "expected at least 1 process, got 0"),
    ],
)
def test_bad_input_is_one_line(arguments: tuple[str, ...], message: str, space: str) -> None:
    shown = invoke("sweep", *(space if word == "SPACE" else word for word in arguments))
    assert shown.exit_code == 2
    assert message in shown.stderr
    assert shown.stderr.count("\n") == 1


def test_a_front_by_hand() -> None:
    values = np.array([[1, 9], [2, 5], [2, 6], [3, 5], [3, 1], [1, 9], [np.nan, 0], [9, 1]], dtype=float)
    assert on_front(values).tolist() == [True, True, False, False, True, True, False, False]


def test_a_front_agrees_with_the_definition() -> None:
    generator = np.random.default_rng(3)
    for _ in range(50):
        values = generator.integers(0, 5, (30, 3)).astype(float)
        beaten = [any((other <= row).all() and (other < row).any() for other in values) for row in values]
        assert on_front(values).tolist() == [not is_beaten for is_beaten in beaten]


def test_fronts_of_different_work_are_apart_and_more_can_be_better() -> None:
    table = pd.DataFrame({"network": ["a", "a", "b", "b"], "cycles": [5, 4, 50, 40], "macs": [2, 1, 1, 1]})
    assert front_of(table, [Objective("cycles")]).index.tolist() == [1, 3]
    assert front_of(table, [Objective("cycles"), Objective("macs", "max")]).index.tolist() == [1, 0, 3]
    with pytest.raises(InputError, match="no metric named 'cycels'; did you mean 'cycles'"):
        front_of(table, [Objective("cycels")])


def test_the_progress_of_a_sweep_is_kept_in_its_directory(space: str, tmp_path: Path) -> None:
    invoke("sweep", space, "--out", str(tmp_path / "out"), "--jobs", "1", "--quiet")
    state = json.loads((tmp_path / "out" / "progress.json").read_text())
    assert state == {"rows": 4, "points": 4, "done": 4, "failed": 0, "simulated": 4, "to_simulate": 4}
