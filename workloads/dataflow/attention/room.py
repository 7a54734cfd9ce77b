"""The room that a tile of attention takes in the scratchpads."""

from __future__ import annotations

from dataclasses import dataclass, replace

from simcore.errors import InputError
from simcore.spec.system import System
from workloads.dataflow.attention.shape import AttentionShape, Tiling
from workloads.dataflow.regions import Share, shares

#: The keys and the values of a tile of keys are two tiles; one is used while the next is loaded.
LEAST_KEY_SLOTS = 2


@dataclass(frozen=True)
class Part:
    """A tensor's share of a scratchpad, in ``slots`` slots of ``slot_lines`` lines."""

    share: Share
    slot_lines: int
    slots: int


@dataclass(frozen=True)
class Room:
    """The places of a tile.

    ``queries`` and ``weights`` (the softmax's results) lie with the ifmap, ``keys`` (and values) with the filters, ``scores`` and
    ``sums`` with the partial sums, ``results`` with the ofmap. With ``stay`` all keys and values of a group stay from one tile of
    queries to the next.
    """

    queries: Part
    weights: Part
    keys: Part
    scores: Part
    sums: Part
    results: Part
    stay: bool


def room_for(shape: AttentionShape, tiling: Tiling, system: System) -> Room | None:
    """Return the places of a tile, or None if it does not fit."""
    words, queries, keys, turns = system.words, tiling.groups * tiling.queries, tiling.keys, len(tiling.turns(shape))
    scores, results = queries * keys, queries * shape.value_width
    query_bytes, weight_bytes = queries * shape.width * words.ifmap_bytes, scores * words.ifmap_bytes
    key_bytes = tiling.groups * keys * max(shape.width, shape.value_width) * words.filter_bytes
    query_tiles = -(-shape.queries // tiling.queries) * turns
    key_tiles = 2 * tiling.key_tiles(shape)
    wants = {
        "ifmap": min(query_tiles, 2) * query_bytes + weight_bytes,
        "filter": key_tiles * key_bytes,
        "psum": (scores + results) * words.psum_bytes,
        "ofmap": min(query_tiles, 2) * results * words.ofmap_bytes,
    }
    try:
        found = shares(system, wants)
    except InputError:
        return None
    weights, beside_weights = _cut(found["ifmap"], weight_bytes)
    score, beside_scores = _cut(found["psum"], scores * words.psum_bytes)
    query = _part(beside_weights, query_bytes, query_tiles)
    key = _part(found["filter"], key_bytes, key_tiles * turns)
    total = _part(beside_scores, results * words.psum_bytes, 1)
    result = _part(found["ofmap"], results * words.ofmap_bytes, query_tiles)
    parts = (query, weights, key, score, total, result)
    if key.slots < LEAST_KEY_SLOTS or not all(part.slots for part in parts):
        return None
    return Room(*parts, stay=key.slots >= key_tiles)


def _part(share: Share, slot_bytes: int, tiles: int) -> Part:
    """Return a share in as many slots as it holds and as there are tiles; none if no tile fits."""
    lines = -(-slot_bytes // share.line_bytes)
    return Part(share, lines, min(tiles, share.lines // lines))


def _cut(share: Share, slot_bytes: int) -> tuple[Part, Share]:
    """Return one slot at the beginning of a share, and the rest of the share."""
    lines = -(-slot_bytes // share.line_bytes)
    slots = int(lines <= share.lines)
    rest = replace(share, base_line=share.base_line + lines * slots, lines=share.lines - lines * slots)
    return Part(share, lines, slots), rest
