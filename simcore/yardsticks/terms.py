"""What ``simcore explain`` says of yardsticks."""

from __future__ import annotations

from simcore.results.glossary import Term

_GROUP = "Bounds of yardsticks"

TERMS = tuple(
    Term(name, _GROUP, unit, text)
    for name, unit, text in (
        ("bounds", "", "Table of the two times of each layer on a roofline or an ideal machine; the longer one is the layer's."),
        ("operator", "", "What the layer counts as: conv, linear, matmul, or vector for a layer without multiply-accumulates."),
        (
            "word_bytes",
            "bytes",
            "Size of a word of the wider operand: the peak for this size holds, or for the next wider.",
        ),
        ("macs_per_byte", "MACs/byte", "Multiply-accumulates per byte that crosses main memory."),
        (
            "peak_macs_per_s",
            "MACs/s",
            "Peak rate that holds for the layer, without the efficiency; empty if infinite.",
        ),
        ("compute_time_ns", "ns", "macs / (peak_macs_per_s x efficiency of the operator)."),
        ("memory_time_ns", "ns", "Bytes of inputs, weights and results, each once, at main memory's bandwidth."),
        ("bound_by", "", "What takes longer: compute or memory."),
    )
)
