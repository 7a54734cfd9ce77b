"""The examples of docs/your-own-micro-program.md run as they stand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simcore.cli.app import app

GUIDE = Path(__file__).parents[1] / "docs" / "your-own-micro-program.md"


@pytest.fixture
def own(tmp_path) -> Path:
    source = re.search(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert source is not None
    path = tmp_path / "mine.py"
    path.write_text(source[1], encoding="utf-8")
    return path


def run(*words: str):
    return CliRunner().invoke(app, list(words))


def test_the_guides_program_is_right(own) -> None:
    done = run("check", f"{own}:AND")
    assert done.exit_code == 0, done.output
    assert "my-and: no problem in" in done.stdout
    assert "8 bits: 32 AAP and 0 AP" in done.stdout


def test_the_guides_product_runs_with_its_counts_values_and_time(own) -> None:
    done = run("pim", "multiply", "--bits", "8", "--by", "1", "--program", f"{own}:BY_ONE_BIT", "--engine", "simpy", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["aap"], found["exact"], found["pairs_checked"]) == (33, True, 512)
    assert found["cycles"] == 33 * 62


def test_an_error_of_the_users_own_program_is_told_with_its_line(own) -> None:
    done = run("pim", "multiply", "--bits", "2", "--program", f"{own}:BY_ONE_BIT")
    assert done.exit_code == 2
    assert re.search(r"mine.py:\d+: ValueError: this small example multiplies by one bit only; this file raised it", done.stderr)


WRONG = """
def wrong(s, operands):
    s.aap(operands.inputs[0][0], operands.out[0])
    for out in operands.out[1:]:
        s.aap(s.zero, out)

WRONG = MicroProgram(name="wrong", operation="and", rows=ROWS, record=wrong)

def illegal(s, operands):
    s.aap(s.zero, s["T0"])
    s.aap(s.zero, s["T1"])
    s.ap((s["T0"], s["T1"]))

ILLEGAL = MicroProgram(name="illegal", operation="and", rows=ROWS, record=illegal)

def endless(s, operands):
    while True:
        pass

ENDLESS = MicroProgram(name="endless", operation="and", rows=ROWS, record=endless)
"""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("WRONG", "1 x 1 bits: and(1, 0): expected 0, got 1"),
        ("ILLEGAL", "operation 2: expected 1, 3 or 5 rows in a first activation, got 2 (T0, T1)"),
        ("ENDLESS", "endless did not finish within 0.2 s"),
    ],
)
def test_a_check_names_the_first_problem(own, name, message, monkeypatch) -> None:
    monkeypatch.setattr("simcore.timing.time_limit.LIMIT_S", 0.2)
    monkeypatch.setattr("simcore.pim.check.LIMIT_S", 0.2)
    own.write_text(own.read_text(encoding="utf-8") + WRONG, encoding="utf-8")
    done = run("check", f"{own}:{name}")
    assert (done.exit_code, message in done.stderr) == (2, True), done.output
    shown = json.loads(run("check", f"{own}:{name}", "--json").stdout)
    assert (shown["ok"], message.rpartition(": ")[2] in shown["tried"][-1]["problem"]) == (False, True)
