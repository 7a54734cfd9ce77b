"""The tables that commands print fit a terminal of 60 or 80 columns, and each row that has a name is explained."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from simcore.cli import app
from simcore.cli.console import console, drawn
from simcore.meanings.lookup import explain
from simcore.studies.write_errors.printed import printed_tables as tables_of_training

NARROW = pytest.mark.parametrize("columns", [60, 80])

#: A row of a table of trained networks, with names as wide as any.
TRAINED = {
    "net": "small-cnn", "word": "int8", "tensor": "activations", "error_rate": 1e-5, "bits": "0-1", "runs": 3, "diverged": 0,
    "accuracy_mean_percent": 98.76, "accuracy_std_points": 0.12, "accuracy_min_percent": 98.6, "accuracy_max_percent": 98.9,
    "loss_mean_points": 12.34, "loss_std_points": 0.12, "failed_bits": 1_234_567.0,
    "placement": "activations: safe; others: SRAM", "relative_write_energy": 0.123, "sram_bits_percent": 37.5,
    "weights_pulse_ns": 4.2, "activations_pulse_ns": 5.1, "errors_pulse_ns": 3.3,
    "step_write_energy_gain": 1.2, "step_uj": 123.4, "step_cycles": 123_456.0, "step_write_backpressure_cycles": 12_345.0,
}  # fmt: skip


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "a.trace"
    path.write_text("".join(f"{i} {'RW'[i % 2]} {64 * i * i}\n" for i in range(300)))
    return path


def shown(*arguments: str) -> list[str]:
    ended = CliRunner().invoke(app, list(arguments))
    assert ended.exit_code == 0, ended.output
    return ended.stdout.splitlines()


@NARROW
@pytest.mark.parametrize(
    "command",
    [
        "memory sram 2MiB --iso area --against stt-34.5F2 --clock 1GHz",
        "memory wer --cell stt-34.5F2 --sigma 0.05",
        "pim multiply --bits 2 --banks 8 --variation 10",
        "pim op mul --bits 8 --elements 100",
        "run lenet5 --system tpu-v3-core --layers c1,f5",
        "run lenet5 --system edge-sram-ddr4 --layers c1",
        "list pim",
        "list cells",
        "demo --quiet",
    ],
)
def test_commands_fit(command: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("simcore.cli.demo.NETWORK", "lenet5")
    lines = shown(*command.split())
    assert max(len(line) for line in lines if "simulated in" not in line) <= columns


@NARROW
@pytest.mark.parametrize("standard", ["ddr4_2400r", "hbm2_2000"])
def test_dram_fits(standard: str, columns: int, trace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = shown("dram", str(trace), "--standard", standard)
    assert max(len(line) for line in lines if "simulated in" not in line) <= columns


@NARROW
def test_tables_of_trained_networks_fit(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    row = pd.DataFrame([TRAINED])
    names = ("error_free", "low_rates", "error_rates", "reuse", "bits", "placements")
    for table in tables_of_training(dict.fromkeys(names, row)):
        console().print(drawn(table))
    assert max(map(len, capsys.readouterr().out.splitlines())) <= columns


def row_names(lines: list[str]) -> set[str]:
    """The names of rows: texts behind which a line has only numbers."""
    found = (re.fullmatch(r"([^\d\s]\S*(?: \S+)*?)\s+(?:(?:-|[\d,.]+)\s*)+", line) for line in lines)
    return {match.group(1) for match in found if match and not match.group(1).startswith("Note:")}


def test_the_rows_of_memory_dram_and_pim_are_explained(trace: Path) -> None:
    commands = (
        ("memory", "sram", "2MiB", "--iso", "area", "--against", "stt-34.5F2", "--clock", "1GHz"),
        ("memory", "wer", "--cell", "stt-34.5F2", "--sigma", "0.05", "--direction", "p-to-ap"),
        ("dram", str(trace), "--standard", "ddr4_2400r"),
        ("pim", "multiply", "--bits", "4", "--banks", "8"),
        ("pim", "op", "mul", "--bits", "8", "--elements", "100"),
    )
    found = set().union(*(row_names(shown(*command)) for command in commands))
    assert {"area, mm2", "write pulse, ns", "tau d ns", "peak bandwidth, GB/s", "rows raised", "logic"} <= found
    for name in sorted(found):
        assert explain(name), name
