"""What trials as a new user found: places and options that a message must name, and ends that must leave nothing behind."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simcore.cli import app
from simcore.errors import InputError
from simcore.saving import results_directory
from simcore.spec import load_system

ROOT = Path(__file__).parents[1]


def told(*arguments: str) -> str:
    ended = CliRunner().invoke(app, list(arguments))
    assert ended.exit_code == 2, ended.output
    assert "Traceback" not in ended.stderr
    return ended.stderr


@pytest.fixture
def trace(tmp_path: Path) -> str:
    (tmp_path / "one.trace").write_text("0 R 0\n")
    return str(tmp_path / "one.trace")


@pytest.mark.parametrize("digits", [41, 4301, 5000])
def test_an_integer_of_thousands_of_digits_is_told_as_one(digits: int, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(f"extends: edge-sram\nseed: {'9' * digits}\n")
    with pytest.raises(InputError, match=r"m.yaml:2: expected an integer of at most 40 digits, got '999"):
        load_system(tmp_path / "m.yaml")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nRCD=-1", "--set nRCD=-1: nRCD: expected at least 0 cycles, got -1"),
        ("rank=3", "--set rank=3: organisations.8Gb_x8.counts.rank: expected a power of two, got 3"),
        ("nRCDD=3", "--set nRCDD=3: unknown timing 'nRCDD' in overrides; did you mean 'nRCD'?"),
        ("nRCD=1.5", "--set nRCD=1.5: expected an integer, got '1.5'"),
        ("nRCD=true", "--set nRCD=true: expected an integer, got 'true'"),
    ],
)
def test_a_wrong_override_of_a_dram_names_the_option(given: str, message: str, trace: str) -> None:
    for command in (("dram",), ("dram", "check")):
        assert told(*command, trace, "--standard", "ddr4_2400r", "--set", given).startswith(f"simcore: {message}")


def test_an_integer_of_an_option_is_written_as_in_a_file(trace: str) -> None:
    cycles = [
        CliRunner()
        .invoke(app, ["dram", trace, "--standard", "ddr4_2400r", "--quiet", "--set", f"nRCD={value}"])
        .stdout.partition(" cycles")[0]
        for value in ("0x10", "16", "1_6", "17")
    ]
    assert cycles[0] == cycles[1] == cycles[2] != cycles[3]


def test_what_is_no_file_is_told_as_what_it_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    for command in ("run lenet5 --system", "validate"):
        assert "expected a file, got a device or a pipe at" in told(*command.split(), str(tmp_path / "pipe.yaml"))
        for folder in (tmp_path / "folder.yaml", tmp_path, "."):
            assert f"got the folder '{folder}'" in told(*command.split(), str(folder))
        assert "expected a file, found none at" in told(*command.split(), str(tmp_path / "none.yaml"))
    (tmp_path / "m.yaml").write_text("extends: edge-sram\nmemory: folder.yaml\n")
    assert "got the folder" in told("validate", str(tmp_path / "m.yaml"))


def test_a_list_of_networks_names_the_families() -> None:
    shown = " ".join(CliRunner().invoke(app, ["list", "networks"]).stdout.split())
    assert "Families, for images of any side, as FAMILY-SIDE or FAMILY-SIDE-CLASSES: alexnet, resnet18," in shown
    assert CliRunner().invoke(app, ["run", "vgg16-48", "--layers", "conv1_1", "--quiet"]).exit_code == 0


def test_a_formula_is_not_said_to_simulate_cycles() -> None:
    line = CliRunner().invoke(app, ["run", "lenet5", "--system", "titan-xp", "--quiet"]).stdout
    assert "cycles, by formula in" in line
    assert "simulated" not in line


def test_a_pulse_beyond_a_second_is_refused() -> None:
    assert "expected a pulse of at most 1e+09 ns" in told("memory", "stt-54F2", "64KiB", "--pulse-ns", "1e30")


def test_an_empty_trace_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty.trace").write_text("# nothing\n")
    ended = CliRunner().invoke(app, ["dram", str(tmp_path / "empty.trace"), "--standard", "ddr4_2400r", "--quiet"])
    assert "it holds no request at all" in ended.stderr


@pytest.mark.parametrize("command", ["explain", "list standards", "list networks", "list systems", "run lenet5", "explain rows"])
def test_tables_fit_a_narrow_terminal(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    shown = CliRunner().invoke(app, command.split()).stdout.splitlines()
    assert max(len(line) for line in shown if "simulated in" not in line) <= 60


def test_a_full_disk_while_saving_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "half.csv").write_text("a,b\n")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(InputError) as caught, results_directory(tmp_path / "out") as save:
        save(fill)
    assert str(caught.value).endswith(
        "cannot write here: No space left on device; nothing was saved, and the results of this run are lost"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_broken_dataflow_of_a_package_does_not_hide_the_others(tmp_path: Path) -> None:
    info = tmp_path / "broken-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[simcore.dataflow]\nbroken = no_such_package:FLOW\n")
    program = [sys.executable, "-c", "from simcore.cli import main; main()", "list", "dataflows"]
    paths = os.pathsep.join((str(ROOT), str(tmp_path)))
    done = subprocess.run(program, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr.startswith("simcore: the installed dataflow 'broken' cannot be loaded")
    assert len(done.stderr.splitlines()) == 1
    assert {"ws", "os", "is"} <= {line.split()[0] for line in done.stdout.splitlines() if line}


@pytest.mark.slow
def test_a_terminated_run_leaves_nothing_behind(tmp_path: Path) -> None:
    program = [sys.executable, "-c", "from simcore.cli import main; main()", "run", "resnet18", "--engine", "simpy", "--no-limit"]
    with subprocess.Popen(
        [*program, "--out", str(tmp_path / "out")], env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert list(tmp_path.iterdir())
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (143, "simcore: terminated\n")
    assert list(tmp_path.iterdir()) == []
