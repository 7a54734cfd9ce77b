"""The mapping of dot products to the columns, rows and subarrays of a DRAM that computes. It knows no layers and no cycles."""

from simcore.pim.mapping.array import Array, MapOptions
from simcore.pim.mapping.dots import Dots
from simcore.pim.mapping.fitting import map_layer
from simcore.pim.mapping.layer_map import LayerMap, Piece
from simcore.pim.mapping.place import place

__all__ = ["Array", "Dots", "LayerMap", "MapOptions", "Piece", "map_layer", "place"]
