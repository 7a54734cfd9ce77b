"""Cases of replay whose whole Program is made by hand, so that one fact alone tells two blocks apart, mostly by their kinds."""

from __future__ import annotations

from replay_programs import Made, Room, at, load

from simcore.program.program import Geo, Kind, OpKind, Port

IFMAP, FILTER, OUTPUT = Port.IFMAP, Port.FILTER, Port.OUTPUT
#: Two rows of pixels, which lie in one tile, and filters of 3x3 with padding.
_CONV = {Geo.H: 2, Geo.OUT_H: 2, Geo.ROWS_PER_TILE: 2, Geo.KERNEL_H: 3, Geo.KERNEL_W: 3}

#: The cases by their numbers.
MADE = {
    # A write buffer holds the same three lines, the first of which a bank writes, after it drained from four or without.
    -18: Made(
        length=16,
        rooms=(Room(1), Room(4)),
        streams=lambda block, kind: {
            IFMAP: [at(0, count=2)],
            OUTPUT: [at(8, 1, count=4) if kind else at(12, 1, count=3)],
        },
        kinds=(0, 0, 1),
        held=(1, 4),
        write_buffer={"depth": 8, "high_watermark": 4, "low_watermark": 1, "read_priority": True},
    ),
    # A line that nobody reads is loaded to the bank from which the ifmap is read, or to the other one.
    -19: Made(
        length=12,
        rooms=(Room(2), Room(1, slots=4, tiles=64)),
        streams=lambda block, kind: {IFMAP: [at(0, due_stride=4, count=3)]},
        operations=lambda block, kind: [load(block, (0, 2, 1, 3)[block % 4], dep_port=IFMAP, dep_count=3 * block + 3)],
        banks=2,
        held=(3, 3),
    ),
    # After the third word of a tile comes another word of it and one of the next tile, or two words of the next tile.
    -20: Made(
        length=16,
        rooms=(Room(8, slots=2),),
        streams=lambda block, kind: {IFMAP: [at(0, due_stride=4, count=8, chunk=7 - kind, stride=4)] if block % 2 == 0 else []},
        kinds=(0, 0, 0, 0, 1, 1),
        banks=2,
        held=(5, 1),
    ),
    # Two loads are on their way. The filter waits for the first or for the second one.
    -21: Made(
        length=12,
        rooms=(Room(2), Room(2, slots=8, tiles=128)),
        streams=lambda block, kind: {IFMAP: [at(0, due_stride=4, count=3)], FILTER: [at(11, 1, tile=2 * block)]},
        operations=lambda block, kind: [
            load(2 * block + unread, block % 4 * 2 + unread, dep_port=IFMAP, dep_count=3 * block) for unread in (kind, 1 - kind)
        ],
        banks=2,
        memory=(1, 9),
    ),
    # A load waits for words of the ifmap, or for as many of the filter, which are due later.
    -22: Made(
        length=16,
        rooms=(Room(2), Room(2, slots=2, tiles=64)),
        streams=lambda block, kind: {IFMAP: [at(0, count=4)], FILTER: [at(8, count=4)]},
        operations=lambda block, kind: [load(block, block % 2, dep_port=(IFMAP, FILTER)[kind], dep_count=4 * block + 2)],
    ),
    # A load takes the slot of the ifmap's tile or of another one. When that is done, and the block is over, the tile comes back.
    -23: Made(
        length=32,
        rooms=(Room(2), Room(2, slots=2, tiles=66)),
        streams=lambda block, kind: {IFMAP: [at(0, 1), at(20, 1)], FILTER: [at(4), at(8), at(31)]},
        operations=lambda block, kind: (
            ([load(0, 0), load(1, 1)] if block == 0 else [])
            + [
                load(block + 2, kind, dep_port=FILTER, dep_count=3 * block + 1, dep_op=2 * block + 1),
                load(kind, kind, dep_port=FILTER, dep_count=3 * block + 3, dep_op=2 * block + 2),
            ]
        ),
    ),
    # Three words of padding, three of a row and a fourth of padding, or two, three and two.
    -24: Made(
        length=12,
        rooms=(Room(2, slots=2), Room(1)),
        streams=lambda block, kind: {
            IFMAP: [at(0, count=7, kind=Kind.PIXELS, m0=kind, k0=1)],
            FILTER: [at(3, 1), at(4, 1)],
        },
        held=(3, 1),
        geometry=_CONV | {Geo.BATCH: 2, Geo.W: 3, Geo.OUT_W: 3},
    ),
    # One or two channels of a tap that is padding, and three or two of the next tap.
    -25: Made(
        length=16,
        rooms=(Room(16),),
        streams=lambda block, kind: {IFMAP: [at(0, count=4, kind=Kind.PIXELS, lanes=4, k0=11 - kind)]},
        banks=4,
        held=(2, 1),
        geometry=_CONV | {Geo.W: 8, Geo.OUT_W: 8, Geo.C: 4, Geo.GROUP_CHANNELS: 4, Geo.CHANNELS_PER_TILE: 4},
    ),
    # Within a block a tile arrives, loses its slot to another one, and begins to come back.
    -26: Made(
        length=40,
        rooms=(Room(2), Room(2, tiles=2)),
        streams=lambda block, kind: {IFMAP: [at(4, 1)], FILTER: [at(2), at(36)]},
        operations=lambda block, kind: [
            load(0, 0, dep_port=FILTER, dep_count=2 * block, dep_op=2 * block - 1),
            load(1, 0, dep_port=IFMAP, dep_count=block + 1, dep_op=2 * block),
        ],
    ),
    # While the ifmap waits for a tile, one line of it waits for a read of the filter and the other one for a write. Which of the
    # two lies at the first bank changes as all lines go round the banks.
    -27: Made(
        length=64,
        rooms=(Room(3), Room(4, slots=3, tiles=64), Room(3)),
        streams=lambda block, kind: {
            IFMAP: [at(22, 1, tile=block)],
            FILTER: [at(19, offset=block % 3 * 4), at(59, offset=block % 3 * 4)],
            OUTPUT: [at(19, 2, offset=(block + 1) % 3 * 4)],
        },
        operations=lambda block, kind: [load(block, block % 3, bytes=8, dep_port=FILTER, dep_count=2 * block + 1)],
        banks=3,
        held=(20, 20),
    ),
    # In each block results go to a tile that has the other slot than before, and loses it in the same block.
    -28: Made(
        length=16,
        rooms=(Room(2), Room(2, slots=2, tiles=2)),
        streams=lambda block, kind: {IFMAP: [at(0)], OUTPUT: [at(4, 1)]},
        operations=lambda block, kind: [
            load(0, block % 2, kind=OpKind.ACQUIRE, dep_port=IFMAP, dep_count=block + 1),
            load(1, block % 2, kind=OpKind.ACQUIRE, dep_port=OUTPUT, dep_count=block + 1),
        ],
    ),
}
