"""Bank timings: how they are declared, found and compiled."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from simcore.errors import InputError
from simcore.timing.bank_timing import READ, BankTiming, list_timings, resolve_timing
from simcore.timing.compiled import compile_serve

PAUSE = """
from simcore import BankTiming

class Pause(BankTiming):
    parameters = {"cycles": 3, "extra_cycles": 0}
    parameter_minimum = {"cycles": 1}
    bank_state = {"bank_index": 0, "last": -1}
    shared_state = {"served": 0}

    @staticmethod
    def serve(params, bank, shared, now, op, row):
        bank[1] = row
        shared[0] += 1
        return now + params[0] + params[1], now + params[0]
"""


def jit_is_off() -> bool:
    return os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


def write(folder: Path, source: str, name: str = "own.py") -> str:
    (folder / name).write_text(source, encoding="utf-8")
    return str(folder / name)


def pause(folder: Path, **parameters: int) -> BankTiming:
    return resolve_timing(write(folder, PAUSE) + ":Pause", parameters)


def call(serve, timing, now=10, op=READ, row=0):
    arrays = timing.params_array(), timing.initial_bank(0), timing.initial_shared()
    return tuple(int(time) for time in serve(*arrays, np.int64(now), op, row))


def test_arrays_follow_the_order_of_declaration(tmp_path):
    timing = pause(tmp_path, extra_cycles=2)
    assert timing.params_array().tolist() == [3, 2]
    assert timing.initial_bank(5).tolist() == [5, -1]
    assert timing.initial_shared().tolist() == [0]
    assert (timing.bank_state_size, timing.shared_state_size) == (2, 1)
    assert timing.params_array().dtype == np.int64


def test_a_model_without_parameters_or_state_gets_arrays_of_one(tmp_path):
    class Fixed(BankTiming):
        @staticmethod
        def serve(params, bank, shared, now, op, row):
            return now + 1, now + 1

    timing = Fixed()
    sizes = [len(array) for array in (timing.params_array(), timing.initial_bank(0), timing.initial_shared())]
    assert sizes == [1, 1, 1] == [1, timing.bank_state_size, timing.shared_state_size]


def test_instances_are_frozen_and_equal_by_value(tmp_path):
    timing = resolve_timing("sram", {"read_cycles": 2})
    assert timing == resolve_timing("sram", {"read_cycles": 2}) != resolve_timing("sram")
    assert hash(timing) == hash(resolve_timing("sram", {"read_cycles": 2}))
    with pytest.raises(AttributeError, match="frozen"):
        timing.values = {}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"cycle": 4}, r"Pause.cycle: no such parameter; did you mean 'cycles'\?"),
        ({"cycles": 4.0}, r"Pause.cycles: expected an integer, got 4.0"),
        ({"cycles": True}, r"Pause.cycles: expected an integer, got True"),
        ({"cycles": 2**63}, r"Pause.cycles: expected an integer, got 9223372036854775808"),
        ({"cycles": 0}, r"Pause.cycles: expected at least 1, got 0"),
        ({"extra_cycles": -1}, r"Pause.extra_cycles: expected at least 0, got -1"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(tmp_path, parameters, message):
    with pytest.raises(InputError, match=message):
        pause(tmp_path, **parameters)


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (None, "own.py:Pause", r"own.py: expected a readable file, got: No such file"),
        (PAUSE, "own.py:Paus", r"own.py: no class 'Paus'; did you mean 'Pause'\?"),
        (PAUSE, "own.py", r"own.py: expected FILE.py:Class; the file holds Pause"),
        (PAUSE, "own:Pause", r"own:Pause: expected FILE.py:Class"),
        ("x = (1,\n\ny = = 2", "own.py:Pause", r"own.py:\d: not Python:"),
        ("a = 1\nimport no_such_module_at_all\n", "own.py:Pause", r"own.py:2: running the file raised ModuleNotFoundError"),
        ("class Pause:\n    pass", "own.py:Pause", r"own.py: 'Pause' is not a subclass of BankTiming"),
    ],
)
def test_a_file_that_holds_no_model_is_refused_with_its_place(tmp_path, source, target, message):
    if source is not None:
        write(tmp_path, source)
    with pytest.raises(InputError, match=message):
        resolve_timing(str(tmp_path / target))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("    pass", r"own.py:2: Odd has no serve: expected a static method serve\(params, bank, shared, now, op, row\)"),
        (
            "    @staticmethod\n    def serve(params, now, op, row):\n        return now + 1, now",
            r"Odd.serve: expected serve\(params, bank, shared, now, op, row\), got serve\(params, now, op, row\)",
        ),
        ("    def serve(params, bank, shared, now, op, row):\n        return now + 1, now", r"Odd.serve: expected @staticmethod"),
        ("    serve = staticmethod(print)", r"Odd.serve: expected a plain Python function"),
        ("    parameters = ['cycles']", r"Odd.parameters: expected a mapping"),
        ("    bank_state = {'open_row': 1.5}", r"Odd.bank_state: expected a name and an integer, got 'open_row': 1.5"),
        ("    parameter_minimum = {'cycles': 1}", r"Odd.parameter_minimum: 'cycles' is not among parameters"),
        ("    parameters = {'cycles': -1}", r"Odd.parameters: cycles=-1 is below its minimum 0"),
    ],
)
def test_a_class_that_breaks_the_rules_is_refused_with_its_line(tmp_path, body, message):
    target = write(tmp_path, f"from simcore import BankTiming\nclass Odd(BankTiming):\n{body}\n") + ":Odd"
    with pytest.raises(InputError, match=message):
        resolve_timing(target)


def test_models_are_found_by_name_also_in_a_checkout_that_is_not_installed():
    assert {"sram", "stt-mram", "stt-mram-verify"} <= set(list_timings())
    with pytest.raises(InputError, match=r"no bank timing is called 'stt-mrams'; did you mean 'stt-mram'\?"):
        resolve_timing("stt-mrams")


def test_a_file_is_read_afresh_even_within_the_second_it_was_edited_in(tmp_path):
    assert call(pause(tmp_path).serve, pause(tmp_path)) == (13, 13)
    target = write(tmp_path, PAUSE.replace("now + params[0]\n", "now + params[1]\n")) + ":Pause"
    assert call(resolve_timing(target).serve, resolve_timing(target)) == (13, 10)


def test_the_compiled_serve_answers_as_the_plain_one_and_is_compiled_once(tmp_path):
    timing = pause(tmp_path, extra_cycles=4)
    compiled = compile_serve(timing)
    assert call(compiled, timing) == call(timing.serve, timing) == (17, 13)
    assert jit_is_off() or compile_serve(pause(tmp_path)) is compiled


def test_a_constant_edited_in_the_models_file_is_a_new_function_within_the_process(tmp_path):
    source = PAUSE.replace("now + params[0]\n", "now + CYCLES\n")
    answers = []
    for cycles in (5, 6):
        timing = resolve_timing(write(tmp_path, f"CYCLES = {cycles}{source}") + ":Pause")
        answers.append(call(compile_serve(timing), timing)[1])
    assert answers == [15, 16]


@pytest.mark.skipif(jit_is_off(), reason="nothing is compiled")
@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("now + 1.5, now", r"own.py:\d+: Odd.serve: expected two integers \(free_at, done_at\), got \(float64, int64\)"),
        ("now + 1, now, 0", r"expected two integers"),
        ("now + 1, now > 3", r"expected two integers \(free_at, done_at\), got \(int64, bool\)"),
        ("now + outside[row], now", r"own.py:10: Odd.serve cannot be compiled: .*a compiled serve may use integers"),
        ("now + half(row), now", r"own.py:\d+: Odd.serve: expected two integers \(free_at, done_at\), got \(float64, int64\)"),
        ("now + lines(row), now", r"own.py:6: Odd.serve cannot be compiled: .*a compiled serve may use integers"),
        ("now + nowhere, now", r"Odd.serve cannot be compiled: NameError: name 'nowhere' is not defined"),
    ],
)
def test_what_cannot_be_compiled_is_reported_with_its_line_and_what_may_be_used(tmp_path, answer, message):
    source = f"""from simcore import BankTiming
outside = {{1: 2}}
def half(row):
    return row / 2
def lines(row):
    return int(str(row) + open("x").read())
class Odd(BankTiming):
    @staticmethod
    def serve(params, bank, shared, now, op, row):
        return {answer}
"""
    with pytest.raises(InputError, match=message):
        compile_serve(resolve_timing(write(tmp_path, source) + ":Odd"))


HELPERS = """
from simcore import BankTiming
EXTRA = 3
def twice(cycles, times=2):
    return times * cycles
def wait(now, op):
    return now + twice(op + EXTRA)
class Helped(BankTiming):
    @staticmethod
    def serve(params, bank, shared, now, op, row):
        return wait(now, op), twice(now)
"""


def test_serve_calls_functions_of_its_file_in_plain_python_and_compiled(tmp_path):
    timing = resolve_timing(write(tmp_path, HELPERS) + ":Helped")
    compiled = compile_serve(timing)
    assert call(timing.serve, timing) == call(compiled, timing) == (10 + 2 * (0 + 3), 20)
    assert jit_is_off() or compile_serve(resolve_timing(write(tmp_path, HELPERS) + ":Helped")) is compiled


@pytest.mark.parametrize(
    ("old", "new"), [("times * cycles", "times * cycles + 1"), ("times=2", "times=3"), ("EXTRA = 3", "EXTRA = 4")]
)
def test_an_edited_function_of_the_file_is_compiled_anew_within_the_process(tmp_path, old, new):
    before = resolve_timing(write(tmp_path, HELPERS) + ":Helped")
    first = call(compile_serve(before), before)
    after = resolve_timing(write(tmp_path, HELPERS.replace(old, new)) + ":Helped")
    assert call(compile_serve(after), after) == call(after.serve, after) != first


@pytest.mark.parametrize(
    ("helper", "message"),
    [
        ("def wait(now, op):\n    return wait(now, op - 1)", "functions that do not call themselves, got 'wait'"),
        (
            "def wait(now, op):\n    return more(now)\ndef more(now):\n    return wait(now, 0)",
            "functions that do not call themselves, got 'wait'",
        ),
        ("from textwrap import dedent as wait", "calls of functions of its own file only, got 'dedent' of another"),
    ],
)
def test_functions_that_cannot_be_compiled_are_refused_with_the_class(tmp_path, helper, message):
    source = f"""from simcore import BankTiming
class Odd(BankTiming):
    @staticmethod
    def serve(params, bank, shared, now, op, row):
        return wait(now, op), now
{helper}
"""
    with pytest.raises(InputError, match=rf"own.py:2: Odd.serve: expected {message}"):
        resolve_timing(write(tmp_path, source) + ":Odd")


DRIVER = """
import sys
import numpy as np
from numba import int64, njit
from simcore.timing.addresses import call_serve, int64_view
from simcore.timing.bank_timing import resolve_timing
from simcore.timing.compiled import compile_serve

@njit(int64(int64[::1], int64[::1], int64[::1], int64[::1], int64), cache=True)
def drive(serves, params, banks, shared, requests):
    now = 0
    for index in range(requests):
        group = index % 2
        free_at, done_at = call_serve(
            serves[group],
            int64_view(params, 2 * group, 2),
            int64_view(banks, 2 * group, 2),
            int64_view(shared, group, 1),
            now,
            0,
            index,
        )
        now = free_at
    return now

timing = resolve_timing(sys.argv[1])
params = np.concatenate([timing.params_array()] * 2)
banks = np.concatenate([timing.initial_bank(0), timing.initial_bank(1)])
total = drive(np.array([compile_serve(timing).address] * 2), params, banks, np.zeros(2, np.int64), 10)
print(total, len(drive.stats.cache_hits), banks.tolist())
"""


@pytest.mark.skipif(jit_is_off(), reason="nothing is compiled")
@pytest.mark.slow
def test_an_edited_model_file_gives_new_results_though_the_kernel_comes_from_its_cache(tmp_path):
    driver = write(tmp_path, DRIVER, "driver.py")
    environment = os.environ | {
        "PYTHONDONTWRITEBYTECODE": "1",
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    printed = []
    # The model's own file stays as it is: its constant comes from a file beside it, which no cache would look at.
    model = write(tmp_path, "from constants import EXTRA\n" + PAUSE.replace("+ params[1], now", "+ EXTRA, now"))
    for extra in (0, 0, 99):
        write(tmp_path, f"EXTRA = int('{extra:02}')\n", "constants.py")
        command = [sys.executable, driver, f"{model}:Pause"]
        printed.append(
            subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split(maxsplit=2)
        )
    totals, hits, states = zip(*printed, strict=True)
    assert totals == ("30", "30", "1020")
    assert hits == ("0", "1", "1")
    assert set(states) == {"[0, 8, 1, 9]\n"}
