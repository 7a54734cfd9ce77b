"""Regions: how the tensors of a layer share the scratchpads, with the size and number of the tiles in each share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simcore.errors import InputError
from simcore.program.program import REG_COLUMNS, Int64Array, Reg
from simcore.spec.system import System

#: A tensor that is written tile by tile and stored at once needs only a few tiles, and gains nothing from more than this.
OUTPUT_BYTES = 16384

#: A tile of at least this many lines per bank is long. Its slot is padded to whole rows of banks, which adds a fifth at most.
_LONG = 4


@dataclass(frozen=True)
class Share:
    """``lines`` lines of the scratchpad ``name`` (number ``scratchpad``), beginning at ``base_line``."""

    name: str
    scratchpad: int
    base_line: int
    lines: int
    line_bytes: int
    banks: int

    @property
    def capacity_bytes(self) -> int:
        """Return the bytes of the share."""
        return self.lines * self.line_bytes

    def slot_lines(self, tile_bytes: int, tiles: int) -> int:
        """Return the lines of a slot, which hold at least one tile.

        For a long tile they are a multiple of the banks, so that all slots look alike, if that costs few slots. A tile of few
        lines is not padded, because the padding would leave the same banks unused in every slot. Tiles are not padded either if
        all of them fit only without padding.
        """
        lines = -(-tile_bytes // self.line_bytes)
        if lines < _LONG * self.banks:
            return lines
        alike = -(-lines // self.banks) * self.banks
        slots, slots_alike = min(self.lines // lines, tiles), min(self.lines // alike, tiles)
        keeps = slots_alike == slots or (slots < tiles and slots_alike * 8 >= slots * 7)
        return alike if keeps else lines

    def slots(self, tile_bytes: int, tiles: int) -> int:
        """Return the slots for ``tiles`` tiles of at most ``tile_bytes`` bytes, or 0 if none fits."""
        return min(self.lines // self.slot_lines(tile_bytes, tiles), tiles)

    def too_small(self, layer: str, tensor: str, needed_bytes: int) -> InputError:
        """Return the InputError for a share that cannot hold the data that one element needs."""
        needs = f"layer '{layer}' needs {needed_bytes} bytes at once for its {tensor}"
        return InputError(
            f"capacity below one tile: {needs}, got {self.capacity_bytes}", where=f"scratchpads.{self.name}.capacity_bytes"
        )


@dataclass(frozen=True)
class Region:
    """A tensor's share of a scratchpad, and its tiles. ``tile_bytes`` is what each tile moves to or from main memory."""

    share: Share
    slot_lines: int
    slots: int
    word_bytes: int
    tile_bytes: Int64Array

    @property
    def tiles(self) -> int:
        """Return the number of tiles of the tensor."""
        return len(self.tile_bytes)


def region(share: Share, slot_bytes: int, word_bytes: int, tile_words: Int64Array) -> Region:
    """Return a region with as many slots of ``slot_bytes`` as the share holds and the tensor can use."""
    tiles = len(tile_words)
    slot_lines, slots = share.slot_lines(slot_bytes, tiles), share.slots(slot_bytes, tiles)
    return Region(share, slot_lines, slots, word_bytes, np.asarray(tile_words * word_bytes))


def region_rows(regions: list[Region]) -> Int64Array:
    """Return ``Program.regions``, with the tiles and slots of all regions numbered in one sequence."""
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
    """Split ``lines`` by need. Small wants are met in full; the others share the rest evenly, and a surplus is split evenly too.

    The parts are multiples of ``align`` if there is room for that.
    """
    unit = align if lines // align >= len(wants) else 1
    left = lines // unit
    parts = [0] * len(wants)
    for position, index in enumerate(sorted(range(len(wants)), key=wants.__getitem__)):
        parts[index] = max(1, min(-(-wants[index] // unit), left // (len(wants) - position)))
        left -= parts[index]
    return [(part + left // len(wants)) * unit for part in parts]


def tenants_of(system: System, tensors: Sequence[str]) -> dict[str, list[str]]:
    """Return the tensors that share each scratchpad, of "ifmap", "filter", "psum" and "ofmap".

    A machine that a layer sees beside resident tensors may have a scratchpad for one tensor alone, also beside a unified one.
    """
    tenants: dict[str, list[str]] = {}
    for tensor in tensors:
        homes = ("accumulator", "psum", "unified", "ofmap") if tensor == "psum" else (tensor, "unified")
        home = next(name for name in homes if name in system.scratchpads)
        tenants.setdefault(str(home), []).append(tensor)
    return tenants


def shares(system: System, wants_bytes: dict[str, int]) -> dict[str, Share]:
    """Return a share for each tensor of ``wants_bytes``: "ifmap", "filter", "psum" or "ofmap", with the bytes it can use at once.

    Raise InputError if a scratchpad has fewer lines than tensors.
    """
    tenants = tenants_of(system, list(wants_bytes))
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
