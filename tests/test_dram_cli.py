"""`simcore dram` and `simcore dram check`: golden streams through the command line, consistent figures, bad input, docs."""

from __future__ import annotations

import csv
import gzip
import json
import re
import shlex
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from simcore.cli import app
from simcore.cli.console import working
from simcore.dram.commands import HEADER
from simcore.dram.outcome import DramOutcome
from simcore.dram.resolve import dram_names, load_dram
from simcore.dram.saving import command_lines, request_lines, stream_files
from simcore.dram.statistics import dram_statistics, peak_bandwidth_bytes_per_s
from simcore.dram.trace import read_trace
from simcore.engine.dram_traces import run_trace
from simcore.errors import InputError

GOLDEN = Path(__file__).parent / "golden" / "dram"
DOCS = (Path(__file__).parents[1] / "docs" / "dram.md").read_text(encoding="utf-8")
MIXED = str(GOLDEN / "traces" / "rand_mix21.1k.trace.gz")
READS = str(GOLDEN / "traces" / "seq_rd.1k.trace.gz")


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["dram", *map(str, arguments)])


def figures(*arguments: object) -> dict:
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def lines_of(path: Path) -> list[str]:
    packed = path.read_bytes()
    return (gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed).decode().splitlines()


def golden_commands(name: str) -> list[str]:
    """Ramulator's stream in our columns: without the two of its own, with -1 where the standard has no bank group."""
    rows = csv.DictReader(lines_of(GOLDEN / "commands" / f"{name}.csv.gz"))
    shown = [{key.lower().replace("pseudochannel", "rank"): value for key, value in row.items()} for row in rows]
    return [",".join(HEADER), *(",".join(row.get(column, "-1") for column in HEADER) for row in shown)]


def golden_trace(name: str, folder: Path) -> Path:
    """The trace of a golden run; HBM2's runs took other addresses (golden/dram/STREAMS.md)."""
    path = GOLDEN / "traces" / f"{name.split('.', 1)[1]}.trace.gz"
    if "hbm2" not in name:
        return path
    requests = (line.split() for line in lines_of(path))
    halved = [f"{cycle} {op} {(int(address, 16) >> 1) % (2 << 30):x}" for cycle, op, address in requests]
    (folder / "hbm2.trace").write_text("\n".join(halved))
    return folder / "hbm2.trace"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ram_ddr4_2400R.seq_rd.1k", ["--standard", "ddr4_2400r"]),
        ("ram_ddr4_2400R.seq_rd.1k", ["--standard", "ddr4_2400r", "--engine", "simpy"]),
        ("ram_ddr4_2400R.rand_mix21.1k", ["--standard", "ddr4_2400r"]),
        ("ram_ddr4_2400R_noref.seq_rd.1k", ["--standard", "ddr4_2400r", "--no-refresh"]),
        ("ram_ddr4_2400R_rowhit.stream_add.1k", ["--standard", "ddr4_2400r", "--scheduler", "frfcfs-rowhit"]),
        ("ram_ddr3_1600K.rand_mix21.1k", ["--standard", "ddr3_1600k"]),
        ("ram_hbm2_2000.seq_rd.1k", ["--standard", "hbm2_2000"]),
        ("ram_hbm2_2000.rand_mix21.1k", ["--standard", "hbm2_2000"]),
    ],
)
def test_files_of_the_command_line_are_ramulators_line_by_line(name: str, arguments: list[str], tmp_path: Path) -> None:
    commands, requests = tmp_path / "commands.csv", tmp_path / "requests.csv.gz"
    result = invoke(golden_trace(name, tmp_path), *arguments, "--commands", commands, "--requests", requests, "--quiet")
    assert result.exit_code == 0, result.output
    assert lines_of(commands) == golden_commands(name)
    golden = lines_of(GOLDEN / "latencies" / f"{name}.csv.gz")
    mine = lines_of(requests)
    assert len(mine) == len(golden)
    for ours, theirs in zip(mine, golden, strict=True):
        # Ramulator's frontend is not told when a write is done: -1.
        assert ours == theirs or (theirs.endswith(",-1") and ours.rsplit(",", 1)[0] == theirs.rsplit(",", 1)[0])
    if "seq_rd" in name:
        assert mine == golden
    assert invoke("check", commands, "--standard", arguments[1]).exit_code == 0


def test_a_write_departs_with_its_wr_command(tmp_path: Path) -> None:
    outcome = run_trace(load_dram("ddr4_2400r"), read_trace(MIXED), record_commands=True)
    assert invoke(MIXED, "--standard", "ddr4_2400r", "--requests", tmp_path / "r.csv").exit_code == 0
    departs = Counter(int(row["depart"]) for row in csv.DictReader(lines_of(tmp_path / "r.csv")) if row["op"] == "W")
    is_write = outcome.commands[:, 1] == outcome.dram.roles["write"]
    assert departs == Counter(outcome.commands[is_write, 0].tolist())


def test_a_name_in_gz_is_gzipped_and_equal_runs_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("plain.csv", "first.csv.gz", "second.csv.gz"):
        assert invoke(READS, "--standard", "ddr4_2400r", "--commands", tmp_path / name).exit_code == 0
    first, second = (tmp_path / name for name in ("first.csv.gz", "second.csv.gz"))
    assert gzip.decompress(first.read_bytes()) == (tmp_path / "plain.csv").read_bytes()
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes()[4:8] == bytes(4)  # no time of writing
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.csv.gz", "plain.csv", "second.csv.gz"]


def test_long_streams_are_written_in_pieces_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = run_trace(load_dram("ddr4_2400r"), read_trace(MIXED), record_commands=True)
    whole = [*command_lines(outcome.dram, outcome.commands)], [*request_lines(outcome)]
    monkeypatch.setattr("simcore.dram.saving._PIECE", 7)
    assert ([*command_lines(outcome.dram, outcome.commands)], [*request_lines(outcome)]) == whole
    assert len(whole[0]) == len(outcome.commands) + 1


@pytest.mark.parametrize(
    "name",
    ["ram_ddr4_2400R.stream_add.1k", "ds3_DDR4_2400R_matched.rand_mix21.1k", "ds3_DDR4_2400R_matched.stream_add.1k"],
)
def test_streams_of_other_simulators_are_checked_and_legal(name: str) -> None:
    path = GOLDEN / "commands" / f"{name}.csv.gz"
    found = figures("check", path, "--standard", "ddr4_2400r")
    checked = len(lines_of(path)) - name.startswith("ram")
    assert found == {
        "commands": str(path), "standard": "ddr4_2400r", "checked_commands": checked, "legal": True, "violations": []
    }  # fmt: skip
    shown = invoke("check", path, "--standard", "ddr4_2400r")
    assert shown.stdout == f"{path}: {checked:,} commands of ddr4_2400r: no violation\n"


def test_a_command_moved_a_cycle_early_is_caught_with_exit_code_1(tmp_path: Path) -> None:
    lines = golden_commands("ram_ddr3_1600K.bank_conflict.1k")
    assert lines[2].startswith("12,RD,")
    lines[2] = lines[2].replace("12,", "11,", 1)
    moved = tmp_path / "moved.csv"
    moved.write_text("\n".join(lines))
    result = invoke("check", moved, "--standard", "ddr3_1600k", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    needed = "cycle 12 (ACT of line 2 at 1 + 11)"
    violation = {"line": 3, "clock": 11, "command": "RD", "rule": "tRCD", "needed": needed, "came": "cycle 11"}
    assert (found["legal"], found["violations"]) == (False, [violation])
    shown = invoke("check", moved, "--standard", "ddr3_1600k")
    assert shown.exit_code == 1
    assert shown.stdout.startswith(f"line 3: RD breaks tRCD: needed {needed}, came cycle 11\n")
    assert shown.stdout.endswith(f"{moved}: {len(lines) - 1:,} commands of ddr3_1600k: 1 violation\n")


def test_a_check_takes_the_timings_a_stream_was_made_with(tmp_path: Path) -> None:
    stream = tmp_path / "fast.csv"
    assert invoke(READS, "--standard", "ddr4_2400r", "--set", "nRCD=15", "--commands", stream).exit_code == 0
    assert invoke("check", stream, "--standard", "ddr4_2400r").exit_code == 1
    assert invoke("check", stream, "--standard", "ddr4_2400r", "--set", "nRCD=15").exit_code == 0


def test_many_violations_are_counted_by_rule_and_shown_in_part() -> None:
    path = GOLDEN / "commands" / "ram_ddr4_2400R.seq_rd.1k.csv.gz"
    found = json.loads(invoke("check", path, "--standard", "ddr4_3200aa", "--json").stdout)["violations"]
    shown = invoke("check", path, "--standard", "ddr4_3200aa").stdout
    assert f"and {len(found) - 20} more; --json lists all" in shown
    assert max(map(len, shown.splitlines()[:-1])) <= 100
    for rule, times in Counter(violation["rule"] for violation in found).items():
        assert re.search(rf"^{rule} +{times}$", shown, flags=re.MULTILINE)


@pytest.mark.parametrize("standard", ["ddr4_2400r", "hbm2_2000", "nvm_stt"])
@pytest.mark.parametrize("trace", [MIXED, READS])
def test_figures_of_a_run_add_up(trace: str, standard: str, tmp_path: Path) -> None:
    requests = tmp_path / "requests.csv"
    found = figures(trace, "--standard", standard, "--set", "channel=2", "--requests", requests)
    dram, commands = load_dram(standard, {"channel": 2}), found["commands"]
    columns = commands["RD"] + commands["WR"] + commands["RDA"] + commands["WRA"]
    assert (found["trace"], found["standard"], found["overrides"], found["engine"]) == (
        trace,
        standard,
        {"channel": 2},
        "compiled",
    )
    assert found["requests"] == found["reads"] + found["writes"] == 1000
    assert columns == found["requests"] - found["forwarded_reads"] - found["coalesced_writes"]
    assert columns == sum(bank["reads"] + bank["writes"] for bank in found["banks"])
    for name in ("row_hits", "row_misses", "row_conflicts"):
        assert found[name] == sum(bank[name] for bank in found["banks"])
    assert columns == found["row_hits"] + found["row_misses"] + found["row_conflicts"]
    assert found["bytes_moved"] == dram.transaction_bytes * columns
    seconds = found["cycles"] * found["tck_ps"] * 1e-12
    assert found["bandwidth_bytes_per_s"] == pytest.approx(found["bytes_moved"] / seconds)
    assert found["bandwidth_fraction"] == pytest.approx(found["bandwidth_bytes_per_s"] / found["peak_bandwidth_bytes_per_s"])
    assert 0 < found["bandwidth_fraction"] <= 1
    assert found["requests_per_s"] == pytest.approx(1000 / found["simulate_s"])
    assert found["parse_s"] > 0
    paths = [tuple(bank[level] for level in dram.levels[: dram.bank_level + 1]) for bank in found["banks"]]
    assert paths == list(np.ndindex(*dram.counts[: dram.bank_level + 1]))
    for op, name in (("R", "read"), ("W", "write")):
        rows = [row for row in csv.DictReader(lines_of(requests)) if row["op"] == op]
        took = sorted(int(row["depart"]) - int(row["arrive"]) for row in rows)
        shown = found[f"{name}_latency_cycles"]
        assert shown is None if not took else list(shown) == ["mean", "p50", "p95", "p99", "max"]
        if took:
            assert (shown["mean"], shown["max"]) == (pytest.approx(sum(took) / len(took)), took[-1])
            for percent in (50, 95, 99):
                rank = shown[f"p{percent}"]
                assert (
                    sum(latency <= rank for latency in took)
                    >= percent / 100 * len(took)
                    > sum(latency < rank for latency in took)
                )


def test_ddr4_moves_64_bytes_with_each_read_and_write() -> None:
    found = figures(MIXED, "--standard", "ddr4_2400r")
    assert found["bytes_moved"] == 64 * (found["commands"]["RD"] + found["commands"]["WR"]) == 64_000


def test_parts_of_the_energy_sum_to_its_total_and_what_is_unknown_is_said() -> None:
    known, lacking, none = (figures(MIXED, "--standard", name) for name in ("ddr4_2400r", "hbm2_2000", "nvm_pcm"))
    assert list(known["energy_pj"]) == ["activate", "read", "write", "refresh", "background", "io"]
    assert known["energy_total_pj"] == pytest.approx(sum(known["energy_pj"].values()))
    # An activation of 8 chips of DDR4-2400 by hand (tests/test_dram_energy.py).
    activation = 1.2 * (48 * 55 - 43 * 39 - 34 * 16) * 0.833 * 8
    assert known["energy_pj"]["activate"] == pytest.approx(known["commands"]["ACT"] * activation)
    assert known["energy_note"] is None
    assert lacking["energy_pj"]["io"] is None
    assert "data lines" in lacking["energy_note"]
    assert lacking["energy_total_pj"] == pytest.approx(sum(pj for pj in lacking["energy_pj"].values() if pj is not None))
    assert (none["energy_pj"], none["energy_total_pj"]) == (None, None)
    assert none["energy_note"].startswith("nvm_pcm: no currents, so no energy")


def test_both_engines_print_the_same_figures() -> None:
    trace = str(GOLDEN / "traces" / "stream_add.1k.trace.gz")
    first, second = (figures(trace, "--standard", "ddr4_2400r", "--engine", engine) for engine in ("compiled", "simpy"))
    for found in (first, second):
        for differing in ("engine", "parse_s", "simulate_s", "requests_per_s"):
            del found[differing]
    assert first == second


def made_outcome(op: list[int], latencies: list[int], banks: list[list[int]]) -> DramOutcome:
    """100 cycles of one DDR4 rank with a read command per read and a write command per write."""
    dram = load_dram("ddr4_2400r")
    zeros = np.zeros(len(op), dtype=np.int64)
    counts = np.zeros((1, len(dram.commands)), dtype=np.int64)
    counts[0, dram.index("RD")], counts[0, dram.index("WR")] = op.count(0), op.count(1)
    table = np.zeros((16, 6), dtype=np.int64)
    table[: len(banks)] = banks
    return DramOutcome(
        dram=dram, cycles=100, last_command_cycle=90, arrive=zeros + 5, depart=np.array(latencies, dtype=np.int64) + 5,
        kind=zeros, op=np.array(op, dtype=np.int64), commands=np.zeros((0, 8), dtype=np.int64), command_counts=counts,
        open_cycles=np.array([40], dtype=np.int64), banks=table,
    )  # fmt: skip


def test_statistics_by_hand() -> None:
    # 20 reads of 1 to 20 cycles, shuffled, and three writes of 7, 7 and 100.
    latencies = [*[7, 20, 1, 13, 19, 2, 14, 8, 3, 15, 9, 4, 16, 10, 5, 17, 11, 6, 18, 12], 7, 100, 7]
    banks = [[10, 2, 3, 1, 0, 0], [0, 0, 0, 0, 0, 0], [0, 5, 0, 0, 1, 1]]
    found = dram_statistics(made_outcome([0] * 20 + [1] * 3, latencies, banks))
    assert found["read_latency_cycles"] == {"mean": 10.5, "p50": 10, "p95": 19, "p99": 20, "max": 20}
    assert found["write_latency_cycles"] == {"mean": 38.0, "p50": 7, "p95": 100, "p99": 100, "max": 100}
    assert (found["row_hits"], found["row_misses"], found["row_conflicts"]) == (11, 8, 4)
    assert found["banks"][2] == {
        "channel": 0, "rank": 0, "bankgroup": 0, "bank": 2, "reads": 5, "writes": 2,
        "row_hits": 0, "row_misses": 6, "row_conflicts": 1,
    }  # fmt: skip
    assert found["bytes_moved"] == 23 * 64
    assert found["bandwidth_bytes_per_s"] == pytest.approx(23 * 64 / (100 * 0.833e-9))
    # 23 bursts of 4 cycles in 100.
    assert found["bandwidth_fraction"] == pytest.approx(0.92)
    assert found["energy_pj"]["background"] == pytest.approx(1.2 * (43 * 40 + 34 * 60) * 0.833 * 8)


@pytest.mark.parametrize(
    ("standard", "overrides", "gb_per_s"),
    [
        ("ddr4_2400r", {}, 8 * 2 / 0.833),
        ("ddr4_2400r", {"rank": 4}, 8 * 2 / 0.833),
        ("ddr4_2400r", {"channel": 2}, 2 * 8 * 2 / 0.833),
        ("ddr3_1600k", {}, 8 * 1.6),
        ("ddr5_4800an", {}, 4 * 2 / 0.416),
        ("hbm2_2000", {}, 16 * 2),  # two pseudo-channels of 8 bytes
        ("nvm_stt", {}, 8 * 0.8),
    ],
)
def test_the_peak_is_the_width_of_the_data_lines_at_twice_the_clock(standard, overrides, gb_per_s) -> None:
    assert peak_bandwidth_bytes_per_s(load_dram(standard, overrides)) == pytest.approx(gb_per_s * 1e9)


@pytest.mark.parametrize("standard", ["ddr3_1600k", "ddr4_2400r", "ddr4_3200aa", "ddr5_4800an", "hbm2_2000", "nvm_stt"])
def test_an_unloaded_read_takes_1_and_trcd_and_cl_and_its_burst(standard: str, tmp_path: Path) -> None:
    (tmp_path / "t").write_text("7 R 40\n500 R 0\n")
    assert invoke(tmp_path / "t", "--standard", standard, "--requests", tmp_path / "r", "--no-refresh").exit_code == 0
    first, second = ([int(row[name]) for name in ("arrive", "depart")] for row in csv.DictReader(lines_of(tmp_path / "r")))
    dram = load_dram(standard)
    trcd = dram.timing.get("nRCD", dram.timing.get("nRCDRD", 0))
    activate, read = (int(dram.command_cycles[dram.roles[role]]) for role in ("activate", "read"))
    unloaded = 1 + (activate - read) + trcd + dram.read_latency + dram.burst_cycles
    assert first == [7, 7 + unloaded]
    assert second == [500, 501 + dram.read_latency + dram.burst_cycles]
    told = {"ddr4_2400r": 37, "hbm2_2000": 32}
    assert unloaded == told.get(standard, unloaded)


def test_options_reach_the_controller() -> None:
    given = ("--mapping", "MOP4CLXOR", "--scheduler", "fcfs", "--row-policy", "timeout", "--refresh", "none",
             "--set", "controller.row_policy.timeout_cycles=50", "--set", "controller.read_queue=8",
             "--set", "controller.write_high_watermark=0.5")  # fmt: skip
    found = figures(MIXED, "--standard", "ddr4_2400r", *given)
    assert found["controller"] == {
        "scheduler": "fcfs", "row_policy": {"name": "timeout", "accesses": 4, "timeout_cycles": 50}, "refresh": "none",
        "mapping": "MOP4CLXOR", "read_queue": 8, "write_queue": 32, "bank_queue": 8,
        "write_low_watermark": 0.2, "write_high_watermark": 0.5,
        "write_pulse": {"name": "worst", "set_share": 0.5, "seed": 0},
    }  # fmt: skip
    assert found["commands"]["REFab"] == 0
    assert found["cycles"] != figures(MIXED, "--standard", "ddr4_2400r")["cycles"]


def test_an_empty_trace_gives_figures_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("# nothing\n")
    found = figures(tmp_path / "empty", "--standard", "ddr4_2400r")
    assert (found["cycles"], found["bandwidth_fraction"], found["read_latency_cycles"]) == (0, 0, None)
    assert invoke(tmp_path / "empty", "--standard", "ddr4_2400r").exit_code == 0


@pytest.mark.parametrize("arguments", [("ddr4_2400r",), ("hbm2_2000", "--set", "channel=16"), ("nvm_pcm",), ("ddr3_1600k",)])
def test_tables_stay_within_100_columns(arguments: tuple[str, ...]) -> None:
    result = invoke(MIXED, "--standard", *arguments)
    assert result.exit_code == 0, result.output
    for title in (f"Totals of {arguments[0]}", "Latency in cycles", "Commands", "Busiest banks (", "Requests of each bank"):
        assert title in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert ("no currents" in result.stdout) == (arguments[0] == "nvm_pcm")
    assert "█" in result.stdout


def test_the_totals_name_the_preset_speed_and_clock_of_an_own_table(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text("extends: ddr4\npresets:\n  swift: {organisation: 8Gb_x8, speed: 3200AA}\n")
    shown = " ".join(invoke(MIXED, "--standard", own).stdout.split())
    assert "Totals of mine, 8Gb_x8 value % preset swift - speed 3200AA - tCK, ps 625 - cycles" in shown


def test_the_table_s_banks_are_the_busiest() -> None:
    banks = figures(MIXED, "--standard", "ddr4_2400r")["banks"]
    shown = invoke(MIXED, "--standard", "ddr4_2400r").stdout
    rows = [
        line.split() for line in shown[shown.index("Busiest banks") : shown.index("Requests of each bank")].splitlines()[2:10]
    ]
    served = sorted((bank["reads"] + bank["writes"] for bank in banks), reverse=True)
    assert [int(row[4]) + int(row[5]) for row in rows] == served[:8]


def test_quiet_prints_one_line() -> None:
    (line,) = invoke(READS, "--standard", "ddr4_2400r", "--quiet").stdout.splitlines()
    assert line.startswith("seq_rd.1k.trace.gz on ddr4_2400r: 5,212 cycles; simulated in ")


STANDARD = ("--standard", "ddr4_2400r")
BAD = [
    (("none.trace", *STANDARD), "none.trace: expected a file, found none"),
    (("bad.trace", *STANDARD), "bad.trace:2: expected 'CYCLE R|W HEX_ADDRESS', got '1 Q 40'"),
    (
        ("far.trace", *STANDARD),
        "ddr4_2400r: expected addresses below 0x200000000, got 0xfffffffffff in request 1; a larger organisation, more ranks or "
        "more channels?",
    ),
    (("good.trace", "--standard", "ddr4_2400x"),
     "expected a DRAM standard, a preset or a file, got 'ddr4_2400x'; did you mean 'ddr4_2400u'?"),
    (("good.trace", "--standard", "mine.yaml"), "expected a file, found none at 'mine.yaml'"),
    (("good.trace", *STANDARD, "--commands", "./d/"), "--commands ./d/: expected a file, got the folder './d/'"),
    (("good.trace", *STANDARD, "--requests", "d/"), "--requests d/: expected a file, got the folder 'd/'"),
    (("good.trace", *STANDARD, "--set", "controller.row_policy.accesses=9"),
     "--set controller.row_policy.accesses=9: row_policy.accesses: takes effect only with name 'closed-after', got name 'open'"),
    (("good.trace", *STANDARD, "--row-policy", "closed-after", "--set", "controller.row_policy.timeout_cycles=9"),
     "--set controller.row_policy.timeout_cycles=9: row_policy.timeout_cycles: takes effect only with name 'timeout', "
     "got name 'closed-after'"),
    (("good.trace", *STANDARD, "--set", "controller.bank_queue=9"),
     "--set controller.bank_queue=9: bank_queue: takes effect only with scheduler 'bank-round-robin', got scheduler 'frfcfs'"),
    (("good.trace", *STANDARD, "--set", "controller.write_pulse.seed=9"),
     "--set controller.write_pulse.seed=9: write_pulse.seed: takes effect only with name 'random', got name 'worst'"),
    (("good.trace", *STANDARD, "--mapping", "RoBaRaCo"), "no address mapping named 'RoBaRaCo'; did you mean 'RoBaRaCoCh'?"),
    (("good.trace", *STANDARD, "--mapping", "row bank column"), "mapping: expected 2 bits of bankgroup, got 0"),
    (
        ("good.trace", *STANDARD, "--scheduler", "frfcf"),
        "--scheduler frfcf: scheduler: expected 'frfcfs', 'frfcfs-rowhit', 'fcfs' or 'bank-round-robin', got 'frfcf'; "
        "did you mean 'frfcfs'?",
    ),
    (
        ("good.trace", *STANDARD, "--row-policy", "opne"),
        "--row-policy opne: row_policy.name: expected 'open', 'closed-after' or 'timeout', got 'opne'; did you mean 'open'?",
    ),
    (("good.trace", *STANDARD, "--refresh", "weekly"),
     "--refresh weekly: refresh: expected 'all-bank', 'per-bank' or 'none', got 'weekly'"),
    (("good.trace", *STANDARD, "--refresh", "per-bank"),
     "ddr4_2400r: no command with role refresh_bank, which refresh 'per-bank' needs"),
    (("good.trace", *STANDARD, "--refresh", "all-bank", "--no-refresh"), "expected --refresh all-bank or --no-refresh, got both"),
    (("good.trace", *STANDARD, "--engine", "simpi"), "no engine named 'simpi'; did you mean 'simpy'?"),
    (("good.trace", *STANDARD, "--set", "nRCDD=3"), "--set nRCDD=3: unknown timing 'nRCDD' in overrides; did you mean 'nRCD'?"),
    (("good.trace", *STANDARD, "--set", "nRCD"), "--set nRCD: expected KEY=VALUE such as nRCD=17 or rank=2, got 'nRCD'"),
    (("good.trace", *STANDARD, "--set", "nRCD=fast"), "--set nRCD=fast: expected an integer, got 'fast'"),
    (("good.trace", *STANDARD, "--set", "rank=3"),
     "--set rank=3: organisations.8Gb_x8.counts.rank: expected a power of two, got 3"),
    (
        ("good.trace", *STANDARD, "--set", "controller.read_queu=3"),
        "--set controller.read_queu=3: unknown key 'read_queu'; did you mean 'read_queue'?",
    ),
    (("good.trace", *STANDARD, "--commands", "nowhere/c.csv"), "nowhere/c.csv: cannot write here: no folder 'nowhere'"),
    (("good.trace", *STANDARD, "--requests", "."), ".: cannot write here: it is no file"),
    (
        ("good.trace", *STANDARD, "--commands", "x.csv", "--requests", "./x.csv"),
        "x.csv: expected trace, commands and requests to be different files",
    ),
    (("good.trace", *STANDARD, "--commands", "good.trace"),
     "good.trace: expected trace, commands and requests to be different files"),
    (("check", "none.csv", *STANDARD), "none.csv: expected a file, found none"),
    (("check", "good.trace", *STANDARD),
     "good.trace:1: expected 8 columns (clock command channel rank bankgroup bank row column), got 3"),
    (("check", "good.trace", *STANDARD, "--set", "controller.read_queue=3"),
     "--set controller.read_queue=3: expected a timing or a level, because a check has no controller"),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in (("good", "0 R 0\n1 W 40\n"), ("bad", "0 R 0\n1 Q 40\n"), ("far", "0 R 0\n1 R fffffffffff\n")):
        (tmp_path / f"{name}.trace").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_bad_input_is_one_line_and_exit_code_2(arguments: tuple[str, ...], message: str, folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"simcore: {message}\n")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("arguments", [("good.trace",), STANDARD, ("good.trace", *STANDARD, "--bogus"), ("check",)])
def test_bad_usage_is_exit_code_2(arguments: tuple[str, ...], folder: Path) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert re.match(r"Usage: \S+ dram ", result.stderr)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("subarray=4", "unknown timing 'subarray' in overrides"),
        ("channel=1152921504606846976", "expected at most 1048576 banks in all"),
        ("row=1152921504606846976", "expected at most 281474976710656 bytes in all"),
    ],
)
def test_counts_that_no_table_could_hold_are_refused(key: str, message: str) -> None:
    result = invoke(READS, *STANDARD, "--set", key)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_where_to_write_is_checked_before_anything_is_read(folder: Path) -> None:
    result = invoke("none.trace", *STANDARD, "--commands", "nowhere/c.csv")
    assert result.stderr == "simcore: nowhere/c.csv: cannot write here: no folder 'nowhere'\n"


def test_a_run_that_fails_leaves_the_earlier_file(folder: Path) -> None:
    earlier = ",".join(HEADER) + "\nearlier\n"
    (folder / "c.csv").write_text(earlier)
    assert invoke("bad.trace", *STANDARD, "--commands", "c.csv").exit_code == 2
    assert (folder / "c.csv").read_text() == earlier
    assert invoke("good.trace", *STANDARD, "--commands", "c.csv").exit_code == 0
    assert (folder / "c.csv").read_text().startswith(",".join(HEADER))
    assert "earlier" not in (folder / "c.csv").read_text()


def test_a_file_that_simcore_did_not_write_is_never_replaced(folder: Path) -> None:
    (folder / "thesis.txt").write_text("precious")
    result = invoke("good.trace", *STANDARD, "--requests", "thesis.txt")
    assert result.exit_code == 2
    assert result.stderr.startswith("simcore: thesis.txt: is a file that simcore did not write: expected 'idx,op,arrive,depart'")
    assert (folder / "thesis.txt").read_text() == "precious"


def test_a_level_without_a_column_is_refused_before_the_run(tmp_path: Path) -> None:
    table = tmp_path / "stacked.yaml"
    table.write_text(
        "extends: ddr4_2400r\nlevels: [channel, rank, stack, bankgroup, bank, subarray]\n"
        "organisations:\n  8Gb_x8:\n    counts: {stack: 2}\n"
    )
    with pytest.raises(InputError) as caught, stream_files(load_dram(table), Path(READS), tmp_path / "c.csv", None):
        pass
    assert str(caught.value) == f"{tmp_path / 'c.csv'}: stacked: a command stream has no column for its level 'stack'"


def test_a_trace_named_check_is_given_with_its_folder(folder: Path) -> None:
    for name in ("check", "TRACE"):
        (folder / name).write_text("0 R 0\n")
    assert figures("./check", *STANDARD)["requests"] == 1
    assert figures("TRACE", *STANDARD)["requests"] == 1
    assert figures(*STANDARD, "./check")["requests"] == 1


@pytest.mark.parametrize("arguments", [("--help",), ()])
def test_help_describes_the_run_and_the_check(arguments: tuple[str, ...]) -> None:
    result = invoke(*arguments)
    text = result.output
    assert result.exit_code == (0 if arguments else 2)
    usages = re.findall(r"Usage: \S+ dram (.*)", text)
    assert ["check" in usage for usage in usages] == [False, True]
    for told in ("--scheduler", "--commands", "--row-policy", "The exit code is 1 if a rule is broken", "./check", "Examples:"):
        assert told in " ".join(text.split())
    for example in re.findall(r"simcore (dram .*--standard \S+)", text):
        assert example.startswith(("dram stream.trace", "dram check commands.csv.gz"))
    assert "dram" in CliRunner().invoke(app, ["--help"]).stdout


def test_help_of_each_is_its_own() -> None:
    assert "--scheduler" in invoke("some.trace", "--help").stdout
    assert "--scheduler" not in invoke("check", "--help").stdout


def test_listed_standards_are_the_presets_one_line_each() -> None:
    result = CliRunner().invoke(app, ["list", "standards", "--json"])
    listed = json.loads(result.stdout)
    assert [row["name"] for row in listed] == dram_names()
    assert all(row["description"] for row in listed)
    shown = CliRunner().invoke(app, ["list", "standards"]).stdout.splitlines()
    assert [line.split()[0] for line in shown[2:]] == dram_names()
    assert {row["name"]: row["banks"] for row in listed}["hbm2_2000"] == 32


def test_a_terminal_shows_what_is_being_done(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for wanted in (True, False):
        with working(wanted) as tell:
            tell("simulating [all] requests")
        captured = capsys.readouterr()
        assert ("simulating [all] requests" in captured.err) == wanted
        assert captured.out == ""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCS, flags=re.DOTALL)


COMMANDS = [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]


def test_commands_of_the_page_run_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for block in (*blocks("text"), *blocks("yaml")):
        name = re.match(r"# (\S+)\n", block)
        if name:
            (tmp_path / name[1]).write_text(block)
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) >= 6
    for command in COMMANDS:
        program, *arguments = shlex.split(command)
        assert program == "simcore"
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, f"{command}: {result.output}"
    assert (tmp_path / "commands.csv.gz").is_file()
