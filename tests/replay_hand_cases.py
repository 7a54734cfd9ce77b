"""Cases of replay that are made by hand, each so that some words of a block's key alone tell two blocks apart.

A case is a machine, a layer and, in most of them, a change of every so many folds or operations of its Program, so that blocks
that are equal otherwise differ there. Random layers hardly differ in one word alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from machines import ANY, Options, draw_system, instance_of

from simcore.engine.shortcuts import Shortcuts
from simcore.machine.machine import Machine, build_machine
from simcore.program.program import Int64Array, Op, Port, Program, Reg, Seg
from simcore.program.segments import Segments
from simcore.spec.system import System
from workloads.dataflow.lowering import lower
from workloads.layers import Conv, MatMul
from workloads.network import LayerInstance


@dataclass(frozen=True)
class ReplayCase:
    """A layer on a machine, the steps of a block and of a fold that is one block, and one block in so many may be new."""

    machine: Machine
    program: Program
    shortcuts: Shortcuts
    steps: int
    whole_steps: int
    credit: int


#: The first choice of each option. Everything fits into the scratchpads, and no bank is slow.
PLAIN = replace(
    ANY,
    sides=(4,),
    word_bytes=(1,),
    windows=(8,),
    banks=(4,),
    lines=(2,),
    capacities=(8,),
    models=("sram",),
    read_cycles=(1,),
    depths=(4,),
    bandwidths=(64,),
)
#: What is read comes some cycles after its bank is free again.
SLOW_READS = {"model": "stt-mram", "parameters": {"read_cycles": 1, "read_latency_cycles": 6, "write_cycles": 1, "pipelined": 1}}

Change = Callable[[Program], Program]


def paused(program: Program, steps: int, every: int) -> Program:
    """Return a Program that pauses for ``steps`` before every so many folds."""
    folds, ports = program.fold_steps(), [rows.copy() for rows in program.segments]
    pauses = steps * (np.arange(len(folds)) // every)
    for rows in ports:
        rows[:, Seg.DUE] += pauses[np.maximum(np.searchsorted(folds, rows[:, Seg.DUE], side="right") - 1, 0)]
    return replace(program, segments=Segments.of_rows(ports), steps=program.steps + int(pauses[-1]))


def _segments(program: Program, port: Port, column: Seg, change: int, every: int = 3) -> Program:
    ports = [rows.copy() for rows in program.segments]
    ports[port][2::every, column] += change
    return replace(program, segments=Segments.of_rows(ports))


def _operations(program: Program, queue: int, column: Op, change: int, every: int = 3) -> Program:
    ops = program.ops.copy()
    _queue(program, ops, queue)[2::every, column] += change
    return replace(program, ops=ops)


def _queue(program: Program, ops: Int64Array, queue: int) -> Int64Array:
    return ops[program.queue_start[queue] : program.queue_start[queue + 1]]


def _swapped(program: Program, queue: int, columns: Sequence[Op], every: int) -> Program:
    """Let two neighbouring operations in so many have each other's values in some columns."""
    ops = program.ops.copy()
    rows = _queue(program, ops, queue)
    for first in range(2, len(rows) - 1, every):
        rows[first : first + 2, columns] = rows[first : first + 2, columns][::-1].copy()
    return replace(program, ops=ops)


def _with_region(program: Program, region: int, scratchpad: int | None = None) -> Program:
    """Return a Program with one region more, which has the tiles and slots of another one, maybe in another scratchpad."""
    regions = np.vstack([program.regions, program.regions[region]])
    if scratchpad is not None:
        regions[-1, Reg.SCRATCHPAD] = scratchpad
    return replace(program, regions=regions)


def _elsewhere(program: Program, port: Port, scratchpad: int, every: int) -> Program:
    """Let a port read the tiles of its region in another scratchpad in one fold of so many."""
    region = program.segments.ports[port].least[Seg.REGION]
    return _segments(_with_region(program, region, scratchpad), port, Seg.REGION, len(program.regions) - region, every)


def _counted_apart(program: Program, queue: int) -> Program:
    """Let every third load of a queue count as one of another region."""
    region = int(_queue(program, program.ops, queue)[0, Op.REGION])
    return _operations(_with_region(program, region), queue, Op.REGION, len(program.regions) - region)


@dataclass(frozen=True)
class Hand:
    """What a case is made of. ``pads`` are changes of scratchpads, ``rest`` those of the other parts of the System."""

    layer: LayerInstance
    steps: int
    change: Change | None = None
    options: Options = PLAIN
    pads: dict[str, dict[str, Any]] | None = None
    rest: dict[str, Any] | None = None

    def case(self) -> ReplayCase:
        """Return the case."""
        values = draw_system(_first, self.options).model_dump(mode="json", exclude_none=True)
        for name, changes in (self.pads or {}).items():
            values["scratchpads"][name] |= changes
        system = System.model_validate(values | (self.rest or {}))
        program = lower(self.layer, system)
        assert program is not None
        shortcuts = Shortcuts(equal_layers=False, block_replay=True)
        program = program if self.change is None else self.change(program)
        return ReplayCase(build_machine(system), program, shortcuts, self.steps, self.steps, 1)


def _first(choices: Sequence[Any]) -> Any:
    return choices[0]


def _product(m: int, k: int, n: int) -> LayerInstance:
    return instance_of(MatMul("matmul"), ((m, k), (k, n)))


_LONG = _product(64, 48, 4)
_NARROW = replace(PLAIN, windows=(1,), banks=(2,), lines=(1,), latencies=(9,))
_SLOW = {name: {"timing": SLOW_READS} for name in ("ifmap", "filter")}
#: Few slots for what is loaded; few slots for results, whose stores take longer than the folds between them.
_LOADS = Hand(
    _product(24, 100, 10),
    16,
    options=replace(PLAIN, sides=(5,), windows=(2,), bandwidths=(8,), latencies=(9,)),
    pads={"filter": {"capacity_bytes": 64}, "ifmap": {"capacity_bytes": 256}},
)
_STORES = Hand(
    _product(8, 8, 96),
    8,
    options=replace(PLAIN, windows=(2,), bandwidths=(2,), latencies=(40,)),
    pads={"ofmap": {"capacity_bytes": 256, "line_bytes": 32}},
)

HAND = {
    -1: Hand(_LONG, 16, partial(paused, steps=10, every=3)),
    -2: Hand(_LONG, 16, partial(_segments, port=Port.OUTPUT, column=Seg.LANES, change=-3)),
    -3: Hand(_LONG, 16, partial(_segments, port=Port.PSUM, column=Seg.STRIDE, change=-1)),
    # A fold's preload begins in the step of a partial sum, or after it.
    -4: Hand(
        _product(6, 96, 4),
        20,
        partial(_segments, port=Port.FILTER, column=Seg.DUE, change=-1),
        replace(PLAIN, windows=(1,)),
        _SLOW | {"accumulator": {"timing": SLOW_READS}},
    ),
    # The fold before was read from another scratchpad.
    -5: Hand(
        _product(36, 96, 4),
        7,
        partial(_elsewhere, port=Port.IFMAP, scratchpad=1, every=5),
        replace(PLAIN, windows=(2,), latencies=(9,)),
        _SLOW | {"ofmap": {"timing": SLOW_READS}},
    ),
    # Rows of pixels begin with padding, or not.
    -6: Hand(instance_of(Conv("conv", 4, (3, 3), padding=1), ((4, 8, 8),)), 8, options=_NARROW),
    # Two taps of an element share a line, or not.
    -7: Hand(instance_of(Conv("conv", 8, (3, 3), padding=1), ((2, 4, 7),), batch=2), 2, options=_NARROW),
    -8: _LOADS,
    -9: replace(_LOADS, change=partial(_counted_apart, queue=1)),
    -10: replace(_LOADS, change=partial(_operations, queue=1, column=Op.BYTES, change=-4)),
    -11: replace(_LOADS, change=partial(_operations, queue=1, column=Op.NEEDED, change=200)),
    -12: replace(_STORES, change=partial(_swapped, queue=4, columns=[Op.SLOT], every=3)),
    -13: replace(_STORES, change=partial(_operations, queue=3, column=Op.DEP_OP, change=1, every=5)),
    # One load in five comes after the next one.
    -14: Hand(
        _product(12, 100, 8),
        5,
        partial(_swapped, queue=1, columns=[Op.TILE, Op.ADDRESS], every=5),
        replace(PLAIN, windows=(2,), bandwidths=("1/2",), latencies=(20,)),
        {"filter": {"banks": 1, "line_bytes": 16, "capacity_bytes": 192}},
        {"dma": {"outstanding_bursts": 4, "burst_bytes": 16}},
    ),
    # Stores wait for slow writes.
    -15: Hand(
        _product(16, 8, 96),
        8,
        options=replace(
            PLAIN, windows=(2,), models=("stt-mram",), write_cycles=(5,), depths=(9,), bandwidths=(8,), latencies=(9,)
        ),
        pads={"ofmap": {"capacity_bytes": 256}},
    ),
    # Moves are used in several frames within a bin of the timeline.
    -17: Hand(
        _product(24, 100, 10),
        16,
        options=replace(PLAIN, windows=(2,), bandwidths=(3,), latencies=(20,)),
        pads={"filter": {"capacity_bytes": 96}, "ifmap": {"capacity_bytes": 256}},
    ),
    # Partial sums and tiles of the ifmap come and go.
    -16: Hand(
        _product(24, 40, 16),
        5,
        options=replace(PLAIN, windows=(2,), partial_sums=("ofmap",), bandwidths=(2,), latencies=(9,)),
        pads={"ofmap": {"capacity_bytes": 384}, "ifmap": {"capacity_bytes": 128}, "filter": {"capacity_bytes": 64}},
    ),
}


def hand_case(number: int) -> ReplayCase:
    """Return a case of `HAND`."""
    return HAND[number].case()
