"""What ``simcore explain`` says about yardsticks."""

from __future__ import annotations

from simcore.results.glossary import Term

_GROUP = "Bounds of yardsticks"

TERMS = tuple(
    Term(name, _GROUP, unit, text)
    for name, unit, text in (
        ("bounds", "", "Table of the two times of each layer on a roofline or an ideal machine; the layer takes the longer one."),
        (
            "operator",
            "",
            "Operator as which the layer counts: conv, linear, matmul, or vector for a layer without multiply-accumulates.",
        ),
        (
            "word_bytes",
            "bytes",
            "Size of a word of the wider operand. The peak for this size applies, or that for the next wider size.",
        ),
        ("macs_per_byte", "MACs/byte", "Multiply-accumulates per byte that crosses main memory."),
        (
            "peak_macs_per_s",
            "MACs/s",
            "Peak rate for the layer, before the efficiency applies; empty if infinite.",
        ),
        ("compute_time_ns", "ns", "macs / (peak_macs_per_s x efficiency of the operator)."),
        ("memory_time_ns", "ns", "Bytes of inputs, weights and results, each moved once, divided by main memory's bandwidth."),
        ("bound_by", "", "The longer of the two times: compute or memory."),
        (
            "memory",
            "cycles",
            "Bound of a layer whose bytes take longer at the bandwidth of main memory than its multiply-accumulates at the peak.",
        ),
    )
)
