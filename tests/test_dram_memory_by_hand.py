"""Exact cycles of tiny layers with a DRAM as main memory, worked out by hand in both clocks, on both engines.

DDR3-1600K has tRCD 11, CL 11, burst 4, tRAS 28 and tRP 11, in cycles of 1.25 ns. The layer is a product of 1 x 1 x 1 on a 1 x 1
array. Its ifmap lies at byte 0 and its filter at byte 4096, in the same row (8 KiB) of bank 0. Its result lies at byte 8192, in
bank 1. The ifmap's burst goes to the memory in core cycle 0, and the filter's in cycle 1.

The DRAM accepts the first transaction in DRAM cycle 0. Its ACT comes in cycle 1 and its RD in 1 + 11; its data end in 12 + 11 + 4
= 27. The second transaction, accepted in cycle 1, hits the open row: its RD comes in 12 + 4, and its data end in 31. A burst that
has arrived in core cycle a allows step 0 in a + 2 (tests/test_array_cycles.py), and the store is sent three core cycles after
step 0. If the DRAM accepts the store's transaction in cycle w, the ACT of bank 1 comes in w + 1 and the WR in w + 12. Then the
DRAM is empty and the layer ends.
"""

from __future__ import annotations

from typing import Any

import pytest
from test_array_cycles import PAD, machine, product

from simcore.engine import run_programs
from simcore.program.outcome import Cause, DramCounts, Outcome
from simcore.program.program import Port, Program
from simcore.spec.system import System
from workloads.dataflow import lower

ENGINES = pytest.mark.parametrize("engine", ["compiled", "simpy"])
COLUMNS = ("read_hits", "read_misses", "read_conflicts", "write_hits", "write_misses", "write_conflicts")


def tiny(core_clock_hz: str = "800 MHz", **memory: Any) -> System:
    return machine("os", 1, core_clock_hz=core_clock_hz, memory={"model": "dram", "standard": "ddr3_1600k", **memory})


def ran(engine: str, system: System, layers: int = 1) -> list[Outcome]:
    program = lower(product(1, 1, 1), system)
    assert isinstance(program, Program)
    return run_programs(system, [program] * layers, engine)


def drained(outcome: Outcome) -> int:
    assert outcome.stall_cycles[Cause.DRAIN, Port.DMA] == outcome.stall_cycles[Cause.DRAIN].sum()
    return int(outcome.stall_cycles[Cause.DRAIN].sum())


def rows(outcome: Outcome) -> dict[str, int]:
    assert outcome.dram is not None
    totals = dict(zip(COLUMNS, outcome.dram.banks.sum(axis=0).tolist(), strict=True))
    return {name: count for name, count in totals.items() if count}


@ENGINES
@pytest.mark.parametrize(
    ("core", "fill", "cycles"),
    [
        # One DRAM cycle a core cycle: arrived in 31, step 0 in 33, sent in 36 = w, WR in 48.
        ("800 MHz", 33, 48),
        # DRAM cycle k is core cycle 2k: the filter's burst of core cycle 1 is accepted in DRAM cycle 1 (core 2). Arrived in 62,
        # step 0 in 64, sent in 67, w = 34 (core 68), WR in 46, core 92.
        ("1600 MHz", 64, 92),
        # DRAM cycle k is core cycle ceil(k / 2): arrived in ceil(31 / 2) = 16, step 0 in 18, sent in 21, w = 41, WR in 53, that
        # is core cycle 27.
        ("400 MHz", 18, 27),
        # DRAM cycle k is core cycle ceil(5k / 4): arrived in ceil(155 / 4) = 39, step 0 in 41, sent in 44, w = 35 (core
        # ceil(175 / 4) = 44, just in time), WR in 47, core 59.
        ("1 GHz", 41, 59),
    ],
)
def test_a_layer_waits_for_act_read_and_data_and_ends_with_its_write(engine: str, core: str, fill: int, cycles: int) -> None:
    (outcome,) = ran(engine, tiny(core))
    assert outcome.stall_cycles[Cause.FIRST_FILL].sum() == fill
    assert (outcome.cycles, drained(outcome)) == (cycles, cycles - fill - 1)
    assert rows(outcome) == {"read_hits": 1, "read_misses": 1, "write_misses": 1}


@ENGINES
def test_a_read_in_the_same_row_needs_no_second_act(engine: str) -> None:
    (outcome,) = ran(engine, tiny())
    counts = outcome.dram
    assert isinstance(counts, DramCounts)
    # In the order of the table: ACT, PREpb, PREab, RD, WR, RDA, WRA, REFab.
    assert counts.commands.tolist() == [[2, 0, 0, 2, 1, 0, 0, 0]]
    # Cycles 0 to 48; bank 0 is open from 1 on.
    assert (counts.cycles, counts.open_cycles.tolist()) == (49, [48])


@ENGINES
def test_a_refresh_that_comes_with_the_store_delays_the_end(engine: str) -> None:
    # The refresh is asked for in 37, when the write would be activated: PREab in 37, REF tRP = 11 later, ACT in 48 + 20, WR in
    # 79. The next one, asked for in 74, waits for the activated write.
    (outcome,) = ran(engine, tiny(overrides={"nREFI": 37, "nRFC": 20}))
    assert outcome.stall_cycles[Cause.FIRST_FILL].sum() == 33
    assert outcome.cycles == 79
    assert outcome.dram is not None
    assert outcome.dram.commands.tolist() == [[2, 0, 1, 2, 1, 0, 0, 1]]


@ENGINES
def test_the_next_layer_finds_rows_open_and_the_clock_going_on(engine: str) -> None:
    # Layer 2 begins in cycle 48, whose DRAM cycle is over: the ifmap's transaction is accepted in 49, the filter's in 50. RD
    # waits for the write of 48: CWL 8 + burst 4 + tWTR 6, so 66; the second in 70, its data end in 85, step 0 in 87, sent and
    # accepted in 90. Its row is open: WR in 91.
    first, second = ran(engine, tiny(), 2)
    assert (first.cycles, second.start_cycle) == (48, 48)
    assert second.stall_cycles[Cause.FIRST_FILL].sum() == 85 + 2 - 48
    assert second.cycles == 91 - 48
    assert rows(second) == {"read_hits": 2, "write_hits": 1}
    assert second.dram is not None
    assert (second.dram.cycles, second.dram.open_cycles.tolist()) == (92 - 49, [92 - 49])


@ENGINES
def test_one_burst_of_four_lines_is_done_with_its_last_line(engine: str) -> None:
    # 200 bytes of ifmap in one burst: four transactions, of which each DRAM cycle offers one, and then the first of the filter's
    # 200 tiles of a byte, a line each. Reads of one row come tCCD = 4 apart: 12, 16, 20, 24, and 28, whose data end in 43: step 0
    # in 45.
    system = machine(
        "os",
        1,
        core_clock_hz="800 MHz",
        scratchpads={"ifmap": PAD | {"capacity_bytes": 4096}, "filter": PAD | {"line_bytes": 1}, "ofmap": PAD},
        dma={"burst_bytes": 256, "outstanding_bursts": 16},
        memory={"model": "dram", "standard": "ddr3_1600k"},
    )
    program = lower(product(1, 200, 1), system)
    assert isinstance(program, Program)
    (outcome,) = run_programs(system, [program], engine)
    assert outcome.dma_read_bytes.sum() == 400
    assert outcome.dram is not None
    assert outcome.dram.banks[:, :3].sum() == 4 + 200
    assert outcome.stall_cycles[Cause.FIRST_FILL].sum() == 45


@ENGINES
def test_a_layer_without_traffic_lets_the_dram_go_on(engine: str) -> None:
    system = tiny("1 GHz")
    (outcome,) = ran(engine, system)
    assert outcome.dram is not None
    # Core cycles 0 to 59 hold the DRAM cycles 0 to 47.
    assert outcome.dram.cycles == 48
