"""Figures of runs: they show the figures of the tables, say what their axes are, and name the extra that they need."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from simcore import InputError, simulate
from simcore.cli import app
from simcore.pim.phases import PHASE_KINDS
from simcore.results import Results

pytest.importorskip("matplotlib")

SMALL = ("dram.overrides={column: 16}", "precision={weight_bits: 2, activation_bits: 2}", "active_subarrays=2")
MACHINES = {
    "edge-stt": (),
    "pim-dram-ddr4": SMALL,
    "pipeline": (*SMALL, "placement=pipelined"),
    "pascal-titan-x": (),
}
EVERY = {"cycles", "utilisation"}
OVER_TIME = {"bank_occupancy", "bank_conflicts"}
NAMES = {
    "edge-stt": EVERY | OVER_TIME | {"energy"},
    "pim-dram-ddr4": EVERY | OVER_TIME | {"energy", "phases", "subarrays"},
    "pipeline": EVERY | {"energy", "phases", "subarrays"},
    "pascal-titan-x": EVERY,
}
SCALES = {"cycles": 1, "thousand cycles": 1e3, "million cycles": 1e6, "pJ": 1, "nJ": 1e3, "uJ": 1e6, "mJ": 1e9}


@cache
def run(machine: str) -> tuple[Results, dict[str, Any]]:
    system = "pim-dram-ddr4" if machine == "pipeline" else machine
    results = simulate("lenet5", system, overrides=MACHINES[machine])
    return results, results.figures()


def bars(figure: Any) -> dict[str, dict[str, float]]:
    """The value of each part of each row, without those of zero."""
    (axes,) = figure.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    scale = SCALES[axes.get_xlabel()]
    return {
        group.get_label().rpartition(" (")[0]: {
            name: bar.get_width() * scale for name, bar in zip(names, group, strict=True) if bar.get_width()
        }
        for group in axes.containers
    }


def require_bars(figure: Any, expected: dict[str, dict[str, float]]) -> None:
    without_zeros = {part: {name: value for name, value in row.items() if value} for part, row in expected.items()}
    shown = bars(figure)
    assert shown.keys() == {part for part, row in without_zeros.items() if row}
    for part, row in shown.items():
        assert row == pytest.approx(without_zeros[part])


on_every_machine = pytest.mark.parametrize("machine", MACHINES)


@pytest.mark.slow
@on_every_machine
def test_every_machine_has_its_figures_and_all_axes_are_labelled(machine: str) -> None:
    results, figures = run(machine)
    assert figures.keys() == NAMES[machine]
    for figure in figures.values():
        axes = figure.axes[0]
        assert axes.get_xlabel()
        assert axes.get_title().startswith(f"lenet5 on {results.system.name}")
        assert all(label.get_text() for label in axes.get_yticklabels())
        assert all(bar.get_ylabel() for bar in figure.axes[1:])  # of colours


@on_every_machine
def test_bars_of_cycles_and_energy_are_those_of_the_layers(machine: str) -> None:
    results, figures = run(machine)
    layers = results.layers.set_index("layer")
    causes = {cause: layers[f"stall_{cause}_cycles"].to_dict() for cause in results.kind.causes}
    require_bars(figures["cycles"], {"compute": layers["compute_cycles"].to_dict(), **causes})
    if "energy" in figures:
        require_bars(figures["energy"], {part: layers[f"{part}_pj"].to_dict() for part in results.part_energies_pj})


def test_the_legend_says_the_share_of_every_part() -> None:
    results, figures = run("edge-stt")
    (legend,) = figures["cycles"].legends
    compute = 100 * results.layers["compute_cycles"].sum() / results.cycles
    assert f"compute ({compute:.1f} %)" in {text.get_text() for text in legend.get_texts()}


@pytest.mark.parametrize("machine", ["pim-dram-ddr4", "pipeline"])
def test_bars_of_phases_are_those_of_the_table(machine: str) -> None:
    results, figures = run(machine)
    phases = results.tables()["phases"]
    every = phases[phases["image"] == "every"]
    by_kind = {kind: every[every["phase"] == kind].groupby("layer")["cycles"].sum().to_dict() for kind in PHASE_KINDS}
    require_bars(figures["phases"], by_kind)


@on_every_machine
def test_marks_of_utilisation_are_shares_of_the_tables(machine: str) -> None:
    results, figures = run(machine)
    axes = figures["utilisation"].axes[0]
    marks = {line.get_label(): line.get_xdata().tolist() for line in axes.lines}
    names = [label.get_text() for label in axes.get_yticklabels()]
    layers = results.layers.set_index("layer").loc[names]
    assert (layers["macs"] > 0).all()
    assert marks["use of the peak"] == layers["array_utilisation_percent"].tolist()
    if results.kind.name == "pim-dram":
        mapping = results.tables()["mapping"]
        assert names == mapping["layer"].tolist()
        assert marks["columns with an operand pair"] == mapping["column_utilisation_percent"].tolist()
        assert marks["subarrays with work"] == mapping["subarray_utilisation_percent"].tolist()


@pytest.mark.parametrize("machine", ["edge-stt", "pim-dram-ddr4"])
@pytest.mark.parametrize(("figure", "column"), [("bank_occupancy", "busy_cycles"), ("bank_conflicts", "conflict_cycles")])
def test_maps_over_time_hold_every_cycle_of_every_bank(machine: str, figure: str, column: str) -> None:
    results, figures = run(machine)
    (drawn,) = figures[figure].axes[0].images
    ports = np.array([bank.ports for bank in results.kind.banks(results.system)]) if column == "busy_cycles" else 1
    shares = drawn.get_array().mean(axis=1) / 100 * ports
    assert (shares * results.cycles).tolist() == pytest.approx(results.banks[column].tolist())
    assert drawn.get_extent()[1] * SCALES[figures[figure].axes[0].get_xlabel()] == pytest.approx(results.cycles)


@pytest.mark.parametrize("machine", ["pim-dram-ddr4", "pipeline"])
def test_the_map_of_subarrays_shows_how_long_each_computes(machine: str) -> None:
    results, figures = run(machine)
    (drawn,) = figures["subarrays"].axes[0].images
    assert drawn.get_array().shape == (2, 16)
    pipeline = results.to_json().get("pipeline")
    cycles = results.cycles if pipeline is None else pipeline["interval_cycles"]
    shares = drawn.get_array().T.ravel() / 100  # bank by bank, as in the table
    assert (shares * cycles).tolist() == pytest.approx(results.banks["busy_cycles"].tolist())


# Files -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.filterwarnings("error::UserWarning")  # that a figure is too small
def test_figures_are_saved_beside_the_tables_and_are_equal_for_equal_runs(tmp_path: Path) -> None:
    command = ["run", "lenet5", "--layers", "c1", "--system", "edge-sram", "--plot", "--quiet", "--out"]
    written = []
    for number in range(2):
        out = tmp_path / f"out{number}"
        assert CliRunner().invoke(app, [*command, str(out)]).exit_code == 0
        written.append({path.name: path.read_bytes() for path in (out / "figures").iterdir()})
    assert written[0] == written[1]
    assert {"cycles.svg", "energy.svg", "utilisation.svg", "bank_occupancy.svg"} <= written[0].keys()
    assert (tmp_path / "out0" / "layers.csv").exists()
    assert CliRunner().invoke(app, [*command[:6], "--quiet", "--overwrite", "--out", str(tmp_path / "out0")]).exit_code == 0
    assert not (tmp_path / "out0" / "figures").exists()


def refused(*arguments: str) -> str:
    ended = CliRunner().invoke(app, list(arguments))
    assert ended.exit_code == 2, ended.output
    assert ended.stderr.count("\n") == 1
    return ended.stderr


@pytest.mark.parametrize("command", ["run", "banks"])
def test_figures_need_a_folder(command: str) -> None:
    assert "--plot: expected --out DIR with --plot" in refused(command, "lenet5", "--plot")


def test_without_matplotlib_one_error_names_the_extra_before_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    out = tmp_path / "out"
    said = refused("run", "lenet5", "--plot", "--out", str(out))
    assert "figures need the package matplotlib; pip install 'simcore[plot]'" in said
    assert not out.exists()
    with pytest.raises(InputError, match="figures need the package matplotlib"):
        run("edge-stt")[0].figures()
