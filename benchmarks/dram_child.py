"""DRAM traces read and simulated; prints, as JSON, the CPU seconds of each step and the most memory the process held."""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from benchmarks.simcore_child import peak_rss_bytes
from simcore.dram.resolve import load_dram
from simcore.dram.trace import DramTrace
from simcore.engine.compiled.kernels import READ_LINES
from simcore.engine.dram_traces import read_trace, run_trace


def measure(paths: list[str], rounds: int) -> dict[str, object]:
    """Every trace of ``paths`` in turn, ``rounds`` times, so that what disturbs the machine disturbs all of them."""
    dram, traces, parse_s = load_dram("ddr4_2400r"), [], []
    READ_LINES.load()
    for path in paths:
        started = time.process_time()
        traces.append(read_trace(path))
        parse_s.append(time.process_time() - started)
    # Loads the kernel; a process before this one has compiled it.
    run_trace(dram, DramTrace(*np.zeros((3, 1), dtype=np.int64)))
    cpu_s: list[list[float]] = [[] for _ in traces]
    cycles = [0] * len(traces)
    for _ in range(rounds):
        for i, trace in enumerate(traces):
            started = time.process_time()
            cycles[i] = run_trace(dram, trace).cycles
            cpu_s[i].append(time.process_time() - started)
    return {"parse_s": parse_s, "cpu_s": cpu_s, "cycles": cycles, "peak_rss_bytes": peak_rss_bytes()}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[2:], int(sys.argv[1]))))
