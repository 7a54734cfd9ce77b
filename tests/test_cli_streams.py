"""A command ends with at most one clear line, whatever its streams are connected to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Each test starts a process of the command line.
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-c", "from simcore.cli import main; main()"]
FULL = Path("/dev/full")
NO_ROOM = "simcore: cannot write the output: No space left on device\n"
#: What prints little and much, by rich, by print and as JSON, and what ends before any command begins.
PRINTING = [
    ("list", "networks"),
    ("list", "networks", "--json"),
    ("explain",),
    ("explain", "--json"),
    ("--help",),
    ("--version",),
]

needs_full = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")


def environment(**more: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LC_", "LANG"))}
    return {**own, "PYTHONPATH": str(ROOT), **more}


def run_into(output: int, *arguments: str, **more: str) -> tuple[int, str]:
    """Exit code and stderr of a command whose output goes to an open file."""
    own = environment(**more)
    done = subprocess.run([*COMMAND, *arguments], env=own, stdout=output, stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stderr


@needs_full
@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_to_a_full_device_is_one_clear_error(arguments, unbuffered):
    with FULL.open("w") as full:
        assert run_into(full.fileno(), *arguments, PYTHONUNBUFFERED=unbuffered) == (1, NO_ROOM)


@needs_full
def test_results_that_are_saved_stay_where_they_cannot_be_printed(tmp_path):
    arguments = ["run", "lenet5", "--engine", "simpy", "--layers", "output", "--out", str(tmp_path / "out")]
    with FULL.open("w") as full:
        done = subprocess.run(
            [*COMMAND, *arguments], env=environment(), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, NO_ROOM)
    assert (tmp_path / "out" / "results.json").is_file()


@needs_full
def test_bad_input_is_reported_though_nothing_can_be_printed():
    with FULL.open("w") as full:
        done = subprocess.run(
            [*COMMAND, "list", "x"], env=environment(), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr.startswith("simcore: cannot list 'x'")


def without(descriptor: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command begun with one of its streams closed."""
    begin = f"import os, sys; os.close({descriptor}); os.execv(sys.executable, sys.argv[1:])"
    return subprocess.run(
        [sys.executable, "-c", begin, *COMMAND, *arguments], env=environment(), capture_output=True, text=True, check=False
    )


def test_a_closed_output_is_one_clear_error_before_the_run():
    done = without(1, "run", "lenet5", "--json")
    assert (done.returncode, done.stderr) == (1, "simcore: cannot write the output: standard output is closed\n")


def test_a_closed_stderr_changes_neither_output_nor_exit_code():
    assert without(2, "list", "networks").stdout.startswith("Networks")
    done = without(2, "list", "x")
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_a_reader_that_has_gone_is_no_error_to_tell(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, *arguments], env=environment(), stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


ASCII = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

NAMES = r"""\
from rich.text import Text
from simcore.cli.console import console
from simcore.cli.streams import standard_streams

with standard_streams():
    print("layer \u00b5\u2026")
    console().print(Text("layer \u00b5\u2026"))
"""


def test_characters_that_cannot_be_printed_are_replaced():
    done = subprocess.run([sys.executable, "-c", NAMES], env=environment(**ASCII), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "layer ??\nlayer ??\n", "")


@pytest.mark.parametrize("arguments", [*PRINTING, ("list", "cells"), ("memory", "sram", "2MiB"), ("list", "µ…")], ids=" ".join)
def test_commands_work_in_an_ascii_locale(arguments):
    done = subprocess.run([*COMMAND, *arguments], env=environment(**ASCII), capture_output=True, text=True, check=False)
    assert "bug" not in done.stderr
    assert done.returncode == (2 if "µ…" in arguments else 0)
    assert done.stdout.isascii()


def test_a_run_works_in_an_ascii_locale(tmp_path):
    (tmp_path / "µ….csv").write_text("Layer,H,W,R,S,C,M,stride\nµ…,8,8,3,3,4,4,1,\n", encoding="utf-8")
    for more in ((), ("--json",), ("--out", "µ-out")):
        command = [*COMMAND, "run", "µ….csv", "--engine", "simpy", *more]
        done = subprocess.run(command, env=environment(**ASCII), cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0
        assert ("--json" in more) == (done.stderr == "")
        assert done.stderr == "" or (done.stderr.startswith("Next: ") and done.stderr.count("\n") == 1 and done.stderr.isascii())
        assert done.stdout.isascii()
    assert (tmp_path / "µ-out" / "results.json").is_file()
