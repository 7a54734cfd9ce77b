"""A run always gives the same outcome: repeated, after other runs, in another process, compiled or as plain Python."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from equality import Case, run_compiled
from machines import ANY, CALM, CONTENDED, draw_folded_layer, draw_layer, draw_system

from simcore.engine.reference.run import ReferenceEngine
from simcore.machine.machine import build_machine

ROOT = Path(__file__).parents[1]

PRINT_OUTCOMES = """
import sys
from dataclasses import asdict
from test_determinism import some_cases
from equality import run_compiled

for case in some_cases(int(sys.argv[1])):
    for outcome in run_compiled(case).outcomes:
        print({name: item.tolist() if hasattr(item, "tolist") else item for name, item in asdict(outcome).items()})
"""


def some_cases(count: int) -> Iterator[Case]:
    """Small cases of each kind; among their bank timings are some that draw at random."""
    pick = random.Random(31).choice
    kinds = ((ANY, draw_layer), (CONTENDED, draw_layer), (CALM, draw_folded_layer))
    for number in range(count):
        options, draw = kinds[number % len(kinds)]
        yield Case(draw_system(pick, options), (draw(pick), draw(pick)))


def outcomes_in_a_process(count: int, **environment: str) -> str:
    """The printed outcomes of ``some_cases`` from a process of its own."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    settings = {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **environment}
    command = [sys.executable, "-P", "-c", PRINT_OUTCOMES, str(count)]
    done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def same(first: list, second: list) -> bool:
    return all(not one.differences(other) for one, other in zip(first, second, strict=True))


@pytest.mark.slow
def test_a_run_gives_the_same_outcomes_again_and_after_other_runs():
    cases = list(some_cases(12))
    first = [run_compiled(case).outcomes for case in cases]
    again = [run_compiled(case).outcomes for case in reversed(cases)][::-1]
    assert all(same(*pair) for pair in zip(first, again, strict=True))


@pytest.mark.slow
def test_the_reference_engine_gives_the_same_outcomes_again():
    for case in some_cases(3):
        programs = case.programs()
        runs = []
        for _ in range(2):
            engine = ReferenceEngine(build_machine(case.system))
            runs.append([engine.run(program) for program in programs])
        assert same(*runs)


@pytest.mark.slow
def test_two_processes_give_the_same_outcomes_whatever_the_hash_seed():
    outcomes = {outcomes_in_a_process(9, PYTHONHASHSEED=seed) for seed in ("1", "2")}
    assert len(outcomes) == 1
    assert outcomes.pop().count("\n") == 18


@pytest.mark.slow
def test_the_engine_as_plain_python_gives_the_outcomes_of_the_compiled_one():
    assert outcomes_in_a_process(6, NUMBA_DISABLE_JIT="1") == outcomes_in_a_process(6, NUMBA_DISABLE_JIT="0")
