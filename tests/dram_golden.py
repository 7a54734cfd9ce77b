"""Ramulator's runs in tests/golden/dram, as arrays for comparison."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from simcore.dram.controller import ControllerSpec
from simcore.dram.outcome import DramOutcome
from simcore.dram.resolve import load_dram
from simcore.dram.tables import ResolvedDram
from simcore.dram.trace import DramTrace, read_trace

GOLDEN = Path(__file__).parent / "golden" / "dram"


@dataclass(frozen=True)
class GoldenRun:
    """One run of Ramulator 2.1: its inputs, commands and times."""

    dram: ResolvedDram
    trace: DramTrace
    controller: ControllerSpec
    commands: list[tuple[int, ...]]
    arrive: list[int]
    depart: list[int]


def run_names(size: str) -> list[str]:
    return sorted(path.name.removesuffix(".csv.gz") for path in (GOLDEN / "commands").glob(f"ram_*.{size}.csv.gz"))


@cache
def golden_run(name: str) -> GoldenRun:
    config, pattern = name.split(".", 1)
    standard, *variant = config.removeprefix("ram_").lower().rsplit("_", 1)
    if variant not in (["noref"], ["rowhit"]):
        standard, variant = config.removeprefix("ram_").lower(), []
    dram, trace = load_dram(standard), read_trace(GOLDEN / "traces" / f"{pattern}.trace.gz")
    if standard.startswith("hbm2"):
        trace = DramTrace(trace.earliest, trace.op, (trace.address >> 1) % (2 << 30))
    controller = ControllerSpec(
        scheduler="frfcfs-rowhit" if variant == ["rowhit"] else "frfcfs", refresh="none" if variant == ["noref"] else "all-bank"
    )
    requests = _rows(GOLDEN / "latencies" / f"{name}.csv.gz")
    commands = [(int(row[0]), dram.index(row[1]), *map(int, row[2:-2])) for row in _rows(GOLDEN / "commands" / f"{name}.csv.gz")]
    return GoldenRun(dram, trace, controller, commands, [int(row[2]) for row in requests], [int(row[3]) for row in requests])


def _rows(path: Path) -> list[list[str]]:
    with gzip.open(path, "rt") as lines:
        return list(csv.reader(lines))[1:]


def assert_equal_to_golden(outcome: DramOutcome, golden: GoldenRun) -> None:
    """Assert that every command, every arrival and every read's departure are equal."""
    mine = [tuple(row) for row in outcome.commands.tolist()]
    first = next((i for i, pair in enumerate(zip(mine, golden.commands, strict=False)) if pair[0] != pair[1]), None)
    assert first is None, f"command {first}: {mine[first]}, golden {golden.commands[first]}"
    assert len(mine) == len(golden.commands)
    assert outcome.arrive.tolist() == golden.arrive
    reads = golden.trace.op == 0
    assert np.array_equal(outcome.depart[reads], np.array(golden.depart)[reads])
