"""The tables of a placement by Belady's rule (`farthest`), which knows no more than they hold."""

from __future__ import annotations

#: The columns of ``state``, which has a row per slot and one more. ``LATEST`` is the latest use of the slot's tile that is known,
#: and ``PLACE`` is where it stands among the uses tile by tile. Those of its tile end at ``END``. ``RELEASED`` is the last
#: element that needs the tile, as far as was looked up. ``FOLLOWING`` is the next use of the tile of an early slot. ``AT`` is the
#: slot's place in the heap of late or of early slots, and ``AT_ASLEEP`` that in the heap of early slots by their next use. The
#: other columns are these three heaps; in the first row stands the number of slots in each.
PLACE, END, LATEST, RELEASED, FOLLOWING, AT, AT_ASLEEP, LATE, EARLY, ASLEEP, STATE_COLUMNS = range(11)
#: The numbers of the call. ``MOST`` is at least ``AHEAD``.
SLOTS, AHEAD, MOST, END_IN_ORDER, NUMBERS = range(5)
#: The columns of ``outside``, a heap of the tiles that are in no slot: their next use, its place, and the end of their uses.
NEXT_USE, NEXT_PLACE, NEXT_END, OUTSIDE_COLUMNS = range(4)
#: The columns of what is found, which are the fields of a ``TilePlacement``.
FOUND_COLUMNS = 5
