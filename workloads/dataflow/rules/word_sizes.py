"""Word sizes of a training step: which of the System's words a tensor has that comes through another port than its own.

Activations and errors are read in the ifmap's words and written in the ofmap's; weights, moments and the gradients of weights
have the filters'.
"""

#: The gradient of weights multiplies two activations and writes what weights are kept in.
WEIGHT_GRADIENT_WORDS = {"filter_bytes": "ifmap_bytes", "ofmap_bytes": "filter_bytes"}
#: An update reads and writes weights alone.
UPDATE_WORDS = {"ifmap_bytes": "filter_bytes", "ofmap_bytes": "filter_bytes"}
