"""The choice of what stays, until when and where: gaps between uses, those first that save the most for the room they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from simcore.program.program import Int64Array
from simcore.spec.system import System
from workloads.dataflow.ahead import bytes_in_flight
from workloads.dataflow.residency.chains import Gap, SizedTensor, SizedUse
from workloads.dataflow.residency.lowerings import Lowerings, home_of
from workloads.dataflow.residency.room import Room, Stay
from workloads.dataflow.residency.views import LayerPlacement, Place, Resident

#: Partial sums have this scratchpad to themselves if there is one.
SUMS_ONLY = "accumulator"
#: A tensor's tiles on their way take a part of its working lines: these lines hold at least so many times the bytes in flight.
AHEAD = 4


@dataclass
class Chain:
    """Uses ``begin`` to ``end`` of a tensor, between which it stays in the place of ``stay``."""

    begin: int
    end: int
    stay: Stay


@dataclass
class Choice:
    """What is chosen so far: the chains of each tensor, and the lines that each layer is to keep for its work."""

    system: System
    lowerings: Lowerings
    #: The share of a scratchpad that a layer's work may claim.
    share: float
    room: Room = field(init=False)
    chains: dict[str, list[Chain]] = field(default_factory=dict)
    #: The roles of each layer that stay.
    staying: list[set[str]] = field(init=False)
    reserved: dict[str, Int64Array] = field(init=False)
    #: The number of each layer's tensors that are at home in a scratchpad and do not stay.
    _working: dict[str, list[int]] = field(init=False)
    _homes: dict[str, str] = field(init=False)
    _ahead_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing that stays."""
        layers = len(self.lowerings.running)
        self.room, self.staying = Room(self.system, layers), [set() for _ in range(layers)]
        self._ahead_bytes = AHEAD * bytes_in_flight(self.system)
        self._homes = {role: home_of(self.system, role) for role in ("ifmap", "filter", "psum", "ofmap")}
        self.reserved = {pad: np.zeros(layers, dtype=np.int64) for pad in self.room.lines}
        self._working = {pad: [0] * layers for pad in self.room.lines}
        for position in range(layers):
            for pad in self.room.lines:
                self._reserve(position, pad)

    def tries(self, gap: Gap) -> bool:
        """Let the tensor stay over a gap if there is room for it, in one place with the neighbouring gaps that are chosen.

        Return whether that was tried: whether all of the tensor is there when the gap begins, which another gap may bring about.
        """
        tensor, chains = gap.tensor, self.chains.setdefault(gap.tensor.name, [])
        met = [chain for chain in chains if chain.end in (gap.begin, gap.end) or chain.begin in (gap.begin, gap.end)]
        begin, end = min([gap.begin, *(chain.begin for chain in met)]), max([gap.end, *(chain.end for chain in met)])
        if not tensor.can_begin(begin):
            return False
        for chain in met:
            self.room.remove(chain.stay)
        uses = tensor.uses[begin : end + 1]
        touched = [(use.use.at, use.use.role) for use in uses if use.use.role not in self.staying[use.use.at]]
        for position, role in touched:
            self.staying[position].add(role)
            self._reserve(position, self._homes[role])
        stay = self._found(tensor, begin, end)
        if stay is None:
            for position, role in touched:
                self.staying[position].remove(role)
                self._reserve(position, self._homes[role])
            for chain in met:
                self.room.add(chain.stay)
            return True
        self.room.add(stay)
        self.chains[tensor.name] = [chain for chain in chains if chain not in met] + [Chain(begin, end, stay)]
        return True

    def _found(self, tensor: SizedTensor, begin: int, end: int) -> Stay | None:
        """Return the place for a tensor between two uses, or None: the scratchpad that its layers use least for other tensors."""
        uses = tensor.uses[begin : end + 1]
        for pad in sorted(self._pads(uses), key=lambda pad: self._crowd(pad, uses)):
            lines = _lines(self.room, pad, uses)
            stay = self.room.place_for(pad, lines, uses[0].use.at, uses[-1].use.at, self.reserved[pad])
            if stay is not None:
                return stay
        return None

    def _pads(self, uses: Sequence[SizedUse]) -> list[str]:
        """Return the scratchpads that hold a tensor's words whole."""
        fitting = [pad for pad, size in self.room.line_bytes.items() if size % uses[0].size.word_bytes == 0]
        return [pad for pad in fitting if pad != SUMS_ONLY]

    def _crowd(self, pad: str, uses: Sequence[SizedUse]) -> tuple[int, int]:
        """Return how many other tensors the layers of some uses have in a scratchpad, and how many uses are at home elsewhere."""
        staying, working = self.room.staying(pad), self._working[pad]
        others = sum(working[use.use.at] + int(staying[use.use.at]) for use in uses)
        return others, sum(self._homes[use.use.role] != pad for use in uses)

    def _reserve(self, position: int, pad: str) -> None:
        """Note the lines of a scratchpad that a layer needs for tensors that do not stay.

        That is a share of the scratchpad at most, unless loads could not be on their way early enough.
        """
        layer, stays, most = self.lowerings.sizes(position), self.staying[position], self.room.lines[pad]
        sizes = [size for role, size in layer.useful_bytes.items() if self._homes[role] == pad and role not in stays]
        self._working[pad][position] = len(sizes)
        if layer.needs_all:
            self.reserved[pad][position] = most
            return
        ahead = self.room.lines_for(pad, sum(min(size, self._ahead_bytes) for size in sizes))
        claimed = max(int(most * self.share), min(ahead, most))
        self.reserved[pad][position] = min(self.room.lines_for(pad, sum(sizes)), claimed)


def chosen(system: System, lowerings: Lowerings, tensors: Sequence[SizedTensor], share: float) -> list[LayerPlacement]:
    """Return what stays while each layer runs, if working lines may claim a ``share`` of each scratchpad."""
    choice = Choice(system, lowerings, share)
    gaps = [gap for tensor in tensors for gap in tensor.gaps]
    gaps.sort(key=lambda gap: (-gap.saved_bytes / (gap.bytes * (gap.layers + 1)), gap.bytes, gap.tensor.name))
    while gaps:
        waiting = [gap for gap in gaps if not choice.tries(gap)]
        if len(waiting) == len(gaps):
            break
        gaps = waiting
    return _placements(choice, tensors)


def nothing_stays(system: System, layers: int) -> list[LayerPlacement]:
    """Return the placements in which each layer has all lines for its work."""
    room = Room(system, layers)
    return [LayerPlacement((), tuple(Place(pad, 0, lines) for pad, lines in room.lines.items()))] * layers


def _placements(choice: Choice, tensors: Sequence[SizedTensor]) -> list[LayerPlacement]:
    """Return the placement of each layer."""
    residents: list[list[tuple[str, Resident]]] = [[] for _ in choice.staying]
    for tensor in tensors:
        chains = choice.chains.get(tensor.name, [])
        stays_on = len(chains) == 1 and (chains[0].begin, chains[0].end) == (0, len(tensor.uses) - 1)
        for chain in chains:
            for index in range(chain.begin, chain.end + 1):
                use = tensor.uses[index]
                resident = Resident(
                    tensor.name,
                    _part_place(choice.room, tensor, use, chain.stay.place),
                    chain.stay.place,
                    loads=index == chain.begin and not use.writes,
                    stores=use.writes and (tensor.leaves or not stays_on),
                    beside=use.use.copies - 1,
                )
                residents[use.use.at].append((use.use.role, resident))
    return [
        LayerPlacement(tuple(sorted(found, key=lambda item: item[0])), _working(choice, position), _keeping(choice, position))
        for position, found in enumerate(residents)
    ]


def _lines(room: Room, pad: str, uses: Sequence[SizedUse]) -> int:
    """Return the lines that hold a tensor for some uses: the parts that they write together, and all tiles of each other use."""
    parts = sum(room.lines_for(pad, use.size.bytes) for use in uses if use.writes)
    return max(parts, *(room.lines_for(pad, use.size.bytes) for use in uses if use.use.part is None))


def _working(choice: Choice, position: int) -> tuple[Place, ...]:
    return tuple(choice.room.working(pad, position) for pad in choice.room.lines)


def _keeping(choice: Choice, position: int) -> tuple[str, ...]:
    return tuple(pad for pad in choice.room.lines if choice.room.staying(pad)[position])


def _part_place(room: Room, tensor: SizedTensor, use: SizedUse, held: Place) -> Place:
    """Return the place of what a use reads or writes: all of the tensor's place, or the lines of its part."""
    if use.use.part is None:
        return held
    parts = {other.use.part: other.size.bytes for other in tensor.uses if other.writes}
    before = sum(size for part, size in parts.items() if part is not None and part < use.use.part)
    begin = room.lines_for(held.pad, before)
    return Place(held.pad, held.base_line + begin, min(room.lines_for(held.pad, parts[use.use.part]), held.lines - begin))
