"""Word sizes in a training step, for tensors that come through another port than their usual one.

Activations and errors are read with the ifmap's word size and written with the ofmap's. Weights, moments and the gradients of
weights have the filters' word size.
"""

#: The gradient of weights multiplies two activations, and its result has the word size of the weights.
WEIGHT_GRADIENT_WORDS = {"filter_bytes": "ifmap_bytes", "ofmap_bytes": "filter_bytes"}
#: An update reads and writes only weights and moments.
UPDATE_WORDS = {"ifmap_bytes": "filter_bytes", "ofmap_bytes": "filter_bytes"}
