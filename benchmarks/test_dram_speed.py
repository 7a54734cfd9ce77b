"""DRAM traces of a million requests on DDR4-2400R, one thread: requests per CPU second of the simulation, and the memory held."""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import add_row
from benchmarks.fresh import children_cpu_s, run_fresh, run_simcore
from simcore.dram.outcome import READ, WRITE
from simcore.dram.tables import IntArray

REQUESTS = 1_000_000
LINE_BYTES = 64
#: Every line of the module's 8 GiB.
LINES = 1 << 27
#: Requests per CPU second.
FLOORS = {"streaming reads": 2.2e6, "random reads": 1.2e6}
MOST_BYTES = 300e6
#: Lines of text per CPU second.
READING_FLOOR = 8e6
#: CPU seconds of `simcore dram` on the streaming reads, start and text included: half of what Ramulator 2.1 takes.
MOST_PROCESS_CPU_S = 1.7
_NAMES = (
    "streaming reads",
    "random reads",
    "random, a third writes",
    "random read every 200 cycles",
    "streaming read every 200 cycles",
)
ONE_THREAD = {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def _arrays() -> dict[str, tuple[IntArray, IntArray, IntArray]]:
    """Earliest cycle, operation and line of each request."""
    random = np.random.default_rng(2400)
    now, read = np.zeros(REQUESTS, dtype=np.int64), np.full(REQUESTS, READ, dtype=np.int64)
    in_order, anywhere = np.arange(REQUESTS, dtype=np.int64), random.integers(0, LINES, REQUESTS)
    mixed = np.where(random.random(REQUESTS) < 1 / 3, WRITE, READ)
    every_200 = 200 * in_order
    columns = [(now, read, in_order), (now, read, anywhere), (now, mixed, anywhere)]
    columns += [(every_200, read, anywhere), (every_200, read, in_order)]
    return dict(zip(_NAMES, columns, strict=True))


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The text traces, and a kernel that is compiled."""
    folder, found = tmp_path_factory.mktemp("dram"), {}
    for name, (earliest, operation, line) in _arrays().items():
        found[name] = folder / f"{name.replace(' ', '_')}.trace"
        rows = zip(earliest.tolist(), operation.tolist(), line.tolist(), strict=True)
        with open(found[name], "w") as file:
            file.writelines(f"{cycle} {'RW'[op]} {at * LINE_BYTES:x}\n" for cycle, op, at in rows)
    (folder / "one").write_text("0 R 0\n")
    _measured(1, folder / "one")
    return found


def _measured(rounds: int, *paths: Path) -> dict[str, Any]:
    """The traces in a process of their own."""
    found: dict[str, Any] = run_fresh(
        sys.executable, "-m", "benchmarks.dram_child", str(rounds), *paths, env=ONE_THREAD
    ).last_json
    return found


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.benchmark(group="DRAM traces", timer=children_cpu_s)
def test_a_million_requests_stay_within_their_cpu_seconds_and_memory(
    benchmark: BenchmarkFixture, traces: dict[str, Path], name: str
) -> None:
    """The median of five runs and the peak of memory stay below the limits of the trace."""
    found = benchmark.pedantic(_measured, (5, traces[name]), rounds=1)
    cpu_s, parse_s = median(found["cpu_s"][0]), found["parse_s"][0]
    benchmark.extra_info |= found
    add_row(
        "DRAM traces of a million requests, DDR4-2400R",
        trace=name,
        simulated_cycles=f"{found['cycles'][0]:,}",
        CPU_s=f"{cpu_s:.3f}",
        requests_per_CPU_s=f"{REQUESTS / cpu_s:,.0f}",
        reading_the_text_CPU_s=f"{parse_s:.2f}",
        with_reading_requests_per_CPU_s=f"{REQUESTS / (cpu_s + parse_s):,.0f}",
        peak_MB=f"{found['peak_rss_bytes'] / 1e6:.0f}",
    )
    assert REQUESTS / cpu_s > FLOORS.get(name, 0)
    assert REQUESTS / parse_s > READING_FLOOR
    assert found["peak_rss_bytes"] < MOST_BYTES


@pytest.mark.benchmark(group="DRAM traces", timer=children_cpu_s)
def test_the_whole_process_is_twice_as_fast_as_ramulators(benchmark: BenchmarkFixture, traces: dict[str, Path]) -> None:
    command = ("dram", traces["streaming reads"], "--standard", "ddr4_2400r")
    benchmark.pedantic(run_simcore, command, rounds=3, warmup_rounds=1)
    add_row("simcore dram on a million streaming reads", CPU_s=f"{benchmark.stats.stats.median:.2f}")
    assert benchmark.stats.stats.median <= MOST_PROCESS_CPU_S


@pytest.mark.benchmark(group="DRAM traces", timer=children_cpu_s)
def test_a_request_every_200_cycles_costs_no_more_than_a_streaming_one(
    benchmark: BenchmarkFixture, traces: dict[str, Path]
) -> None:
    """Idle cycles between requests are skipped, not counted one by one."""
    names = ["streaming reads", "random read every 200 cycles", "streaming read every 200 cycles"]
    found = benchmark.pedantic(_measured, (9, *[traces[name] for name in names]), rounds=1)
    # The least of several rounds in turn: what else the machine does only adds.
    streaming_s, *slow_s = [min(rounds) for rounds in found["cpu_s"]]
    benchmark.extra_info |= found
    for name, cpu_s in zip(names, (streaming_s, *slow_s), strict=True):
        add_row(
            "In turn, the best of 9 rounds each",
            trace=name,
            requests_per_CPU_s=f"{REQUESTS / cpu_s:,.0f}",
            times_as_fast_as_streaming=f"{streaming_s / cpu_s:.2f}",
        )
    assert max(slow_s) <= streaming_s
