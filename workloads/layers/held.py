"""What a training step keeps in each scratchpad, as one of the kinds of tensors that a placement names, or none of them.

Activations are values of the forward pass, errors are their gradients, and weights are the weights that the array multiplies. The
study of write errors keeps some data free of errors: sums, gradients of weights, master weights and moments in the update, and
the places of maxima, which a pool writes beside its values. These data belong to no kind and are safe. The kinds here cover more
than the study trains with: the study writes the input of a convolution or linear layer once, whereas a machine also writes the
tensors between such layers and writes a tensor again in each scratchpad that receives it.
"""

from __future__ import annotations

from typing import Literal

#: ``activations``: a layer's input, written once and read by the forward pass and the weight gradient. ``weights``: written once
#: per minibatch and read by the forward pass and the input gradient. ``errors``: the gradient of a layer's output, written once
#: and read by both gradients.
TensorKind = Literal["activations", "weights", "errors"]

#: Scratchpad ("ifmap", "filter", "ofmap", "accumulator") -> kind of tensor that a layer keeps in it, or None for other data.
Held = dict[str, TensorKind | None]


def on_array(ifmap: TensorKind, filters: TensorKind, ofmap: TensorKind | None) -> Held:
    """Return what a product on the array keeps. Its partial sums lie in the accumulator."""
    return {"ifmap": ifmap, "filter": filters, "accumulator": None, "ofmap": ofmap}


#: A view uses no scratchpad.
NOTHING: Held = {}
#: Values of the forward pass that become others.
VALUES: Held = {"ifmap": "activations", "ofmap": "activations"}
#: Gradients that become others, alone or beside what the forward pass kept.
GRADIENTS: Held = {"ifmap": "errors", "ofmap": "errors"}
GRADIENTS_AND_VALUES: Held = {"ifmap": "errors", "filter": "activations", "ofmap": "errors"}
