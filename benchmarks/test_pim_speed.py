"""DRAM that multiplies: as many rounds of 8-bit products as VGG16 has, with replay, in CPU seconds of one thread.

A round writes eight operand rows, multiplies, and gives sixteen rows to the periphery, in each subarray. All limits hold.
"""

from __future__ import annotations

import time

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import add_row, speed_cells
from models.pim import maj
from simcore.engine.compiled.pim import memo
from simcore.engine.micro_programs import load_micro_programs, run_work
from simcore.engine.shortcuts import Shortcuts
from simcore.pim.limits import PimLimits, Refresh, load_pim_dram
from simcore.pim.sequence import joined, repeated, row_hold, row_transfer, sequence_of
from simcore.pim.work import PimWork

BITS = 8
#: Name, standard, refresh, subarrays of each of 16 banks, rounds, operands over the bus, the most CPU seconds.
CASES = (
    ("operands over the bus", "pim-ddr4_2666", "all-bank", 1, 14_750, True, 2.0),
    ("operands from the periphery", "pim-ddr4_2666", "all-bank", 1, 14_750, False, 1.5),
    ("operands over the bus, no refresh", "pim-ddr4_2666", "none", 1, 14_750, True, 0.5),
    ("HBM2, all-bank", "pim-hbm2_2000", "all-bank", 1, 14_750, True, 2.0),
    ("HBM2, per-bank", "pim-hbm2_2000", "per-bank", 1, 14_750, True, 2.0),
    ("256 subarrays", "pim-ddr4_2666", "all-bank", 16, 922, False, 60.0),
)
#: Rounds of the same work without replay, to say how much longer it takes.
FEW = 3


def work(standard: str, refresh: Refresh, subarrays: int, rounds: int, bus: bool) -> PimWork:
    """Return the product of two 8-bit rows in 16 banks, ``rounds`` times, with operands written and results read."""
    limits = PimLimits(refresh=refresh)
    dram, recording = load_pim_dram(standard, limits), maj.PROGRAMS["mul"].recorded(BITS)
    product = sequence_of(recording.published, len(recording.rows), dram, limits)
    rows = range(BITS)
    operands = [row_transfer(dram, "WR", row, dram.counts[-1]) if bus else row_hold(dram, row, 64, write=True) for row in rows]
    read_out = [row_hold(dram, row, 64) for row in range(2 * BITS)]
    return PimWork(dram, limits, (repeated(joined(*operands, product, *read_out), rounds),) * 16, subarrays)


@pytest.mark.parametrize(("name", "standard", "refresh", "subarrays", "rounds", "bus", "most_s"), CASES)
@pytest.mark.benchmark(group="pim", timer=time.process_time)
def test_as_many_rounds_as_vgg16_has(
    benchmark: BenchmarkFixture, name, standard, refresh, subarrays, rounds, bus, most_s
) -> None:
    """The compiled engine's CPU seconds stay below ``most_s``."""
    load_micro_programs("compiled")
    given = work(standard, refresh, subarrays, rounds, bus)
    outcome = benchmark.pedantic(run_work, (given,), setup=memo.forget, rounds=1)
    cpu_s = benchmark.stats.stats.median
    began_s = time.process_time()
    run_work(work(standard, refresh, subarrays, FEW, bus), shortcuts=Shortcuts(pim_replay=False))
    plain_s = (time.process_time() - began_s) * rounds / FEW
    add_row(
        "Rounds of 8-bit products on 16 banks",
        work=name,
        rounds=rounds,
        **speed_cells(outcome.cycles, cpu_s),
        without=f"{plain_s:.0f}",
    )
    assert cpu_s < most_s
