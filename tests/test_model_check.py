"""``simcore check`` finds broken models, each with a clear text, its line and the request that shows the fault."""

import os
import re

import pytest

from simcore.errors import InputError
from simcore.timing.bank_timing import list_timings, resolve_timing
from simcore.timing.model_check import STEPS, Problem, check_timing

HEAD = """from simcore import BankTiming
import random

CALLS = [0]

def helper(row):
    return row

def told(row):
    return int(repr([row])[1:-1])

class Own(BankTiming):
    parameters = {"cycles": 2}
    bank_state = {"open_row": -1, "count": 0}
    shared_state = {"bus": 0}
DECLARED
    @staticmethod
    def serve(params, bank, shared, now, op, row):
"""
#: The line on which a body starts.
FIRST = HEAD.count("\n") + 1


def check(folder, body, declared="", requests=300):
    path = folder / "own.py"
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    path.write_text(HEAD.replace("DECLARED", declared) + lines, encoding="utf-8")
    return check_timing(resolve_timing(f"{path}:Own"), requests=requests)


BROKEN = {
    "a float time": ("return now + 1.5, now + 2", r"expected free_at to be a 64-bit integer, got [\d.]+ \(a float\)"),
    "true division": ("return now + 1, now + row / 2", r"expected done_at to be a 64-bit integer, got [\d.]+ \(a float\)"),
    "a bool": ("return now + 1, now > -1", r"expected done_at to be a 64-bit integer, got True \(a bool\)"),
    "one time": ("return now + 1", r"expected \(free_at, done_at\), got \d+"),
    "no time on one path": ("if op == 0:\n    return now + 1, now + 1", r"expected \(free_at, done_at\), got None"),
    "free at once": ("return now + row, now + 1", r"expected free_at > now = \d+, got \d+"),
    "done before": ("return now + 1, now - 1", r"expected done_at >= now = \d+, got -?\d+"),
    "a duration": ("return params[0], params[0]", r"expected free_at > now = \d+, got 2"),
    "out of bounds": ("bank[row] = 1\nreturn now + 1, now + 1", r"index \d is out of bounds.*memory that is not its own"),
    "state beyond what is declared": ("bank[2] += 1\nreturn now + 1, now", r"index 2 is out of bounds"),
    "shared state beyond what is declared": ("return now + 1 + shared[1], now + 1", r"index 1 is out of bounds"),
    "float state": ("bank[1] = 0.5\nreturn now + 1, now + 1", r"stored 0.5 in bank\[1\]; state holds integers"),
    "float shared state": ("shared[0] += 0.5\nreturn now + 1, now", r"stored .*0.5.* in shared\[0\]; state holds integers"),
    "params written": ("params[0] += 1\nreturn now + params[0], now", r"wrote to params\[0\]; only bank and shared"),
    "an exception": ("return now + [1, 2][row], now", r"IndexError|list index out of range"),
    "randomness": ("return now + random.randint(1, 9), now", r"same request in the same state gave .* the second time"),
    "hidden state": ("CALLS[0] += 1\nreturn now + CALLS[0], now + 1", r"same request in the same state gave"),
    "not monotone": ("return now + 40 - 30 * (now % 2), now", r"a request \d+ cycles later was served earlier"),
    "overflow": ("bank[1] = bank[1] * 5 + 3\nreturn now + 1, now", r"a result does not fit in 64 bits"),
    "overflow in between": ("return now + 1 + (now + 2**40) * 2**40 % 2, now", r"a result does not fit in 64 bits"),
    "division by zero": ("return now + 1 + 5 // bank[1], now", r"divide by zero .*a compiled model would stop here"),
}


def test_a_model_that_never_returns_is_reported_with_the_request(tmp_path, monkeypatch):
    monkeypatch.setattr("simcore.timing.time_limit.LIMIT_S", 0.2)
    body = "while row == 5:\n    pass\nreturn now + 1, now + 1"
    (problem,) = check(tmp_path, body).problems
    assert problem.message == "serve did not return within 0.2 s"
    assert problem.where in (f"{tmp_path / 'own.py'}:{FIRST}", f"{tmp_path / 'own.py'}:{FIRST + 1}")
    assert re.match(r"request \d+: (read|write) of row \d in bank \d at cycle \d+", problem.shown_by)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('return now + params["cycles"], now', r"Own.serve: expected params by position, got 'cycles': params\[0\] is cycles$"),
        ('bank["count"] += 1\nreturn now + 1, now', r"expected bank by position, got 'count': bank\[1\] is count$"),
    ],
)
def test_a_value_asked_for_by_its_name_is_told_its_position(tmp_path, body, told):
    with pytest.raises(InputError, match=told):
        check(tmp_path, body)


UNDECLARED = """from simcore import BankTiming

class Own(BankTiming):
    @staticmethod
    def serve(params, bank, shared, now, op, row):
        BODY
        return now + 1, now + 1
"""


@pytest.mark.parametrize("array", ["bank", "shared"])
@pytest.mark.parametrize("use", ["ARRAY[0] = row", "now += ARRAY[0]"])
def test_state_that_is_not_declared_is_not_there(tmp_path, array, use):
    (tmp_path / "own.py").write_text(UNDECLARED.replace("BODY", use.replace("ARRAY", array)), encoding="utf-8")
    (problem,) = check_timing(resolve_timing(f"{tmp_path / 'own.py'}:Own"), requests=50).problems
    assert problem.message == f"{array}[0] is used but {array}_state declares no values"
    assert problem.where == f"{tmp_path / 'own.py'}:6"


@pytest.mark.parametrize(("body", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_model_is_caught_in_plain_python(tmp_path, body, message):
    report = check(tmp_path, body)
    assert not report.ok
    assert report.steps == ("plain Python",)
    assert any(re.search(message, problem.message) for problem in report.problems), str(report)
    for problem in report.problems:
        assert re.fullmatch(r".*own\.py:\d+", problem.where)
        assert re.match(r"request \d+: (read|write) of row \d in bank \d at cycle \d+, bank state {'open_row'", problem.shown_by)


def test_an_exception_is_reported_with_the_line_that_raised_it(tmp_path):
    (problem,) = check(tmp_path, "time = now + 1\nbank[7] = 1\nreturn time, time").problems
    assert problem.where == f"{tmp_path / 'own.py'}:{FIRST + 1}"


def test_a_promise_not_to_use_the_row_is_held(tmp_path):
    report = check(tmp_path, "return now + 1 + row, now", declared="    uses_row = False")
    assert "uses_row is False, but row" in str(report)
    assert check(tmp_path, "return now + 1, now", declared="    uses_row = False").ok


def test_a_promise_that_time_does_not_matter_is_held(tmp_path):
    report = check(tmp_path, "return now // 4 * 4 + 9, now", declared="    time_invariant = True")
    assert "time_invariant is True, but" in str(report)
    assert check(tmp_path, "return now + 9, now + 2", declared="    time_invariant = True").ok


def test_functions_of_the_file_may_be_called(tmp_path):
    assert check(tmp_path, "return now + 1 + helper(row), now").ok


def test_several_problems_are_reported_together_each_once(tmp_path):
    report = check(tmp_path, "return now, now - 1")
    assert [problem.message.split()[1] for problem in report.problems] == ["free_at", "done_at"]
    assert str(report).startswith("Own(cycles=2): 2 problems (plain Python)")


COMPILED = {
    "a function of the file": ("return now + 1 + told(int(row)), now", r"Own.serve cannot be compiled"),
    "a dictionary of anything": ("x = {0: now, 'a': 'b'}\nreturn now + 1, x[0]", r"Own.serve cannot be compiled"),
    "a file": ("with open(__file__) as own:\n    size = 1\nreturn now + size, now", r"Own.serve cannot be compiled"),
    "a shift that wraps": ("return now + 1 + (1 << (60 + row)) % 7, now", r"compiled code gives .*plain Python"),
}

jit_is_off = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


@pytest.mark.slow
@pytest.mark.skipif(jit_is_off, reason="nothing is compiled")
@pytest.mark.parametrize(("body", "message"), COMPILED.values(), ids=COMPILED.keys())
def test_what_only_compiling_shows_is_caught_in_the_second_step(tmp_path, body, message):
    report = check(tmp_path, body)
    assert report.steps == ("plain Python", "compiled")
    (problem,) = report.problems
    assert re.search(message, problem.message), problem.message
    assert "own.py:" in problem.where


@pytest.mark.parametrize("name", list_timings())
def test_the_memories_that_come_with_simcore_pass(name):
    report = check_timing(resolve_timing(name), requests=500)
    assert report.ok, str(report)
    assert report.steps == ("plain Python", "compiled")


def test_a_model_with_state_of_its_own_and_of_the_group_passes(tmp_path):
    body = """start = max(now, shared[0])
cycles = 1 if bank[0] == row else params[0]
bank[0] = row
bank[1] += 1
shared[0] = start + 1
return start + cycles, start + cycles"""
    report = check(tmp_path, body)
    assert report.ok, str(report)


def test_further_steps_run_last_and_only_on_what_passed_before(tmp_path):
    def engines(subject):
        return [Problem("engines", f"the engines differ after {subject.requests} requests", "own.py:1")]

    steps = [("both engines", engines)]
    report = check_timing(resolve_timing("sram"), requests=50, further_steps=steps)
    assert report.steps == (*(name for name, _ in STEPS), "both engines")
    assert "the engines differ after 50 requests" in str(report)
    broken = tmp_path / "own.py"
    broken.write_text(HEAD.replace("DECLARED", "") + "        return now, now\n", encoding="utf-8")
    assert check_timing(resolve_timing(f"{broken}:Own"), 50, further_steps=steps).steps == ("plain Python",)
