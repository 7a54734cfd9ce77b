"""Tiling search: estimates select the blocks and loop order with the least main-memory traffic before anything is planned."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.spec.system import System
from workloads.dataflow.dataflow import Dataflow
from workloads.dataflow.estimates import Choice
from workloads.dataflow.loops import Loops
from workloads.dataflow.regions import OUTPUT_BYTES, Share, shares
from workloads.dataflow.shape import ConvShape


@dataclass(frozen=True)
class Candidate:
    """The expected cost of a choice of loops: bytes moved, and number of folds."""

    loops: Loops
    traffic_bytes: float
    folds: int


def _psum_bytes(shape: ConvShape, system: System, flow: Dataflow, loops: Loops) -> int:
    """Return the bytes of the partial sums that live at the same time, or 0 if none leave the array."""
    along_rows, along_columns, along_time = flow.extents(shape)
    if not flow.sums_leave or along_rows <= system.array.rows:
        return 0
    return min(loops.block, along_time) * min(system.array.all_columns, along_columns) * system.words.psum_bytes


def layer_shares(shape: ConvShape, system: System, flow: Dataflow, loops: Loops) -> dict[str, Share]:
    """Return the share of each tensor under these loops. Raise InputError if a scratchpad has fewer lines than tensors."""
    words = system.words
    wants = {
        "ifmap": shape.ifmap_words() * words.ifmap_bytes,
        "filter": shape.filters * shape.taps * words.filter_bytes,
        "ofmap": min(OUTPUT_BYTES, shape.pixels * shape.filters * words.ofmap_bytes),
    }
    psum = _psum_bytes(shape, system, flow, loops)
    return shares(system, wants | ({"psum": psum} if psum else {}))


def _estimate(shape: ConvShape, system: System, flow: Dataflow, loops: Loops) -> Candidate:
    array = system.array
    along_rows, along_columns, along_time = flow.extents(shape)
    rows, columns = -(-along_rows // array.rows), -(-along_columns // array.all_columns)
    blocks = -(-along_time // loops.block) if flow.cuts_time else 1
    room = {name: float(share.capacity_bytes) for name, share in layer_shares(shape, system, flow, loops).items()}
    parts = flow.traffic(Choice(shape, system, loops, room, rows, columns, blocks))
    live = _psum_bytes(shape, system, flow, loops)
    spilled = 2 * (rows - 1) * blocks * columns * max(0.0, live - room.get("psum", 0.0))
    return Candidate(loops, shape.groups * (sum(parts) + spilled), shape.groups * rows * columns * blocks)


def _block_sizes(shape: ConvShape, system: System, flow: Dataflow) -> list[int]:
    """Return the block sizes to try, largest first: the whole dimension, its halves, and one that lets partial sums stay."""
    along_rows, along_columns, along_time = flow.extents(shape)
    if not flow.cuts_time:
        return [along_time]
    unit = flow.block_unit(shape)
    units = along_time // unit
    found = {-(-units // part) for part in (2**power for power in range(units.bit_length()))}
    lanes_bytes = min(system.array.all_columns, along_columns) * system.words.psum_bytes
    if along_rows > system.array.rows:
        room = layer_shares(shape, system, flow, Loops(along_time))["psum"].capacity_bytes
        fitting = room // (lanes_bytes * unit)
        if 1 <= fitting < units:
            found.add(-(-units // -(-units // fitting)))
    return [size * unit for size in sorted(found, reverse=True)]


def choose_loops(shape: ConvShape, system: System, flow: Dataflow) -> Loops:
    """Return the loops with the least estimated traffic, then the fewest folds. Tiling "whole" allows only SCALE-Sim's folds."""
    _, _, along_time = flow.extents(shape)
    whole = system.tiling == "whole"
    tried = [
        _estimate(shape, system, flow, Loops(size, outer, taps))
        for size in ([along_time] if whole else _block_sizes(shape, system, flow))
        for outer in (("column",) if whole else ("column", "block"))
        for taps in flow.tap_orders(shape, system.array)
    ]
    return min(tried, key=lambda estimate: (estimate.traffic_bytes, estimate.folds)).loops
