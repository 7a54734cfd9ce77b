"""What the printed headings of the study of STT-MRAM say of chips and of the map of gains."""

from __future__ import annotations

#: Heading -> unit and meaning.
CHIPS = {
    "write gain": ("", "Write energy of the training step with the cell's own write, divided by that of this chip."),
    "step gain": ("", "Energy of the whole training step with the cell's own write, divided by that of this chip."),
    "fresh seeds": ("", "Accuracy lost from seeds that had no part in the choice, in percentage points."),
    "area %": ("percent", "Share of the area of the SRAM that the STT-MRAM takes."),
    "SRAM 4 x": ("", "Capacity of each of the four scratchpads of SRAM."),
    "scope": ("", "What the gain counts: the scratchpads, the chip, or the whole system."),
    "--only": ("", "The configuration, as `simcore study stt-mram --only` takes it."),
    "gain": ("", "Energy of the SRAM system, divided by that of the STT-MRAM system."),
}
