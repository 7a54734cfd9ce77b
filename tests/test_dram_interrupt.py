"""Ctrl-C ends a long DRAM trace soon, wherever the kernel is."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

# A trace whose simulation takes minutes: the requests come further apart than the clock of a real trace ever runs.
LONG = """
import numpy as np
from simcore.dram.resolve import load_dram
from simcore.dram.trace import make_trace
from simcore.engine.dram_traces import load_engine, run_trace

dram = load_dram("ddr4_2400r", {overrides})
load_engine("compiled")
at = np.arange({requests}, dtype=np.int64)
trace = make_trace({apart} * at, 0 * at, 64 * at)
print("running", flush=True)
run_trace(dram, trace)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overrides", "requests", "apart"),
    [
        pytest.param({}, 3, 1 << 46, id="refreshes alone"),
        pytest.param({"channel": 2}, 3, 1 << 46, id="two channels"),
    ],
)
def test_an_interrupt_ends_a_trace_of_many_minutes(overrides, requests, apart) -> None:
    code = LONG.format(overrides=overrides, requests=requests, apart=apart)
    run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert run.stdout is not None
        assert run.stdout.readline() == "running\n"
        time.sleep(1)
        assert run.poll() is None, "the trace is not long"
        run.send_signal(signal.SIGINT)
        # It takes well below a second; on a busy machine, more.
        _, error = run.communicate(timeout=30)
    finally:
        run.kill()
    assert "KeyboardInterrupt" in error
