"""The meaning of the headings and rows of printed tables, where they are not the names of columns: heading -> (unit, text)."""

from __future__ import annotations

from simcore.meanings.attention_headings import ATTENTION
from simcore.meanings.cell_headings import CELLS, KEPT
from simcore.meanings.chip_headings import CHIPS
from simcore.meanings.generation_headings import GENERATION
from simcore.meanings.pim_study_headings import PIM_STUDY
from simcore.meanings.training_headings import PRUNED_ACCURACY, TRAIN_PRUNED

LAYERS = {
    "M MACs": ("millions", "Multiply-accumulates of the layer, computed from its shapes (`macs`)."),
    "compute": ("cycles", "Cycles in which the array takes a step (`compute_cycles`)."),
    "stalled": ("cycles", "Cycles in which the array, or the subarray that a layer or row is about, waits instead of computing."),
    "mostly": ("", "The cause of most stalled cycles of the layer; - if it never stalls."),
    "most by": ("", "The cause of most stalled cycles of the layer; - if it never stalls."),
    "map %": ("percent", "Share of the processing elements that hold work, over the folds (`mapping_efficiency_percent`)."),
    "util %": ("percent", "Share of the array's multiply-accumulates that are used (`array_utilisation_percent`)."),
    "cols %": ("percent", "Columns with an operand pair, as a share of all columns (`column_utilisation_percent`)."),
    "subarr. %": ("percent", "Share of the multiplications of all subarrays that are needed (`subarray_utilisation_percent`)."),
    "split by": ("", "What several arrays share of the layer, with the number of shares (`split_by`)."),
    "DRAM KiB": ("KiB", "Bytes that cross main memory in both directions (`dram_read_bytes` + `dram_write_bytes`)."),
    "DRAM rd KiB": ("KiB", "Bytes read from main memory (`dram_read_bytes`)."),
    "DRAM wr KiB": ("KiB", "Bytes written to main memory (`dram_write_bytes`)."),
    "energy uJ": ("uJ", "Energy of the pass, or of the step (`energy_pj`)."),
    "%": ("percent", "Share of the total of the column to its left."),
    "value": ("", "The figure that the row names, in the unit that the row names."),
    "bound by": ("", "The longer of the layer's two times: compute or memory (`bound_by`)."),
    "compute us": ("us", "Time of the layer's multiply-accumulates at the peak (`compute_time_ns`)."),
    "memory us": ("us", "Time in which the layer's bytes cross main memory (`memory_time_ns`)."),
}

TOTALS = {
    "time, us": ("us", "Time of the run at the core clock (`time_ns`)."),
    "time between images, us": ("us", "Time from one image to the next in a pipeline: that of its slowest stage, step by step."),
    "time of an image, us": ("us", "Time of one image in a pipeline: the time between images once for each stage."),
    "array utilisation, %": ("percent", "Share of the array's multiply-accumulates that are used, over the whole run."),
    "share of the peak, %": ("percent", "Multiply-accumulates of the run, as a share of the peak."),
    "main memory read, KiB": ("KiB", "Bytes read from main memory in the run (`dram_read_bytes`)."),
    "main memory written, KiB": ("KiB", "Bytes written to main memory in the run (`dram_write_bytes`)."),
    "read over the bus, KiB": ("KiB", "Bytes that RD bursts take out of the DRAM that multiplies (`dram_read_bytes`)."),
    "written over the bus, KiB": ("KiB", "Bytes that WR bursts bring into the DRAM that multiplies (`dram_write_bytes`)."),
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
    "occup. %": (
        "percent",
        "Share of the cycles in which the bank's ports were busy, or the subarray computed (`occupancy_percent`).",
    ),
    "subarray": ("", "Number of the subarray in its bank, from 0, among those that compute at a time."),
    "computing": ("cycles", "Cycles in which the subarray computes (`busy_cycles`)."),
    "idle": ("cycles", "Cycles in which the subarray has nothing to do: others have work, or it has finished its phase."),
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
    "all": ("", "All layers, or all causes, together."),
    "difference": ("cycles", "Cycles on the second machine minus those on the first."),
}

PIM = {
    "in a subarray": ("", "What the micro-program does in each subarray: operations, activations, or rows raised."),
    "with all initialisation": ("", "The same with the operations that the published count of the program leaves out."),
    "ns": ("ns", "Time of the operation, or of its part, by PIMeval's table."),
}

MEMORY = {
    "capacity, KiB": ("KiB", "Capacity of the macro."),
    "area, mm2": ("mm2", "Area of the macro with its periphery."),
    "area used, %": ("percent", "Area of the second macro as a share of that of the first."),
    "read, ns": ("ns", "Latency of a read of one word; of a DRAM's requests in `simcore dram` see read_latency_cycles."),
    "write, ns": ("ns", "Latency of a write of one word; it ends with the write pulse, where there is one."),
    "read, pJ": ("pJ", "Energy of a read of one word."),
    "write, pJ": ("pJ", "Energy of a write of one word."),
    "leakage, mW": ("mW", "Leakage power of the macro."),
    "write voltage, V": ("V", "Voltage of the write pulse; - for a memory that is not written by a pulse."),
    "write pulse, ns": ("ns", "Length of the write pulse; - for a memory that is not written by a pulse."),
    "write error rate": ("", "Probability that the write of a bit fails with this voltage and pulse."),
    "endurance, writes": ("writes", "Writes that a line of such cells survives; - if it never wears out."),
    "read_cycles": ("cycles", "Cycles for which a read occupies a bank at the clock of `--clock`."),
    "write_cycles": ("cycles", "Cycles for which a write occupies a bank at the clock of `--clock`."),
    "thermal stability": ("", "Energy barrier of the junction, in units of kT (`--delta`)."),
    "overdrive": ("", "Write current, divided by the junction's critical current."),
    "tau": ("", "Write pulse in units of tau_D."),
    "temperature k": ("K", "Temperature of the junction, at which its thermal stability and its errors are given."),
    "tau d ns": ("ns", "tau_D, the characteristic time of the junction's switching."),
    "method": ("", "How the error rate is computed (`--method`)."),
    "voltage v": ("V", "Write voltage."),
    "cell": ("", "Memory cell, by the name that `simcore list cells` shows."),
    "direction": ("", "Direction of the write: from parallel to antiparallel or back."),
    "sigma": ("", "Relative spread of the overdrive among cells (`--sigma`)."),
    "without variation": ("", "Write error rate without that spread."),
    "refined": ("", "Write error rate by the refined closed form."),
    "butler": ("", "Write error rate by Butler's closed form."),
    "sun": ("", "Write error rate by Sun's closed form."),
}

DRAM = {
    "tCK, ps": ("ps", "Period of the DRAM's command clock (`tck_ps`)."),
    "reads answered by a waiting write": ("requests", "Reads for which no command was issued (`forwarded_reads`)."),
    "writes merged into a waiting one": ("requests", "Writes for which no command was issued (`coalesced_writes`)."),
    "peak bandwidth, GB/s": ("GB/s", "Bandwidth if every data bus carries burst after burst (`peak_bandwidth_bytes_per_s`)."),
    "row hits": ("requests", "Requests whose row was open at their first command (`row_hits`)."),
    "row misses": ("requests", "Requests whose bank had no row open at their first command (`row_misses`)."),
    "row conflicts": ("requests", "Requests whose bank had another row open at their first command (`row_conflicts`)."),
    "read, from arrival to the end of its data": ("cycles", "Latency of the reads (`read_latency_cycles`)."),
    "write, from arrival to its WR command": ("cycles", "Latency of the writes (`write_latency_cycles`)."),
    "io": ("nJ", "Energy of the drivers and termination of the data lines."),
    "total": ("", "Sum of the rows above."),
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
    "directory": ("", "The directory that holds the saved results, from the one that was listed."),
    "saved at": ("", "When the results were saved, in UTC."),
    "unit": ("", "Unit of the values; empty for names."),
    "meaning": ("", "What the name stands for."),
}

PRUNING = {
    "procedure": ("", "How the network is trained: dense, pruned while training, or dense, pruned at the end and retrained."),
    "MACs": ("multiply-accumulates", "Multiply-accumulates of the whole training (`macs`); k, M, G, T, P, E are powers of 1000."),
    "weight words": ("words", "Words of weights and their gradients, read and written (`weight_accesses`)."),
    "activation words": ("words", "Words of activations and their gradients, read and written (`activation_accesses`)."),
    "DRAM B": ("bytes", "Bytes that cross main memory in the whole training (`dram_bytes`)."),
    "J": ("J", "Energy of the whole training (`energy_pj`)."),
    "s": ("s", "Time of the whole training at the core clock (`time_s`)."),
    "why cycles differ": (
        "",
        "Why a layer's saving in cycles differs from its saving in multiply-accumulates; - if it hardly does.",
    ),
    "filters": ("", "Filters of the layer before pruning."),
    "left": ("", "Filters of the layer that are alive at the end."),
    "MACs -%": ("percent", "Saving in multiply-accumulates of one training step, pruned at the end against dense."),
    "cycles -%": ("percent", "Saving in cycles of one training step, pruned at the end against dense."),
}

PRUNING_STUDY = {
    "schedule": ("", "Which fraction of the filters is pruned when (docs/pruning.md lists the forms)."),
    "epochs": ("epochs", "Length of the training."),
    "gone %": ("percent", "Filters of the whole network that are pruned at the end."),
    "comp. -%": ("percent", "Computations (multiply-accumulates) that pruning while training saves."),
    "access. -%": ("percent", "Accesses, of weights and activations, that pruning while training saves."),
    "41 % comp.": ("", "Whether the saving in computations is the claimed 41 %, within half a point."),
    "41 % access.": ("", "Whether the saving in accesses is the claimed 41 %, within half a point."),
    "G cycles": ("billions", "Core cycles of the whole training."),
    "joules -%": ("percent", "Energy that pruning while training saves."),
    "DRAM -%": ("percent", "Bytes over main memory that pruning while training saves."),
    "multiple": ("filters", "Filters are pruned to multiples of so many; 1 prunes them one by one."),
    "networks": ("", "How many different networks the training has."),
    "left %": ("percent", "Filters of the whole network that are alive at the end."),
    "G writes": ("billions", "Writes of lines of the scratchpads in the whole training."),
    "writes J": ("J", "Energy of the writes to scratchpads in the whole training."),
    "writes %": ("percent", "Share of these writes in the energy of the whole training."),
    "worn after": ("trainings", "Such trainings that the busiest line lasts for at least; - if it does not wear out."),
}

STUDIES = {
    "class": ("", "Leakage class of the transistors: hp, lop or lstp (`technology.leakage_class`)."),
    "equal": ("", "What both memories have in common: capacity or area."),
    "SRAM": ("", "Capacity of the SRAM, or the system with scratchpads of SRAM."),
    "STT, cap.": ("", "The system with scratchpads of STT-MRAM of the SRAM's capacity."),
    "STT, area": ("", "The system with scratchpads of STT-MRAM on the SRAM's area, and so of more capacity."),
    "chip": ("", "Energy gain of the whole chip, without main memory: that of the SRAM system over that of this one."),
    "system": ("", "Energy gain of the whole system: that of the SRAM system over that of this one."),
    "activ.": ("", "Short for activations, a kind of tensor."),
    "small": ("", "Short for the network small-cnn."),
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
    "kept %": ("percent", "Share of what keeps stored bits in the energy: codes and scrubs."),
    "mac %": ("percent", "Share of the multiply-accumulates in the energy."),
    "other %": ("percent", "Share of the rest of the chip in the energy: the array's registers, vector unit, DMA, wires."),
    "dram %": ("percent", "Share of main memory in the energy."),
    "pads x": ("", "Energy of the scratchpads of the SRAM system, divided by this system's."),
    "all x": ("", "Energy of the whole SRAM system, divided by this system's."),
    "gated": ("", "Whether idle banks are cut off from power."),
    "net": ("", "Network that was trained."),
    "word": ("", "Number format of the stored words."),
    "tensor": ("", "Kind of tensor in which writes fail."),
    "bits": ("", "Bit positions in which writes fail; 0 is the least significant."),
    "runs": ("", "Number of trained runs, one per seed."),
    "accuracy %": ("percent", "Accuracy on the test images after training (of an epoch: after that epoch), mean over the runs."),
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
    "Headings of simcore run": LAYERS | ATTENTION | TOTALS,
    "Headings and figures of simcore run --prefill": GENERATION,
    "Headings of simcore banks and of wear": BANKS,
    "Headings of simcore why": WHY,
    "Headings of simcore demo": DEMO,
    "Headings of simcore pim": PIM,
    "Headings of simcore memory": MEMORY | CELLS,
    "Headings of simcore dram": DRAM,
    "Headings of simcore list and explain": LISTS,
    "Headings of simcore train-pruned": TRAIN_PRUNED,
    "Headings of simcore prune": PRUNING,
    "Headings of simcore study": STUDIES | KEPT | CHIPS,
    "Headings of simcore study pim-dram": PIM_STUDY,
    "Headings of simcore study pruning": PRUNING_STUDY | PRUNED_ACCURACY,
}


def spoken(heading: str) -> str:
    """Return a heading on one line, as a user would type it."""
    return " ".join(heading.replace("-\n", "-").split())
