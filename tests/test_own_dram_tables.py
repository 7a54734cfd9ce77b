"""Tables of DRAM in a user's own files: what they may say, and the errors for wrong ones."""

from pathlib import Path

import pytest

from simcore.dram import standard
from simcore.dram.checker import check_commands
from simcore.dram.commands import Command
from simcore.dram.controller import ControllerSpec
from simcore.dram.controller_check import check_controller
from simcore.dram.expression import evaluate
from simcore.dram.resolve import load_dram
from simcore.errors import InputError, InputErrors

# The example of the guide, as it stands there.
GUIDE = (Path(__file__).parent.parent / "docs" / "dram.md").read_text()
ROW_COPY = GUIDE.split("```yaml\n# rowcopy.yaml\n")[1].split("```")[0]


def row_copy(tmp_path):
    (tmp_path / "rowcopy.yaml").write_text(ROW_COPY)
    return load_dram(tmp_path / "rowcopy.yaml")


def test_a_row_copy_takes_a_dozen_lines(tmp_path):
    assert len(ROW_COPY.strip().splitlines()) <= 13
    dram, base = row_copy(tmp_path), load_dram("ddr4_2400r")
    assert dram.name == "rowcopy"
    assert dram.commands == (*base.commands, "COPY")
    extra = {tuple(row) for row in dram.constraints.tolist()} - {tuple(row) for row in base.constraints.tolist()}
    act, precharge, copy = (dram.index(name) for name in ("ACT", "PREpb", "COPY"))
    assert {(3, act, copy, 39, 1, 0), (1, copy, copy, 4, 1, 0), (3, copy, precharge, 39, 1, 0)} <= extra
    assert {row for row in extra if copy not in row[1:3]} == set()


def test_the_checker_knows_the_row_copy(tmp_path):
    dram = row_copy(tmp_path)

    def broken(*commands):
        stream = [
            Command(line, clock, dram.index(name), (0, 0, 0, 0, row, 0)) for line, (clock, name, row) in enumerate(commands, 2)
        ]
        return [(violation.rule, violation.needed) for violation in check_commands(stream, dram)]

    assert broken((0, "ACT", 5), (39, "COPY", 7), (55, "RD", 7), (78, "PREpb", 7)) == []
    assert broken((0, "ACT", 5), (38, "COPY", 7)) == [("copy after its ACT", "cycle 39 (ACT of line 2 at 0 + 39)")]
    assert broken((0, "ACT", 5), (39, "COPY", 512)) == [("same subarray", "a row of 0 to 511")]
    assert broken((0, "COPY", 5)) == [("bank open", "an open bank")]
    assert broken((0, "ACT", 5), (39, "COPY", 7), (60, "RD", 5)) == [("row open", "row 5 open")]
    too_soon = ("reads after copies", "cycle 55 (COPY of line 3 at 39 + 16)")
    assert broken((0, "ACT", 5), (39, "COPY", 7), (54, "RD", 7)) == [too_soon]


def test_a_table_may_be_a_dictionary_in_a_python_file(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("SLOW = {'extends': 'ddr4_3200aa', 'speeds': {'3200AA': {'timings': {'nRCD': 24}}}}\n")
    dram = load_dram(f"{file}:SLOW")
    assert dram.timing["nRCD"] == 24
    assert dram.name == "SLOW"
    with pytest.raises(InputError) as caught:
        load_dram(f"{file}:SLOWER")
    assert str(caught.value) == f"{file}: no dictionary 'SLOWER'; did you mean 'SLOW'?"


FAST = "{organisation: 8Gb_x8, speed: 3200AA}"
SLOW = "{organisation: 8Gb_x8, speed: 2400U}"


def test_a_file_runs_the_preset_that_it_chooses(tmp_path):
    base, top = tmp_path / "base.yaml", tmp_path / "top.yaml"
    base.write_text(f"extends: ddr4_2400r\npreset: fast\npresets: {{slow: {SLOW}, fast: {FAST}}}\n")
    top.write_text("extends: base.yaml\n")
    assert load_dram(base).speed == load_dram(top).speed == "3200AA"
    top.write_text(f"extends: base.yaml\npresets: {{mine: {SLOW}}}\n")
    assert load_dram(top).speed == "2400U"
    top.write_text(f"extends: base.yaml\npreset: ddr4_2400r\npresets: {{mine: {SLOW}, other: {FAST}}}\n")
    assert load_dram(top).speed == "2400R"


def test_a_file_with_two_presets_of_its_own_must_choose(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(f"extends: ddr4_2400r\npresets:\n  slow: {SLOW}\n  fast: {FAST}\n")
    with pytest.raises(InputError) as caught:
        load_dram(file)
    expected = "expected one preset of 'mine', got 2; its key 'preset' must choose among slow, fast"
    assert str(caught.value) == f"{file}: {expected}"
    with pytest.raises(InputError, match=r"mine.yaml alone; its key 'preset' chooses the preset"):
        load_dram(f"{file}:fast")


def test_a_shipped_preset_must_begin_with_the_name_of_its_table(tmp_path, monkeypatch):
    text = (standard.TABLES / "ddr4.yaml").read_text()
    (tmp_path / "ddr4own.yaml").write_text(text.replace("ddr4_2400r", "swift"))
    monkeypatch.setattr(standard, "TABLES", tmp_path)
    with pytest.raises(InputError) as caught:
        load_dram("swift")
    assert str(caught.value) == f"{tmp_path / 'ddr4own.yaml'}: presets.swift: expected a name that begins with 'ddr4own_'"


def test_a_file_extends_another_file_beside_it(tmp_path):
    (tmp_path / "base.yaml").write_text("extends: ddr3_1600k\nspeeds:\n  1600K:\n    timings: {nRCD: 12}\n")
    (tmp_path / "top.yaml").write_text("extends: base.yaml\nspeeds:\n  1600K:\n    timings: {nRP: 12}\n")
    dram = load_dram(tmp_path / "top.yaml")
    assert (dram.timing["nRCD"], dram.timing["nRP"]) == (12, 12)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("nCL + nBL + 2 - nCWL", 10), ("max(nCL, 20)", 20), ("min(nCL, nBL) * 3", 12), ("nCL // 3", 5), ("-nBL + 5", 1), ("7", 7),
        ("cycles(360)", 433), ("max(4, cycles(3900 / 32))", 147), ("cycles(7.5)", 10),
    ],
)  # fmt: skip
def test_expressions(text, value):
    timing = {"nCL": 16, "nBL": 4, "nCWL": 12}
    assert evaluate(text, timing.__getitem__, tck_ps=833) == value


REFUSED = ["nCL ** 2", "nCL.real", "[1][0]", "1 if 1 else 2", "lambda: 1", "True", "1.5", "abs(1)", "max()", "'a'", "nCL // 0",
           "cycles(cycles(1))", "1 +", "x" * 300, "(" * 150]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_expressions_hold_nothing_else(text):
    with pytest.raises(InputError):
        evaluate(text, {"nCL": 16}.__getitem__, tck_ps=833)


HEAD = "extends: ddr4_2400r\n"
SPEED = HEAD + "speeds:\n  2400R:\n    timings: "
RULE = HEAD + "constraints:\n  mine: "
ALLOWED = "names, integers, + - * //, max(), min() and cycles()"
BAD = {
    RULE + "{level: bank, preceding: [ACT], following: [REED], latency: nRCD}":
        "{f}:3: constraints.mine.following: no command 'REED'; did you mean 'RD'?",
    RULE + "{level: banc, preceding: [ACT], following: [RD], latency: nRCD}":
        "{f}:3: constraints.mine: no level 'banc'; did you mean 'bank'?",
    RULE + "{level: bank, preceding: [ACT], following: [RD], latency: nRCDD + 1}":
        "{f}:3: constraints.mine: unknown timing 'nRCDD'; did you mean 'nRCD'?",
    RULE + "{level: bank, preceding: [ACT], following: [RD], latency: open('x')}":
        f"{{f}}:3: expected {ALLOWED}, got 'open(...)' in 'open('x')'",
    RULE + "{level: bank, preceding: [ACT], following: [RD], latency: nRCD +}":
        f"{{f}}:3: expected an expression, got 'nRCD +'; an expression may hold {ALLOWED}",
    SPEED + "{nCWL: null}": "{f}:4: timing 'nCWL' is missing: neither speed '2400R' nor organisation '8Gb_x8' gives it",
    SPEED + "{nRAS: 60}":
        "{f}:4: nRAS (tRAS) is 60 cycles and nRC (tRC) 55: expected tRAS <= tRC, because a row cycle holds its activation",
    HEAD + "timings: {nRAS: 100, nRC: 20}":
        "{f}:2: nRAS (tRAS) is 100 cycles and nRC (tRC) 20: expected tRAS <= tRC, because a row cycle holds its activation",
    SPEED + "{tRCD: 16}": "{f}:4: unknown timing 'tRCD' in speeds.2400R.timings; did you mean 'nRCD'?",
    SPEED + "{nFAW: nFAW + 1}": "{f}:4: nFAW: expected no cycle of timings, got nFAW -> nFAW",
    SPEED + "{nCS: true}": "{f}:4: speeds.2400R.timings.nCS: expected a number of cycles or an expression, got True",
    SPEED + "{nWR: nBL - 9}": "{f}:4: nWR: expected at least 0 cycles, got -5",
    HEAD + "comands: {}": "{f}:2: unknown key 'comands'; did you mean 'commands'?",
    HEAD + "commands:\n  ACT: {cycle: 2}": "{f}:3: unknown key 'cycle' in commands.ACT; did you mean 'cycles'?",
    HEAD + "commands:\n  ACT: {bus: row}": "{f}:3: commands.ACT: no bus 'row'; known: command",
    HEAD + "commands:\n  RD: {after: AKT}": "{f}:3: commands.RD: no command 'AKT'; did you mean 'ACT'?",
    HEAD + "commands:\n  RD: {holds: read, bus: command}": "{f}:3: commands.RD: expected no bus with holds, got 'command'",
    HEAD + "commands:\n  ACT2: {level: bank, role: activate}":
        "{f}:3: commands.ACT2: expected one command with role activate, got 'ACT' and 'ACT2'",
    HEAD + "organisations:\n  8Gb_x8:\n    counts: {bank: 3}":
        "{f}:4: organisations.8Gb_x8.counts.bank: expected a power of two, got 3",
    "extends: ddr4_2400x": "{f}:1: expected a DRAM standard, a preset or a file, got 'ddr4_2400x'; did you mean 'ddr4_2400u'?",
    "extends: mine.yaml": "{f}:1: extends: expected no cycle, got 'mine.yaml' again",
    "extends: ddr4\npresets:\n  a: {organisation: 8Gb_x9, speed: 2400R}":
        "{f}:3: presets.a: no organisation '8Gb_x9'; did you mean '8Gb_x8'?",
    "extends: ddr4\npresets:\n  a: {organisation: 8Gb_x8, speed: 2400R, currents: 8Gb}":
        "{f}:3: presets.a: no currents '8Gb'; known: 8Gb_x8_2400, 8Gb_x8_3200, 4Gb_x8_2400",
    "extends: ddr4\nspeeds:\n  mine: {tck_ps: 833}": "{f}:3: missing key 'source' in speeds.mine",
    "extends: ddr4": (
        "{f}: expected one preset of 'mine', got 4; "
        "its key 'preset' must choose among ddr4_2400r, ddr4_2400u, ddr4_3200aa, ddr4_2400r_4gb"
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_a_bad_table_is_reported_in_one_line(tmp_path, text):
    file = tmp_path / "mine.yaml"
    file.write_text(text + "\n")
    with pytest.raises(InputError) as caught:
        load_dram(file)
    assert str(caught.value) == BAD[text].replace("{f}", str(file))


def test_a_timing_that_a_constraint_needs_and_nobody_gives_is_reported(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(SPEED + "{nRCD: null}\n")
    with pytest.raises(InputError, match=r"constraints.tRCD: timing 'nRCD' is missing: no speed or organisation gives it"):
        load_dram(file)


def test_overrides_and_names_are_checked():
    for call, message in (
        (
            lambda: load_dram("ddr4_2400r", {"nRCDS": 3}),
            "overrides.nRCDS: unknown timing 'nRCDS' in overrides; did you mean 'nRCD'?",
        ),
        (lambda: load_dram("ddr9"), "expected a DRAM standard, a preset or a file, got 'ddr9'; did you mean 'ddr5'?"),
        (lambda: load_dram("none.yaml"), "expected a file, found none at 'none.yaml'"),
    ):
        with pytest.raises(InputError) as caught:
            call()
        assert str(caught.value) == message


def test_several_errors_are_reported_together(tmp_path):
    (tmp_path / "mine.yaml").write_text(HEAD + "comands: {}\nlevel: 3\n")
    with pytest.raises(InputErrors) as caught:
        load_dram(tmp_path / "mine.yaml")
    assert len(caught.value.errors) == 2


def test_a_timing_of_an_extending_table_counts_for_the_speeds_and_organisations_below(tmp_path):
    file = tmp_path / "slow.yaml"
    file.write_text("extends: ddr4_2400r\ntimings: {nRCD: 20, nRFC: 500}\n")
    assert (load_dram(str(file)).timing["nRCD"], load_dram(str(file)).timing["nRFC"]) == (20, 500)
    assert load_dram("ddr4_2400r").timing["nRCD"] == 16
    file.write_text("extends: ddr4_2400r\ntimings: {nRCD: 20}\nspeeds:\n  2400R:\n    timings: {nRCD: 21}\n")
    assert load_dram(str(file)).timing["nRCD"] == 21


@pytest.mark.parametrize(
    ("command", "level", "role", "expected"),
    [("PREpb", "rank", "precharge", "bank"), ("RD", "rank", "read", "bank"), ("REFab", "channel", "refresh_all", "rank")],
)
def test_a_command_whose_role_is_at_another_level_is_refused(command: str, level: str, role: str, expected: str) -> None:
    """The compiled controllers index by these levels: a precharge of a rank once ended the process."""
    dram = load_dram({"extends": "ddr4_2400r", "name": "mine", "commands": {command: {"level": level}}})
    told = f"mine.*: commands.{command}: expected level '{expected}' for the role {role}, got '{level}'"
    with pytest.raises(InputError, match=told):
        check_controller(dram, ControllerSpec())
