"""Arguments and result of a rule's ``gradient``."""

from __future__ import annotations

from dataclasses import dataclass, field

from workloads.layers import Shape
from workloads.network import LayerInstance, NetworkBuilder


@dataclass(frozen=True)
class Backward:
    """One layer of the backward pass, as a rule's ``gradient`` receives it.

    ``builder`` is the network of the training step, to which ``gradient`` adds layers. ``gradient`` names the gradient of the
    output. ``wanted`` says which inputs need a gradient. ``strided`` says how the input gradient of a convolution with a stride
    runs ("phases" or "zeros"). A layer added to ``builder`` that reads ``instance.name`` or one of ``instance.producers`` keeps
    that tensor for the backward pass.
    """

    builder: NetworkBuilder
    instance: LayerInstance
    gradient: str
    wanted: tuple[bool, ...]
    strided: str

    @property
    def name(self) -> str:
        """Return the name of the layer's input gradient."""
        return f"{self.instance.name}.input_gradient"

    @property
    def weights_name(self) -> str:
        """Return the name of the gradient of the layer's weights."""
        return f"{self.instance.name}.weight_gradient"

    @property
    def shape(self) -> Shape:
        """Return the shape of the layer's first input."""
        return self.instance.input_shapes[0]


@dataclass(frozen=True)
class Gradients:
    """Names of the added layers: the gradient of each wanted input position, and whether the weights have a gradient."""

    inputs: dict[int, str] = field(default_factory=dict)
    weights: bool = False
