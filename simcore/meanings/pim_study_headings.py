"""The meaning of the headings of the study of DRAM that multiplies: heading -> (unit, text)."""

from __future__ import annotations

PIM_STUDY = {
    "yardstick": ("", "Machine with which the DRAM is compared; b and a number are the batch."),
    "ms": ("ms", "Time per image."),
    "ms per image": ("ms", "Time between two images."),
    "claim": ("", "Speedup that has been claimed for DRAM that multiplies."),
    "over": ("", "The yardstick of the claim."),
    "counted": ("", "Level of the configuration: what takes time (docs/pim-dram-study.md)."),
    "reached": ("", "Whether a configuration of the level has the claimed speedup."),
    "speedup": ("", "Time per image of the yardstick, divided by the time between images on the DRAM."),
    "subarr.": ("", "Subarrays of each bank at work."),
    "sub-arrays": ("", "Subarrays of each bank at work."),
    "effect": ("", "What takes time beside the multiplications."),
    "columns %": ("percent", "Columns of the layer's rows that hold operand pairs."),
    "subarrays %": ("percent", "Share of the multiplications of all subarrays that the layer needs."),
    "multiply %": ("percent", "Share of the layer's cycles in its rounds."),
    "weights %": ("percent", "Share of the layer's cycles in which weights are written."),
    "vector %": ("percent", "Share of the layer's cycles in which the banks' vector units work."),
    "move %": ("percent", "Share of the layer's cycles in which inputs and results cross the bus."),
    "mJ per image": ("mJ", "Energy per image."),
    "pJ per MAC": ("pJ", "Energy per multiply-accumulate."),
    "key": ("", "Key of the system that is changed."),
}
