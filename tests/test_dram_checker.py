"""The timing checker: golden streams pass, and a command one cycle early is caught for every rule of the table."""

import gzip
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from simcore.dram.checker import check_commands, check_file
from simcore.dram.commands import Command, read_commands
from simcore.dram.resolve import dram_names, load_dram
from simcore.dram.standard import load_standard
from simcore.errors import InputError

STREAMS = sorted((Path(__file__).parent / "golden" / "dram" / "commands").glob("*.csv.gz"))
TWO_RANKS = load_dram("ddr4_2400r", {"rank": 2})

# Gaps of DDR4-2400R by hand, in cycles of 0.833 ns: 16-16-16, tRAS 39, tRC 55, CWL 12, burst 4, tWR 18, tRTP 9, tCS 2.
BY_HAND = {
    "read burst": 4, "write burst": 4, "tCCD_S of reads": 4, "tCCD_S of writes": 4,
    "read to write": 16 + 4 + 2 - 12, "tWTR_S": 12 + 4 + 3, "read to other rank": 4 + 2,
    "write to read of other rank": 12 + 4 + 2 - 16,
    "tCCD_L of reads": 6, "tCCD_L of writes": 6, "tWTR_L": 12 + 4 + 9,
    "tRTP before PREab": 9, "tWR before PREab": 12 + 4 + 18, "tRRD_S": 4, "tFAW": 26, "tRAS before PREab": 39,
    "tRP after PREab": 16,
    "tRC before REFab": 55, "tRP before REFab": 16, "RDA before REFab": 9 + 16, "WRA before REFab": 12 + 4 + 18 + 16, "tRFC": 433,
    "tRRD_L": 6, "tRC": 55, "tRCD": 16, "tRAS": 39, "tRP": 16, "tRTP": 9, "tWR": 12 + 4 + 18, "RDA to ACT": 9 + 16,
    "WRA to ACT": 12 + 4 + 18 + 16,
}  # fmt: skip


def at(dram, line, clock, index, bank):
    depth = int(dram.command_level[index])
    below = len(dram.levels) - depth - 1
    return Command(line, clock, index, (*bank, 5, 0) if depth == dram.bank_level else bank[: depth + 1] + (-1,) * below)


def pairs_of(dram):
    return [
        pytest.param(rule, before, after, id=f"{rule.name}: {dram.commands[before]} {dram.commands[after]}")
        for rule in dram.rules
        for before in rule.preceding
        for after in rule.following
    ]


def broken_at(dram, rule, before, after, gap):
    """Rules that the last command breaks: ``window`` preceding commands, then the following one ``gap`` after the first.

    Both go to one node of the rule's level and differ below it; for a sibling rule they differ there.
    """
    first = (0,) * (dram.bank_level + 1)
    differs = rule.level if rule.sibling else rule.level + 1
    second = tuple(int(level == differs) for level in range(dram.bank_level + 1))
    stream = [at(dram, 2 + count, count, before, first) for count in range(rule.window)]
    found = check_commands([*stream, at(dram, 99, gap, after, second)], dram)
    return {violation.rule for violation in found if violation.line == 99}


@pytest.mark.parametrize(("rule", "before", "after"), pairs_of(TWO_RANKS))
def test_every_rule_of_ddr4_catches_a_command_one_cycle_early(rule, before, after):
    gap = BY_HAND[rule.name]
    assert rule.name in broken_at(TWO_RANKS, rule, before, after, gap - 1)
    assert rule.name not in broken_at(TWO_RANKS, rule, before, after, gap)


def test_the_rules_by_hand_are_all_rules_of_the_table():
    assert {rule.name for rule in TWO_RANKS.rules} == set(BY_HAND)


# The same of tables that no other simulator's run confirms, from the last cycle of a command to the last of the next.
OTHERS_BY_HAND = {
    # PCM at 400 MHz: tRCD 48, CL 1, CWL 4, burst 4, RESET 40, SET 60, tRP 1, tRTP 3, tWTR 3, tRRD 4, tRAW 20, no tRAS and no tWR.
    "nvm_pcm": {
        "read burst": 4, "write burst": 4, "tCCD of reads": 2, "tCCD of writes": 2, "read to write": 1 + 4 + 2 - 4,
        "tWTR": 4 + 4 + 3, "read to other rank": 4 + 1, "write to read of other rank": 4 + 4 + 1 - 1,
        "tRTP before PREab": 3, "tWR before PREab": 4 + 4 + 60, "tWR of zeros before PREab": 4 + 4 + 40,
        "tWR of ones before PREab": 4 + 4 + 60, "tRRD": 4, "tFAW": 20, "tRAS before PREab": 0, "tRP after PREab": 1,
        "tRC": 1, "tRCD": 48, "tRAS": 0, "tRP": 1, "tRTP": 3,
        "tWR": 4 + 4 + 60, "tWR of zeros": 4 + 4 + 40, "tWR of ones": 4 + 4 + 60, "RDA to ACT": 3 + 1,
        "WRA to ACT": 4 + 4 + 60 + 1, "WRA of zeros to ACT": 4 + 4 + 40 + 1, "WRA of ones to ACT": 4 + 4 + 60 + 1,
        "write pulse": 4 + 4 + 60, "write pulse of zeros": 4 + 4 + 40, "write pulse of ones": 4 + 4 + 60,
    },
    # DDR5-4800AN: 34-34-34, CWL 32, burst 8, tRAS 77, tRC 111, tWR 72, tRTP 18, tRFC 295 ns of 0.416 ns, tFAW 20 ns.
    "ddr5_4800an": {
        "read burst": 8, "write burst": 8, "tCCD_S of reads": 8, "tCCD_S of writes": 8, "tCCD_L of reads": 12,
        "tCCD_L of writes": 48, "read to write": 34 + 8 + 2 - 32 + 2, "tWTR_S": 32 + 8 + 6, "tWTR_L": 32 + 8 + 24,
        "read to other rank": 8 + 2, "write to read of other rank": 32 + 8 + 2 - 34,
        "tRTP before PREab": 18, "tWR before PREab": 32 + 8 + 72, "tRRD_S": 8, "tRRD_L": 12, "tFAW": 49, "tRAS before PREab": 77,
        "tRP after PREab": 34, "tPPD": 2, "tRC before REFab": 111, "tRP before REFab": 34, "RDA before REFab": 34 + 18,
        "WRA before REFab": 32 + 8 + 72 + 34, "tRFC": 710, "tRC": 111, "tRCD": 34, "tRAS": 77, "tRP": 34, "tRTP": 18,
        "tWR": 32 + 8 + 72, "RDA to ACT": 18 + 34, "WRA to ACT": 32 + 8 + 72 + 34,
    },
    # LPDDR4-3200 at 0.625 ns: RL 28, tDQSCK 3, WL 14 and tDQSS 1, burst 8; tRCD 18, tRPpb 18, tRPab 21, tRAS 42, tWR 18,
    # tRTP 7.5, tWTR 10, tRRD 10, tFAW 40, tRFCab 180, tRFCpb 90 ns.
    "lpddr4_3200": {
        "read burst": 8, "write burst": 8, "tCCD of reads": 8, "tCCD of writes": 8, "read to write": 28 + 3 + 8 + 1 - 14,
        "tWTR": 14 + 1 + 8 + 16, "read to read of other rank": 8 + 2, "read to write of other rank": 28 + 3 + 8 + 1 + 2 - 14,
        "write to read of other rank": 14 + 1 + 8 + 2 - 28, "tRTP before PREab": 12, "tWR before PREab": 14 + 1 + 8 + 29,
        "tRRD": 16, "tFAW": 64, "tRAS before PREab": 68, "tRPab": 34, "tPPD": 4, "tRC before REFab": 68 + 29,
        "tRPpb before REFab": 29,
        "tRPab before REFab": 34, "RDA before REFab": 12 + 29, "WRA before REFab": 14 + 1 + 8 + 29 + 29, "tRFCab": 288,
        "tRFCpb of other refreshes": 144, "tRRD before REFpb": 16, "tRRD after REFpb": 16, "tRC before REFpb": 68 + 29,
        "tRPpb before REFpb": 29, "RDA before REFpb": 12 + 29, "WRA before REFpb": 14 + 1 + 8 + 29 + 29, "tRFCpb": 144,
        "tRC": 68 + 29, "tRCD": 29, "tRAS": 68, "tRPpb": 29, "tRTP": 12, "tWR": 14 + 1 + 8 + 29, "RDA to ACT": 12 + 29,
        "WRA to ACT": 14 + 1 + 8 + 29 + 29,
    },
}  # fmt: skip


def with_two(preset):
    """The preset with two of its second level (rank or pseudo-channel), so that rules between siblings have any."""
    return load_dram(preset, {load_dram(preset).levels[1]: 2})


@pytest.mark.parametrize("preset", OTHERS_BY_HAND)
def test_latencies_of_unconfirmed_tables_by_hand(preset):
    dram, by_hand = with_two(preset), dict(OTHERS_BY_HAND[preset])
    for index, name in enumerate(dram.commands):
        if dram.command_cycles[index] > 1:
            by_hand[f"command bus held by {name}"] = int(dram.command_cycles[index])
    assert {rule.name for rule in dram.rules} == set(by_hand)
    for rule in dram.rules:
        for before in rule.preceding:
            for after in rule.following:
                ends = 0 if "held by" in rule.name else int(dram.command_cycles[before] - dram.command_cycles[after])
                assert rule.latency == max(0, by_hand[rule.name] + ends), rule.name


# No constraint at all: the term is below 0 (a write's data come so late), or a non-volatile memory has no tRAS.
ZERO = {
    "ddr4_3200aa": {"write to read of other rank"},
    "lpddr4_3200": {"write to read of other rank"},
    **{name: {"tRAS", "tRAS before PREab"} for name in ("nvm_stt", "nvm_pcm", "nvm_rram")},
}


@pytest.mark.parametrize("preset", dram_names())
def test_every_rule_of_every_preset_catches_a_command_one_cycle_early(preset):
    dram, covered = with_two(preset), set()
    for rule in dram.rules:
        for before in rule.preceding:
            for after in rule.following:
                if rule.latency:
                    assert rule.name in broken_at(dram, rule, before, after, rule.latency - 1)
                    covered.add(rule.name)
                assert rule.name not in broken_at(dram, rule, before, after, rule.latency)
    assert set(load_standard(preset).spec.constraints) - covered == ZERO.get(preset, set())
    # The rules and the rows that the controllers work with are the same.
    rows = {(r.level, b, a, r.latency, r.window, int(r.sibling)) for r in dram.rules for b in r.preceding for a in r.following}
    assert rows == {tuple(row) for row in dram.constraints.tolist()}


def dram_of(stream):
    name = stream.name.lower()
    return load_dram("ddr4_2400r" if "ddr4_2400r" in name else "ddr3_1600k" if "ddr3" in name else "hbm2_2000")


@pytest.mark.parametrize(
    "stream",
    [pytest.param(path, marks=[pytest.mark.slow] if ".10k." in path.name else []) for path in STREAMS],
    ids=lambda path: path.name.removesuffix(".csv.gz"),
)
def test_golden_streams_of_both_simulators_are_legal(stream):
    dram = dram_of(stream)
    assert sum(1 for _ in read_commands(stream, dram)) > 900
    assert check_file(stream, dram) == []


def test_another_speed_s_rules_find_thousands_of_violations():
    (stream,) = [path for path in STREAMS if path.name == "ram_ddr4_2400R.rand_mix21.1k.csv.gz"]
    assert len(check_file(stream, load_dram("ddr4_3200aa"))) > 1000


def test_a_golden_command_moved_one_cycle_early_is_named_with_its_line():
    (stream,) = [path for path in STREAMS if path.name == "ram_ddr3_1600K.bank_conflict.1k.csv.gz"]
    dram = load_dram("ddr3_1600k")
    commands = list(read_commands(stream, dram))
    commands[1] = commands[1]._replace(clock=commands[1].clock - 1)  # RD at 12, 11 cycles after the ACT of line 2
    (violation,) = check_commands(commands, dram)
    assert str(violation) == "line 3: RD breaks tRCD: needed cycle 12 (ACT of line 2 at 1 + 11), came cycle 11"


def test_states_of_banks_are_kept():
    dram = load_dram("ddr4_2400r")

    def broken(*commands):
        numbered = enumerate(commands, 2)
        stream = [at(dram, line, clock, dram.index(name), (0, 0, 0, bank)) for line, (clock, name, bank) in numbered]
        return [(violation.line, violation.rule) for violation in check_commands(stream, dram)]

    assert broken((0, "RD", 0)) == [(2, "bank open")]
    assert broken((0, "ACT", 0), (100, "ACT", 0)) == [(3, "bank closed")]
    assert broken((0, "ACT", 0), (100, "REFab", 0)) == [(3, "bank closed")]
    assert broken((0, "ACT", 0), (100, "PREab", 0), (200, "REFab", 0)) == []
    assert broken((0, "ACT", 0), (100, "RDA", 0), (200, "RD", 0)) == [(4, "bank open")]
    assert broken((0, "PREpb", 0)) == []  # precharging a closed bank does nothing
    assert broken((50, "ACT", 0), (40, "PREpb", 1)) == [(3, "order"), (3, "one command at a time on the command bus")]
    assert broken((50, "ACT", 0), (50, "PREpb", 1)) == [(3, "one command at a time on the command bus")]
    wrong_row = Command(3, 100, dram.index("RD"), (0, 0, 0, 0, 6, 0))
    (violation,) = check_commands([at(dram, 2, 0, 0, (0, 0, 0, 0)), wrong_row], dram)
    assert (violation.rule, violation.needed, violation.came) == ("row open", "row 6 open", "row 5 open in bank 0.0.0.0")


def test_a_write_after_a_read_of_another_rank_is_as_early_as_in_ramulator():
    """RD at 0 has data in clocks 16 to 19. WR at 6 has them from 18 on, so that two clocks carry both."""

    def broken(clock):
        opened = [(0, "ACT", 0), (10, "ACT", 1), (50, "RD", 0), (50 + clock, "WR", 1)]
        stream = [
            at(TWO_RANKS, line, time, TWO_RANKS.index(name), (0, rank, 0, 0)) for line, (time, name, rank) in enumerate(opened, 2)
        ]
        return [violation.rule for violation in check_commands(stream, TWO_RANKS)]

    assert (broken(5), broken(6)) == (["read to other rank"], [])
    # LPDDR4 has the rule of a bus: no data of the write before those of the read have ended.
    assert "read to write of other rank" in load_standard("lpddr4_3200").spec.constraints


def test_hbm2_takes_a_column_and_a_row_command_in_one_cycle_and_an_act_holds_the_row_bus_for_two():
    dram = load_dram("hbm2_2000")

    def broken(*commands):
        stream = [at(dram, line, clock, dram.index(name), (0, pc, 0, 0)) for line, (clock, name, pc) in enumerate(commands, 2)]
        return [violation.rule for violation in check_commands(stream, dram)]

    assert broken((0, "ACT", 0), (15, "RD", 0), (15, "ACT", 1)) == []
    assert broken((0, "ACT", 0), (1, "PREpb", 1)) == ["one command at a time on the row bus", "row bus held by ACT"]
    assert broken((0, "ACT", 0), (2, "PREpb", 1)) == []


def calls_of(function: Callable[[], object]) -> int:
    """Python functions that are called while ``function`` runs."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return calls


def test_the_work_of_checking_grows_as_the_stream_does():
    dram = load_dram("ddr4_2400r")
    (stream,) = [path for path in STREAMS if path.name == "ram_ddr4_2400R.rand_mix21.1k.csv.gz"]
    commands = list(read_commands(stream, dram))
    half, whole = (calls_of(lambda part=part: check_commands(part, dram)) for part in (commands[: len(commands) // 2], commands))
    assert whole < 2.2 * half
    assert whole < 100 * len(commands)


HEADER = "clock,command,channel,rank,bankgroup,bank,row,column\n"
BAD = {
    HEADER + "1,ACTT,0,0,0,0,0,0\n": "{f}:2: no command 'ACTT' in ddr4_2400r; did you mean 'ACT'?",
    HEADER + "1,ACT,0,0,0\n": "{f}:2: expected 8 columns, got 5",
    HEADER + "x,ACT,0,0,0,0,0,0\n": "{f}:2: expected integers, got 'x,ACT,0,0,0,0,0,0'",
    HEADER + "1,ACT,0,0,4,0,0,0\n": "{f}:2: bankgroup of ACT: expected 0 to 3, got 4",
    HEADER + "1,ACT,0,0,0,0,65536,0\n": "{f}:2: row of ACT: expected 0 to 65535, got 65536",
    HEADER + "1,PREpb,0,0,0,-1,0,0\n": "{f}:2: bank of PREpb: expected 0 to 3, got -1",
    "clock,command,channel,rank,bankgrp,bank,row,column\n": "{f}:1: unknown column 'bankgrp'; did you mean 'bankgroup'?",
    "clock,command,channel,rank,bankgroup,bank,column\n":
        "{f}:1: missing column 'row'; expected clock,command,channel,rank,bankgroup,bank,row,column",
    "5 activate 0 0 0 0 0x1\n": "{f}:1: expected 8 columns (clock command channel rank bankgroup bank row column), got 7",
    "5 activat 0 0 0 0 0x1 0x2\n": "{f}:1: no command 'activat' in ddr4_2400r; did you mean 'activate'?",
}  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_a_bad_stream_is_reported_in_one_line(tmp_path, text):
    file = tmp_path / "commands.csv"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        check_file(file, load_dram("ddr4_2400r"))
    assert str(caught.value) == BAD[text].replace("{f}", str(file))


def test_a_stream_may_be_empty_and_gzipped_under_any_name(tmp_path):
    (tmp_path / "none").write_text("")
    assert check_file(tmp_path / "none", load_dram("ddr4_2400r")) == []
    (tmp_path / "packed").write_bytes(gzip.compress((HEADER + "1,RD,0,0,0,0,0,0\n").encode()))
    assert [violation.rule for violation in check_file(tmp_path / "packed", load_dram("ddr4_2400r"))] == ["bank open"]
