"""Random Programs of equal blocks (`replay_programs`), in which tiles come and go in few slots as no plan lets them.

As in a plan, an operation takes a slot when the one that took it before is done, and brings a tile that has no slot. Results go
to a tile that stays: in a plan, an operation that takes its slot waits for them.
"""

from __future__ import annotations

import random
from typing import Any

from replay_hand_cases import ReplayCase
from replay_programs import BLOCKS, Made, Room, Row, at, load

from simcore.engine.compiled.run import CompiledEngine
from simcore.program.program import Op, OpKind, Port

_PORTS = (Port.IFMAP, Port.FILTER, Port.OUTPUT)
_WRITE_BUFFERS: tuple[dict[str, Any], ...] = (
    {"depth": 8},
    {"depth": 2},
    {"depth": 4, "high_watermark": 3, "low_watermark": 1, "read_priority": True},
)
Streams = dict[Port, list[Row]]


def random_case(number: int) -> ReplayCase | None:
    """Return a case, or None if its Program waits for a tile that never comes."""
    pick = random.Random(number).choice
    length, slots, lines = pick((8, 12, 24, 40)), pick((1, 2, 3)), pick((1, 2, 3))
    tiles, kinds = pick((1, 2, 3, 4)), pick(((0,), (0, 1), (0, 0, 1), (0, 0, 1, 1), (0, 0, 0, 0, 0, 1)))
    streams = [_streams(pick, length, tiles)] * 2 if pick((True, False)) else [_streams(pick, length, tiles) for _ in range(2)]
    chosen = [[_operation(pick, tiles, slots, lines) for _ in range(pick((1, 2, 3)))] for _ in range(2)]
    operations = _operations([(streams[kind], chosen[kind]) for kind in (kinds * BLOCKS)[:BLOCKS]])
    case = Made(
        length=length,
        rooms=(Room(2), Room(lines, slots, tiles), Room(2)),
        streams=lambda block, kind: streams[kind],
        operations=lambda block, kind: operations[block],
        kinds=kinds,
        banks=pick((1, 2, 3)),
        held=(pick((1, 2, 5)), pick((1, 3, 7))),
        window=pick((1, 2, 3)),
        memory=(pick((1, 3, 64)), pick((2, 9, 20))),
        write_buffer=pick(_WRITE_BUFFERS),
    ).case()
    try:
        CompiledEngine(case.machine).run(case.program)
    except RuntimeError:
        return None
    return case


def _streams(pick: Any, length: int, tiles: int) -> Streams:
    """Return the segments of a block, some of the reads in the tiles that come and go."""
    found: Streams = {}
    for port in _PORTS:
        dues = sorted({pick(range(length)) for _ in range(pick((1, 2, 3)))})
        regions = [2 if port == Port.OUTPUT else pick((1, 0)) for _ in dues]
        found[port] = [
            at(due, region, tile=pick(range(tiles)) if region == 1 else 0, offset=pick((0, 2)), lanes=pick((1, 2)))
            for due, region in zip(dues, regions, strict=True)
        ]
    return found


def _operation(pick: Any, tiles: int, slots: int, lines: int) -> Row:
    """Return an operation. Its DEP_COUNT counts from the begin of its block, and so does NEEDED in blocks."""
    return load(
        pick(range(tiles)),
        pick(range(slots)),
        kind=pick((OpKind.LOAD, OpKind.LOAD, OpKind.LOAD, OpKind.ACQUIRE)),
        bytes=pick((2, 4, 4 * lines)),
        dep_port=pick((-1, Port.IFMAP, Port.IFMAP, Port.FILTER, Port.OUTPUT)),
        dep_count=pick((0, 0, 1, 2)),
        needed=pick((0, 1)),
    )


def _operations(blocks: list[tuple[Streams, list[Row]]]) -> list[list[Row]]:
    """Return the operations of all blocks, from the segments and the operations of each."""
    made: list[list[Row]] = []
    consumed, holder, last, count = dict.fromkeys(_PORTS, 0), {}, {}, 0
    for block, (streams, rows) in enumerate(blocks):
        after = {port: consumed[port] + len(streams[port]) for port in _PORTS}
        made.append([])
        for row in rows:
            slot, port = row[Op.SLOT], row[Op.DEP_PORT]
            if row[Op.TILE] in holder.values():
                continue
            own = row | {Op.NEEDED: block * row[Op.NEEDED], Op.DEP_OP: last.get(slot, -1)}
            if port >= 0:
                own[Op.DEP_COUNT] = min(consumed[Port(port)] + row[Op.DEP_COUNT], after[Port(port)])
            holder[slot], last[slot], count = row[Op.TILE], count, count + 1
            made[-1].append(own)
        consumed = after
    return made
