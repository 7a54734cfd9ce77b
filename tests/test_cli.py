"""The output and exit codes of the commands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from command_line import invoke
from fresh_python import imported_by
from typer.testing import CliRunner, Result

import simcore
from simcore.cli import app
from simcore.cli.console import rate, shortened, told_apart
from simcore.cli.heat_map import conflict_maps, heat_map, legend
from simcore.cli.listing import LISTS
from simcore.program.outcome import CAUSE_NAMES
from simcore.results import TABLES
from simcore.results.glossary import all_terms
from simcore.spec import preset_names

GOOD_MODEL = """
from simcore import BankTiming


class Steady(BankTiming):
    parameters = {"cycles": 3}
    uses_row = False

    @staticmethod
    def serve(params, bank, shared, now, op, row):
        return now + params[0], now + params[0]
"""


def in_process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as the console script runs it."""
    command = [sys.executable, "-c", "from simcore.cli import main; main()", *arguments]
    root = str(Path(simcore.__file__).parents[1])
    variables = {**os.environ, "PYTHONPATH": root, **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=variables, check=False)


def printed_json(*arguments: str) -> dict:
    result = invoke(*arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def lenet5() -> dict:
    return printed_json("run", "lenet5", "--json")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "asked, sys.argv = sys.argv, ['simcore', '--help']\n"
        "from simcore.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "sys.argv = asked"
    )
    heavy, printed = imported_by(code, ["numpy", "pandas", "numba", "simpy", "networkx", "pydantic", "onnx", "rich", "yaml"])
    assert heavy == set()
    assert "Usage: simcore" in printed


def test_version_is_the_packages() -> None:
    assert invoke("--version").stdout == f"simcore {simcore.__version__}\n"


def test_run_prints_one_json_object_that_adds_up(lenet5: dict) -> None:
    assert (lenet5["network"], lenet5["system"], lenet5["engine"]) == ("lenet5", "edge-sram", "compiled")
    assert sum(layer["cycles"] for layer in lenet5["layers"]) == lenet5["cycles"]
    for layer in lenet5["layers"]:
        assert layer["cycles"] == layer["compute_cycles"] + sum(layer["stall_cycles"].values())


@pytest.mark.slow
def test_both_engines_print_equal_json() -> None:
    arguments = ("run", "lenet5", "--layers", "c1", "--set", "array.rows=4", "--set", "array.columns=4", "--json")
    first, second = (printed_json(*arguments, "--engine", engine) for engine in ("compiled", "simpy"))
    for found in (first, second):
        for timed in ("engine", "wall_s", "simulated_cycles_per_s"):
            del found[timed]
    assert first == second


def test_run_prints_tables_within_100_columns() -> None:
    result = invoke("run", "lenet5")
    assert result.exit_code == 0, result.output
    assert "Where the cycles went" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 100


def rows_of(result: Result) -> list[str]:
    lines = result.stdout.splitlines()
    return lines[2 : lines.index("", 2)]


def test_each_layer_of_an_onnx_file_takes_one_row() -> None:
    pytest.importorskip("onnx")
    path = Path(__file__).parent / "golden" / "nets" / "resnet18.onnx"
    result = invoke("run", str(path), "--layers", "/conv1/Conv,/maxpool/MaxPool,/layer1/*conv*")
    assert result.exit_code == 0, result.output
    rows = rows_of(result)
    assert len(rows) == 6
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert len({row.split()[0] for row in rows}) == 6
    assert rows[-1].split()[0].endswith("layer1.1/conv2/Conv")


def test_the_vector_unit_has_no_mapping_to_show(lenet5: dict) -> None:
    pool = next(row.split() for row in rows_of(invoke("run", "lenet5")) if " pool " in row)
    conv = next(row.split() for row in rows_of(invoke("run", "lenet5")) if " conv " in row)
    assert pool[-3:-1] == ["-", "-"]
    assert "-" not in conv[-3:-1]
    assert {layer["mapping_efficiency"] for layer in lenet5["layers"] if layer["op"] == "pool" and layer["cycles"]} == {0.0}


@pytest.mark.parametrize(
    ("cycles_per_s", "shown"),
    [(4_250_000.0, "4.2 M simulated cycles/s"), (12_300.0, "12.3 k simulated cycles/s"), (850.4, "850 simulated cycles/s")],
)
def test_the_speed_is_shown_in_the_unit_that_suits_it(cycles_per_s: float, shown: str) -> None:
    assert rate(cycles_per_s) == shown


def test_names_are_cut_in_the_middle() -> None:
    assert shortened("/layer1/layer1.0/conv1/Conv", 17) == "/lay…0/conv1/Conv"
    assert shortened("conv1", 5) == "conv1"


@pytest.mark.parametrize(
    ("cold", "options", "told"), [(True, [], True), (True, ["--quiet"], False), (True, ["--json"], False), (False, [], False)]
)
def test_the_first_run_says_why_it_takes_long(
    cold: bool, options: list[str], told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simcore.engine.compiled.cache.is_cold", lambda: cold)
    ran = CliRunner().invoke(app, ["run", "lenet5", "--layers", "c1", *options])
    assert ran.exit_code == 0, ran.output
    *before, last = ran.stderr.splitlines() if not options else [*ran.stderr.splitlines(), "Next: "]
    assert before == (["compiling the engine, which takes about 20 s once after installation"] if told else [])
    assert last.startswith("Next: ")


def test_a_run_that_is_refused_says_nothing_of_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simcore.engine.compiled.cache.is_cold", lambda: True)
    assert CliRunner().invoke(app, ["run", "lenet6"]).stderr.startswith("simcore: ")


def test_loading_the_engine_takes_none_of_the_measured_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def load(engine: str, has_dram: bool) -> None:
        now[0] += 100

    monkeypatch.setattr("simcore.simulation.time", SimpleNamespace(perf_counter=lambda: now[0]))
    monkeypatch.setattr("simcore.engine.load_engine", load)
    assert simcore.simulate("lenet5", layers="output").wall_s == 0
    assert now == [100]


@pytest.mark.slow
def test_an_engine_that_is_not_cached_is_cold(tmp_path: Path) -> None:
    ask = "from simcore.engine.compiled.cache import is_cold; print(is_cold())"
    environment = {**os.environ, "SIMCORE_CACHE_DIR": str(tmp_path), "NUMBA_DISABLE_JIT": "0"}
    command = [sys.executable, "-c", ask]
    assert subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout == "True\n"
    next(tmp_path.glob("kernels/*")).joinpath("run_layer-0.kernel").touch()
    assert subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout == "False\n"


def test_quiet_prints_one_line() -> None:
    assert len(invoke("run", "lenet5", "--quiet").stdout.splitlines()) == 1


def test_layer_patterns_choose_layers() -> None:
    names = [layer["name"] for layer in printed_json("run", "lenet5", "--layers", "c*", "--json")["layers"]]
    assert names
    assert all(name.startswith("c") for name in names)


def test_dataflow_and_set_change_the_machine(lenet5: dict) -> None:
    other = printed_json("run", "lenet5", "--dataflow", "os", "--json")
    wider = printed_json("run", "lenet5", "--set", "array.columns=8", "--json")
    assert len({found["cycles"] for found in (lenet5, other, wider)}) == 3


def test_a_batch_multiplies_the_work(lenet5: dict) -> None:
    twice = printed_json("run", "lenet5", "--batch", "2", "--json")
    assert sum(layer["macs"] for layer in twice["layers"]) == 2 * sum(layer["macs"] for layer in lenet5["layers"])


def test_out_saves_every_table(tmp_path: Path) -> None:
    assert invoke("run", "lenet5", "--out", str(tmp_path / "out"), "--quiet").exit_code == 0
    assert {path.stem for path in (tmp_path / "out").glob("*.parquet")} == {*TABLES, "wear"}
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["versions"]["simcore"] == simcore.__version__
    assert manifest["system"]["name"] == "edge-sram"
    assert manifest["shortcuts"]


def test_banks_draws_a_heat_map_within_100_columns() -> None:
    result = invoke("banks", "lenet5", "--system", "edge-stt")
    assert result.exit_code == 0, result.output
    assert "█" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 100


@pytest.mark.parametrize("columns", [60, 100])
def test_no_two_layers_of_a_training_step_are_printed_alike(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    results = simcore.simulate("small-cnn", training="sgd")
    ran = results.layers[results.layers["start_cycle"].notna()]["layer"]
    lines = invoke("run", "small-cnn", "--training").stdout.split("Passes")[0].splitlines()
    assert max(map(len, lines)) <= columns
    names = [line.split()[0] for line in lines[2 : 2 + len(ran)]]
    assert len(set(names)) == len(ran) == len(set(ran))


def test_names_are_cut_where_they_are_alike() -> None:
    names = ["conv1.input_gradient", "conv2.input_gradient", "conv2.weight_gradient", "fc"]
    assert told_apart(names, 12) == ["conv1.in…ent", "conv2.in…ent", "conv2.we…ent", "fc"]
    assert told_apart(["aaaaaaaaaa1", "aaaaaaaaaa2"], 6) == ["a…aaa1", "a…aaa2"]
    alike = ["x" * 6 + "1" + "y" * 6 + end + "z" * 6 for end in "ab"] + ["x" * 6 + "2" + "y" * 6 + "a" + "z" * 6]
    assert len(set(told_apart(alike, 12))) == 3


@pytest.mark.parametrize("columns", [60, 80])
def test_banks_fits_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = invoke("banks", "lenet5", "--system", "edge-stt").stdout.splitlines()
    assert max(len(line) for line in lines[:-1]) <= columns
    told = "\n".join(lines)
    for row in simcore.simulate("lenet5", "edge-stt").waits.to_dict("records"):
        assert re.search(rf"^{row['scratchpad']} +{row['waiter']} +{row['holder']} ", told, re.MULTILINE)
    assert f"{simcore.simulate('lenet5', 'edge-stt').scratchpads['full_cycles'].max():,}" in told


def test_banks_prints_first_what_costs_most() -> None:
    results = simcore.simulate("lenet5", "edge-stt")
    told = invoke("banks", "lenet5", "--system", "edge-stt").stdout
    title, _, first = told.splitlines()[:3]
    assert title.startswith("Cycles lost in scratchpads")
    pads = results.scratchpads.set_index("scratchpad")[[f"stall_{cause}_cycles" for cause in CAUSE_NAMES]]
    pad, column = pads.stack().idxmax()
    assert first.split()[:3] == [pad, column[len("stall_") : -len("_cycles")], f"{pads.loc[pad, column]:,}"]


def test_the_marks_below_a_heat_map_name_the_layer_that_runs() -> None:
    results = simcore.simulate("lenet5", "edge-stt")
    of_ofmap = next(shown for shown in conflict_maps(results, 40) if "ofmap" in shown.title)
    drawn, named = heat_map(results, of_ofmap).plain, legend(results, 40).plain
    marks = next(line for line in drawn.splitlines() if line.startswith("         layer |"))[16:56]
    names = dict(item.split(maxsplit=1) for item in named.removeprefix("Layers: ").split(", "))
    starts = results.layers.dropna(subset="start_cycle")
    for column, mark in enumerate(marks):
        middle = (column + 0.5) * results.cycles / 40
        running = starts[starts["start_cycle"] <= middle].iloc[-1]
        if running["cycles"] > 2 * results.cycles / 40:
            assert names[mark] == running["layer"]


def test_banks_json_holds_what_the_heat_map_shows() -> None:
    found = printed_json("banks", "lenet5", "--system", "edge-stt", "--json")
    assert len(found["column_layers"]) == len(found["banks"][0]["conflicts"])
    stalled = {pad["scratchpad"]: sum(pad["stall_cycles"].values()) for pad in found["scratchpads"]}
    assert stalled["ofmap"] > 0
    for bank in found["banks"]:
        assert sum(bank["conflicts"]) * found["column_cycles"] == pytest.approx(bank["conflict_cycles"])


@pytest.mark.parametrize("what", LISTS)
def test_list_names_something_of_each_kind(what: str) -> None:
    listed = printed_json("list", what, "--json")
    assert all(row["name"] for row in listed)
    assert invoke("list", what).exit_code == 0


def test_listed_cells_say_where_macros_of_them_are_known() -> None:
    known = {row["name"]: row["known_at"] for row in printed_json("list", "cells", "--json")}
    assert known["stt-34.5F2"].startswith("22 nm: hp, lop, lstp")
    assert known["stt-40F2"] == "22 nm: lop"


def test_listed_systems_are_the_presets() -> None:
    assert [row["name"] for row in printed_json("list", "systems", "--json")] == preset_names()


@pytest.mark.parametrize("preset", preset_names())
def test_every_preset_is_valid(preset: str) -> None:
    assert invoke("validate", preset).exit_code == 0


def test_validate_reports_all_errors_at_once(tmp_path: Path) -> None:
    path = tmp_path / "machine.yaml"
    path.write_text("extends: edge-sram\ncore_clock_hz: 1 GHZZ\narray: {rows: 0, colums: 4}\n")
    result = invoke("validate", str(path), "--json")
    assert result.exit_code == 2
    found = json.loads(result.stdout)
    assert len(found["errors"]) == 3
    assert all(error["where"].startswith(str(path)) for error in found["errors"])


@pytest.mark.slow
def test_check_passes_a_sound_model(tmp_path: Path) -> None:
    path = tmp_path / "steady.py"
    path.write_text(GOOD_MODEL)
    result = invoke("check", f"{path}:Steady", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["steps"] == ["plain Python", "compiled", "both engines"]


def test_a_users_model_runs_where_set_puts_it(tmp_path: Path, lenet5: dict) -> None:
    path = tmp_path / "steady.py"
    path.write_text(GOOD_MODEL)
    slower = printed_json("run", "lenet5", "--set", f"scratchpads.ifmap.timing={path}:Steady", "--json")
    assert slower["cycles"] > lenet5["cycles"]


@pytest.mark.slow
def test_explain_knows_every_term() -> None:
    assert {row["name"] for row in json.loads(invoke("explain", "--json").stdout)} >= set(all_terms())
    assert "write buffer" in invoke("explain", "write_backpressure").stdout
    assert all(name in invoke("explain").stdout for name in ("write_backpressure", "occupancy_percent"))


def test_the_demo_says_what_its_numbers_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simcore.cli.demo.NETWORK", "lenet5")
    result = invoke("demo", "--quiet")
    assert result.exit_code == 0, result.output
    assert max(len(line) for line in result.stdout.splitlines()) <= 100
    left, right = (simcore.simulate("lenet5", system) for system in ("edge-sram", "edge-stt"))
    told = " ".join(result.stdout.split())
    assert f"edge-stt takes {right.cycles - left.cycles:,} cycles more than edge-sram" in told
    growth = right.layers.set_index("layer")["cycles"] - left.layers.set_index("layer")["cycles"]
    assert f"Layer {growth.idxmax()} loses most" in told
    worst = right.banks.loc[right.banks["conflict_cycles"].idxmax()]
    assert f"at bank {worst['bank']} of {worst['scratchpad']}" in told
    assert "Assumptions:" in told


@pytest.mark.slow
def test_the_demo_saves_both_runs_where_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("simcore.cli.demo.NETWORK", "lenet5")
    assert invoke("demo", "--quiet", "--out", str(tmp_path / "demo")).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo-edge-sram", "demo-edge-stt"]


def test_interrupt_exits_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("simcore.cli.run.run_command", interrupted)
    result = invoke("run", "lenet5")
    assert result.exit_code == 130
    assert result.stderr == "simcore: interrupted\n"


def test_a_bug_is_one_line_and_a_traceback_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("over\nzero")

    monkeypatch.setattr("simcore.cli.run.run_command", broken)
    result = invoke("run", "lenet5")
    assert result.exit_code == 1
    assert result.stderr == "simcore: ZeroDivisionError: over zero; this is a bug in simcore (SIMCORE_DEBUG=1 shows where)\n"
    monkeypatch.setenv("SIMCORE_DEBUG", "1")
    assert "Traceback" in invoke("run", "lenet5").stderr


@pytest.mark.slow
def test_the_process_exits_2_with_one_line_on_stderr() -> None:
    found = in_process("run", "resnet19")
    assert found.returncode == 2
    assert found.stdout == ""
    assert found.stderr.startswith("simcore: ")
    assert "resnet18" in found.stderr
    assert len(found.stderr.splitlines()) == 1


@pytest.mark.slow
def test_a_reader_that_leaves_early_is_no_error() -> None:
    root = str(Path(simcore.__file__).parents[1])
    line = f"{sys.executable} -c 'from simcore.cli import main; main()' explain --json | head -1"
    found = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, cwd=root, check=False)
    assert found.stderr == ""
    assert found.stdout == "[\n"
