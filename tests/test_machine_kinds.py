"""docs/machine-kinds.md and the interface that it describes, with a kind of machine from an installed package."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simcore import InputError, simulate
from simcore.extensions.installed import offered
from simcore.kinds import Ran, kind_names, machine_kind
from simcore.kinds.registry import GROUP
from simcore.spec import load_system

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "machine-kinds.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)
YARDSTICK_FILES = [text for language, text in BLOCKS if language == "yaml" and not text.startswith("#")]
FILES = {text.split("\n", 1)[0].removeprefix("# "): text for _, text in BLOCKS if text.startswith("# ")}

#: The file of the guide by which a kind is found without an installation.
UNINSTALLED = "abacus-1.0.dist-info/entry_points.txt"

#: Runs commands of simcore one after another in one process; prints what each gave.
DRIVER = """
import json, sys
from typer.testing import CliRunner
from simcore.cli import app
given = [CliRunner().invoke(app, command) for command in json.loads(sys.argv[1])]
print(json.dumps([[found.exit_code, found.stdout, found.stderr] for found in given]))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder on the path with the guide's package, as pip leaves one behind, and its files beside."""
    folder = tmp_path_factory.mktemp("site")
    for name in ("abacus.py", "desk.yaml"):
        (folder / name).write_text(FILES[name], encoding="utf-8")
    (folder / "abacus_systems").mkdir()
    (folder / "abacus_systems" / "school-abacus.yaml").write_text(FILES["desk.yaml"].replace("on a desk", "at school"))
    entry_point = next(text for language, text in BLOCKS if language == "toml")
    name, target = re.findall(r'^(\w+) = "(.*)"$', entry_point, flags=re.MULTILINE)[0]
    install(folder, name, target)
    return folder


def install(folder: Path, name: str, target: str) -> None:
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[simcore.machine_kind]\n{name} = {target}\n")


def run_commands(folder: Path, *commands: str) -> list[tuple[int, str, str]]:
    """Exit code, stdout and stderr of each command, run in the folder with its packages installed."""
    paths = os.pathsep.join([str(folder), str(ROOT)])
    asked = json.dumps([command.split() for command in commands])
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, asked],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    return [tuple(found) for found in json.loads(done.stdout)]


@pytest.mark.slow
def test_a_kind_from_an_installed_package_runs_is_listed_validated_and_explained(site: Path) -> None:
    ran, printed, saved, preset, valid, kinds, systems, explained, key = run_commands(
        site,
        "run lenet5 --system desk.yaml --json",
        "run lenet5 --system desk.yaml --set beads=20",
        "run lenet5 --system desk.yaml --out results --quiet",
        "run lenet5 --system school-abacus --layers c1 --json",
        "validate desk.yaml",
        "list kinds --json",
        "list systems --json",
        "explain idle_beads --json",
        "explain beads --json",
    )
    found = json.loads(ran[1])
    assert (found["kind"], found["system"], found["engine"]) == ("abacus", "desk", "by-hand")
    # c1 of LeNet-5: 28 x 28 pixels, 6 filters of 25 taps, 10 beads a cycle.
    assert found["layers"][0]["compute_cycles"] == 28 * 28 * 6 * 25 / 10
    assert all(layer["cycles"] == layer["compute_cycles"] + 1 for layer in found["layers"])
    assert all(layer["stall_cycles"]["carry"] == sum(layer["stall_cycles"].values()) == 1 for layer in found["layers"])
    assert found["cycles"] == sum(layer["cycles"] for layer in found["layers"])
    moved = sum(10 * layer["compute_cycles"] for layer in found["layers"])
    assert found["idle_beads"] == moved - sum(layer["macs"] for layer in found["layers"])
    assert (found["banks"], found["energy_pj"]) == ([], {})
    assert printed[0] == 0
    assert "Beads" in printed[1]
    assert saved[0] == 0
    assert (site / "results" / "beads.csv").read_text().startswith("layer,idle_beads\n")
    layers = len(found["layers"])
    assert f"stall_carry_cycles,{float(layers)},cycles\n" in (site / "results" / "totals.csv").read_text()
    assert json.loads((site / "results" / "manifest.json").read_text())["system"]["beads"] == 10
    assert [layer["name"] for layer in json.loads(preset[1])["layers"]] == ["c1"]
    assert valid[:2] == (0, "desk.yaml: valid\n")
    assert [row["name"] for row in json.loads(kinds[1])] == ["systolic", "abacus", "ideal", "pim-dram", "roofline"]
    assert {"name": "school-abacus", "kind": "abacus", "description": "an abacus at school"} in json.loads(systems[1])
    assert json.loads(explained[1])[0]["unit"] == "beads"
    assert [(meaning["group"], meaning["text"]) for meaning in json.loads(key[1])] == [
        ("Keys of kind abacus", "Multiply-accumulates per cycle.")
    ]


@pytest.mark.slow
def test_bad_input_for_a_kind_from_a_package_is_reported_as_for_any_other(site: Path) -> None:
    (site / "bad.yaml").write_text("kind: abacus\ncore_clock_hz: 1 Hz\nbead: 10\n")
    (site / "cursed.yaml").write_text("kind: abacus\ncore_clock_hz: 1 Hz\nbeads: 13\n")
    (site / "near.yaml").write_text("kind: abacuss\n")
    (site / "other.yaml").write_text("kind: abacus\nextends: titan-xp\n")
    told = run_commands(
        site,
        "run lenet5 --system bad.yaml",
        "validate cursed.yaml",
        "run lenet5 --system near.yaml",
        "validate other.yaml",
        "banks lenet5 --system desk.yaml",
        "run lenet5 --system desk.yaml --engine compiled",
        "run lenet5 --system desk.yaml --set beads=0",
    )
    assert [code for code, _, _ in told] == [2] * len(told)
    assert [stderr for _, _, stderr in told] == [
        "simcore: bad.yaml:1: missing key 'beads'\nsimcore: bad.yaml:3: unknown key 'bead'; did you mean 'beads'?\n",
        "simcore: cursed.yaml:3: beads: expected another number of beads than 13\n",
        "simcore: near.yaml:1: kind: expected a kind of machine, got 'abacuss'; did you mean 'abacus'?\n",
        "simcore: other.yaml:2: extends: expected a system of kind 'abacus', got 'titan-xp' of kind 'roofline'\n",
        "simcore: a machine of kind 'abacus' has no banks; 'simcore run' prints the tables of this kind\n",
        "simcore: no engine named 'compiled'; kind 'abacus' has one engine, 'by-hand'\n",
        "simcore: --set beads=0: beads: expected at least 1, got 0\n",
    ]


@pytest.mark.slow
def test_a_package_whose_kind_cannot_be_loaded_is_reported_where_it_is_named_alone(tmp_path: Path) -> None:
    install(tmp_path, "broken", "no_such_module:KIND")
    (tmp_path / "class_alone.py").write_text("from simcore.kinds import MachineKind\n")
    install(tmp_path, "unmade", "class_alone:MachineKind")
    (tmp_path / "raising.py").write_text("1 / 0\n")
    install(tmp_path, "raising", "raising:KIND")
    (tmp_path / "raising.yaml").write_text("kind: raising\n")
    (tmp_path / "broken.yaml").write_text("kind: broken\n")
    (tmp_path / "unmade.yaml").write_text("kind: unmade\n")
    (tmp_path / "mine.yaml").write_text("extends: titan-xp\n")
    commands = [f"validate {name}.yaml" for name in ("broken", "unmade", "raising", "mine")]
    (tmp_path / "unknown.yaml").write_text("kind: zzz\n")
    asked = (*commands, "explain cycles", "list kinds --json", "list dataflows --json", "validate unknown.yaml")
    broken, unmade, raising, mine, explained, kinds, flows, unknown = run_commands(tmp_path, *asked)
    assert broken[0] == unmade[0] == raising[0] == 2
    assert "raising:KIND: ZeroDivisionError: division by zero" in raising[2]
    assert "the installed machine kind 'broken' cannot be loaded from no_such_module:KIND" in broken[2]
    assert "offer an object of a subclass of simcore.kinds.MachineKind, not the class" in unmade[2]
    assert mine[:2] == (0, "mine.yaml: valid\n")
    assert explained[0] == 0
    assert [row["name"] for row in json.loads(kinds[1])] == ["systolic", "ideal", "pim-dram", "roofline"]
    assert {row["name"] for row in json.loads(flows[1])} >= {"ws", "os", "is"}
    for listed in (kinds, flows):
        assert listed[0] == 0
        assert listed[2].count("the installed machine kind") == 3
    assert unknown[2].endswith("; a kind of your own is installed as a package (entry point simcore.machine_kind)\n")


@pytest.mark.slow
def test_the_guides_kind_is_found_without_an_installation(tmp_path: Path) -> None:
    (tmp_path / UNINSTALLED).parent.mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    [(code, shown, _)] = run_commands(tmp_path, "run lenet5 --system desk.yaml --quiet")
    assert code == 0
    assert shown.startswith("lenet5 on desk: ")


@pytest.mark.slow
def test_a_kind_that_prints_no_tables_of_its_own_prints_those_of_every_kind(tmp_path: Path) -> None:
    text = FILES["abacus.py"].replace("def printed(", "def unused(")
    (tmp_path / "abacus.py").write_text(text)
    (tmp_path / "desk.yaml").write_text(FILES["desk.yaml"])
    install(tmp_path, "abacus", "abacus:KIND")
    [(code, shown, _)] = run_commands(tmp_path, "run lenet5 --system desk.yaml --layers c1")
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert code == 0
    assert lines[:3] == [
        "Layers of lenet5 on desk",
        "layer op M MACs cycles compute stalled mostly DRAM KiB",
        "c1 conv 0.12 11,761 11,760 1 carry 0.00",
    ]
    assert {"compute 11,760 99.99", "carry 1 0.01"} <= set(lines)


#: What the abacus gives for a layer's cycles, and what is told of it.
WRONG = {
    "layer.macs / spec.beads": "expected cycles to be an integer, got 11761.0",
    "-5": "expected cycles to be at least 0, got -4",
    "(1 + layer.macs // 0)": "ZeroDivisionError: integer division or modulo by zero; the installed machine kind 'abacus'",
}


@pytest.mark.slow
@pytest.mark.parametrize("given", WRONG)
def test_a_run_of_a_kind_that_gives_nonsense_or_raises_is_told_with_its_name(tmp_path: Path, given: str) -> None:
    text = FILES["abacus.py"].replace("ceil(layer.macs / spec.beads)", given)
    (tmp_path / "abacus.py").write_text(text)
    (tmp_path / "desk.yaml").write_text(FILES["desk.yaml"])
    install(tmp_path, "abacus", "abacus:KIND")
    [(code, _, told)] = run_commands(tmp_path, "run lenet5 --system desk.yaml --layers c1")
    assert code == 2
    assert WRONG[given] in told
    assert "abacus" in told
    assert told.count("\n") == 1


def test_cycles_that_are_not_the_sum_of_their_parts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = type(machine_kind("ideal"))
    run = kind.run

    def longer(self: Any, spec: Any, order: Any, plan: Any) -> Ran:
        ran = run(self, spec, order, plan)
        first = next(layer for layer in ran.layers if layer.outcome is not None)
        outcome = replace(first.outcome, cycles=first.outcome.cycles + 1)
        return replace(ran, layers=[replace(first, outcome=outcome)])

    monkeypatch.setattr(kind, "run", longer)
    with pytest.raises(InputError, match=r"^layer 'c1': kind 'ideal' gave wrong counts: expected cycles to be compute_cycles"):
        simulate("lenet5", "ideal-titan-xp")


@pytest.mark.parametrize("text", YARDSTICK_FILES)
def test_the_machines_of_the_guide_run(text: str, tmp_path: Path) -> None:
    path = tmp_path / "machine.yaml"
    path.write_text(text)
    assert load_system(path).kind == text.split()[1]
    assert simulate("lenet5", path).cycles > 0


def test_the_guide_holds_what_it_speaks_of() -> None:
    assert set(FILES) == {"abacus.py", "desk.yaml", UNINSTALLED}
    assert len(YARDSTICK_FILES) == 2
    listed: list[Any] = re.findall(r"^\| `([\w-]+)` \|", GUIDE, flags=re.MULTILINE)
    assert listed == ["systolic", "pim-dram", "roofline", "ideal"]
    assert set(listed) <= set(kind_names())


@pytest.mark.parametrize("name", ["systolic", "pim-dram", "roofline", "ideal"])
def test_a_kind_is_one_object_that_the_table_names(name: str) -> None:
    kind = machine_kind(name)
    assert kind is machine_kind(name)
    assert kind.name == name == kind.spec.model_fields["kind"].default
    assert name in offered(GROUP, "machine kind")
    assert kind.engines


def test_a_kind_that_offers_a_table_that_every_kind_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    results = simulate("lenet5", "titan-xp")
    monkeypatch.setattr(type(results.kind), "tables", lambda _, results: {"layers": results.layers})
    with pytest.raises(InputError, match="kind 'roofline' offers tables that every kind has: layers"):
        results.tables()


def test_an_unknown_kind_is_reported_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match="got 'systolik'; did you mean 'systolic'"):
        machine_kind("systolik")


@pytest.mark.slow
def test_machines_of_several_kinds_stand_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = [text for language, text in BLOCKS if language == "python" and "pd.DataFrame({name" in text]
    names: dict[str, Any] = {}
    exec(compile(example, "machine-kinds.md", "exec"), names)
    totals = names["totals"]
    assert {run.kind.name for run in names["runs"].values()} == {"systolic", "pim-dram", "roofline", "ideal"}
    for name, run in names["runs"].items():
        assert totals[name]["time_ns"] == run.time_cycles * 1e9 / run.system.core_clock_hz
        assert totals[name]["macs"] == sum(layer.macs for layer in run.runs)
    assert "edge-stt" in capsys.readouterr().out
