"""DMA operations: the loads, acquisitions and stores of a placement, with the operations and elements for which each waits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.program.program import OP_COLUMNS, QUEUES, Int64Array, Op, OpKind, Port, Reg
from workloads.dataflow.planner import Lead, TilePlacement, place
from workloads.dataflow.regions import Region
from workloads.dataflow.uses import Uses

#: Each tensor begins at a multiple of this address in main memory.
TENSOR_ALIGNMENT_BYTES = 4096
#: Each tile begins at a multiple of this address, the size of one DDR access, so that no burst contains parts of two tiles.
TILE_ALIGNMENT_BYTES = 64


@dataclass(frozen=True)
class RegionPlan:
    """The tiles of one region, their slots, and the port whose elements release them.

    ``fresh`` marks uses whose tile the array writes first, so that its slot is acquired and nothing is loaded. ``kept`` says that
    tiles are results, each stored after its last use. Otherwise, with ``spills``, a tile that leaves before its last use is
    stored.
    """

    region: Region
    uses: Uses
    placement: TilePlacement
    port: Port
    queue: int
    fresh: Int64Array
    kept: bool = False
    spills: bool = False

    @property
    def is_single_buffered(self) -> bool:
        """Return whether the share holds no more tiles than are in use at once, so that none is brought in ahead."""
        return self.region.slots < self.region.tiles and self.region.slots <= self.uses.at_once

    @property
    def has_a_choice(self) -> bool:
        """Return whether a tile comes back that another tile replaced, so that other tiles could have been kept."""
        return len(self.placement.use) > self.region.slots and self.region.tiles < len(self.uses)

    @property
    def loading_uses(self) -> Int64Array:
        """Return the uses for which a tile is loaded."""
        use = self.placement.use
        return np.asarray(use[self.fresh[use] == 0])

    @property
    def loaded(self) -> Int64Array:
        """Return the tiles that are loaded, one entry for each load."""
        return self.uses.tile[self.loading_uses]

    @property
    def spilled_bytes(self) -> int:
        """Return the bytes that are stored because a tile leaves before its last use."""
        placement = self.placement
        gone = placement.victim[placement.victim_returns > 0] if self.spills else placement.victim[:0]
        return int(self.region.tile_bytes[self.uses.tile[gone]].sum())


def plan_region(
    region: Region, uses: Uses, port: Port, queue: str, *, ahead: int = 1, kept: bool = False, spills: bool = False
) -> RegionPlan:
    """Return the plan of one region, which loads ``ahead`` tiles ahead (see ``Lead``).

    Tiles that the array writes (``kept`` or ``spills``) are fresh at their first use.
    """
    fresh = np.zeros(len(uses), dtype=np.int64)
    if kept or spills:
        fresh[uses.first_of_tiles] = 1
    return RegionPlan(region, uses, place(uses, region.slots, Lead(ahead)), port, QUEUES.index(queue), fresh, kept, spills)


def moved_bytes(ops: Int64Array) -> dict[str, int]:
    """Return the bytes that the operations move from and to main memory."""
    return {
        "dram_read_bytes": int(ops[ops[:, Op.KIND] == OpKind.LOAD, Op.BYTES].sum()),
        "dram_write_bytes": int(ops[ops[:, Op.KIND] == OpKind.STORE, Op.BYTES].sum()),
    }


def tile_addresses(regions: list[Region]) -> list[Int64Array]:
    """Return the byte address in main memory of each tile of each region. Tensors, and the tiles of each, lie in sequence."""
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
    """Complete the rows of LOAD and ACQUIRE operations with their kind and with the elements that release their slot."""
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
    """Stores of one region: their rows and sort keys.

    ``awaited`` gives the store for which each load or acquisition waits and ``awaited_by_store`` that for which each store waits,
    or -1.
    """

    rows: Int64Array
    key: Int64Array
    awaited: Int64Array
    awaited_by_store: Int64Array


def _kept_stores(plan: RegionPlan, rows_of: Int64Array) -> _Stores:
    """Return one store per result tile, due once its last element is accepted. Every tile of a result is used once."""
    placement, uses = plan.placement, plan.uses
    rows = rows_of.copy()
    done = uses.last[placement.use] + 1
    rows[:, Op.DEP_PORT] = int(plan.port)
    rows[:, Op.DEP_COUNT] = done
    store_of_use = np.full(len(uses) + 1, -1, dtype=np.int64)
    store_of_use[placement.use] = np.arange(len(rows))
    return _Stores(rows, done, store_of_use[placement.victim], np.full(len(rows), -1, dtype=np.int64))


def _spill_stores(plan: RegionPlan, rows_of: Int64Array) -> _Stores:
    """Return a store for each tile that leaves while it is needed again, in the order of the uses that evict tiles.

    A tile that comes back waits for the store of the tile that it evicts, and that store waits for the returning tile's own
    store. If it evicts no tile that must be stored, it waits for its own store directly.
    """
    placement, uses = plan.placement, plan.uses
    pushing = np.flatnonzero(placement.victim_returns > 0)
    rows = rows_of[pushing].copy()
    rows[:, Op.DEP_PORT] = int(plan.port)
    rows[:, Op.DEP_COUNT] = placement.released[pushing] + 1
    ready = rows[:, Op.DEP_COUNT].copy()
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
            if own >= 0:
                ready[awaited[taker]] = max(ready[awaited[taker]], ready[own])
            stored[int(gone[taker])] = int(awaited[taker])
        else:
            awaited[taker] = own
    return _Stores(rows, ready, awaited, before)


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


def build_operations(
    plans: list[RegionPlan], regions: Int64Array, due: list[Int64Array], steps: int
) -> tuple[Int64Array, Int64Array]:
    """Return ``Program.ops`` and ``Program.queue_start``. ``plans`` has one plan for each row of ``Program.regions``.

    ``due`` has for each plan the array steps in which the uses of its placement begin; the layer has ``steps``. The stores of all
    regions share a queue, ordered by the output elements for which they wait, so that no store waits behind one that needs later
    elements.
    """
    addresses = tile_addresses([plan.region for plan in plans])
    takers, stores = [], []
    for index, plan in enumerate(plans):
        first_tile, first_slot = int(regions[index, Reg.FIRST_TILE]), int(regions[index, Reg.FIRST_SLOT])
        tile = plan.uses.tile[plan.placement.use]
        rows = _rows(plan, index, addresses[index], first_tile, first_slot, tile, plan.placement.slot)
        rows[:, Op.NEEDED] = due[index]
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
    ops, queue_start = np.concatenate(parts), np.cumsum([0, *(len(part) for part in parts)], dtype=np.int64)
    note_needs_of_stores(ops, queue_start, steps)
    return ops, queue_start


def note_needs_of_stores(ops: Int64Array, queue_start: Int64Array, steps: int) -> None:
    """Let each store be needed for the first step for which an operation is that waits for it, or for a store after it.

    Stores for which nothing waits are needed when the layer ends, after ``steps``.
    """
    stores = slice(int(queue_start[-2]), int(queue_start[-1]))
    ops[stores, Op.NEEDED] = steps
    waits = np.flatnonzero(ops[:, Op.DEP_OP] >= 0)
    np.minimum.at(ops[:, Op.NEEDED], ops[waits, Op.DEP_OP], ops[waits, Op.NEEDED])
    ops[stores, Op.NEEDED] = np.minimum.accumulate(ops[stores, Op.NEEDED][::-1])[::-1]
