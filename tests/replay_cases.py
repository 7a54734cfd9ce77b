"""Cases for the key of a replayed fold: without any one fact of the key the tables of one of them come out wrong.

Most are made by hand: one layer of 6 row folds x 5 column folds on one machine, everything on chip early, so that the folds of a
column go as those of the column before and are replayed; then one fold is edited so that it differs in a single fact. Folds are
numbered column by column. The rest are layers on changed machines, nothing edited.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from equality import Case, Edit
from machines import instance_of

from simcore.program.program import Port, Program, Seg
from simcore.spec import System, override_system
from workloads.layers import Conv
from workloads.network import LayerInstance

ROW_FOLDS, COLUMN_FOLDS, SIDE = 6, 5, 3

_PAD = {
    "capacity_bytes": 1024,
    "banks": 4,
    "line_bytes": 4,
    "timing": {"model": "sram", "parameters": {"read_cycles": 1, "write_cycles": 1}},
    "write_buffer": {"depth": 8},
}
SYSTEM = System.model_validate(
    {
        "name": "alike",
        "core_clock_hz": 1_000_000_000,
        "array": {
            "rows": SIDE,
            "columns": SIDE,
            "dataflow": "ws",
            "partial_sums": "accumulator",
            "port_window": 2,
        },
        "words": {"ifmap_bytes": 1, "filter_bytes": 1, "ofmap_bytes": 1, "psum_bytes": 4},
        "scratchpads": {"ifmap": _PAD, "filter": _PAD, "ofmap": _PAD, "accumulator": {**_PAD, "line_bytes": 16}},
        "dma": {"outstanding_bursts": 16, "burst_bytes": 64},
        "memory": {"clock_hz": 1_000_000_000, "latency_cycles": 2, "bytes_per_cycle": 64},
        "tiling": "whole",
    }
)
#: 2 channels x 9 filter columns = 6 x 3 taps, 15 = 5 x 3 filters; 3 taps of 2 channels always lie at two places of the filter.
LAYER = instance_of(Conv("alike", COLUMN_FOLDS * SIDE, (1, 9)), ((2, 1, 14),))


def fold(column: int, row: int) -> int:
    """Number of a fold, and of its segment at every port but psum."""
    return column * ROW_FOLDS + row


#: The fold that differs, and those that are like it, itself among them.
ODD = fold(3, 2)
LIKE = [fold(column, 2) for column in range(COLUMN_FOLDS)]
#: The fold behind it, whose filters are read two folds before it runs.
AHEAD = fold(3, 3)

#: The same with two pixels: a port's window holds all of a fold's pixels, and sums are read back while they are being written.
SHORT = instance_of(Conv("short", COLUMN_FOLDS * SIDE, (1, 9)), ((2, 1, 10),))
#: Under round robin banks do not change places.
IN_TURN = override_system(SYSTEM, [f"scratchpads.{name}.arbiter=round-robin" for name in SYSTEM.scratchpads])


def _conv(
    filters: int,
    kernel: tuple[int, int],
    image: tuple[int, int, int],
    padding: tuple[int, int, int, int],
    stride: int = 1,
    batch: int = 1,
) -> LayerInstance:
    """A convolution that is strided along its rows alone."""
    return instance_of(Conv("conv", filters, kernel, padding=padding, stride=(stride, 1)), (image,), batch=batch)


#: Layers on changed machines, where unlike folds look alike in all but one part of the key, or to one condition of a replay.
OTHERS = (
    # Padding cuts columns off at some taps: their other pixels lie in the same banks.
    (("array.rows=4",), _conv(12, (3, 3), (4, 3, 3), (1, 1, 1, 1))),
    # Padding cuts whole rows off.
    (
        ("array.rows=4", "scratchpads.ifmap.banks=1", "scratchpads.filter.capacity_bytes=128"),
        _conv(9, (2, 3), (4, 4, 4), (1, 0, 1, 0), stride=2, batch=2),
    ),
    # Taps begin at different bytes of a line.
    (
        ("array.port_window=8", "scratchpads.ifmap.banks=1", "scratchpads.filter.capacity_bytes=128", "tiling=least-traffic"),
        _conv(9, (3, 2), (3, 2, 4), (1, 0, 0, 0), stride=2, batch=2),
    ),
    # Rows lie at different places of a tile.
    (
        (
            "array.dataflow=is",
            "array.port_window=1",
            "scratchpads.ifmap.banks=2",
            "scratchpads.ifmap.interleaving=xor",
            "scratchpads.ifmap.capacity_bytes=64",
            "memory.latency_cycles=9",
        ),
        _conv(9, (2, 2), (4, 4, 3), (0, 1, 0, 0), stride=2, batch=2),
    ),
    # Blocks of lines in one bank: which bank follows from the line, not from its remainder.
    (
        (
            "array.rows=4",
            "array.port_window=1",
            "scratchpads.ifmap.banks=2",
            "scratchpads.ifmap.interleaving=block",
            "scratchpads.ifmap.capacity_bytes=128",
            "scratchpads.filter.capacity_bytes=128",
            "memory.latency_cycles=9",
        ),
        _conv(9, (3, 1), (8, 4, 4), (0, 0, 0, 0)),
    ),
    # The DMA is at work during a fold, which is not to be recorded.
    (
        (
            "array.port_window=1",
            "scratchpads.ifmap.banks=2",
            "scratchpads.ifmap.capacity_bytes=128",
            "scratchpads.filter.capacity_bytes=128",
            "tiling=least-traffic",
        ),
        _conv(12, (3, 1), (4, 3, 2), (1, 0, 0, 0), stride=2, batch=2),
    ),
    # The DMA would begin its work during a fold, which is not to be replayed.
    (
        ("array.dataflow=is", "scratchpads.ifmap.banks=2", "scratchpads.filter.capacity_bytes=128", "tiling=least-traffic"),
        _conv(9, (2, 1), (8, 3, 1), (0, 0, 1, 0), batch=2),
    ),
)


def replay_cases() -> Iterator[Case]:
    """The layers as they are, and with each of the edits below; then other layers on other machines, nothing edited."""
    for edits in ((), *single_cells(), waits_longer(), *among_sets(), *among_halves(), cuts_tiles(), four_preloads_in_a_fold()):
        yield Case(SYSTEM, (LAYER,), edits=edits)
    for edits in ((), comes_with_a_gap(), reads_another_sum()):
        yield Case(SYSTEM, (SHORT,), edits=edits)
    yield Case(IN_TURN, (LAYER,), edits=reads_another_tensor())
    for overrides, layer in OTHERS:
        yield Case(override_system(SYSTEM, overrides), (layer,))


def _program(layer: LayerInstance = LAYER) -> Program:
    return Case(SYSTEM, (layer,)).programs()[0]


def _psum_segment(program: Program, number: int) -> int:
    output = program.segments[Port.OUTPUT]
    return int(np.flatnonzero(program.segments[Port.PSUM][:, Seg.DUE] == output[number, Seg.DUE])[0])


def single_cells() -> list[tuple[Edit, ...]]:
    """One fold's filters begin a word further on in their tile, are fewer, or lie closer; its results come later, or slower."""
    due = int(_program().segments[Port.OUTPUT][ODD, Seg.DUE])
    return [
        (Edit(Port.FILTER, AHEAD, Seg.OFFSET, 1),),
        (Edit(Port.FILTER, AHEAD, Seg.LANES, 2),),
        (Edit(Port.FILTER, AHEAD, Seg.STRIDE, 2),),
        (Edit(Port.FILTER, AHEAD, Seg.REVERSE, 0),),
        (Edit(Port.OUTPUT, ODD, Seg.DUE, due + 5),),
        (Edit(Port.OUTPUT, ODD, Seg.DUE_STRIDE, 2),),
        (Edit(Port.IFMAP, ODD, Seg.COUNT, 5), Edit(Port.IFMAP, ODD, Seg.TIMES, 5)),
        (Edit(Port.IFMAP, ODD, Seg.SETS, 2),),
    ]


def waits_longer() -> tuple[Edit, ...]:
    """Partial sums of one fold wait for one more output than they need, so that none is read ahead of its step."""
    program = _program()
    written_before = int(program.segments[Port.OUTPUT][:ODD, Seg.COUNT].sum())
    return (Edit(Port.PSUM, _psum_segment(program, ODD), Seg.AFTER_WRITE, written_before - 1),)


def among_sets() -> list[tuple[Edit, ...]]:
    """Folds alike in each column read three pixels twice, at one tap; one of them reads the second time at another tap."""
    alike = tuple(Edit(Port.IFMAP, number, Seg.SETS, 2) for number in LIKE)
    return [alike, (*alike, Edit(Port.IFMAP, ODD, Seg.K_STEP, 2))]


def among_halves() -> list[tuple[Edit, ...]]:
    """Folds alike in each column read the first three pixels; one of them the last three."""
    alike = tuple(Edit(Port.IFMAP, number, column, 3) for number in LIKE for column in (Seg.COUNT, Seg.TIMES))
    return [alike, (*alike, Edit(Port.IFMAP, ODD, Seg.M0, 3))]


def comes_with_a_gap() -> tuple[Edit, ...]:
    """The second of one fold's two pixels is due as late as the fold lets it be."""
    return (Edit(Port.IFMAP, ODD, Seg.DUE_STRIDE, 8),)


def reads_another_sum() -> tuple[Edit, ...]:
    """One fold adds to sums that lie in the same banks as its own, but in tiles that nobody is writing to."""
    program = _program(SHORT)
    segment, other = (_psum_segment(program, fold(column, 2)) for column in (3, 1))
    return (Edit(Port.PSUM, segment, Seg.TILE, int(program.segments[Port.PSUM][other, Seg.TILE])),)


def reads_another_tensor() -> tuple[Edit, ...]:
    """One fold takes its filters from the ofmap's scratchpad, from a tile in the same banks."""
    ofmap = len(_program().regions) - 1
    return (Edit(Port.FILTER, AHEAD, Seg.REGION, ofmap), Edit(Port.FILTER, AHEAD, Seg.TILE, 3))


def cuts_tiles() -> tuple[Edit, ...]:
    """Folds alike in each column read their partial sums, over and over, at the first line of two tiles; one changes later."""
    program = _program()
    segments = [_psum_segment(program, number) for number in LIKE]
    all_alike = [
        Edit(Port.PSUM, segment, column, value) for segment in segments for column, value in ((Seg.CHUNK, 4), (Seg.STRIDE, 0))
    ]
    return (*all_alike, Edit(Port.PSUM, _psum_segment(program, ODD), Seg.CHUNK, 5))


def four_preloads_in_a_fold() -> tuple[Edit, ...]:
    """In each column's third fold the filters of the four folds to come are preloaded; in one column the last are others.

    The filter port's cursor then goes on by four segments from this fold to the next, further than a key describes.
    """
    program = _program()
    starts, filters = program.segments[Port.IFMAP][:, Seg.DUE], program.segments[Port.FILTER]
    early = tuple(
        Edit(Port.FILTER, number + 1 + ahead, Seg.DUE, int(starts[number]) + ahead * SIDE)
        for number in LIKE
        for ahead in range(4)
        if number + 1 + ahead < len(filters)
    )
    return (*early, Edit(Port.FILTER, fold(3, 0), Seg.TILE, int(filters[fold(3, 2), Seg.TILE])))
