"""What the printed headings of cells, stored words and wear mean."""

from __future__ import annotations

#: Heading of `simcore memory cell` -> unit and meaning.
CELLS = {
    "figure": ("", "Figure of a cell's description."),
    "within": ("", "The true value lies between value / within and value x within."),
    "direction": ("", "What the write does to the junction: parallel to antiparallel, or back."),
    "Ic, uA": ("uA", "Critical current of the junction in this direction."),
    "mean of cells": ("", "Write error rate averaged over cells whose overdrive varies by the stated spread."),
    "pulse for the stated rate, ns": ("ns", "Pulse with which the cell's current reaches the error rate that is stated for it."),
    "stated": ("", "Stated value of a figure, and the range that its uncertainty allows."),
    "from others": ("", "What follows for the figure from the others, and the range that their uncertainties allow."),
    "verdict": ("", "Whether both ranges have a value in common; a contradiction is told if the description gives its reason."),
}

#: Heading of a study -> unit and meaning.
KEPT = {
    "by errors, cells": (
        "",
        "Energy of the cells in the cheapest write of the nominal error rate, divided by that of this write.",
    ),
    "by errors, word": ("", "Energy of a word in the cheapest write of the nominal error rate, divided by that of this write."),
    "writes/s, most written line": (
        "writes/s",
        "Writes per second of a scratchpad's most written line if the run repeats for ever.",
    ),
    "days": ("days", "Time until the most written line wears out."),
    "days, levelled": ("days", "Time until it wears out if the writes of its bank are spread evenly over the lines."),
    "stability": ("", "Thermal stability at 300 K: energy barrier over kT."),
    "by heat": ("", "Share of the stored bits that heat flips until they are overwritten."),
    "by reads": ("", "Share of the stored bits that reads flip until they are overwritten."),
    "kept by": ("", "What keeps stored bits within the error rate: nothing, a code, a code and a scrub; or nothing can."),
    "reads flip": ("", "What the read current does to stored bits, by the state that stands for 0."),
    "0s flip": ("", "Share of the stored zeros that heat and reads flip until they are overwritten."),
    "1s flip": ("", "Share of the stored ones that heat and reads flip until they are overwritten."),
    "write uJ": ("uJ", "Energy of the scratchpads' writes in a training step."),
    "code uJ": ("uJ", "Energy of the bits that a code adds to reads, writes and leakage."),
    "scrub uJ": ("uJ", "Energy of reading, correcting and writing back stored lines."),
    "all uJ": ("uJ", "Energy of the scratchpads: writes, reads, leakage, code and scrubs."),
}
