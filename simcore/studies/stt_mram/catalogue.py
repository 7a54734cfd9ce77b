"""The study's tables and figures, with one line each for the index and the documentation."""

from __future__ import annotations

from collections.abc import Mapping

from simcore.studies.form.catalogue import Catalogue, Drawing

#: Table (a CSV file and a key of results.json) -> meaning of a row.
TABLES = {
    "arrays": "a macro: leakage class, cell, capacity; area, latencies, energies, leakage",
    "comparisons": "an SRAM against an STT-MRAM macro at equal capacity or equal area: ratios of area, energies, leakage",
    "writes": "a write voltage and pulse of the cell: error rate, energy relative to nominal, latency",
    "cheapest_writes": "an error rate, reached by the pulse, the voltage or both: the write that reaches it and what it saves",
    "energy_ratios": "R(a): capacity and access rate per leakage class, SRAM over STT-MRAM energy in closed form",
    "energy_ratio_bounds": "the access rates between which R(a) lies in the claimed range, per class and capacity",
    "systems": "a simulated network on a system: cycles, traffic, energy split, energy gains over the SRAM system",
    "system_stalls": "a cause of stalls of a simulated network on a system: its cycles",
    "gain_ranges": "a configuration: least and greatest energy gain over the networks, of scratchpads, chip and system",
    "pulses": "a write pulse: cycles of a training step, by cause of the stalls",
    "map_runs": "a simulated training step on a class and memory: cycles, traffic, energy by part, with and without gating",
    "gain_map": "a configuration, comparison and network: energy gain of scratchpads, chip and system",
    "named_configurations": "a scope: the configuration with the fewest departures from the preset that reaches 15 to 22 times",
    "joules": "a named configuration, network and memory: joules of a training step by part",
    "lifetimes": "a scratchpad of a network's pass: writes per second of its most written line, and the days until it wears out",
    "thermal_stability": "a thermal stability at an error rate: flips of stored bits, write voltage, energy with code or scrub",
    "accuracy_contributions": "a number format and a chip: write energy and cycles of the training step, accuracy after training",
    "accuracy_chips": "a chip that was tried: write energy and accuracy; front: no other chip of its format beats it",
    "accuracy_nets": "a larger network and a chip: write energy of the training step, accuracy after training",
    "accuracy_runs": "one training run with errors in every write: format, chip, seed; accuracy, words written, failed bits",
    "placements": "a placement of tensors and bits: accuracy after training, cycles and energy of the training step",
    "accuracy_stays": "a thermal stability, with stored bits that flip by heat and reads: accuracy after training",
}

#: Figure (a file in figures/) -> what it shows.
FIGURES = {
    "arrays": "density and leakage of SRAM over STT-MRAM against the capacity",
    "writes": "write error rate over voltage and pulse, with lines of equal energy",
    "cheapest_writes": "energy saved by tolerating write errors",
    "energy_ratios": "R(a) against the access rate, with the claimed range and the simulated networks",
    "systems": "energy of each network by part, SRAM beside STT-MRAM",
    "gains": "energy gain of each network: scratchpads alone, chip, whole system",
    "map_capacity": "where training steps gain 15 to 22 times at equal capacity, by leakage, capacity, main memory and gating",
    "map_area": "the same at equal area",
    "axes": "the whole system's gain along each axis of the map, network by network",
    "joules": "joules of a training step by part at the configurations named for the whole system",
    "pulses": "cycles of a training step and their stall causes against the write pulse",
    "thermal_stability": "stored bits that heat and reads flip, and energy of the scratchpads, against the thermal stability",
    "contributions": "write energy of the training step by scratchpad, with each way to save it alone and together, and the loss",
    "chips": "energy saved in writes against accuracy lost, for every chip tried, with the front",
}


def _drawings() -> Mapping[str, Drawing]:
    from simcore.studies.stt_mram.figures import DRAWINGS

    return DRAWINGS


CATALOGUE = Catalogue("stt-mram", "STT-MRAM in place of SRAM", TABLES, FIGURES, _drawings)
