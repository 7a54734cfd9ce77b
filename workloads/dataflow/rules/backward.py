"""What a rule's gradient is made from, and what it tells: the vocabulary of the way back."""

from __future__ import annotations

from dataclasses import dataclass, field

from workloads.layers import Shape
from workloads.network import LayerInstance, NetworkBuilder


@dataclass(frozen=True)
class Backward:
    """One layer on the way back, as a rule's ``gradient`` takes it.

    ``builder``: the network of the training step, to add layers to. ``gradient``: the name of the output's gradient. ``wanted``:
    which inputs need a gradient. ``strided``: how the input gradient of a convolution with a stride runs ("phases" or "zeros").
    A layer added to ``builder`` that reads ``instance.name`` or one of ``instance.producers`` keeps that tensor for the way back.
    """

    builder: NetworkBuilder
    instance: LayerInstance
    gradient: str
    wanted: tuple[bool, ...]
    strided: str

    @property
    def name(self) -> str:
        """Name of the layer's input gradient."""
        return f"{self.instance.name}.input_gradient"

    @property
    def weights_name(self) -> str:
        """Name of the gradient of the layer's weights."""
        return f"{self.instance.name}.weight_gradient"

    @property
    def shape(self) -> Shape:
        """Shape of the layer's first input."""
        return self.instance.input_shapes[0]


@dataclass(frozen=True)
class Gradients:
    """Names of what was added: the gradient of each input position that wants one, and whether the weights have one."""

    inputs: dict[int, str] = field(default_factory=dict)
    weights: bool = False
