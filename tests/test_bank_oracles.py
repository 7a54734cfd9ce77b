"""One bank under random traffic has the waits of queueing theory: M/G/1 and Geo/G/1, by order of service.

Requests arrive at a rate of 0.1 per cycle, 30 % of them writes; a read takes 2 cycles, a write 10. Each mean is over at least a
million requests and must lie within its 99 % confidence interval, which must also be narrow, so that the test can fail.
Successive waits are correlated, so the interval is computed from means of long batches (batch means, Student's t).

Formulas: Kleinrock, Queueing Systems (1975, 1976): Pollaczek-Khinchin; head-of-the-line and preemptive-resume priorities
(Cobham). Geo/G/1: Takagi, Queueing Analysis 3 (1993). Preemptive repeat: a write's completion time and the decomposition of its
wait (Avi-Itzhak and Naor 1963), derived in ``restarted_write_response``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from math import exp, sqrt

import pytest

from simcore.engine import run_traffic
from simcore.machine.traffic import TrafficOutcome, bernoulli, poisson
from simcore.program.program import Int64Array
from simcore.spec import load_system
from simcore.timing.bank_timing import READ, WRITE

jit_is_off = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
pytestmark = pytest.mark.skipif(jit_is_off, reason="takes minutes where nothing is compiled")

RATE, WRITE_SHARE = 0.1, 0.3
READ_CYCLES, WRITE_CYCLES = 2, 10

#: Poisson arrivals come at any time; a tick is a thousandth of a cycle.
TICKS = 1000

#: Batches, and Student's t for 39 degrees of freedom at 99 % (two-sided).
BATCHES, STUDENT_T, NORMAL_99 = 40, 2.7079, 2.5758


# The closed forms ----------------------------------------------------------------------------------------------------------

READ_RATE, WRITE_RATE = RATE * (1 - WRITE_SHARE), RATE * WRITE_SHARE
READ_LOAD, WRITE_LOAD = READ_RATE * READ_CYCLES, WRITE_RATE * WRITE_CYCLES
LOAD = READ_LOAD + WRITE_LOAD
#: Mean of the service time, and of its square.
SERVICE, SERVICE_SQUARED = LOAD / RATE, (READ_RATE * READ_CYCLES**2 + WRITE_RATE * WRITE_CYCLES**2) / RATE
#: What is left, on average, of the service that an arrival finds.
RESIDUAL = RATE * SERVICE_SQUARED / 2


def fifo_wait_bernoulli() -> float:
    """Geo/G/1: at most one arrival a cycle."""
    return RATE * (SERVICE_SQUARED - SERVICE) / (2 * (1 - LOAD))


def fifo_wait_poisson() -> float:
    """M/G/1."""
    return RESIDUAL / (1 - LOAD)


def priority_read_wait() -> float:
    """A read waits for the service under way and for reads."""
    return RESIDUAL / (1 - READ_LOAD)


def priority_write_response() -> float:
    """A write waits for all that is there, and for the reads that come meanwhile."""
    return RESIDUAL / ((1 - READ_LOAD) * (1 - LOAD)) + WRITE_CYCLES


def preempting_read_wait() -> float:
    """For a read, writes are not there: M/D/1."""
    return READ_RATE * READ_CYCLES**2 / (2 * (1 - READ_LOAD))


def resumed_write_response() -> float:
    """As behind reads that wait, and the write itself is stretched by the reads that come."""
    return RESIDUAL / ((1 - READ_LOAD) * (1 - LOAD)) + WRITE_CYCLES / (1 - READ_LOAD)


def restarts_per_write() -> float:
    """A write must find WRITE_CYCLES without a read: failures before a success of probability exp(-rate * time)."""
    return exp(READ_RATE * WRITE_CYCLES) - 1


def restarted_write_response() -> float:
    """Completion time C = sum over failed attempts of (time until the read, busy period of reads) + WRITE_CYCLES.

    Writes are an M/G/1 queue of services C; one that finds no write waits for what is left of a busy period of reads.
    """
    success = exp(-READ_RATE * WRITE_CYCLES)
    busy, busy_squared = READ_CYCLES / (1 - READ_LOAD), READ_CYCLES**2 / (1 - READ_LOAD) ** 3
    mean = 1 / READ_RATE
    # Time until the read, given that it comes within WRITE_CYCLES.
    lost = (mean - success * (WRITE_CYCLES + mean)) / (1 - success)
    lost_squared = (2 * mean**2 - success * (WRITE_CYCLES**2 + 2 * WRITE_CYCLES * mean + 2 * mean**2)) / (1 - success)
    failure_variance = lost_squared - lost**2 + busy_squared - busy**2
    failures, failures_variance = (1 - success) / success, (1 - success) / success**2
    completion = WRITE_CYCLES + failures * (lost + busy)
    completion_squared = failures * failure_variance + failures_variance * (lost + busy) ** 2 + completion**2
    wait = WRITE_RATE * completion_squared / (2 * (1 - WRITE_RATE * completion))
    return completion + wait + READ_LOAD * busy_squared / (2 * busy)


def test_the_formulas_give_the_figures_they_are_known_by() -> None:
    """Worked out apart from this file; that of the restart was simulated, to some per cent."""
    known = {
        fifo_wait_bernoulli: 2.53571,
        fifo_wait_poisson: 2.92857,
        priority_read_wait: 1.90698,
        priority_write_response: 13.4053,
        preempting_read_wait: 0.162791,
        resumed_write_response: 15.0332,
    }
    for formula, figure in known.items():
        assert formula() == pytest.approx(figure, rel=1e-5), formula.__name__
    assert restarted_write_response() == pytest.approx(29.05, rel=0.02)


# The bank ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """The requests' ops, what became of them, and ticks per cycle."""

    op: Int64Array
    outcome: TrafficOutcome
    ticks: int

    def mean_is(self, expected: float, ticks: Int64Array, op: int | None = None, narrow: float = 0.02) -> None:
        """Assert that the mean of some requests' times lies as near to ``expected`` as 99 % confidence asks."""
        chosen = slice(None) if op is None else self.op == op
        values = ticks[chosen] / self.ticks
        batches = values[: len(values) // BATCHES * BATCHES].reshape(BATCHES, -1).mean(axis=1)
        half_width = STUDENT_T * batches.std(ddof=1) / sqrt(BATCHES)
        assert half_width < narrow * expected, "more requests are needed to tell"
        assert abs(batches.mean() - expected) < half_width, f"{batches.mean()} +- {half_width}, expected {expected}"


@cache
def run(arrivals: str, read_priority: bool, preemption: str, cycles: int = 15_000_000) -> Run:
    """At least a million reads (and so, more requests) to one bank."""
    ticks = TICKS if arrivals == "poisson" else 1
    timing = {"read_cycles": READ_CYCLES * ticks, "write_cycles": WRITE_CYCLES * ticks}
    settings = {
        "capacity_bytes": 512,
        "banks": 1,
        "timing.model": "stt-mram",
        **{f"timing.parameters.{name}": value for name, value in timing.items()},
        "write_buffer.read_priority": str(read_priority).lower(),
        "write_buffer.preemption": preemption,
    }
    system = load_system("edge-stt", [f"scratchpads.ifmap.{key}={value}" for key, value in settings.items()])
    if arrivals == "poisson":
        traffic = poisson(RATE, WRITE_SHARE, cycles, seed=20, ticks_per_cycle=TICKS)
    else:
        traffic = bernoulli(RATE, WRITE_SHARE, cycles, seed=20)
    assert (traffic.op == READ).sum() > 1_000_000
    return Run(traffic.op, run_traffic(system, "ifmap", traffic), ticks)


@pytest.mark.slow
def test_first_come_first_served_with_one_arrival_a_cycle_at_most() -> None:
    bank = run("bernoulli", False, "none")
    bank.mean_is(fifo_wait_bernoulli(), bank.outcome.wait)


@pytest.mark.slow
def test_first_come_first_served_with_poisson_arrivals() -> None:
    bank = run("poisson", False, "none")
    bank.mean_is(fifo_wait_poisson(), bank.outcome.wait)


@pytest.mark.slow
def test_reads_before_writes() -> None:
    bank = run("poisson", True, "none")
    bank.mean_is(priority_read_wait(), bank.outcome.wait, READ)
    bank.mean_is(priority_write_response(), bank.outcome.response, WRITE)


@pytest.mark.slow
def test_reads_preempt_writes_which_resume() -> None:
    bank = run("poisson", True, "resume")
    bank.mean_is(preempting_read_wait(), bank.outcome.wait, READ)
    bank.mean_is(resumed_write_response(), bank.outcome.response, WRITE)


@pytest.mark.slow
def test_reads_preempt_writes_which_restart() -> None:
    bank = run("poisson", True, "restart")
    bank.mean_is(preempting_read_wait(), bank.outcome.wait, READ)
    bank.mean_is(restarted_write_response(), bank.outcome.response, WRITE, narrow=0.03)


@pytest.mark.parametrize(("read_priority", "preemption"), [(False, "none"), (True, "none"), (True, "resume")])
def test_a_bank_is_busy_for_the_load_whatever_the_order(read_priority: bool, preemption: str) -> None:
    bank = run("poisson", read_priority, preemption)
    reads, writes = (int(count.sum()) for count in (bank.outcome.reads, bank.outcome.writes))
    busy = int(bank.outcome.busy_cycles.sum())
    assert reads + writes == len(bank.op)
    assert busy == (reads * READ_CYCLES + writes * WRITE_CYCLES) * bank.ticks
    # The work that arrives in a time is a compound Poisson sum, of variance rate * E[S^2] * time.
    time = int(bank.outcome.done.max()) / bank.ticks
    half_width = NORMAL_99 * sqrt(RATE * SERVICE_SQUARED / time)
    assert half_width < 0.005 * LOAD
    assert abs(busy / bank.ticks / time - LOAD) < half_width


@pytest.mark.parametrize(
    ("preemption", "mean", "variance"),
    [
        ("resume", READ_RATE * WRITE_CYCLES, READ_RATE * WRITE_CYCLES),
        ("restart", restarts_per_write(), restarts_per_write() * (1 + restarts_per_write())),
    ],
)
def test_a_write_is_preempted_as_often_as_reads_come_while_it_is_served(preemption: str, mean: float, variance: float) -> None:
    """Poisson many times while it resumes, geometrically many while it restarts; independent from write to write."""
    outcome = run("poisson", True, preemption).outcome
    writes = int(outcome.writes.sum())
    found = int(outcome.preempted_writes.sum()) / writes
    half_width = NORMAL_99 * sqrt(variance / writes)
    assert half_width < 0.01 * mean
    assert abs(found - mean) < half_width
