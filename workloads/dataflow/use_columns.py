"""The tables of compiled loops over uses of tiles (`use_loops`), which know no more than these hold."""

from __future__ import annotations

#: What a stream says of each fold, in ``folds``.
FIRST_ELEMENT, DUE, COUNT, FOLD_COLUMNS = range(4)
#: Cycles, in ``times``.
CYCLES_PER_STEP, LATENCY, TIMES = range(3)
#: The columns of ``kinds``: the key of a fold's pixels and the filters' first row, its runs of taps, its first pixel, by how many
#: elements a use ends later because vectors are skewed, and its groups.
KEY, FIRST_RUN, RUNS, M0, SKEW, GROUP, GROUPS, KIND_COLUMNS = range(8)
#: The columns of ``runs`` of taps.
CHANNEL_TILE, KERNEL_ROW, RUN_COLUMNS = range(3)
#: The columns of ``keys``, which have the entries of ``touched``, and of ``touched``, which has first and last pixels.
BEGIN, END, KEY_COLUMNS = range(3)
ROW_TILE, TOUCHED_COLUMNS = 2, 3
#: The numbers of the call: the vectors that an element joins, whether tiles that several runs touch have one use, and how far
#: apart the tiles of row tiles and of groups are.
JOINED, JOINS_TILES, CHANNEL_TILES, GROUP_TILES, NUMBERS = range(5)
#: The rows of uses, and of room: as many, and one that has a number for each tile.
TILE, FIRST, LAST, USE_ROWS = range(4)
KNOWN, ROOM_ROWS = 3, 4
