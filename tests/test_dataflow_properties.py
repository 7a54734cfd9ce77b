"""Random layers on random machines: streams touch the words of im2col, and the DMA's plan has each tile ready in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import prod
from typing import Any

import pytest
from dataflow_walk import check_plan, region_words
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from machines import EDGES_AND_OVERLAPS

from simcore.errors import InputError
from simcore.program.program import Fold, Op, OpKind, Port, Program, Reg, Seg
from simcore.program.streams import element_word
from simcore.spec.system import System
from workloads.dataflow.array import lower_shape
from workloads.dataflow.elementwise import lower_elementwise
from workloads.dataflow.row_work import Rowwise
from workloads.dataflow.shape import ConvShape, matrix_product
from workloads.dataflow.windows import lower_windows

RELAXED = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


@st.composite
def machines(draw: st.DrawFn, roomy: bool = False) -> System:
    """Machines whose scratchpads may be too small; ``roomy``: none is."""
    line, banks = draw(st.sampled_from([4, 8, 16])), draw(st.sampled_from([1, 1, 2, 3]))
    rows = [2048] if roomy else [1, 3, 4, 6, 9, 16, 100]

    def pad() -> dict[str, Any]:
        return {
            "capacity_bytes": line * banks * draw(st.sampled_from(rows)),
            "banks": banks,
            "line_bytes": line,
            "timing": "sram",
        }

    partial_sums = draw(st.sampled_from(["accumulator", "ofmap"]))
    names = draw(st.sampled_from([("ifmap", "filter", "ofmap"), ("unified",)]))
    pads = {name: pad() for name in (*names, *(("accumulator",) if partial_sums == "accumulator" else ()))}
    word = st.sampled_from([1, 2])
    edge, overlap = draw(st.sampled_from(EDGES_AND_OVERLAPS))
    return System.model_validate(
        {
            "name": "drawn",
            "core_clock_hz": "1 GHz",
            "tiling": draw(st.sampled_from(["least-traffic", "whole"])),
            "array": {
                "rows": draw(st.integers(1, 6)),
                "columns": draw(st.integers(1, 6)),
                "dataflow": draw(st.sampled_from(["ws", "os", "is"])),
                "fold_overlap": overlap,
                "edge": edge,
                "partial_sums": partial_sums,
            },
            "words": {
                "ifmap_bytes": draw(word),
                "filter_bytes": draw(word),
                "ofmap_bytes": draw(word),
                "psum_bytes": draw(st.sampled_from([1, 4])),
            },
            "scratchpads": pads,
            "dma": {"burst_bytes": 64},
            "memory": {"clock_hz": "1 GHz", "latency_cycles": 3, "bytes_per_cycle": 8},
            "vector_unit": {"lanes": draw(st.integers(1, 7))},
        }
    )


@st.composite
def shapes(draw: st.DrawFn) -> ConvShape:
    """Loop nests of products and of grouped, strided, dilated, padded convolutions."""
    if draw(st.booleans()):
        return matrix_product(*(draw(st.integers(1, 13)) for _ in range(3)), draw(st.sampled_from([1, 1, 2])))
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    kernel, stride, dilation, padding = (
        (draw(st.integers(low, high)), draw(st.integers(low, high))) for low, high in ((1, 3), (1, 3), (1, 2), (0, 2))
    )
    extent = [draw(st.integers(1, 7)) + (k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
    out = [
        (n + 2 * p - (k - 1) * d - 1) // s + 1 for n, p, k, d, s in zip(extent, padding, kernel, dilation, stride, strict=True)
    ]
    return ConvShape(
        batch=draw(st.integers(1, 2)),
        height=extent[0],
        width=extent[1],
        channels=groups * draw(st.integers(1, 4)),
        out_height=out[0],
        out_width=out[1],
        filters=groups * draw(st.integers(1, 5)),
        kernel=kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )


def unless_too_small(build: Callable[[], Program]) -> Program | None:
    """The Program, or None where a scratchpad is honestly too small."""
    try:
        return build()
    except InputError as error:
        message = str(error)
    assert "capacity below one tile" in message or "lines, got" in message
    return None


def lowered(shape: ConvShape, system: System) -> Program | None:
    """The Program of a drawn layer, or None where the machine is too small."""
    return unless_too_small(lambda: lower_shape("drawn", "conv", shape, system, with_folds=True))


def ifmap_source(shape: ConvShape, group: int, pixel: int, tap: int) -> tuple[int, int, int, int] | None:
    """(image, row, column, channel) by im2col, written out; None in the padding."""
    image, rest = divmod(pixel, shape.out_height * shape.out_width)
    out_row, out_column = divmod(rest, shape.out_width)
    position, channel = divmod(tap, shape.group_channels)
    kernel_row, kernel_column = divmod(position, shape.kernel[1])
    row = out_row * shape.stride[0] + kernel_row * shape.dilation[0] - shape.padding[0]
    column = out_column * shape.stride[1] + kernel_column * shape.dilation[1] - shape.padding[1]
    if not (0 <= row < shape.height and 0 <= column < shape.width):
        return None
    return image, row, column, group * shape.group_channels + channel


def indices(dataflow: str, port: int, fold: Fold, time: int, lane: int) -> tuple[int, int]:
    """What lane ``lane`` of time ``time`` carries: (pixel, tap), (tap, filter) or (pixel, filter) by port."""
    m, n, k = fold.m0, fold.n0, fold.k0
    table = {
        ("ws", Port.IFMAP): (m + time, k + lane),
        ("ws", Port.FILTER): (k + time, n + lane),
        ("ws", Port.OUTPUT): (m + time, n + lane),
        ("os", Port.IFMAP): (m + lane, k + time),
        ("os", Port.FILTER): (k + time, n + lane),
        ("os", Port.OUTPUT): (m + time, n + lane),
        ("is", Port.IFMAP): (m + lane, k + time),
        ("is", Port.FILTER): (k + lane, n + time),
        ("is", Port.OUTPUT): (m + lane, n + time),
    }
    return table[dataflow, Port(port)]


Meaning = dict[tuple[int, int, int], tuple[int, ...] | None]


def meanings(program: Program, shape: ConvShape, port: int) -> tuple[Meaning, Counter[tuple[int, ...]]]:
    """What each word of a port stands for, asserted to be one thing only; and how often each thing is moved."""
    found: Meaning = {}
    moved: Counter[tuple[int, ...]] = Counter()
    folds = program.folds
    for fold, segment in zip(folds, program.segments[port], strict=True):
        for element in range(segment[Seg.COUNT]):
            for lane in range(segment[Seg.LANES]):
                time = element - lane if segment[Seg.SKEWED] else element
                if not 0 <= time < segment[Seg.TIMES]:
                    continue
                time = int(segment[Seg.TIMES]) - 1 - time if segment[Seg.REVERSE] else time
                first, second = indices(program.dataflow, port, fold, time, lane)
                thing: tuple[int, ...] | None = (fold.group, first, second)
                if port == Port.IFMAP:
                    thing = ifmap_source(shape, fold.group, first, second)
                tile, word = element_word(segment, program.geometry, element, lane)
                assert (tile >= 0) == (thing is not None)
                if thing is not None:
                    moved[thing] += 1
                    assert found.setdefault((int(segment[Seg.REGION]), int(tile), int(word)), thing) == thing
    return found, moved


@pytest.mark.slow
@RELAXED
@given(shapes(), machines())
def test_streams_move_exactly_the_words_that_im2col_asks_for(shape: ConvShape, system: System) -> None:
    program = lowered(shape, system)
    if program is None:
        return
    row_folds, column_folds = program.facts["row_folds"], program.facts["column_folds"]
    sources = Counter(
        source
        for group in range(shape.groups)
        for pixel in range(shape.pixels)
        for tap in range(shape.taps)
        if (source := ifmap_source(shape, group, pixel, tap)) is not None
    )
    blocks = program.facts["tiling"]["blocks"]
    again = {"ws": column_folds, "os": column_folds, "is": blocks}[program.dataflow]
    meaning, moved = meanings(program, shape, Port.IFMAP)
    assert moved == Counter({source: count * again for source, count in sources.items()})
    assert len(meaning) == len(sources), "an input word has two places"

    weights = [(g, k, n) for g in range(shape.groups) for k in range(shape.taps) for n in range(shape.group_filters)]
    again = {"ws": blocks, "os": row_folds, "is": column_folds}[program.dataflow]
    meaning, moved = meanings(program, shape, Port.FILTER)
    assert moved == Counter(dict.fromkeys(weights, again))
    assert sorted(thing for thing in meaning.values() if thing) == sorted(weights), "a weight has two places"

    results = [(g, m, n) for g in range(shape.groups) for m in range(shape.pixels) for n in range(shape.group_filters)]
    written, moved = meanings(program, shape, Port.OUTPUT)
    sums = row_folds if program.dataflow != "os" else 1
    assert moved == Counter(dict.fromkeys(results, sums))
    ofmap = len(program.regions) - 1
    assert sorted(thing for (region, _, _), thing in written.items() if region == ofmap and thing) == sorted(results)
    counts = region_words(program, Port.OUTPUT)
    assert all(count == 1 for (region, _, _), count in counts.items() if region == ofmap), "a result is written twice"
    reads = region_words(program, Port.PSUM)
    assert reads == Counter({word: count for word, count in counts.items() if word[0] != ofmap})


@pytest.mark.slow
@RELAXED
@given(shapes(), machines())
def test_every_element_finds_its_tiles_and_the_plan_never_deadlocks(shape: ConvShape, system: System) -> None:
    program = lowered(shape, system)
    if program is None:
        return
    walk = check_plan(program, system)
    ofmap = program.regions[-1]
    first, tiles = int(ofmap[Reg.FIRST_TILE]), int(ofmap[Reg.TILES])
    stored = {tile: walk.memory[tile] for tile in range(first, first + tiles) if tile in walk.memory}
    assert sum(len(words) for words in stored.values()) == shape.pixels * shape.filters
    assert all(walk.stored[tile] == 1 for tile in stored)
    used = [op for op in program.ops if op[Op.KIND] != OpKind.ACQUIRE]
    assert program.facts["dram_read_bytes"] == sum(int(op[Op.BYTES]) for op in used if op[Op.KIND] == OpKind.LOAD)
    assert program.facts["dram_write_bytes"] == sum(int(op[Op.BYTES]) for op in used if op[Op.KIND] == OpKind.STORE)


@pytest.mark.slow
@RELAXED
@given(shapes(), machines(roomy=True))
def test_main_memory_moves_each_word_once_where_everything_fits(shape: ConvShape, system: System) -> None:
    program = lowered(shape, system)
    assert program is not None
    used_rows = {
        source[:2]
        for pixel in range(shape.pixels)
        for tap in range(shape.taps)
        if (source := ifmap_source(shape, 0, pixel, tap)) is not None
    }
    rows = {row for _, row in used_rows}
    words = system.words
    assert shape.batch * len(rows) * shape.width * shape.channels <= shape.ifmap_words()
    read = shape.ifmap_words() * words.ifmap_bytes + shape.filters * shape.taps * words.filter_bytes
    assert program.facts["dram_read_bytes"] <= read
    if shape.padding == (0, 0):
        assert program.facts["dram_read_bytes"] == read
        assert len(rows) == int(shape.used_rows().sum())
    assert program.facts["dram_write_bytes"] == shape.pixels * shape.filters * words.ofmap_bytes


@pytest.mark.slow
@RELAXED
@given(shapes(), machines())
def test_a_window_layer_reads_each_tap_once_and_writes_each_result_once(shape: ConvShape, system: System) -> None:
    pooled = ConvShape(
        **{name: getattr(shape, name) for name in ("batch", "height", "width", "channels", "out_height", "out_width")},
        filters=shape.channels,
        **{name: getattr(shape, name) for name in ("kernel", "stride", "padding", "dilation")},
    )
    program = unless_too_small(lambda: lower_windows("drawn", "pool", pooled, system))
    if program is None:
        return
    check_plan(program, system)
    taps = Counter(
        source
        for pixel in range(pooled.pixels)
        for tap in range(pooled.taps)
        if (source := ifmap_source(pooled, 0, pixel, tap)) is not None
    )
    reads, writes = region_words(program, Port.IFMAP), region_words(program, Port.OUTPUT)
    assert len(reads) == len(taps)
    assert sorted(reads.values()) == sorted(taps.values())
    assert len(writes) == pooled.pixels * pooled.channels
    assert set(writes.values()) == {1}
    blocks = -(-pooled.channels // system.vector_unit.lanes)
    passes, left = divmod(program.steps, pooled.pixels * prod(pooled.kernel))
    assert left == 0
    assert passes >= blocks
    if program.regions[0, Reg.SLOTS] == program.regions[0, Reg.TILES]:
        assert passes == blocks, "windows that fit are not cut into blocks of fewer channels"


@pytest.mark.slow
@RELAXED
@given(st.integers(1, 60), st.integers(2, 4), machines())
def test_an_elementwise_layer_reads_pairs_and_waits_for_its_own_intermediate_results(
    words: int, operands: int, system: System
) -> None:
    program = unless_too_small(lambda: lower_elementwise("drawn", "add", system, words=words, operands=operands))
    if program is None:
        return
    check_plan(program, system)
    assert program.steps == (operands - 1) * -(-words // system.vector_unit.lanes)
    for port in (Port.IFMAP, Port.FILTER, Port.OUTPUT):
        counts = region_words(program, port)
        assert len(counts) == (operands - 1) * words
        assert set(counts.values()) == {1}
    result, per_pass = program.regions[2], int(program.regions[0, Reg.TILES]) // (operands - 1)
    for op in program.ops:
        if op[Op.REGION] == 0 and op[Op.TILE] >= per_pass:
            store = program.ops[op[Op.DEP_OP]]
            assert store[Op.KIND] == OpKind.STORE
            assert store[Op.TILE] == result[Reg.FIRST_TILE] + op[Op.TILE] - per_pass


@pytest.mark.slow
@RELAXED
@given(st.integers(1, 5), st.integers(1, 30), st.sampled_from([1, 3]), machines())
def test_a_layer_of_several_passes_reads_each_word_once_per_pass(rows: int, length: int, passes: int, system: System) -> None:
    program = unless_too_small(lambda: Rowwise(rows * length, rows, passes).lower("drawn", "softmax", system))
    if program is None:
        return
    check_plan(program, system)
    assert program.steps == rows * passes * -(-length // system.vector_unit.lanes)
    reads, writes = region_words(program, Port.IFMAP), region_words(program, Port.OUTPUT)
    assert len(reads) == len(writes) == rows * length
    assert set(reads.values()) == {passes}
    assert set(writes.values()) == {1}
