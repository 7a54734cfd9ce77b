"""The check of a Program before it runs: every address that an engine takes from it lies in its proper range."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from machines import layers, systems

from simcore.engine import run_programs
from simcore.engine.plan_check import check_plan
from simcore.errors import InputError
from simcore.machine.machine import build_machine
from simcore.program.program import Geo, Op, Program, Reg, Seg
from simcore.program.segments import Segments
from simcore.program.split import Split
from simcore.simulation import simulate
from simcore.spec import System, load_system
from workloads.dataflow.lowering import lower
from workloads.layers import Conv
from workloads.network import LayerInstance

SCRIPT = Path(__file__).with_name("watched_kernels.py")
SYSTEM = load_system("edge-sram")
CONV = LayerInstance("conv", Conv("conv", 8, (3, 3)), ((8, 8, 8),), (8, 6, 6), 1, ("x",))


def planned(layer: LayerInstance = CONV) -> Program:
    program = lower(layer, SYSTEM)
    assert program is not None
    return program


def with_cell(table: str, row: int, column: int, value: int, port: int | None = None) -> Program:
    """The convolution's Program with one cell changed."""
    program = planned()
    if port is not None:
        segments = [rows.copy() for rows in program.segments]
        segments[port][row, column] = value
        return replace(program, segments=Segments.of_rows(segments))
    changed = getattr(program, table).copy()
    if table == "geometry":
        changed[column] = value
    else:
        changed[row, column] = value
    return replace(program, **{table: changed})


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(system=systems(), layer=layers())
def test_what_is_planned_passes(system: System, layer: LayerInstance) -> None:
    program = lower(layer, system)
    assert program is not None
    check_plan(program, build_machine(system))


FAULTS = [
    (with_cell("regions", 0, Reg.SCRATCHPAD, 4), "region 0 lies in an unknown scratchpad"),
    (with_cell("regions", 0, Reg.SCRATCHPAD, -1), "region 0 lies in an unknown scratchpad"),
    (
        with_cell("regions", 1, Reg.WORD_BYTES, 3),
        "region 1 in scratchpad filter has words of 3 bytes, which lines of 32 bytes do not hold whole",
    ),
    (with_cell("regions", 1, Reg.BASE_LINE, -1), "region 1 in scratchpad filter has a size or a place below 0"),
    (with_cell("regions", 1, Reg.BASE_LINE, 1 << 40), "region 1 in scratchpad filter ends at line"),
    (with_cell("regions", 2, Reg.FIRST_TILE, 1 << 20), "ends at tile"),
    (with_cell("regions", 2, Reg.FIRST_SLOT, 1 << 20), "ends at slot"),
    (with_cell("ops", 0, Op.KIND, 3), "an operation has an unknown kind"),
    (with_cell("ops", 0, Op.REGION, -1), "an operation has an unknown region"),
    (with_cell("ops", 0, Op.TILE, 1 << 20), "an operation has a tile that is not its region's"),
    (with_cell("ops", 0, Op.SLOT, -1), "an operation has a slot below 0"),
    (with_cell("ops", 0, Op.BYTES, 1 << 30), "an operation moves more than a slot holds"),
    (with_cell("ops", 0, Op.BYTES, 0), "a load or a store moves nothing"),
    (with_cell("ops", 0, Op.ADDRESS, -1), "an operation has an address below 0"),
    (with_cell("ops", 0, Op.NEEDED, -1), "an operation is needed for a step below 0"),
    (with_cell("ops", 0, Op.DEP_PORT, 4), "an operation waits for an unknown port"),
    (with_cell("ops", 0, Op.DEP_OP, 1 << 20), "an operation waits for an unknown operation"),
    (with_cell("", 0, Seg.REGION, 9, port=1), "port filter moves words of an unknown region"),
    (with_cell("", 0, Seg.KIND, 5, port=1), "port filter has segments of an unknown kind"),
    (with_cell("", 0, Seg.CHUNK, 0, port=1), "port filter has chunk below 1"),
    (with_cell("", 0, Seg.OFFSET, -1, port=1), "port filter has offset below 0"),
    (with_cell("", 0, Seg.COUNT, 1 << 20, port=1), "port filter has more or fewer elements than times"),
    (with_cell("", 0, Seg.TILE, 1 << 20, port=3), "port output goes beyond its region's last tile"),
    (with_cell("", 0, Seg.OFFSET, 1 << 59, port=3), "port output goes beyond the end of a slot"),
    (with_cell("", 0, Seg.LANES, 1 << 59, port=1), "port filter goes beyond the end of a slot"),
    (with_cell("", 0, Seg.M0, 1 << 20, port=0), "port ifmap goes beyond the last pixel"),
    (with_cell("", 0, Seg.K0, 1 << 20, port=0), "port ifmap goes beyond the last tap"),
    (with_cell("", 0, Seg.CHANNEL_BASE, 1, port=0), "port ifmap goes beyond the last channel"),
    (with_cell("", 0, Seg.GROUPS, 2, port=0), "port ifmap goes beyond the last channel"),
    (with_cell("", 0, Seg.GROUPS, 0, port=0), "port ifmap has groups below 1"),
    (with_cell("", 0, Seg.JOINED, 0, port=3), "port output has joined below 1"),
    (with_cell("", 0, Seg.JOINED, 2, port=3), "port output has more or fewer elements than times"),
    (with_cell("", 0, Seg.JOINED, 2, port=1), "port filter joins vectors that it cannot join"),
    (replace(planned(), split=Split(dealt=2)), "2 arrays are to share a layer on a machine of 1"),
    (with_cell("geometry", 0, Geo.OUT_W, 0), "the geometry has out_w below 1"),
    (with_cell("geometry", 0, Geo.BATCH, 1 << 20), "port ifmap goes beyond its region's last tile"),
    (with_cell("geometry", 0, Geo.W, 1 << 40), "port ifmap goes beyond the end of a slot"),
    (replace(planned(), queue_start=planned().queue_start + 1), "the queues of the DMA do not hold its operations"),
    (replace(planned(), geometry=np.zeros(3, dtype=np.int64)), "the geometry has another shape"),
]


@pytest.mark.parametrize(("program", "says"), FAULTS, ids=[says for _, says in FAULTS])
@pytest.mark.parametrize("engine", ["compiled", "simpy"])
def test_a_plan_at_fault_never_runs(program: Program, says: str, engine: str) -> None:
    with pytest.raises(RuntimeError, match="layer conv: faulty plan: ") as raised:
        run_programs(SYSTEM, [program], engine)
    assert says in str(raised.value)


WIDE_WORDS = {
    # This ended in a segmentation fault: the second operand of a sum lies among the filters, in words of the ifmap.
    "in a sum": (
        {
            "network": "resnet18",
            "layers": "layer1.0.add*",
            "overrides": ["words.ifmap_bytes=4", "scratchpads.filter.line_bytes=2"],
        },
        "overrides: scratchpads.filter.line_bytes=2: scratchpads.filter.line_bytes: "
        "expected a multiple of words.ifmap_bytes = 4, got 2; the second operand of a sum lies there",
    ),
    "in a training pass": (
        {"network": "lenet5", "training": "sgd", "overrides": ["words.filter_bytes=8", "scratchpads.ofmap.line_bytes=4"]},
        "layer 'output.weight_gradient': scratchpads.ofmap.line_bytes: expected a multiple of words.ofmap_bytes = 8, got 4; "
        "in this layer of a training step words.filter_bytes is words.ifmap_bytes and words.ofmap_bytes is words.filter_bytes",
    ),
}


@pytest.mark.parametrize(("run", "says"), WIDE_WORDS.values(), ids=list(WIDE_WORDS))
def test_words_wider_than_the_lines_that_hold_them_are_refused(run: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as raised:
        simulate(**run)
    assert str(raised.value) == says


@pytest.mark.slow
def test_no_program_that_passes_reads_or_writes_out_of_bounds() -> None:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "150"], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr


def test_more_requests_than_memory_holds_are_refused_before_they_are_made() -> None:
    overrides = ["array.port_window=1048576", "array.columns=1024", "array.rows=1024"]
    with pytest.raises(InputError, match=r"^layer .output.: about [0-9,.]+ GB of memory are needed") as raised:
        simulate("lenet5", layers="output", overrides=overrides)
    assert str(raised.value).endswith(
        "; reduce array.port_window, dma.outstanding_bursts, vector_unit.lanes or the write buffers"
    )


def test_more_lines_than_memory_can_count_are_refused() -> None:
    with pytest.raises(InputError) as raised:
        simulate("lenet5", overrides=["scratchpads.filter.capacity_bytes=1024 GiB"])
    assert str(raised.value).startswith("scratchpads: about 274.9 GB of memory are needed, and this machine has ")
    assert str(raised.value).endswith(" GB; a smaller capacity_bytes or wider lines take less")
