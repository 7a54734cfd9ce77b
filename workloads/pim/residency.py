"""Which weights stay in their rows: the rows of all layers of a stage against the rows that there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from simcore.pim.mapping.array import Array, MapOptions
from simcore.pim.mapping.dots import Dots
from simcore.pim.mapping.fitting import map_layer
from simcore.pim.mapping.layer_map import LayerMap


def resident_layers(dots: Mapping[str, Dots], array: Array, options: MapOptions) -> tuple[dict[str, LayerMap], frozenset[str]]:
    """Return the mapping of each layer on the same banks, and the layers whose weights stay.

    If not all weights fit, the layers with the fewest weight sets stay, so many that the layer with the most still has room, or
    half of the rows are left. The other layers share the rows that are left, and are mapped to these.
    """
    maps = {name: map_layer(each, array, options) for name, each in dots.items()}
    staying = sorted((name for name, found in maps.items() if found.stays), key=lambda name: maps[name].weight_sets_per_unit)
    room = options.weight_sets_of(array)
    passing = max((_largest_piece(found) for name, found in maps.items() if not found.stays), default=0)
    if sum(maps[name].weight_sets_per_unit for name in staying) + passing <= room:
        return maps, frozenset(staying)
    largest = max(_largest_piece(found) for found in maps.values())
    left = room - min(largest, -(-room // 2))
    kept: list[str] = []
    for name in staying:
        if maps[name].weight_sets_per_unit > left:
            break
        kept.append(name)
        left -= maps[name].weight_sets_per_unit
    used = sum(maps[name].weight_sets_per_unit for name in kept)
    smaller = replace(array, rows=array.rows - -(-used // array.depth) * options.weight_bits)
    remapped = {name: map_layer(each, smaller, options) for name, each in dots.items() if name not in kept}
    return maps | {name: replace(found, array=array) for name, found in remapped.items()}, frozenset(kept)


def _largest_piece(found: LayerMap) -> int:
    return max(piece.weight_sets for piece in found.pieces)
