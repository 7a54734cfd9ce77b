"""How often each line is written: worked out by hand, in both engines, and equal in sum to the writes of the banks."""

from __future__ import annotations

import numpy as np
import pytest
from equality import Case, check_case, run_compiled
from line_write_cases import spilling_case
from machines import instance_of

from simcore.engine import ENGINES, run_programs
from simcore.engine.records import Records
from simcore.machine.line_writes import LineWrites, no_line_writes
from simcore.machine.machine import build_machine
from simcore.program.outcome import Outcome
from simcore.program.program import Op, Port, Program, Seg
from simcore.results import Results
from simcore.simulation import simulate
from simcore.spec import System, load_system, override_system
from workloads.dataflow import lower
from workloads.layers import MatMul


def pad(line_bytes: int, banks: int) -> dict[str, object]:
    return {"capacity_bytes": 4 * line_bytes * banks, "banks": banks, "line_bytes": line_bytes, "timing": "sram"}


#: A 2x2 array; 4 rows in every bank.
SMALL = System.model_validate(
    {
        "name": "small",
        "core_clock_hz": 1_000_000_000,
        "array": {"rows": 2, "columns": 2, "dataflow": "ws", "partial_sums": "accumulator"},
        "scratchpads": {"ifmap": pad(8, 1), "filter": pad(4, 2), "ofmap": pad(4, 1), "accumulator": pad(8, 2)},
        "dma": {"burst_bytes": 4},
        "memory": {"clock_hz": 1_000_000_000, "latency_cycles": 2, "bytes_per_cycle": 4},
        "tiling": "whole",
    }
)


def ran(system: System, programs: list[Program], engine: str) -> tuple[LineWrites, list[Outcome]]:
    counted = no_line_writes(build_machine(system))
    return counted, run_programs(system, programs, engine, records=Records(line_writes=counted))


@pytest.mark.parametrize("engine", ENGINES)
def test_every_write_of_a_small_product_by_hand(engine: str) -> None:
    """3 x 6 times 6 x 2: three folds of two rows; the first two write partial sums, the last the three results.

    Loads: 18 bytes of ifmap in bursts of 4 touch the lines of 8 bytes twice, twice and once; 12 bytes of filters fill three lines
    of 4, in banks 0, 1, 0. A pixel's two partial sums fill a line of the accumulator; its results are 2 bytes, half a line.
    """
    program = lower(instance_of(MatMul("product"), ((3, 6), (6, 2))), SMALL)
    assert program is not None
    once, _ = ran(SMALL, [program], engine)
    ifmap, filters, ofmap, accumulator = (pad.tolist() for pad in once.pads)
    assert ifmap == [[2, 2, 1, 0]]
    assert filters == [[1, 1, 0, 0], [1, 0, 0, 0]]
    assert ofmap == [[2, 1, 0, 0]]
    assert accumulator == [[2, 2, 0, 0], [2, 0, 0, 0]]
    twice, _ = ran(SMALL, [program, program], engine)
    assert (twice.flat == 2 * once.flat).all()


@pytest.mark.slow
def test_both_engines_count_alike_where_tiles_move_between_folds() -> None:
    case = spilling_case()
    check_case(case)
    (program,) = case.programs()
    written = np.isin(program.ops[:, Op.REGION], program.segments[Port.OUTPUT][:, Seg.REGION])
    homes = np.unique(program.ops[written][:, [Op.TILE, Op.SLOT]], axis=0)
    assert len(homes) > len(np.unique(homes[:, 0]))


@pytest.mark.slow
def test_folds_that_are_alike_are_counted_in_their_own_rows() -> None:
    system = override_system(load_system("edge-sram"), ["array.rows=4", "array.columns=4"])
    check_case(Case(system, (instance_of(MatMul("product"), ((16, 32), (32, 64))),)))


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("system", ["edge-stt-buffered", "edge-hybrid"])
def test_lines_add_up_to_the_writes_of_their_bank(engine: str, system: str) -> None:
    assert_adds_up(simulate("lenet5", system, engine=engine))


@pytest.mark.slow
def test_both_engines_give_the_same_wear_of_a_training_step() -> None:
    fast, slow = (simulate("lenet5", "train-stt", engine=engine, training="momentum") for engine in ENGINES)
    assert_adds_up(fast)
    assert_adds_up(slow)
    assert fast.wear.equals(slow.wear)
    assert fast.line_wear is not None
    assert slow.line_wear is not None
    assert np.array_equal(fast.line_wear.line_writes.flat, slow.line_wear.line_writes.flat)


def assert_adds_up(results: Results) -> None:
    assert results.wear["writes"].tolist() == results.banks["writes"].tolist()
    assert results.wear["writes"].sum() > 0
    assert (results.wear["busiest_line_writes"] <= results.wear["writes"]).all()


def test_counts_do_not_grow_with_layers() -> None:
    counted = run_compiled(spilling_case()).line_writes
    assert all(np.shares_memory(part, counted.flat) for part in counted.pads)
    assert counted.flat.size == 2048 // 32
