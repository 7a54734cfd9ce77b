"""The tables that commands print fit a terminal of 60 or 80 columns, and each row that has a name is explained."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from simcore.cli import app
from simcore.cli.console import broken, console, drawn, table
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
        "banks lenet5 --system pim-dram-ddr4 --precision 2 --layers c3",
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


def test_long_names_break_behind_signs() -> None:
    key = "periphery.transposer_bits_per_cycle=8192"
    assert broken(key, 24) == "periphery.transposer_\nbits_per_cycle=8192"
    assert broken(f"a {key}", 60) == f"a {key}"
    assert broken("abcdefghij", 4) == "abcd\nefgh\nij"
    assert broken("pseudo-channel mode", 12) == "pseudo-\nchannel mode"


def test_no_key_is_cut_within_a_word(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    keys = ["periphery.transposer_bits_per_cycle=8192", "limits.refresh=none", "dram.overrides.channel=2"]
    rows = [(key, "all-bank", 37_337_059, 144_370, 0.39, 8.2) for key in keys]
    console().print(table("", ("change", "was", "cycles", "saved", "saved %", "mm2"), rows, text_columns=2))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 60
    pieces = [line.split("  ")[0].split()[0] for line in lines[1:]]
    assert "".join(pieces) == "".join(keys)
    assert all(piece[-1] in "._=-" or piece.endswith(("8192", "none", "2")) for piece in pieces)


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
    for shown_table in tables_of_training(dict.fromkeys(names, row)):
        console().print(drawn(shown_table))
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
