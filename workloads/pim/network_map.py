"""The places of a network's layers in the banks of a DRAM that computes, as `place_network` finds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from simcore.pim.mapping.array import Array, MapOptions
from simcore.pim.mapping.layer_map import LayerMap
from simcore.pim.mapping.vector_work import VectorWork
from workloads.network import LayerInstance

Placement = Literal["together", "pipelined"]
PLACEMENTS: tuple[Placement, ...] = ("together", "pipelined")
#: The place of tensors that enter or leave the network.
HOST = -1

MoveKind = Literal["input", "output", "next", "same", "skip"]


@dataclass(frozen=True)
class Stage:
    """A stage of the pipeline: its products, by name, and the banks that belong to it."""

    layers: tuple[str, ...]
    first_bank: int
    banks: int


@dataclass(frozen=True)
class Move:
    """A tensor that goes from the banks of one layer to those of another. ``stages`` is how many stages the reader is behind.

    ``kind``: "input" and "output" of the network, to and from the host; "same" banks; the "next" stage; "skip" over the stages
    between, as a residual branch does, or one operand of a concatenation or of a sum: so many images more wait in rows.
    """

    producer: str
    consumer: str
    words: int
    kind: MoveKind
    stages: int

    @property
    def waiting_images(self) -> int:
        """Return the images whose tensors wait for the reader, beside the one that it reads."""
        return max(0, self.stages - 1)


@dataclass(frozen=True)
class PlacedLayer:
    """A layer and its place. A product has a ``layer_map``; other layers have ``vector`` work, or neither (a view).

    ``fused_into`` names the layer whose results it works on while they leave the bank. ``stage`` counts from 0. ``resident`` says
    that its weights stay in their rows from image to image. ``result_words`` are the words that leave the bank: those of the last
    layer that is fused into it, or 0 if it is itself fused. ``notes`` tell what did not fit, and what was done.
    """

    instance: LayerInstance
    layer_map: LayerMap | None
    vector: VectorWork | None
    fused_into: str | None
    stage: int
    resident: bool
    result_words: int
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the layer's name."""
        return self.instance.name


@dataclass(frozen=True)
class NetworkMap:
    """All layers in execution order, the stages, and what moves between banks.

    "together": there is one stage of all banks, and layers run one after the other. "pipelined": maps and words are those of a
    single image, and ``images`` follow each other. ``weight_rows`` is how many rows of a subarray (and of those for which it
    stands) the resident weights take, in the stage that has most, of ``weight_rows_there``.
    """

    placement: Placement
    array: Array
    options: MapOptions
    images: int
    layers: tuple[PlacedLayer, ...]
    stages: tuple[Stage, ...]
    moves: tuple[Move, ...]
    weight_rows: int
    weight_rows_there: int
    notes: tuple[str, ...]

    def layer(self, name: str) -> PlacedLayer:
        """Return the layer of that name."""
        return next(layer for layer in self.layers if layer.name == name)

    @property
    def products(self) -> tuple[PlacedLayer, ...]:
        """Return the layers that multiply."""
        return tuple(layer for layer in self.layers if layer.layer_map is not None)
