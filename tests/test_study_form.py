"""The form of studies: a new study needs one file and a line in the registry, and the form does all the rest."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import typer
from fresh_python import imported_by
from typer.testing import CliRunner, Result

from simcore.cli import app
from simcore.cli.study_app import add_study
from simcore.errors import InputError, InputErrors, raise_all
from simcore.studies import registry
from simcore.studies.form import extras
from simcore.studies.form.part import Part, joined, part_or_left_out
from simcore.studies.form.spread import spread

TOY = '''
"""A study outside the tree: the squares of a few numbers."""

from dataclasses import dataclass
from typing import Annotated

import pandas as pd
import typer

from simcore.studies.form.catalogue import Catalogue
from simcore.studies.form.part import Part, joined, part_or_left_out
from simcore.results.printed import PrintedTable
from simcore.studies.form.result import StudyResult
from simcore.studies.form.spread import spread
from simcore.studies.form.study import Study


@dataclass(frozen=True)
class ToyOptions:
    to: Annotated[int, typer.Option("--to", help="The last number.")] = 5


def square(number):
    return {"number": number, "square": number**2, "nothing": float("nan")}


def run(given, asked, on_progress):
    last = 2 if asked.quick else given.to
    table = pd.DataFrame(spread(square, range(1, last + 1), asked.jobs, "squares", on_progress))
    squares = Part({"squares": table}, {"sum": int(table["square"].sum())}, ("a square is a number times itself",))
    whole = joined((squares, part_or_left_out("cubes", "train", lambda: Part({"cubes": table}))))
    return StudyResult(
        catalogue=Catalogue("toy", "Squares", {"squares": "a number", "cubes": "a number"}),
        settings={"to": last, "seeds": asked.seeds},
        tables=whole.tables,
        findings=whole.findings,
        conclusions=(f"the squares sum up to {whole.findings['sum']}",),
        assumptions=whole.assumptions,
        left_out=whole.left_out,
    )


def printed(result):
    rows = [tuple(row.values()) for row in result.tables["squares"].to_dict("records")]
    yield PrintedTable("Squares", ("number", "square", "nothing"), rows, text_columns=0)


STUDY = Study("toy", "Squares of numbers.", "Two numbers.", None, ToyOptions, run, printed)
'''


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    (tmp_path / "a_toy_study.py").write_text(TOY, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.setitem(registry.STUDIES, "toy", "a_toy_study")
    monkeypatch.setitem(extras.EXTRAS, "train", ("a_module_that_is_nowhere",))
    made = typer.Typer()
    made.callback()(lambda: None)
    add_study(made, registry.load_study("toy"))
    return made


def run(made: typer.Typer, *arguments: str) -> Result:
    return CliRunner().invoke(made, ["toy", *arguments])


LEFT_OUT = "cubes: left out, needs the extra train (pip install 'simcore[train]')"


@pytest.mark.parametrize("jobs", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_a_study_of_one_file_is_run_saved_and_told(toy: typer.Typer, tmp_path: Path, jobs: str) -> None:
    out = tmp_path / "out"
    printed = run(toy, "--jobs", jobs, "--out", str(out))
    assert printed.exit_code == 0, printed.output
    assert [line.split() for line in printed.stdout.splitlines()][2] == ["1", "1", "-"]
    assert "- a square is a number times itself" in printed.stdout
    assert printed.stdout.endswith(f"{LEFT_OUT}\nthe squares sum up to 55\n")
    saved = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert list(saved) == ["settings", "findings", "conclusions", "assumptions", "left_out", "tables"]
    assert saved["tables"]["squares"][1] == {"number": 2, "square": 4, "nothing": None}
    assert pd.read_csv(out / "squares.csv")["square"].tolist() == [1, 4, 9, 16, 25]
    index = (out / "index.md").read_text(encoding="utf-8")
    assert "# Squares: tables and figures" in index
    assert "- [squares.csv](squares.csv), 5 rows: a row is a number" in index
    assert f"- {LEFT_OUT}" in index


def test_options_of_its_own_and_of_the_form(toy: typer.Typer) -> None:
    found = json.loads(run(toy, "--to", "3", "--json", "--jobs", "1").stdout)
    assert (found["settings"], found["findings"]) == ({"to": 3, "seeds": None}, {"sum": 14})
    assert json.loads(run(toy, "--quick", "--json", "--jobs", "1").stdout)["settings"]["to"] == 2
    assert "Two numbers." in run(toy, "--help").stdout
    assert "--seeds" not in run(toy, "--help").stdout
    refused = run(toy, "--jobs", "0")
    assert (refused.exit_code, refused.stderr) == (2, "simcore: jobs: expected at least 1 process, got 0\n")


def test_quiet_tells_the_conclusions_alone(toy: typer.Typer) -> None:
    assert run(toy, "--quiet", "--jobs", "1").stdout == f"{LEFT_OUT}\nthe squares sum up to 55\n"


def test_every_study_of_the_registry_is_a_command_and_is_listed() -> None:
    listed = json.loads(CliRunner().invoke(app, ["list", "studies", "--json"]).stdout)
    assert [row["name"] for row in listed] == list(registry.STUDIES)
    for row in listed:
        study = registry.load_study(row["name"])
        assert (study.name, study.summary) == (row["name"], row["description"])
        described = " ".join(CliRunner().invoke(app, ["study", study.name, "--help"]).stdout.split())
        assert study.summary in described
        assert study.quick in described


def test_a_study_that_cannot_be_imported_breaks_its_own_command_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.STUDIES, "broken", "no_such_package")
    told = "the study 'broken' cannot be loaded from no_such_package: ModuleNotFoundError: No module named 'no_such_package'"
    refused = CliRunner().invoke(app, ["study", "broken", "--quick", "--out", "x"])
    assert (refused.exit_code, refused.stderr) == (2, f"simcore: {told}\n")
    described = CliRunner().invoke(app, ["study", "--help"])
    assert described.exit_code == 0
    assert all(name in described.stdout for name in registry.STUDIES)
    listed = CliRunner().invoke(app, ["list", "studies", "--json"])
    assert [row["name"] for row in json.loads(listed.stdout)] == [name for name in registry.STUDIES if name != "broken"]
    assert listed.stderr == f"simcore: {told}\n"
    assert CliRunner().invoke(app, ["study", "bogus"]).exit_code == 2


def test_the_command_line_imports_no_study_before_it_is_asked_for() -> None:
    assert imported_by("import simcore.cli, simcore.studies.registry", registry.STUDIES.values())[0] == set()


def test_a_study_describes_itself_without_importing_what_it_runs() -> None:
    code = "from simcore.studies.registry import STUDIES, load_study\nfor name in STUDIES: load_study(name)"
    heavy = ["numpy", "pandas", "numba", "networkx", "torch", "sklearn", "matplotlib", "yaml"]
    assert imported_by(code, heavy)[0] == set()


def test_parts_are_joined_in_order_and_an_extra_that_is_there_makes_its_part() -> None:
    made = part_or_left_out("numbers", "plot", lambda: Part(findings={"b": 2}, assumptions=("second",)))
    whole = joined((Part(findings={"a": 1}, assumptions=("first",), left_out=("gone",)), made))
    assert (list(whole.findings), whole.assumptions, whole.left_out) == (["a", "b"], ("first", "second"), ("gone",))


def fail(number: int) -> int:
    raise_all([InputError(f"not {number}", "here"), InputError("nor this", hint="think")])
    return number


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_errors_of_a_piece_of_work_are_the_studys(jobs: int) -> None:
    with pytest.raises(InputErrors) as told:
        spread(fail, (1, 1), jobs, "failing")
    assert [str(error) for error in told.value.errors] == ["here: not 1", "nor this; think"]
