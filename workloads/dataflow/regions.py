"""Regions: how the tensors of a layer share the scratchpads, and how many tiles of what size each share holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.errors import InputError
from simcore.program.program import REG_COLUMNS, Int64Array, Reg
from simcore.spec.system import System

#: A tensor written tile by tile and stored at once needs a few tiles only; more than this is of no use to it.
OUTPUT_BYTES = 16384

#: A tile is long, and its slot padded to whole rows of banks, from so many lines per bank on: the padding is a fifth at most.
_LONG = 4


@dataclass(frozen=True)
class Share:
    """``lines`` lines of the scratchpad ``name`` (number ``scratchpad``), from ``base_line``."""

    name: str
    scratchpad: int
    base_line: int
    lines: int
    line_bytes: int
    banks: int

    @property
    def capacity_bytes(self) -> int:
        """Bytes of the share."""
        return self.lines * self.line_bytes

    def slot_lines(self, tile_bytes: int, tiles: int) -> int:
        """Lines of a slot: enough for a tile; a multiple of the banks, so that all look alike, if that costs few slots.

        Not where a tile has few lines: its padding would leave the same banks unused in every slot. Nor where all tiles fit
        without it alone.
        """
        lines = -(-tile_bytes // self.line_bytes)
        if lines < _LONG * self.banks:
            return lines
        alike = -(-lines // self.banks) * self.banks
        slots, slots_alike = min(self.lines // lines, tiles), min(self.lines // alike, tiles)
        keeps = slots_alike == slots or (slots < tiles and slots_alike * 8 >= slots * 7)
        return alike if keeps else lines

    def slots(self, tile_bytes: int, tiles: int) -> int:
        """Slots for ``tiles`` tiles of at most ``tile_bytes``; 0 where not one fits."""
        return min(self.lines // self.slot_lines(tile_bytes, tiles), tiles)

    def too_small(self, layer: str, tensor: str, needed_bytes: int) -> InputError:
        """The InputError of a share that cannot hold what one element needs."""
        needs = f"layer '{layer}' needs {needed_bytes} bytes at once for its {tensor}"
        return InputError(
            f"capacity below one tile: {needs}, got {self.capacity_bytes}", where=f"scratchpads.{self.name}.capacity_bytes"
        )


@dataclass(frozen=True)
class Region:
    """A tensor's share of a scratchpad and its tiles; ``tile_bytes`` are what each moves to or from main memory."""

    share: Share
    slot_lines: int
    slots: int
    word_bytes: int
    tile_bytes: Int64Array

    @property
    def tiles(self) -> int:
        """Tiles of the tensor."""
        return len(self.tile_bytes)


def region(share: Share, slot_bytes: int, word_bytes: int, tile_words: Int64Array) -> Region:
    """A region with as many slots of ``slot_bytes`` as the share holds and the tensor can use."""
    tiles = len(tile_words)
    slot_lines, slots = share.slot_lines(slot_bytes, tiles), share.slots(slot_bytes, tiles)
    return Region(share, slot_lines, slots, word_bytes, np.asarray(tile_words * word_bytes))


def region_rows(regions: list[Region]) -> Int64Array:
    """``Program.regions``: tiles and slots numbered through all regions."""
    rows = np.zeros((len(regions), REG_COLUMNS), dtype=np.int64)
    first_tile = first_slot = 0
    for index, item in enumerate(regions):
        rows[index, Reg.SCRATCHPAD] = item.share.scratchpad
        rows[index, Reg.BASE_LINE] = item.share.base_line
        rows[index, Reg.SLOT_LINES] = item.slot_lines
        rows[index, Reg.SLOTS] = item.slots
        rows[index, Reg.WORD_BYTES] = item.word_bytes
        rows[index, Reg.FIRST_TILE] = first_tile
        rows[index, Reg.TILES] = item.tiles
        rows[index, Reg.FIRST_SLOT] = first_slot
        first_tile += item.tiles
        first_slot += item.slots
    return rows


def divide(lines: int, wants: list[int], align: int) -> list[int]:
    """Split ``lines`` by need: small wants are met in full, the rest share evenly, and what nobody wants is split evenly too.

    Parts are multiples of ``align`` where there is room for that.
    """
    unit = align if lines // align >= len(wants) else 1
    left = lines // unit
    parts = [0] * len(wants)
    for position, index in enumerate(sorted(range(len(wants)), key=wants.__getitem__)):
        parts[index] = max(1, min(-(-wants[index] // unit), left // (len(wants) - position)))
        left -= parts[index]
    return [(part + left // len(wants)) * unit for part in parts]


def shares(system: System, wants_bytes: dict[str, int]) -> dict[str, Share]:
    """A share for each tensor wanted ("ifmap", "filter", "psum", "ofmap"), by the bytes it would like to have at once."""
    tenants: dict[str, list[str]] = {}
    for tensor in wants_bytes:
        home = "accumulator" if tensor == "psum" and "accumulator" in system.scratchpads else None
        home = home or ("unified" if "unified" in system.scratchpads else "ofmap" if tensor == "psum" else tensor)
        tenants.setdefault(home, []).append(tensor)
    found = {}
    for index, (name, pad) in enumerate(system.scratchpads.items()):
        names = tenants.get(name, [])
        if not names:
            continue
        lines = pad.capacity_bytes // pad.line_bytes
        wants = [-(-wants_bytes[tensor] // pad.line_bytes) for tensor in names]
        if len(names) > lines:
            raise InputError(f"expected at least {len(names)} lines, got {lines}", where=f"scratchpads.{name}.capacity_bytes")
        base = 0
        for tensor, part in zip(names, [lines] if len(names) == 1 else divide(lines, wants, pad.banks), strict=True):
            found[tensor] = Share(name, index, base, part, pad.line_bytes, pad.banks)
            base += part
    return found
