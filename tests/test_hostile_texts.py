"""Texts that are wrong, huge or hostile each give one clear error at once, and never a report of a bug in simcore."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simcore.cli import app
from simcore.dram.expression import evaluate
from simcore.errors import InputError
from simcore.reading.numbers import shown, whole_number
from simcore.reading.text_file import MAX_TEXT_BYTES
from simcore.reading.yaml_tree import read_yaml
from workloads.faults.placement_file import placement_from_yaml

LAUGHS = "a0: &a0 [1, 1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 16))
LONG = "9" * 5000
CFG = (
    "[architecture_presets]\nArrayHeight: {rows}\nArrayWidth: 8\nIfmapSramSzkB: 64\nFilterSramSzkB: 64\nOfmapSramSzkB: 64\n"
    "Bandwidth: 10\nDataflow: ws\n"
)
TABLE = "extends: ddr4_2400r\ntimings: {{nRCD: '{latency}'}}\n"

#: Files, a command line and what it must say, after the words "simcore: ".
CASES = {
    "aliases that double themselves": (
        {"m.yaml": LAUGHS},
        "validate {dir}/m.yaml",
        "{dir}/m.yaml:1: expected at most 100,000 keys and values, counting each repetition by an alias, got more",
    ),
    "mappings without end": (
        {"m.yaml": "a: " + "{a: " * 100_000},
        "validate {dir}/m.yaml",
        "{dir}/m.yaml:1: expected at most 100 mappings and lists within each other, got one nested too deeply",
    ),
    "a huge file": (
        {"m.yaml": "# " + "x" * MAX_TEXT_BYTES},
        "run lenet5 --system {dir}/m.yaml",
        "{dir}/m.yaml: expected a text of at most 4,194,304 bytes, got a longer one",
    ),
    "a huge topology": (
        {"n.csv": "# " + "x" * MAX_TEXT_BYTES},
        "run {dir}/n.csv",
        "{dir}/n.csv: expected a text of at most 4,194,304 bytes, got a longer one",
    ),
    "a folder for a system": (
        {},
        "run lenet5 --system {dir}",
        "expected a preset system or a file, got the folder '{dir}'",
    ),
    "an integer of 5000 digits": (
        {"m.yaml": f"extends: edge-sram\nseed: {LONG}\n"},
        "validate {dir}/m.yaml",
        f"{{dir}}/m.yaml:2: expected an integer of at most 40 digits, got '{'9' * 55}...'",
    ),
    "a hexadecimal integer of 5000 digits": (
        {"m.yaml": f"extends: edge-sram\nseed: 0x{'F' * 5000}\n"},
        "validate {dir}/m.yaml",
        f"{{dir}}/m.yaml:2: expected an integer of at most 40 digits, got '0x{'F' * 53}...'",
    ),
    "an integer of 5000 digits on the command line": (
        {},
        f"run lenet5 --set array.rows={LONG}",
        f"--set array.rows={'9' * 180}...: expected an integer of at most 40 digits, got '{'9' * 55}...'",
    ),
    "a size of 5000 digits": (
        {},
        f"run lenet5 --set scratchpads.ifmap.capacity_bytes={LONG}KiB",
        f"--set scratchpads.ifmap.capacity_bytes={'9' * 158}...: scratchpads.ifmap.capacity_bytes: "
        f"expected a size such as '64 KiB', got '{'9' * 55}...'",
    ),
    "a list's place of 5000 digits": (
        {"m.yaml": "extends: edge-sram\nscratchpads: {ifmap: {bank_groups: [{banks: 16, timing: sram}]}}\n"},
        f"run lenet5 --system {{dir}}/m.yaml --set scratchpads.ifmap.bank_groups.{LONG}.banks=1",
        f"--set scratchpads.ifmap.bank_groups.{'9' * 161}...: "
        f"expected an index of scratchpads.ifmap.bank_groups from 0 to 0, got '{'9' * 55}...'",
    ),
    "a cfg's number of 5000 digits": (
        {"m.cfg": CFG.format(rows=LONG)},
        "run lenet5 --system {dir}/m.cfg",
        f"{{dir}}/m.cfg:2: ArrayHeight: expected an integer of at least 1, got '{'9' * 55}...'",
    ),
    "a hexadecimal number in a table": (
        {"d.yaml": TABLE.format(latency="0x10 + x"), "t.trace": "0 R 0\n"},
        "dram {dir}/t.trace --standard {dir}/d.yaml",
        "{dir}/d.yaml:2: unknown timing 'x' in the timing 'nRCD'",
    ),
    "an exponent without end": (
        {"d.yaml": TABLE.format(latency="cycles(1e99999999)"), "t.trace": "0 R 0\n"},
        "dram {dir}/t.trace --standard {dir}/d.yaml",
        "{dir}/d.yaml:2: expected a number such as 13.75, got '1e99999999' in 'cycles(1e99999999)'",
    ),
    "a latency of 5000 digits": (
        {"t.trace": "0 R 0\n"},
        f"dram {{dir}}/t.trace --standard ddr4_2400r --set nREFI={LONG}",
        f"--set nREFI={'9' * 185}...: expected an integer of at most 40 digits, got '{'9' * 55}...'",
    ),
    "a latency beyond 64 bits": (
        {"t.trace": "0 R 0\n"},
        "dram {dir}/t.trace --standard ddr4_2400r --set nREFI=99999999999999999999",
        "--set nREFI=99999999999999999999: expected at most 1000000000000 cycles, '99999999999999999999' gives more",
    ),
    "an infinite current": (
        {"d.yaml": "extends: ddr4_2400r\ncurrents: {a: {supply_v: .inf, milliamperes: {}, source: x}}\n", "t.trace": "0 R 0\n"},
        "dram {dir}/t.trace --standard {dir}/d.yaml",
        "{dir}/d.yaml:2: currents.a.supply_v: expected a finite number, got inf",
    ),
    "a command at a cycle beyond 64 bits": (
        {"c.csv": f"clock,command,channel,bank,row\n{10**30},ACT,0,0,0\n"},
        "dram check {dir}/c.csv --standard ddr4_2400r",
        "{dir}/c.csv:2: expected integers, got '1000000000000000000000000000000,ACT,0,0,0'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_text_is_one_clear_error_at_once(name: str, tmp_path: Path) -> None:
    files, command, says = CASES[name]
    for file, content in files.items():
        (tmp_path / file).write_text(content)
    result = CliRunner().invoke(app, [word.replace("{dir}", str(tmp_path)) for word in split(command)])
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith(f"simcore: {says.replace('{dir}', str(tmp_path))}")
    assert len(result.stderr.splitlines()) == 1
    assert len(result.stderr) < 1500


def split(command: str) -> list[str]:
    """Words of a command line, a quoted one kept together without its quotes."""
    import shlex

    return shlex.split(command)


@pytest.mark.parametrize("text", ["0x10", "1e3", "+-5", "", "²", "1_000", "9" * 41, "--5"])
def test_only_bounded_decimal_integers_are_whole_numbers(text: str) -> None:
    assert whole_number(text) is None


def test_whole_numbers_and_what_is_shown_of_values() -> None:
    assert [whole_number(text) for text in ("16", " -3 ", "+5", "9" * 40)] == [16, -3, 5, 10**40 - 1]
    assert shown(10**50) == "an integer of more than 40 digits"
    assert shown("x" * 100) == f"'{'x' * 55}...'"
    assert shown("x" * 58) == f"'{'x' * 58}'"


@pytest.mark.parametrize(
    ("expression", "cycles"),
    [
        ("0x10", 16),
        ("cycles(13.75)", 17),
        ("cycles(1.5e1)", 19),
        ("cycles(.5)", 1),
        ("-(-(3))", 3),
        ("(" * 60 + "3" + ")" * 60, 3),
    ],
)
def test_numbers_of_an_expression(expression: str, cycles: int) -> None:
    assert evaluate(expression, lambda _: 0, 833) == cycles


@pytest.mark.parametrize("expression", ["cycles(1e-99999999)", "a" + "*a" * 90, "cycles(1e309)", "(1)(2)", "1e3", "cycles(1j)"])
def test_expressions_that_are_refused(expression: str, recwarn: pytest.WarningsRecorder) -> None:
    with pytest.raises(InputError):
        evaluate(expression, lambda _: 10**12, 833, "t.yaml:3")
    assert not recwarn.list


def test_timings_that_follow_from_each_other_without_end(tmp_path: Path) -> None:
    names = [f"x{n}" for n in range(3000)]
    table = {
        "extends": "ddr4_2400r",
        "parameters": dict.fromkeys(names, "of no use"),
        "timings": {name: f"{after} + 1" for name, after in pairwise(names)} | {names[-1]: "1"},
    }
    from simcore.dram.resolve import load_dram

    with pytest.raises(InputError, match="expected at most 20 timings that follow from each other, got more"):
        load_dram(table)


@pytest.mark.parametrize(
    ("bits", "rate", "says"),
    [
        (f"'{LONG}'", "0.5", "expected bits such as 5, 0-7, 8- or all, got"),
        (f"'0-{LONG}'", "0.5", "expected bits such as 5, 0-7, 8- or all, got"),
        ("0-7", "1" + "0" * 39, "error_rate: expected a rate from 0 to 1"),
        ("0-7", f"'{LONG}'", "error_rate: expected a rate from 0 to 1, got"),
        ("0-7", ".nan", "error_rate: expected a rate from 0 to 1, got"),
    ],
)
def test_numbers_of_a_placement(bits: str, rate: str, says: str) -> None:
    text = f"safe: {{memory: sram}}\nparts: [{{tensor: weights, bits: {bits}, memory: stt-34.5F2, error_rate: {rate}}}]\n"
    with pytest.raises(InputError, match=r"^p\.yaml:2: ") as raised:
        placement_from_yaml(text, "p.yaml", "p")
    assert says in str(raised.value)
    assert len(str(raised.value)) < 200


def test_a_long_text_with_an_error_is_reported_without_reading_it_twice() -> None:
    text = "a: 1\n" * 100_000 + "b: [\n"
    with pytest.raises(InputError, match=r"^m\.yaml:10000[0-9]: expected YAML, got a syntax error"):
        read_yaml(text, "m.yaml")


@pytest.mark.parametrize("command", ["wer --cell stt-34.5F2", "stt-34.5F2 8MiB"])
def test_a_pulse_of_many_years_is_refused(command: str) -> None:
    result = CliRunner().invoke(app, ["memory", *command.split(), "--pulse-ns", "1e30"])
    assert (result.exit_code, result.stderr) == (2, "simcore: pulse_ns: expected a pulse of at most 1e+09 ns, got 1e+30\n")
