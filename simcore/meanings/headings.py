"""The meaning of the headings and rows of printed tables, where they are not the names of columns: heading -> (unit, text)."""

from __future__ import annotations

LAYERS = {
    "M MACs": ("millions", "Multiply-accumulates of the layer, computed from its shapes (`macs`)."),
    "compute": ("cycles", "Cycles in which the array takes a step (`compute_cycles`)."),
    "stalled": ("cycles", "Cycles in which the array waits: `cycles` minus `compute`."),
    "mostly": ("", "The cause of most stalled cycles of the layer; - if it never stalls."),
    "most by": ("", "The cause of most stalled cycles of the layer; - if it never stalls."),
    "map %": ("percent", "Share of the processing elements that hold work, over the folds (`mapping_efficiency_percent`)."),
    "util %": ("percent", "Share of the array's multiply-accumulates that are used (`array_utilisation_percent`)."),
    "split by": ("", "What several arrays share of the layer, with the number of shares (`split_by`)."),
    "DRAM KiB": ("KiB", "Bytes that cross main memory in both directions (`dram_read_bytes` + `dram_write_bytes`)."),
    "DRAM rd KiB": ("KiB", "Bytes read from main memory (`dram_read_bytes`)."),
    "DRAM wr KiB": ("KiB", "Bytes written to main memory (`dram_write_bytes`)."),
    "energy uJ": ("uJ", "Energy of the pass (`energy_pj`)."),
    "%": ("percent", "Share of the total of the column to its left."),
    "value": ("", "The figure that the row names, in the unit that the row names."),
    "bound by": ("", "The longer of the layer's two times: compute or memory (`bound_by`)."),
    "compute us": ("us", "Time of the layer's multiply-accumulates at the peak (`compute_time_ns`)."),
    "memory us": ("us", "Time in which the layer's bytes cross main memory (`memory_time_ns`)."),
}

TOTALS = {
    "time, us": ("us", "Time of the run at the core clock (`time_ns`)."),
    "array utilisation, %": ("percent", "Share of the array's multiply-accumulates that are used, over the whole run."),
    "share of the peak, %": ("percent", "Multiply-accumulates of the run, as a share of the peak."),
    "main memory read, KiB": ("KiB", "Bytes read from main memory in the run (`dram_read_bytes`)."),
    "main memory written, KiB": ("KiB", "Bytes written to main memory in the run (`dram_write_bytes`)."),
    "row hits, %": ("percent", "Share of the DRAM's transactions whose row was open at their first command."),
    "bandwidth, GB/s": ("GB/s", "Bytes of the DRAM's read and write commands, divided by the time of the run."),
    "energy in all, uJ": ("uJ", "Sum of the known parts of the energy (`energy_pj`)."),
    "energy of main memory, uJ": ("uJ", "Bytes that cross main memory x energy of a byte; - if that energy is not known."),
}

BANKS = {
    "depth": ("entries", "Depth of the scratchpad's write buffer (`write_buffer_entries`)."),
    "mean entries": ("entries", "Mean number of entries in the write buffer (`mean_entries`)."),
    "99 % within": ("entries", "Number of entries that the write buffer does not exceed in 99 % of the cycles (`p99_entries`)."),
    "most": ("entries", "Largest number of entries in the write buffer (`most_entries`)."),
    "full cyc.": ("cycles", "Cycles in which the write buffer has no room for one more line (`full_cycles`)."),
    "DMA rd": ("accesses", "Reads that the bank granted to the DMA (`dma_reads`)."),
    "DMA wr": ("accesses", "Writes that the bank granted to the DMA (`dma_writes`)."),
    "conflict cyc.": ("cycles", "Cycles in which a request still waited at the bank (`conflict_cycles`). Most cost nothing."),
    "busy cyc.": ("cycles", "Cycles in which a port of the bank was busy (`busy_cycles`)."),
    "occup. %": ("percent", "Share of the cycles in which the bank's ports were busy (`occupancy_percent`)."),
    "writes/s": ("writes/s", "Writes per second to the busiest line if the run repeats (`busiest_line_writes_per_s`)."),
    "endurance": ("writes", "Writes that a line survives (`endurance_writes`)."),
    "lasts": ("", "Time until the busiest line fails if the run repeats for ever (`lifetime_s`)."),
    "levelled": ("", "The same if the bank's writes were spread evenly over its lines (`lifetime_levelled_s`)."),
}

WHY = {
    "change": ("", "The key that changes, with its new value, as after `--set`."),
    "was": ("", "Value of the key in the system; - if it has none."),
    "saved": ("cycles", "Cycles of the run minus its cycles with the change."),
    "saved %": ("percent", "Cycles that the change saves, as a share of the run."),
    "mm2": ("mm2", "Area by which the change enlarges the machine; - if no area is counted for it."),
}

DEMO = {
    "ratio": ("", "Cycles on the second machine, divided by those on the first."),
    "stall that grew most": ("", "The cause whose cycles grow most from the first machine to the second."),
    "difference": ("cycles", "Cycles on the second machine minus those on the first."),
}

PIM = {
    "in a subarray": ("", "What the micro-program does in each subarray: operations, activations, or rows raised."),
    "with all initialisation": ("", "The same with the operations that the published count of the program leaves out."),
    "ns": ("ns", "Time of the operation, or of its part, by PIMeval's table."),
}

DRAM = {
    "rule": ("", "The rule of the DRAM's table that the commands break."),
    "times": ("", "How often the rule is broken."),
    "command": ("", "Command of the DRAM, under the standard's name."),
    "issued": ("commands", "How many such commands the controllers issued."),
    "mean": ("cycles", "Mean of the latencies."),
    "p50": ("cycles", "Latency that half of the requests do not exceed."),
    "p95": ("cycles", "Latency that 95 % of the requests do not exceed; one that occurred (nearest-rank)."),
    "p99": ("cycles", "Latency that 99 % of the requests do not exceed; one that occurred (nearest-rank)."),
    "max": ("", "The greatest value: of the latencies in cycles, or of the accuracy over the seeds of a study."),
    "mean, ns": ("ns", "Mean of the latencies as a time."),
    "nJ": ("nJ", "Energy of the part."),
    "hits": ("requests", "Requests of the bank whose row was open (`row_hits`)."),
    "misses": ("requests", "Requests of the bank that found no row open (`row_misses`)."),
    "conflicts": ("requests", "Requests of the bank that found another row open (`row_conflicts`)."),
    "% of all": ("percent", "Share of all requests that the bank served."),
}

LISTS = {
    "name": ("", "The name that the command line and a file take."),
    "unit": ("", "Unit of the values; empty for names."),
    "meaning": ("", "What the name stands for."),
}

STUDIES = {
    "class": ("", "Leakage class of the transistors: hp, lop or lstp (`technology.leakage_class`)."),
    "equal": ("", "What both memories have in common: capacity or area."),
    "SRAM": ("", "Capacity of the SRAM."),
    "STT-MRAM": ("", "Capacity of the STT-MRAM; + where the table of macros ends."),
    "density": ("", "Bits per area of STT-MRAM, divided by those of SRAM."),
    "leakage": ("", "Leakage of SRAM, divided by that of STT-MRAM."),
    "read ns": ("", "Read latency of SRAM, divided by that of STT-MRAM."),
    "write ns": ("", "Write latency: of SRAM divided by that of STT-MRAM, or of the write that the row describes, in ns."),
    "read pJ": ("", "Read energy of SRAM, divided by that of STT-MRAM."),
    "write pJ": ("", "Write energy of SRAM, divided by that of STT-MRAM."),
    "error rate": ("", "Probability that the write of a bit fails."),
    "varied": ("", "What was changed to reach the error rate: the pulse, the voltage or both."),
    "V": ("V", "Write voltage."),
    "pulse ns": ("ns", "Write pulse; of a placement, the longest."),
    "gain, cells": ("", "Nominal write energy of the cells, divided by that of this write."),
    "gain, word": ("", "Nominal write energy of a word with its periphery, divided by that of this write."),
    "capacity": ("", "Capacity of the memory."),
    "R, idle": ("", "Energy of SRAM over that of STT-MRAM without accesses."),
    "R, busy": ("", "Energy of SRAM over that of STT-MRAM at the highest access rate."),
    "15-22x from, accesses/ns": ("accesses/ns", "Access rate from which the gain lies in 15 to 22 times."),
    "to": ("accesses/ns", "Access rate up to which the gain lies in 15 to 22 times."),
    "15-22x": ("", "How many of the runs have a gain of 15 to 22 times."),
    "network": ("", "Network that runs."),
    "Mcycles": ("millions", "Core cycles of the run."),
    "MB": ("MB", "Bytes that cross main memory."),
    "leak %": ("percent", "Share of leakage in the energy."),
    "read %": ("percent", "Share of the scratchpads' reads in the energy."),
    "write %": ("percent", "Share of the scratchpads' writes in the energy."),
    "mac %": ("percent", "Share of the multiply-accumulates in the energy."),
    "other %": ("percent", "Share of the rest of the chip in the energy: the array's registers, vector unit, DMA, wires."),
    "dram %": ("percent", "Share of main memory in the energy."),
    "pads x": ("", "Energy of the scratchpads of the SRAM system, divided by this system's."),
    "all x": ("", "Energy of the whole SRAM system, divided by this system's."),
    "SRAM, 4 x": ("", "Capacity of each of the four scratchpads of SRAM."),
    "gated": ("", "Whether idle banks are cut off from power."),
    "net": ("", "Network that was trained."),
    "word": ("", "Number format of the stored words."),
    "tensor": ("", "Kind of tensor in which writes fail."),
    "bits": ("", "Bit positions in which writes fail; 0 is the least significant."),
    "runs": ("", "Number of trained runs, one per seed."),
    "accuracy %": ("percent", "Accuracy on the test images after training, mean over the runs."),
    "min": ("percent", "Lowest accuracy of the runs."),
    "lost, points": ("points", "Accuracy lost against training without write errors, in points of a percent."),
    "loss, points": ("points", "Accuracy lost against training without write errors, in points of a percent."),
    "failed bits": ("bits", "Bits whose write failed, mean over the runs."),
    "diverged": ("runs", "Runs whose training diverged."),
    "placement": ("", "Which tensors and bits lie in which memory (docs/write-errors.md)."),
    "write energy": ("", "Energy of all writes, divided by that of writing everything safely."),
    "SRAM bits %": ("percent", "Share of the bits that lie in SRAM."),
    "SRAM %": ("percent", "Share of the bits that lie in SRAM."),
    "write, words / safe": ("", "Energy of writing the words, divided by that of writing them safely."),
    "write, step / safe": ("", "Energy of all writes of a training step, divided by that of writing them safely."),
    "step uJ": ("uJ", "Energy of a training step."),
    "step cycles": ("cycles", "Core cycles of a training step."),
    "back-pressure": ("cycles", "Cycles of a training step stalled by `write_backpressure`."),
}

#: Every heading, by the table that shows it.
GROUPS = {
    "Headings of simcore run": LAYERS | TOTALS,
    "Headings of simcore banks and of wear": BANKS,
    "Headings of simcore why": WHY,
    "Headings of simcore demo": DEMO,
    "Headings of simcore pim": PIM,
    "Headings of simcore dram": DRAM,
    "Headings of simcore list and explain": LISTS,
    "Headings of simcore study": STUDIES,
}


def spoken(heading: str) -> str:
    """Return a heading on one line, as a user would type it."""
    return " ".join(heading.replace("-\n", "-").split())
