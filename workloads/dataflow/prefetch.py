"""Prefetch: a layer's first loads become the last operations of the layer before, if that layer's DMA has time for them.

Programs stay plain data, and engines know nothing of it. The layer before has a region more for each tensor of which it loads
tiles, over the lines in which the layer expects them. The layer itself finds these tiles in their slots: their loads become
acquisitions, which move nothing. So each tile is still loaded once. A load waits until its lines are free: until the port that
reads them has taken the last element that needs them. Lines that the array writes are never free.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from simcore.program.program import OP_COLUMNS, REG_COLUMNS, Int64Array, Kind, Op, OpKind, Port, Program, Reg, Seg
from simcore.spec.system import System
from workloads.dataflow.ahead import bytes_in_flight, rate
from workloads.dataflow.operations import moved_bytes
from workloads.dataflow.residency.tensors import StepTensor
from workloads.dataflow.uses import ragged

#: At most so many loads of a layer are moved to the layer before.
MOST_LOADS = 4096
#: A burst that has arrived is written into its lines within about this many cycles.
HANDLING_CYCLES = 8


@dataclass(frozen=True)
class Ahead:
    """What changes in a layer: the operations whose tiles it finds in place, and the regions and loads for the next layer.

    ``found`` are indices of operations. ``loads`` are rows of operations, whose regions, tiles and slots are counted from 0, and
    ``queues`` says in which queue each of them stands. ``roles`` are those of the regions in the next layer.
    """

    found: Int64Array
    regions: Int64Array
    loads: Int64Array
    queues: Int64Array
    roles: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether anything changes."""
        return bool(len(self.found) or len(self.loads))


@dataclass(frozen=True)
class Free:
    """When lines are free: once ``port`` has taken ``count`` elements, or from the begin (-1, 0). ``step`` is that array step."""

    port: int = -1
    count: int = 0
    step: int = 0


class Lines:
    """The lines of a layer: which slots take them, and when nothing needs the tile any more that is in a slot last."""

    def __init__(self, program: Program) -> None:
        """Look at a layer. What it says of a region is found when it is asked for."""
        self._program = program
        self._ports: list[set[int]] = [set() for _ in program.regions]
        for port, segments in enumerate(program.segments.ports):
            if segments.rows:
                for region in np.unique(segments.column(Seg.REGION)):
                    self._ports[int(region)].add(port)
        self._slots: dict[int, tuple[Int64Array, Int64Array]] = {}

    def free(self, pad: int, begin: int, end: int) -> Free | None:
        """Return when the lines from ``begin`` to ``end`` of a scratchpad are free, or None if no operation can wait for that."""
        found = Free()
        for region, row in enumerate(self._program.regions.tolist()):
            base, lines = row[Reg.BASE_LINE], row[Reg.SLOT_LINES]
            first, last = max(begin - base, 0) // lines, min((end - 1 - base) // lines, row[Reg.SLOTS] - 1)
            if row[Reg.SCRATCHPAD] != pad or last < first or end <= base:
                continue
            ports = self._ports[region]
            if not ports <= {Port.IFMAP, Port.FILTER} or len(ports) > 1:
                return None
            counts, steps = self._of(region)
            port, count, step = min(ports, default=-1), int(counts[first : last + 1].max()), int(steps[first : last + 1].max())
            if count and found.port not in (-1, port):
                return None
            if count:
                found = Free(port, max(found.count, count), max(found.step, step))
        return found

    def _of(self, region: int) -> tuple[Int64Array, Int64Array]:
        """Return for each slot of a region the elements that need the tile in it last, and the step after the last of them."""
        if region not in self._slots:
            row, ops = self._program.regions[region], self._program.ops
            takes = ops[(ops[:, Op.REGION] == region) & (ops[:, Op.KIND] != OpKind.STORE)]
            counts, steps = self._of_tiles(region)
            found = np.zeros((2, int(row[Reg.SLOTS])), dtype=np.int64)
            tile = takes[:, Op.TILE] - row[Reg.FIRST_TILE]
            found[:, takes[:, Op.SLOT] - row[Reg.FIRST_SLOT]] = counts[tile], steps[tile]  # of several, the last one stays
            self._slots[region] = found[0], found[1]
        return self._slots[region]

    def _of_tiles(self, region: int) -> tuple[Int64Array, Int64Array]:
        """Return for each tile of a region the elements up to the end of the last segment that reads it, and its last step + 1.

        Of a segment that goes through pixels and taps it is not looked up which tiles it reads, but taken to be all of them.
        """
        tiles = int(self._program.regions[region, Reg.TILES])
        found = np.zeros((2, tiles), dtype=np.int64)
        for port in self._ports[region]:
            segments = self._program.segments.ports[port]
            count, times = segments.column(Seg.COUNT), segments.column(Seg.TIMES)
            ends = np.stack((np.cumsum(count), segments.column(Seg.DUE) + (count - 1) * segments.column(Seg.DUE_STRIDE) + 1))
            mine = segments.column(Seg.REGION) == region
            linear = np.flatnonzero(mine & (segments.column(Seg.KIND) == Kind.LINEAR))
            if len(linear) < mine.sum():
                found = np.maximum(found, ends[:, mine].max(axis=1, initial=0)[:, None])
                continue
            owner, tile = ragged(segments.column(Seg.TILE)[linear], (times[linear] - 1) // segments.column(Seg.CHUNK)[linear] + 1)
            for row, end in zip(found, ends[:, linear], strict=True):
                np.maximum.at(row, tile, end[owner])
        return found[0], found[1]


def loadable_roles(tensors: Iterable[StepTensor], layers: int) -> list[set[str]]:
    """Return for each of a network's ``layers`` the roles of the tensors that the layer just before it does not write."""
    roles: list[set[str]] = [set() for _ in range(layers)]
    for tensor in tensors:
        written = {use.at for use in tensor.writes}
        for use in tensor.reads:
            if use.at - 1 not in written:
                roles[use.at].add(use.role)
    return roles


def first_loads(program: Program, roles: Container[str], most_bytes: float) -> Iterator[tuple[int, int]]:
    """Yield (queue, operation) for loads with which a layer begins, queue by queue, of tensors in ``roles`` alone.

    They take a slot that no tile had before. In a queue they are the first ones, and have at most so many bytes.
    """
    may = [role in roles for role in program.facts["tiling"]["tiles"]]
    for queue, (begin, end) in enumerate(zip(program.queue_start[:-1].tolist(), program.queue_start[1:].tolist(), strict=True)):
        left = most_bytes
        for index, op in enumerate(program.ops[begin : min(end, begin + MOST_LOADS)].tolist(), begin):
            if op[Op.DEP_PORT] >= 0 or op[Op.DEP_OP] >= 0:
                break
            if op[Op.KIND] == OpKind.LOAD:
                left -= op[Op.BYTES]
                if left < 0 or not may[op[Op.REGION]]:
                    break
                yield queue, index


def loads_in_time(before: Program, program: Program, roles: Container[str], system: System) -> list[tuple[int, int, Free]]:
    """Return (queue, operation, when its lines are free) for the loads of a layer that the layer before is to take over.

    These are the loads that are needed first, as long as the layer before is expected to have done them when its array ends. Its
    DMA has the part of main memory's rate for them that its own operations leave, and no more bursts on their way than ever. No
    operation of a queue starts before those that stand before it.
    """
    own = sum(moved_bytes(before.ops).values())
    spare = rate(system) - own / max(1, before.steps)
    if spare <= 0:
        return []
    latency = bytes_in_flight(system) / rate(system) + HANDLING_CYCLES
    per_burst = latency / system.dma.outstanding_bursts
    lines, done, found = Lines(before), 0.0, list[tuple[int, int, Free]]()
    begun = [_last_start(before, queue) for queue in range(len(before.queue_start) - 1)]
    candidates = sorted(first_loads(program, roles, spare * before.steps), key=lambda each: program.ops[each[1], Op.NEEDED])
    for queue, index in candidates:
        free = lines.free(*_lines_of(program, index, system))
        if free is None:
            break
        moved = int(program.ops[index, Op.BYTES])
        takes = max(moved / spare, -(-moved // system.dma.burst_bytes) * per_burst)
        done = max(done, free.step, begun[queue]) + takes
        if done + latency > before.steps:
            break
        found.append((queue, index, free))
    return found


def _last_start(program: Program, queue: int) -> int:
    """Return about the step from which no operation of a queue waits any more: after that for which its last one waits."""
    begin, end = int(program.queue_start[queue]), int(program.queue_start[queue + 1])
    if begin == end:
        return 0
    last = program.ops[end - 1]
    if last[Op.DEP_OP] >= 0:
        return int(last[Op.NEEDED])
    if last[Op.DEP_PORT] < 0:
        return 0
    segments, element = program.segments.ports[int(last[Op.DEP_PORT])], int(last[Op.DEP_COUNT]) - 1
    ends = np.cumsum(segments.column(Seg.COUNT))
    number = int(np.searchsorted(ends, element, side="right"))
    before = element - int(ends[number] - segments.column(Seg.COUNT)[number])
    return int(segments.column(Seg.DUE)[number] + before * segments.column(Seg.DUE_STRIDE)[number]) + 1


def _lines_of(program: Program, index: int, system: System) -> tuple[int, int, int]:
    """Return the scratchpad, and the first and the end of the lines that an operation takes."""
    op = program.ops[index]
    row = program.regions[op[Op.REGION]]
    line_bytes = list(system.scratchpads.values())[int(row[Reg.SCRATCHPAD])].line_bytes
    begin = int(row[Reg.BASE_LINE] + (op[Op.SLOT] - row[Reg.FIRST_SLOT]) * row[Reg.SLOT_LINES])
    return int(row[Reg.SCRATCHPAD]), begin, begin - (-int(op[Op.BYTES]) // line_bytes)


def ahead_of(program: Program, found: Sequence[int], following: Program | None, loads: Sequence[tuple[int, int, Free]]) -> Ahead:
    """Return what changes in a layer that finds the tiles of its operations ``found``, and takes over ``loads`` of the next."""
    if following is None or not loads:
        none = np.zeros(0, dtype=np.int64)
        return Ahead(np.array(found, np.int64), np.zeros((0, REG_COLUMNS), np.int64), np.zeros((0, OP_COLUMNS), np.int64), none)
    indices = np.array([index for _, index, _ in loads], dtype=np.int64)
    rows = following.ops[indices].copy()
    numbers, rows[:, Op.REGION] = np.unique(rows[:, Op.REGION], return_inverse=True)
    regions = following.regions[numbers].copy()
    tiles = slots = 0
    for number, region in enumerate(regions):
        mine = np.flatnonzero(rows[:, Op.REGION] == number)
        rows[mine, Op.TILE] = tiles + np.arange(len(mine))
        rows[mine, Op.SLOT] += slots - region[Reg.FIRST_SLOT]
        region[Reg.TILES], region[Reg.FIRST_TILE], region[Reg.FIRST_SLOT] = len(mine), tiles, slots
        region[Reg.SLOTS] = int(rows[mine, Op.SLOT].max()) - slots + 1
        tiles, slots = tiles + len(mine), slots + int(region[Reg.SLOTS])
    rows[:, Op.DEP_PORT] = [free.port for _, _, free in loads]
    rows[:, Op.DEP_COUNT] = [free.count for _, _, free in loads]
    rows[:, Op.NEEDED] += program.steps + 1
    roles = list(following.facts["tiling"]["tiles"])
    queues = np.array([queue for queue, _, _ in loads], dtype=np.int64)
    return Ahead(np.array(found, np.int64), regions, rows, queues, tuple(roles[number] for number in numbers.tolist()))


def with_ahead(program: Program, ahead: Ahead) -> Program:
    """Return the Program in which tiles are found in place, and the next layer's loads stand at the ends of their queues.

    ``facts["ahead"]`` is ``ahead``.
    """
    if not ahead:
        return program
    ops, loads, regions = program.ops.copy(), ahead.loads.copy(), ahead.regions.copy()
    ops[ahead.found, Op.KIND], ops[ahead.found, Op.BYTES] = int(OpKind.ACQUIRE), 0
    for column, count in ((Op.REGION, len(program.regions)), (Op.TILE, program.tiles), (Op.SLOT, program.slots)):
        loads[:, column] += count
    regions[:, Reg.FIRST_TILE] += program.tiles
    regions[:, Reg.FIRST_SLOT] += program.slots
    added = np.concatenate(([0], np.cumsum(np.bincount(ahead.queues, minlength=len(program.queue_start) - 1))))
    number = np.arange(len(ops)) + np.repeat(added[:-1], np.diff(program.queue_start))
    waits = ops[:, Op.DEP_OP] >= 0
    ops[waits, Op.DEP_OP] = number[ops[waits, Op.DEP_OP]]
    every = np.empty((len(ops) + len(loads), OP_COLUMNS), dtype=np.int64)
    at_end = np.ones(len(every), dtype=bool)
    at_end[number] = False
    every[number], every[at_end] = ops, loads[np.argsort(ahead.queues, kind="stable")]
    return replace(
        program,
        regions=np.concatenate((program.regions, regions)),
        ops=every,
        queue_start=program.queue_start + added,
        tiles=program.tiles + int(regions[:, Reg.TILES].sum()),
        slots=program.slots + int(regions[:, Reg.SLOTS].sum()),
        facts={**program.facts, **moved_bytes(every), "ahead": ahead},
    )
