"""The third step of ``simcore check``: random traffic in both engines finds faults that the earlier steps cannot find."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from simcore.check import check_file
from simcore.timing.bank_timing import list_timings
from simcore.timing.model_check import Report

STEPS = ("plain Python", "compiled", "both engines")

SOURCE = """from simcore import BankTiming

class Own(BankTiming):
    bank_state = {"first": 0, "second": 0}

    @staticmethod
    def serve(params, bank, shared, now, op, row):
"""

jit_is_off = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


def check(folder: Path, body: str) -> Report:
    path = folder / "own.py"
    path.write_text(SOURCE + "".join(f"        {line}\n" for line in body.splitlines()), encoding="utf-8")
    return check_file(f"{path}:Own", requests=400)


@pytest.mark.parametrize("name", list_timings())
def test_the_memories_that_come_with_simcore_pass_all_three_steps(name: str) -> None:
    report = check_file(name, requests=400)
    assert report.ok, str(report)
    assert report.steps == STEPS


@pytest.mark.skipif(jit_is_off, reason="nothing is compiled, nothing wraps")
def test_the_first_request_in_which_the_engines_differ_is_shown(tmp_path: Path) -> None:
    """The shift wraps in 64 bits from row 13 on; the steps before use rows below 8."""
    report = check(tmp_path, "return now + 1 + (1 << (50 + row)) % 5, now + 1")
    assert report.steps == STEPS
    (problem,) = report.problems
    assert re.match(r"plain Python has a request granted in cycle \d+ and done in \d+, compiled code in \d+ and", problem.message)
    shown = re.match(
        r"request (\d+): (read|write) of row \d+ in bank \d from \w+, arriving in cycle \d+, on a scratchpad of", problem.shown_by
    )
    assert shown is not None, problem.shown_by
    assert problem.where == f"{tmp_path / 'own.py'}:6"


def test_an_index_that_only_larger_rows_reach_is_caught_in_plain_python(tmp_path: Path) -> None:
    report = check(tmp_path, "bank[row // 8] = 1\nreturn now + 1, now + 1")
    assert report.steps == STEPS
    (problem,) = report.problems
    assert re.match(r"index \d+ is out of bounds.*memory that is not its own", problem.message)
    assert problem.where == f"{tmp_path / 'own.py'}:8"


@pytest.mark.slow
def test_a_model_that_never_returns_for_larger_rows_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simcore.timing.time_limit.LIMIT_S", 3.0)
    report = check(tmp_path, "while row > 7:\n    pass\nreturn now + 1, now + 1")
    assert report.steps == STEPS
    (problem,) = report.problems
    assert problem.message == "serve did not return within 3 s"
    assert problem.where.startswith(f"{tmp_path / 'own.py'}:")


def test_a_time_beyond_64_bits_is_reported(tmp_path: Path) -> None:
    report = check(tmp_path, "return now + 1 + (row // 63) * 2**40 * 2**40, now + 1")
    assert report.steps[-1] in STEPS[1:]
    assert not report.ok


@pytest.mark.slow
def test_a_very_slow_memory_does_not_take_long_to_check(tmp_path: Path) -> None:
    report = check(tmp_path, "return now + 10**12, now + 10**12")
    assert report.ok, str(report)
