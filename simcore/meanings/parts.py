"""The scratchpads and ports of a systolic machine, by name."""

from __future__ import annotations

SCRATCHPADS = {
    "ifmap": "Holds the activations that the layer reads.",
    "filter": "Holds the weights, and the second operand of a sum of two layers.",
    "ofmap": "Holds the results of the layer, and its partial sums with `array.partial_sums: ofmap`.",
    "unified": "Holds activations, weights and results together, in place of ifmap, filter and ofmap.",
    "accumulator": "Holds the partial sums that the array reads back and adds to. It is never loaded from main memory.",
}

PORTS = {
    "ifmap": "Reads the activations into the array.",
    "filter": "Reads the weights into the array.",
    "psum": "Reads partial sums back, to add to them.",
    "output": "Writes partial sums and results, through the scratchpad's write buffer.",
    "dma": "Moves tiles between main memory and the scratchpads: it writes what it loads and reads what it stores.",
}
