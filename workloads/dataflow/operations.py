"""DMA operations: the loads, acquisitions and stores that a placement asks for, with what each waits for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.program.program import OP_COLUMNS, QUEUES, Int64Array, Op, OpKind, Port, Reg
from workloads.dataflow.planner import TilePlacement, place
from workloads.dataflow.regions import Region
from workloads.dataflow.uses import Uses

#: Tensors begin at multiples of this in main memory.
TENSOR_ALIGNMENT_BYTES = 4096
#: And their tiles at multiples of this, one access of a DDR memory: so that no burst of a tile straddles two.
TILE_ALIGNMENT_BYTES = 64


@dataclass(frozen=True)
class RegionPlan:
    """The tiles of one region: where they go, and which port's elements release them.

    ``fresh`` marks uses whose tile the array writes first (its slot is acquired, nothing is loaded). ``kept`` tells whether a
    tile is a result, stored after its last use; otherwise a tile that leaves before its last use is stored, if ``spills``.
    """

    region: Region
    uses: Uses
    placement: TilePlacement
    port: Port
    queue: int
    fresh: Int64Array
    kept: bool = False
    spills: bool = False


def plan_region(region: Region, uses: Uses, port: Port, queue: str, *, kept: bool = False, spills: bool = False) -> RegionPlan:
    """The plan of one region. Tiles that the array writes (``kept`` or ``spills``) are fresh at their first use."""
    fresh = np.zeros(len(uses), dtype=np.int64)
    if kept or spills:
        fresh[np.unique(uses.tile, return_index=True)[1]] = 1
    return RegionPlan(region, uses, place(uses, region.slots), port, QUEUES.index(queue), fresh, kept, spills)


def moved_bytes(ops: Int64Array) -> dict[str, int]:
    """Bytes the operations move from and to main memory."""
    return {
        "dram_read_bytes": int(ops[ops[:, Op.KIND] == OpKind.LOAD, Op.BYTES].sum()),
        "dram_write_bytes": int(ops[ops[:, Op.KIND] == OpKind.STORE, Op.BYTES].sum()),
    }


def tile_addresses(regions: list[Region]) -> list[Int64Array]:
    """Byte address in main memory of each tile of each region: tensor after tensor, tile after tile."""
    addresses, free = [], 0
    for item in regions:
        sizes = -(-item.tile_bytes // TILE_ALIGNMENT_BYTES) * TILE_ALIGNMENT_BYTES
        addresses.append(free + np.cumsum(sizes) - sizes)
        free += -(-int(sizes.sum()) // TENSOR_ALIGNMENT_BYTES) * TENSOR_ALIGNMENT_BYTES
    return addresses


def _rows(
    plan: RegionPlan,
    index: int,
    addresses: Int64Array,
    first_tile: int,
    first_slot: int,
    tile: Int64Array,
    slot: Int64Array,
) -> Int64Array:
    rows = np.full((len(tile), OP_COLUMNS), -1, dtype=np.int64)
    rows[:, Op.REGION] = index
    rows[:, Op.TILE] = first_tile + tile
    rows[:, Op.SLOT] = first_slot + slot
    rows[:, Op.BYTES] = plan.region.tile_bytes[tile]
    rows[:, Op.ADDRESS] = addresses[tile]
    rows[:, Op.DEP_COUNT] = 0
    return rows


def _takers(plan: RegionPlan, rows: Int64Array) -> Int64Array:
    """LOAD and ACQUIRE rows completed with their kind and the elements that release their slot."""
    placement = plan.placement
    acquired = (plan.fresh[placement.use] != 0) | (rows[:, Op.BYTES] == 0)
    rows[:, Op.KIND] = np.where(acquired, int(OpKind.ACQUIRE), int(OpKind.LOAD))
    rows[acquired, Op.BYTES] = 0
    taken = placement.released >= 0
    rows[taken, Op.DEP_PORT] = int(plan.port)
    rows[taken, Op.DEP_COUNT] = placement.released[taken] + 1
    return rows


@dataclass(frozen=True)
class _Stores:
    """Stores of one region: rows, their order key, and which store each taker and each store waits for (-1: none)."""

    rows: Int64Array
    key: Int64Array
    awaited: Int64Array
    awaited_by_store: Int64Array


def _kept_stores(plan: RegionPlan, rows_of: Int64Array) -> _Stores:
    """One store per result tile, as soon as its last element is accepted; every tile of a result is used once."""
    placement, uses = plan.placement, plan.uses
    rows = rows_of.copy()
    done = uses.last[placement.use] + 1
    rows[:, Op.DEP_PORT] = int(plan.port)
    rows[:, Op.DEP_COUNT] = done
    store_of_use = np.full(len(uses) + 1, -1, dtype=np.int64)
    store_of_use[placement.use] = np.arange(len(rows))
    return _Stores(rows, done, store_of_use[placement.victim], np.full(len(rows), -1, dtype=np.int64))


def _spill_stores(plan: RegionPlan, rows_of: Int64Array) -> _Stores:
    """A store for each tile that leaves while it is needed again; the order is that of the uses that push them out.

    A tile that comes back waits for the store of the tile it pushes out, which then waits for the tile's own; or for its own.
    """
    placement, uses = plan.placement, plan.uses
    pushing = np.flatnonzero(placement.victim_returns > 0)
    rows = rows_of[pushing].copy()
    rows[:, Op.DEP_PORT] = int(plan.port)
    rows[:, Op.DEP_COUNT] = placement.released[pushing] + 1
    awaited = np.full(len(placement.use), -1, dtype=np.int64)
    awaited[pushing] = np.arange(len(pushing))
    tile = uses.tile[placement.use]
    before = np.full(len(rows), -1, dtype=np.int64)
    stored: dict[int, int] = {}
    gone = uses.tile[placement.victim]
    for taker in range(len(tile)) if len(pushing) else ():
        own = stored.get(int(tile[taker]), -1)
        if awaited[taker] >= 0:
            before[awaited[taker]] = own
            stored[int(gone[taker])] = int(awaited[taker])
        else:
            awaited[taker] = own
    return _Stores(rows, uses.first[placement.use[pushing]], awaited, before)


def _stores(plan: RegionPlan, index: int, addresses: Int64Array, first_tile: int, first_slot: int) -> _Stores | None:
    placement = plan.placement
    if plan.kept:
        tile, slot, make = plan.uses.tile[placement.use], placement.slot, _kept_stores
    elif plan.spills:
        tile, slot, make = plan.uses.tile[placement.victim], placement.slot, _spill_stores
    else:
        return None
    rows = _rows(plan, index, addresses, first_tile, first_slot, tile, slot)
    rows[:, Op.KIND] = int(OpKind.STORE)
    return make(plan, rows)


def build_operations(plans: list[RegionPlan], regions: Int64Array) -> tuple[Int64Array, Int64Array]:
    """``Program.ops`` and ``Program.queue_start`` from the plans of ``Program.regions``, one each.

    Stores of all regions share a queue in order of the output elements they wait for, so none waits behind one that needs later
    elements.
    """
    addresses = tile_addresses([plan.region for plan in plans])
    takers, stores = [], []
    for index, plan in enumerate(plans):
        first_tile, first_slot = int(regions[index, Reg.FIRST_TILE]), int(regions[index, Reg.FIRST_SLOT])
        tile = plan.uses.tile[plan.placement.use]
        rows = _rows(plan, index, addresses[index], first_tile, first_slot, tile, plan.placement.slot)
        takers.append(_takers(plan, rows))
        stores.append(_stores(plan, index, addresses[index], first_tile, first_slot))
    found = [item for item in stores if item is not None]
    order = np.argsort(np.concatenate([item.key for item in found]), kind="stable") if found else np.zeros(0, dtype=np.int64)
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    loads = sum(len(rows) for rows in takers)
    offset = 0
    for rows, item in zip(takers, stores, strict=True):
        if item is None:
            continue
        for waiting, awaited in ((rows, item.awaited), (item.rows, item.awaited_by_store)):
            waits = awaited >= 0
            waiting[waits, Op.DEP_OP] = loads + position[offset + awaited[waits]]
        offset += len(item.rows)
    empty = np.zeros((0, OP_COLUMNS), dtype=np.int64)
    by_queue = [[empty] for _ in QUEUES]
    for rows, plan in zip(takers, plans, strict=True):
        by_queue[plan.queue].append(rows)
    by_queue[-1].append(np.concatenate([empty, *(item.rows for item in found)])[order] if found else empty)
    parts = [np.concatenate(part) for part in by_queue]
    return np.concatenate(parts), np.cumsum([0, *(len(part) for part in parts)], dtype=np.int64)
