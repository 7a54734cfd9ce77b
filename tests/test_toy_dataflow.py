"""A dataflow in one file outside the tree runs in both engines, gives correct products, and is found by name when installed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from machines import instance_of
from test_pe_values import QUICK, SLOW, machine
from typer.testing import CliRunner

from simcore import InputError, load_system, simulate
from simcore.cli import app
from simcore.extensions.installed import offered
from simcore.results import Results
from simcore.spec import System
from workloads.dataflow import Dataflow, Side, lower
from workloads.dataflow.flows.output_stationary import OUTPUT_STATIONARY
from workloads.dataflow.registry import dataflow_named
from workloads.layers import Conv, Input, Linear
from workloads.network import Network, NetworkBuilder

TOY = Path(__file__).parent / "toys" / "turned.py"
TURNED = f"{TOY}:TURNED"


def small_network() -> Network:
    """Ragged in pixels, filters and taps on the arrays below; grouped and strided."""
    builder = NetworkBuilder("small")
    builder.add(Input("image", (4, 7, 6)))
    builder.add(Conv("conv", 6, 3, stride=2, padding=1, groups=2))
    builder.add(Conv("point", 5, 1))
    return builder.build(2)


def turned(overlap: str, edge: str, pad: dict, rows: int = 3, columns: int = 4) -> System:
    return machine((TURNED, overlap, edge, "accumulator"), rows, columns, pad)


@pytest.mark.slow
@pytest.mark.parametrize("pad", [QUICK, SLOW], ids=["quick", "slow"])
@pytest.mark.parametrize("edge", ["skew-registers", "skewed-fetch"])
@pytest.mark.parametrize("overlap", ["none", "after-wave"])
def test_both_engines_give_the_same_tables_and_every_value_is_numpys(overlap: str, edge: str, pad: dict) -> None:
    system = turned(overlap, edge, pad)
    reference = simulate(small_network(), system, engine="simpy", check_values=True)
    compiled = simulate(small_network(), system)
    assert reference.values == {"conv": "equal", "point": "equal"}
    require_equal(reference, compiled)


def require_equal(checked: Results, compiled: Results) -> None:
    """Every table is the same, but for what the checked run says of its values."""
    for name, table in checked.tables().items():
        other = compiled.tables()[name]
        assert table.drop(columns="values", errors="ignore").equals(other.drop(columns="values", errors="ignore")), name


def test_a_training_step_runs_on_it() -> None:
    system = turned("none", "skew-registers", QUICK)
    found = simulate(small_network(), system, engine="simpy", check_values=True, training="sgd")
    gradients = {name for name in found.values if "_gradient" in name and found.values[name] == "equal"}
    assert {"point.input_gradient", "point.weight_gradient", "conv.weight_gradient"} <= gradients
    require_equal(found, simulate(small_network(), system, training="sgd"))


@pytest.mark.parametrize(("rows", "columns"), [(3, 5), (4, 4)])
def test_a_fold_takes_filters_along_the_rows_and_pixels_along_the_columns(rows: int, columns: int) -> None:
    system = turned("none", "skew-registers", QUICK, rows, columns).model_copy(update={"tiling": "whole"})
    program = lower(instance_of(Linear("fc", 7), ((9, 11),)), system)
    assert program is not None
    pixels, filters, taps = 9, 7, 11
    assert program.steps == -(-filters // rows) * -(-pixels // columns) * (taps + rows + columns - 2)
    turned_back = machine(("os", "none", "skew-registers", "accumulator"), columns, rows, QUICK).model_copy(
        update={"tiling": "whole"}
    )
    assert lower(instance_of(Linear("fc", 7), ((9, 11),)), turned_back).steps == program.steps


# By name ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that offers the toy by entry point, importable while the test runs."""
    folder = tmp_path / "site"
    (folder / "turned-1.0.dist-info").mkdir(parents=True)
    shutil.copy(TOY, folder / "toy_turned.py")
    (folder / "turned-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: turned\nVersion: 1.0\n")
    points = "[simcore.dataflow]\nos-turned = toy_turned:TURNED\nnot-one = toy_turned:least_gap\nmisnamed = toy_turned:TURNED\n"
    (folder / "turned-1.0.dist-info" / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(folder)
    offered.cache_clear()
    yield folder
    offered.cache_clear()


def test_an_installed_one_is_found_by_its_name(installed: Path) -> None:
    by_name = simulate("lenet5", layers="c1", dataflow="os-turned")
    by_file = simulate("lenet5", layers="c1", dataflow=TURNED)
    assert by_name.layers.equals(by_file.layers)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("os-turn", "array.dataflow: expected 'ws', 'os-turned', 'os', 'not-one', 'misnamed' or 'is', got 'os-turn'"),
        ("not-one", "the installed dataflow 'not-one' is no Dataflow but function"),
        ("misnamed", "the installed dataflow 'misnamed' calls itself 'os-turned'"),
    ],
)
def test_an_installed_one_that_is_none_is_one_clear_error(installed: Path, name: str, text: str) -> None:
    found = CliRunner().invoke(app, ["run", "lenet5", "--set", f"array.dataflow={name}"])
    assert found.exit_code == 2
    assert text in found.stderr
    assert len(found.stderr.splitlines()) == 1


def test_dataflows_are_listed_with_what_they_say_of_themselves() -> None:
    found = json.loads(CliRunner().invoke(app, ["list", "dataflows", "--json"]).stdout)
    assert [row["name"] for row in found] == ["ws", "os", "is"]
    assert found[1]["description"] == OUTPUT_STATIONARY.description


def test_a_file_is_meant_relative_to_the_system_file_and_is_an_input_of_the_run(tmp_path: Path) -> None:
    shutil.copy(TOY, tmp_path / "mine.py")
    (tmp_path / "m.yaml").write_text("extends: edge-sram\narray: {dataflow: 'mine.py:TURNED'}\n")
    found = simulate("lenet5", tmp_path / "m.yaml", layers="output")
    assert found.layers.equals(simulate("lenet5", "edge-sram", layers="output", dataflow=TURNED).layers)
    assert any(name.endswith("mine.py") for name in json.dumps(found.manifest).replace('"', " ").replace(",", " ").split())


@pytest.mark.parametrize(
    ("source", "target", "text"),
    [
        ("TURNED = 3\n", "mine.py:TURNED", "no Dataflow 'TURNED'"),
        ("1 / 0\n", "mine.py:TURNED", "running the file raised ZeroDivisionError"),
        (None, "mine.py:TURNED", "expected a readable file"),
    ],
)
def test_a_file_without_one_is_one_clear_error(tmp_path: Path, source: str | None, target: str, text: str) -> None:
    if source is not None:
        (tmp_path / "mine.py").write_text(source)
    (tmp_path / "m.yaml").write_text(f"extends: edge-sram\narray: {{dataflow: '{target}'}}\n")
    for command in (["validate", str(tmp_path / "m.yaml")], ["run", "lenet5", "--system", str(tmp_path / "m.yaml")]):
        found = CliRunner().invoke(app, command)
        assert found.exit_code == 2
        assert text in found.stderr


def test_validate_without_code_says_what_it_left_out(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("raise SystemExit('it ran')\n")
    (tmp_path / "m.yaml").write_text("extends: edge-sram\narray: {dataflow: 'mine.py:TURNED'}\n")
    found = CliRunner().invoke(app, ["validate", "--no-code", str(tmp_path / "m.yaml")])
    assert found.exit_code == 0
    assert "mine.py" in found.stdout


def test_an_edited_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(TOY.read_text())
    assert dataflow_named(f"{path}:TURNED").description.startswith("output-stationary")
    path.write_text(TOY.read_text().replace('description="output-stationary', 'description="edited: output-stationary'))
    assert dataflow_named(f"{path}:TURNED").description.startswith("edited")


# What a dataflow may be -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "columns", "time"),
    [(Side.PIXELS, Side.TAPS, Side.FILTERS), (Side.FILTERS, Side.TAPS, Side.PIXELS), (Side.TAPS, Side.TAPS, Side.PIXELS)],
)
def test_sums_move_down_the_columns_or_stay(rows: Side, columns: Side, time: Side) -> None:
    with pytest.raises(InputError, match="taps not along the columns"):
        Dataflow("wrong", "", rows, columns, time, OUTPUT_STATIONARY.least_gap)


def test_the_built_in_ones_hold_what_their_names_say() -> None:
    held = {name: dataflow_named(name).held.name for name in ("ws", "os", "is")}
    assert held == {"ws": "FILTER", "os": "OUTPUT", "is": "IFMAP"}
    assert load_system("edge-sram").array.dataflow == "ws"


def test_a_file_without_a_name_is_told_what_it_holds() -> None:
    with pytest.raises(InputError, match=r"turned\.py: expected FILE\.py:NAME; the file holds TURNED$"):
        simulate("lenet5", "edge-sram", dataflow=str(TOY))


def test_an_exception_in_a_function_of_the_file_is_told_with_the_file_and_line(tmp_path: Path) -> None:
    text = TOY.read_text(encoding="utf-8")
    text = text.replace("    return array.rows + (", "    array.nothing\n    return array.rows + (")
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")
    line = text.splitlines().index("    array.nothing") + 1
    command = ["run", "lenet5", "--quiet", "--dataflow", f"{tmp_path}/mine.py:TURNED", "--set", "array.fold_overlap=after-wave"]
    told = CliRunner().invoke(app, command)
    assert told.exit_code == 2
    assert told.stderr.startswith(
        f"simcore: {tmp_path}/mine.py:{line}: AttributeError: 'ArraySpec' object has no attribute 'nothing'"
    )
    assert told.stderr.endswith("; this file raised it (SIMCORE_DEBUG=1 shows where)\n")
