"""Attention as one Program: for each tile of queries, all tiles of keys one after another, with the scores kept on chip.

For each tile of keys the array makes scores, the vector unit makes weights of them (the largest score of a row so far, and
exponentials with their sum), and the array multiplies the weights by the values and adds to the sums. Before all but the first
addition the vector unit scales the sums, because a larger score may have come, and in the end it divides them. The largest scores
and the sums of weights stay in the unit. Array and unit take turns. What one has written is read once it is in the scratchpad.
Several arrays take a group each.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from simcore.program.program import GEO_COLUMNS, QUEUES, Int64Array, Op, Port, Program, Reg
from simcore.program.segments import Segments
from simcore.program.split import Split
from simcore.spec.system import System
from workloads.dataflow.ahead import memory_bound_by
from workloads.dataflow.attention.choice import Chosen
from workloads.dataflow.attention.phases import (
    KEYS,
    QUERIES,
    RESULTS,
    SCORES,
    SUMS,
    WEIGHTS,
    Phase,
    Places,
    product_phase,
    scaling_phase,
    softmax_phase,
)
from workloads.dataflow.attention.room import Part
from workloads.dataflow.attention.shape import AttentionShape, Tiling
from workloads.dataflow.attention.timeline import PORTS, Timeline
from workloads.dataflow.operations import RegionPlan, build_operations, moved_bytes, plan_region
from workloads.dataflow.regions import Region, region_rows
from workloads.dataflow.registry import dataflow_named
from workloads.dataflow.segments import due_steps

#: The queue of the operations that give tiles on chip their slots; nothing is loaded in it.
_ON_CHIP = QUEUES.index("psum")


def lower_attention(name: str, op: str, shape: AttentionShape, system: System, chosen: Chosen) -> Program:
    """Return the Program of attention with the chosen tiles."""
    timeline = Timeline()
    key_tiles = np.array(list(_run(shape, system, chosen, timeline)), dtype=np.int64)
    plans = _plans(shape, system, chosen, timeline, key_tiles)
    regions = region_rows([plan.region for plan in plans])
    segments = Segments.of_rows(timeline.segments())
    due = []
    for number, plan in enumerate(plans):
        if number in PORTS:
            due.append(due_steps(segments.ports[PORTS[number]], plan.uses.first[plan.placement.use]))
        else:
            due.append(np.array(timeline.versions[number].due, dtype=np.int64)[plan.placement.use])
    ops, queue_start = build_operations(plans, regions, due, timeline.steps)
    _in_order_of_need(ops, queue_start)
    _load_from_one_place(ops, regions, key_tiles)
    return Program(
        name=name,
        dataflow=dataflow_named(system.array.dataflow).name,
        steps=timeline.steps,
        segments=segments,
        geometry=np.zeros(GEO_COLUMNS, dtype=np.int64),
        regions=regions,
        ops=ops,
        queue_start=queue_start,
        tiles=int(regions[:, Reg.TILES].sum()),
        slots=int(regions[:, Reg.SLOTS].sum()),
        split=Split(groups=chosen.tiling.groups),
        facts=_facts(op, shape, system, chosen, timeline, plans) | moved_bytes(ops),
    )


def _run(shape: AttentionShape, system: System, chosen: Chosen, timeline: Timeline) -> Iterator[int]:
    """Append all phases. Yield, for each tile of keys or values in order of number, its place among those of all turns."""
    tiling, stays, key_tiles = chosen.tiling, chosen.room.stay, chosen.tiling.key_tiles(shape)
    width, value_width = shape.width, shape.value_width

    @cache
    def multiplied(groups: int, extents: tuple[int, int, int], places: Places) -> Phase:
        return product_phase(groups, extents, places, system)

    @cache
    def weighted(groups: int, rows: int, keys: int) -> Phase:
        return softmax_phase(groups, rows, keys, system)

    @cache
    def scaled(groups: int, rows: int, to: int) -> Phase:
        return scaling_phase(groups, rows, value_width, system, to)

    query_tile, loaded = 0, 0
    for turn, groups in enumerate(tiling.turns(shape)):
        known = 0
        for rows, tiles, _ in tiling.query_tiles(shape):
            for number in range(tiles):
                keys, place = tiling.key_extent(shape, number), 2 * (turn * key_tiles + number)
                tile = place if stays else loaded
                if not stays or number >= known:
                    yield from (place, place + 1)
                    loaded, known = loaded + 2, number + 1
                own = {QUERIES: query_tile, KEYS: tile}
                timeline.run(multiplied(groups, (rows, width, keys), Places(QUERIES, KEYS, SCORES)), tiles=own)
                timeline.run(weighted(groups, rows, keys), [SCORES])
                if number:
                    timeline.run(scaled(groups, rows, SUMS), [SUMS])
                reads = [WEIGHTS, SUMS] if number else [WEIGHTS]
                adding = Places(WEIGHTS, KEYS, SUMS, adds=number > 0)
                timeline.run(multiplied(groups, (rows, keys, value_width), adding), reads, {KEYS: tile + 1})
            timeline.run(scaled(groups, rows, RESULTS), [SUMS], {RESULTS: query_tile})
            query_tile += 1


def _plans(shape: AttentionShape, system: System, chosen: Chosen, timeline: Timeline, key_tiles: Int64Array) -> list[RegionPlan]:
    """Return the plans of all regions in their order."""
    room, words, tiling = chosen.room, system.words, chosen.tiling
    turns = np.array(tiling.turns(shape), dtype=np.int64)
    rows = np.outer(turns, [rows for rows, _, _ in tiling.query_tiles(shape)]).ravel()
    keys = np.array([tiling.key_extent(shape, number) for number in range(tiling.key_tiles(shape))], dtype=np.int64)
    of_place = np.repeat(keys, 2) * np.tile([shape.width, shape.value_width], len(keys))
    key_bytes = np.outer(turns, of_place).ravel()[key_tiles] * words.filter_bytes

    def moved(number: int, part: Part, word_bytes: int, tile_bytes: Int64Array, *, kept: bool = False) -> RegionPlan:
        queue = "output" if kept else "ifmap" if number == QUERIES else "filter"
        region = Region(part.share, part.slot_lines, part.slots, word_bytes, tile_bytes)
        return plan_region(region, timeline.uses(number), PORTS[number], queue, kept=kept)

    def on_chip(number: int, part: Part, word_bytes: int) -> RegionPlan:
        uses, placement = timeline.versions[number].placement()
        region = Region(part.share, part.slot_lines, 1, word_bytes, np.zeros(len(uses), dtype=np.int64))
        return RegionPlan(region, uses, placement, Port.OUTPUT, _ON_CHIP, np.ones(len(uses), dtype=np.int64))

    return [
        moved(QUERIES, room.queries, words.ifmap_bytes, rows * shape.width * words.ifmap_bytes),
        on_chip(WEIGHTS, room.weights, words.ifmap_bytes),
        moved(KEYS, room.keys, words.filter_bytes, key_bytes),
        on_chip(SCORES, room.scores, words.psum_bytes),
        on_chip(SUMS, room.sums, words.psum_bytes),
        moved(RESULTS, room.results, words.ofmap_bytes, rows * shape.value_width * words.ofmap_bytes, kept=True),
    ]


def _in_order_of_need(ops: Int64Array, queue_start: Int64Array) -> None:
    """Let the operations on tiles on chip follow each other in the order in which they are needed."""
    queue = slice(int(queue_start[_ON_CHIP]), int(queue_start[_ON_CHIP + 1]))
    ops[queue] = ops[queue][np.argsort(ops[queue, Op.NEEDED], kind="stable")]


def _load_from_one_place(ops: Int64Array, regions: Int64Array, key_tiles: Int64Array) -> None:
    """Let all loads of the same keys or values read the same addresses."""
    loads = np.flatnonzero(ops[:, Op.REGION] == KEYS)
    number = ops[loads, Op.TILE] - regions[KEYS, Reg.FIRST_TILE]
    address = np.zeros(len(key_tiles), dtype=np.int64)
    address[number] = ops[loads, Op.ADDRESS]
    _, first, same = np.unique(key_tiles, return_index=True, return_inverse=True)
    ops[loads, Op.ADDRESS] = address[first][same.ravel()][number]


def _facts(
    op: str, shape: AttentionShape, system: System, chosen: Chosen, timeline: Timeline, plans: list[RegionPlan]
) -> dict[str, Any]:
    tiling, names = chosen.tiling, ("ifmap", "weights", "filter", "scores", "sums", "ofmap")
    scores = tiling.scores(shape)
    single = [name for name, plan in zip(names, plans, strict=True) if len(plan.uses) and plan.is_single_buffered]
    single = [name for name in single if name in ("ifmap", "filter", "ofmap")]
    array, macs = system.array, scores * (shape.width + shape.value_width)
    return {
        "op": op,
        "macs": macs,
        **(_shares(shape, tiling, macs, array.count) if array.count > 1 else {}),
        "dataflow": array.dataflow,
        "mapping_efficiency_percent": 100.0 * timeline.busy / (timeline.folds * array.rows * array.columns * array.count),
        "folds": timeline.folds,
        "vector_words": timeline.vector_words,
        "tiling": {
            "expected_bytes": chosen.moved_bytes,
            "tiles": {name: plan.region.tiles for name, plan in zip(names, plans, strict=True)},
            "slots": {name: plan.region.slots for name, plan in zip(names, plans, strict=True)},
        },
        "attention": {
            "queries_per_tile": tiling.queries,
            "keys_per_tile": tiling.keys,
            "query_tiles": -(-shape.queries // tiling.queries) * shape.groups,
            "key_tiles": tiling.whole_key_tiles(shape),
            "keys_stay": chosen.room.stay,
            "scores": scores,
            "scores_left_out": shape.groups * shape.queries * shape.keys - scores,
        },
        "single_buffered": ", ".join(single),
        "memory_bound_by": memory_bound_by(system, single_buffered=bool(single)),
    }


def _shares(shape: AttentionShape, tiling: Tiling, macs: int, count: int) -> dict[str, Any]:
    """Return what several arrays do: each takes a group of every turn, as far as there are groups."""
    turns, each = tiling.turns(shape), macs // shape.groups
    own = [each * sum(groups > number for groups in turns) for number in range(count)]
    return {"macs_of_arrays": own, "split_by": f"groups x {tiling.groups}" if tiling.groups > 1 else "-"}
