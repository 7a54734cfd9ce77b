"""Room in the scratchpads over time, held to a table of every line in every layer."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simcore.spec import load_system
from workloads.dataflow.residency.room import Room, Stay
from workloads.dataflow.residency.views import Place

PAD, LINES, LAYERS = "filter", 12, 6
#: A machine whose scratchpad of filters has one bank and LINES lines.
SYSTEM = load_system("edge-sram", [f"scratchpads.{PAD}.banks=1", f"scratchpads.{PAD}.capacity_bytes={32 * LINES}"])


class Table:
    """The twin of Room: who takes each line, [line, layer]."""

    def __init__(self) -> None:
        self.taken = np.zeros((LINES, LAYERS), dtype=np.int64)

    def change(self, stay: Stay, by: int) -> None:
        self.taken[stay.place.base_line : stay.place.end, stay.first : stay.last + 1] += by

    def lowest(self) -> np.ndarray:
        """Return the lowest line that is taken in each layer, or LINES."""
        return np.where(self.taken.any(axis=0), (self.taken > 0).argmax(axis=0), LINES)

    def place_for(self, lines: int, first: int, last: int, reserved: np.ndarray) -> Stay | None:
        """Look at every place from the top on. Only the first that is free may be refused for what is reserved."""
        span = slice(first, last + 1)
        for base in range(LINES - lines, -1, -1):
            if not self.taken[base : base + lines, span].any():
                left = np.minimum(self.lowest()[span], base)
                return Stay(first, last, Place(PAD, base, lines)) if (left >= reserved[span]).all() else None
        return None


@st.composite
def requests(draw):
    """Draw a request: the lines, the first and the last layer, and the lines that are reserved in every layer."""
    first = draw(st.integers(0, LAYERS - 1))
    return draw(st.integers(1, LINES + 1)), first, draw(st.integers(first, LAYERS - 1)), draw(st.integers(0, LINES // 2))


@given(st.lists(st.one_of(requests(), st.integers(0, 99)), max_size=40))
def test_every_place_is_the_highest_free_one_and_comes_back_whole(steps):
    """A request takes a place, a number gives one back. After each, both forms know the same lines."""
    room, table, taken = Room(SYSTEM, LAYERS), Table(), []
    for step in steps:
        if isinstance(step, int):
            if taken:
                stay = taken.pop(step % len(taken))
                room.remove(stay)
                table.change(stay, -1)
        else:
            *request, share = step
            reserved = np.full(LAYERS, share)
            found = room.place_for(PAD, *request, reserved)
            assert found == table.place_for(*request, reserved)
            if found is not None:
                taken.append(found)
                room.add(found)
                table.change(found, 1)
        assert table.taken.max(initial=0) <= 1
        assert [room.working(PAD, at).lines for at in range(LAYERS)] == table.lowest().tolist()
        assert room.staying(PAD).tolist() == [sum(stay.first <= at <= stay.last for stay in taken) for at in range(LAYERS)]
