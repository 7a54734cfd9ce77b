"""The texts of the definitions in the glossary: name -> (unit, text), or name -> text where one unit holds for all."""

from __future__ import annotations

#: The units of amounts. Only columns with one of these units add up over layers; those with any other, such as a ratio, do not.
AMOUNTS = frozenset({"multiply-accumulates", "cycles", "words", "lines", "bytes", "transactions", "commands", "pJ"})

CAUSES = {
    "first_fill": "The array waits for the first step of the layer: its first tiles are loading, or its first operands are read.",
    "dram_wait": "The next operand's tile is not on chip yet, or the next result's tile has no slot yet: main memory is late. In "
    "attention on chip, too: results that are read next are not all in their scratchpad yet.",
    "read_latency": "The bank has granted the read of the next operand, but the data have not arrived yet.",
    "read_conflict": "The read of the next operand waits for a bank that is busy with another read of the array.",
    "write_conflict": "The read of the next operand waits for a bank that is busy with a buffered write. Slow writes stall here.",
    "dma_collision": "The read of the next operand waits for a bank that is busy with the DMA.",
    "write_backpressure": "The operands are ready, but the write buffer has no room for the results of this step.",
    "drain": "The array has taken its last step of the layer; buffered writes and stores to main memory are finishing.",
}

LAYERS = {
    "layer": ("", "Name of the layer in the network."),
    "op": ("", "Kind of layer: conv, linear, pool, add, ..."),
    "pass": (
        "",
        "Pass of a training step: forward, input_gradient, weight_gradient or update. Inference is forward. The table `passes` "
        "sums up each pass.",
    ),
    "fused_into": ("", "Layer into which this one is fused, so that it takes no cycles. Empty if it runs by itself."),
    "macs": ("multiply-accumulates", "Multiply-accumulates of the layer, computed from its shapes; taps in the padding count."),
    "start_cycle": ("cycle", "Core cycle, counted from the start of the run, in which the layer begins."),
    "cycles": ("cycles", "Number of core cycles of the layer: compute_cycles plus all stalls (SCALE-Sim prints one less)."),
    "compute_cycles": (
        "cycles",
        "Cycles in which the array takes a step, including the fill and drain of each fold. Without stalls this is every cycle.",
    ),
    "mapping_efficiency_percent": (
        "percent",
        "Share of the processing elements that hold work, averaged over the folds: 100 x Sr x Sc / (folds x rows x columns), as "
        "SCALE-Sim's Mapping Efficiency. 0 for layers of the vector unit, empty for layers that do not run by themselves. On "
        "DRAM that multiplies: column_utilisation_percent x subarray_utilisation_percent / 100, empty without products.",
    ),
    "single_buffered": (
        "",
        "Tensors of a layer on the array of which the scratchpad holds no more tiles than are in use at once: no tile is loaded "
        "while another is used, and main memory's latency is waited for. Empty if there are none.",
    ),
    "memory_bound_by": (
        "",
        "What limits the rate at which main memory serves a layer on the array: `latency` if a tensor is single-buffered; "
        "`bursts_in_flight` if outstanding_bursts x burst_bytes do not cover latency x bandwidth (a DRAM's latency is at "
        "least that of a read from an open row); `bandwidth` otherwise. Empty for other layers. `simcore run` names the layers "
        "that wait for either of the first two, and the keys that would help.",
    ),
    "array_utilisation_percent": ("percent", "100 x macs / (cycles x rows x columns). Stalls, fill and drain lower it."),
    "values": (
        "",
        "`equal` if every word that the PEs computed equals numpy's product (`--check-values`); `none`, with the reason, for a "
        "layer without a product; empty if values were not checked.",
    ),
    "ifmap_read_words": ("words", "Words that the ifmap port read; a word counts each time it is read."),
    "filter_read_words": ("words", "Words that the filter port read."),
    "psum_read_words": (
        "words",
        "Partial sums that the array read back to add to them; of attention on chip also scores and sums that the vector unit "
        "read.",
    ),
    "output_write_words": ("words", "Words that the output port wrote, partial sums included."),
    "ifmap_read_lines": ("lines", "Line accesses of the ifmap port; words of one step in the same line are one access."),
    "filter_read_lines": ("lines", "Line accesses of the filter port."),
    "psum_read_lines": ("lines", "Line accesses of the psum port."),
    "output_write_lines": ("lines", "Line accesses of the output port."),
    "dram_read_bytes": ("bytes", "Bytes that the DMA moved from main memory."),
    "dram_write_bytes": ("bytes", "Bytes that the DMA moved to main memory."),
}

BANKS = {
    "scratchpad": ("", "Name of the scratchpad in the system; on DRAM that multiplies, of the bank."),
    "bank": ("", "Number of the bank in its scratchpad, DRAM bank group or rank; on DRAM that multiplies, of the subarray."),
    "memory": ("", "Bank timing model of the bank, or the DRAM that multiplies."),
    "reads": ("accesses", "Reads that the bank granted, those of the DMA included; in DRAM that multiplies, RD bursts."),
    "writes": (
        "accesses",
        "Writes that the bank granted, the DMA's included (a preempted one once); in DRAM that multiplies, WR bursts.",
    ),
    "dma_reads": ("accesses", "Reads that the bank granted to the DMA (stores to main memory)."),
    "dma_writes": ("accesses", "Writes that the bank granted to the DMA (loads from main memory)."),
    "forwarded": ("accesses", "Reads of partial sums that the write buffer answered without an access to the bank."),
    "preempted": ("times", "Writes in progress that went back to their queue because a read took their port."),
    "conflict_cycles": (
        "cycles",
        "Cycles in which a request still waited at the bank after granting; or in which the subarray waited.",
    ),
    "busy_cycles": (
        "cycles",
        "Cycles in which a port of the bank was busy, summed over the ports; or in which the subarray computed.",
    ),
    "occupancy_percent": ("percent", "100 x busy_cycles / (cycles x ports of the bank). A subarray counts as one port."),
}

SCRATCHPAD_COLUMNS = {
    "waiter": (
        "",
        "Port whose request waited at a bank while the array stalled: a port of the array, or the DMA whose line was due for the "
        "tile that the array waited for.",
    ),
    "holder": (
        "",
        "Port whose request held the bank: the DMA if it held one of the bank's ports, else a buffered write (output), else a "
        "read. If output waits for output, the oldest entry of the write buffer is being written or waits for another write.",
    ),
    "entries": ("entries", "Number of entries in the write buffer; an entry is one line."),
    "write_buffer_entries": ("entries", "Depth of the scratchpad's write buffer."),
    "mean_entries": ("entries", "Mean number of entries in the write buffer over all cycles."),
    "p99_entries": ("entries", "Number of entries that the write buffer does not exceed in 99 % of the cycles."),
    "most_entries": ("entries", "Largest number of entries; an element wider than the buffer enters an empty one."),
    "full_cycles": ("cycles", "Cycles in which the write buffer has no room for one more line."),
}

TRACES = {
    "cycle": ("cycle", "Core cycle of an event in a trace, counted from the start of the run."),
    "bank_port": ("", "Number of the bank's port that an event of a trace concerns, from 0. Empty for `forwarded`."),
    "row": ("", "Number of the line within its bank, in a trace and where wear is printed (`busiest_line_row`)."),
    "operation": ("", "Operation of an access in a trace: read or write."),
    "event": (
        "",
        "Event in a trace of the scratchpads. granted: a port of the bank takes the request. preempted: a buffered write in "
        "progress goes back to its queue. forwarded: the write buffer answers a read of a partial sum.",
    ),
    "arrived_cycle": ("cycle", "Core cycle in which the request came to its bank."),
    "done_cycle": ("cycle", "Core cycle in which the request's data can be used or its write is over. Empty for `preempted`."),
    "free_cycle": ("cycle", "Core cycle from which on the bank's port is free again. Empty unless `granted`."),
    "dram_cycle": ("cycle", "Cycle of the DRAM's own clock in which a controller accepted the transaction."),
    "address": ("byte", "First byte of a transaction in a trace of the DRAM. Each layer's tensors begin at 0."),
    "answer": (
        "",
        "How the controller of the DRAM answers a transaction of a trace. command: by a read or write command. forwarded: a "
        "read, from a write that waits. merged: a write, into a write that waits.",
    ),
}

DRAM = {
    "dram_cycles": ("cycles", "Cycles of the DRAM's own clock during the layer."),
    "dram_row_hits": (
        "transactions",
        "Transactions whose row was open at their first command. Hits, misses and conflicts add up to the transactions that RD "
        "and WR served; forwarded reads and coalesced writes are not among them.",
    ),
    "dram_row_misses": ("transactions", "Transactions whose bank had no row open at their first command."),
    "dram_row_conflicts": ("transactions", "Transactions whose bank had another row open at their first command."),
    "dram_rd_commands": ("commands", "RD and RDA commands; each reads one transaction."),
    "dram_wr_commands": ("commands", "WR and WRA commands; each writes one transaction."),
    "dram_act_commands": ("commands", "ACT commands; each opens a row."),
    "dram_pre_commands": ("commands", "Precharge commands, of one bank or of all banks; those within RDA and WRA do not count."),
    "dram_ref_commands": ("commands", "Refresh commands, of a rank or of a bank."),
    "dram_forwarded_reads": ("transactions", "Reads that the controller answered from a write that still waited there."),
    "dram_coalesced_writes": ("transactions", "Writes that the controller merged into a waiting write to the same line."),
    "dram_bus_bytes": (
        "bytes",
        "Bytes of all RD and WR commands: whole transactions of the DMA, less those that were forwarded or merged.",
    ),
    "channel": ("", "Number of the DRAM's channel, from 0."),
    "rank": ("", "Number of the rank in its channel."),
    "pseudochannel": ("", "Number of the pseudo-channel in its channel."),
    "bankgroup": ("", "Number of the bank group in its rank or pseudo-channel."),
    "read_hits": ("transactions", "Reads whose row was open at their first command."),
    "read_misses": ("transactions", "Reads whose bank had no row open at their first command."),
    "read_conflicts": ("transactions", "Reads whose bank had another row open at their first command."),
    "write_hits": ("transactions", "Writes whose row was open at their first command."),
    "write_misses": ("transactions", "Writes whose bank had no row open at their first command."),
    "write_conflicts": ("transactions", "Writes whose bank had another row open at their first command."),
    "standard": ("", "In results.json: the DRAM's name."),
}

WEAR = {
    "wear": (
        "",
        "Table of the writes of each bank's lines. results.json has only the bank of each scratchpad that fails first.",
    ),
    "written_lines": ("lines", "Lines of the bank that the run writes at least once."),
    "busiest_line_writes": (
        "writes",
        "Writes to the busiest line of the bank in this run. As in `writes`, a preempted or retried write counts once, though it "
        "may pulse the cells more than once.",
    ),
    "busiest_line_row": ("", "Number of the busiest line in its bank; the lowest number if several lines tie."),
    "mean_writes_per_line": ("writes", "Writes of the bank divided by all of its lines."),
    "busiest_line_writes_per_s": (
        "writes/s",
        "Writes per second to the busiest line if the run repeats without a pause: busiest_line_writes / time of the run.",
    ),
    "endurance_writes": (
        "writes",
        "Writes that a line survives, from the technology table or from technology.endurance_writes. inf for SRAM, empty for a "
        "model that names no technology.",
    ),
    "lifetime_s": (
        "s",
        "Time until the busiest line fails: endurance_writes / busiest_line_writes_per_s. inf (in JSON null) if it never does.",
    ),
    "lifetime_levelled_s": ("s", "lifetime_s if wear levelling spread the bank's writes evenly over all of its lines."),
}

OTHERS = {
    "cause": ("", "Why the array did not step. Each stalled cycle has exactly one cause (see the stall causes)."),
    "array": ("", "Number of one of several arrays, from 0. They make their steps together; split_by says what they share."),
    "split_by": (
        "",
        "What several arrays share of a layer's results, with the number of shares: `filters`, `pixels` or `groups` (groups of "
        "a convolution; images and heads of a product), as in `pixels x 2`. `-` for a layer of one array or the vector unit.",
    ),
    "port": ("", "Port of the array or the DMA: ifmap, filter and psum read, output writes, dma does both."),
    "elements": ("elements", "Operand vectors that the port moved; an element is what one array step needs from the port."),
    "words": ("words", "Words that the port moved."),
    "lines": ("lines", "Line accesses that the port made."),
    "bin_start_cycle": ("cycle", "First cycle of a time bin of the timeline, counted from the start of the run."),
    "bin_cycles": (
        "cycles",
        "Length of the time bin: some whole folds of the layer or, without folds, an equal share of its steps.",
    ),
    "stall_cycles": (
        "cycles",
        "All stalled cycles: cycles minus compute_cycles. Of a scratchpad: those in which the array waits for an operand or a "
        "result there. results.json gives the cycles of each cause.",
    ),
    "time_ns": ("ns", "Time of the run at the core clock; of a pipeline, from one image to the next."),
    "scratchpad_area_mm2": ("mm2", "Area of the banks of all scratchpads, from the technology table."),
    "area_mm2": (
        "mm2",
        "Area of a part of the machine: array, a scratchpad, vector_unit or dma; as a metric, their sum. It holds memory arrays, "
        "arithmetic and registers alone (docs/energy.md).",
    ),
    "not_counted": ("", "What is missing from the energy and from the area."),
    "wall_s": ("s", "Wall-clock seconds to lower the network and run the engine. It differs from run to run."),
    "simulated_cycles_per_s": ("cycles/s", "Speed of the simulator: cycles / wall_s."),
    "mapping_efficiency": ("percent", "mapping_efficiency_percent in results.json."),
    "sram_reads": ("words", "ifmap_read_words and filter_read_words of a layer in results.json."),
    "sram_writes": ("words", "output_write_words of a layer in results.json, under the name ofmap."),
    "part": (
        "",
        "Part of the energy: mac, array, vector, the reads or writes of a scratchpad, wires, dma, dram, leakage. Or a part of "
        "the area: array, a scratchpad, vector_unit, dma.",
    ),
    "leakage_class": ("", "Class of the leaking transistors, in results.json: hp, lop or lstp (technology.leakage_class)."),
    "gating": ("", "How idle banks are cut off from power (technology.gating), in results.json; null if they never are."),
}

DRAM_ALONE = {
    "requests": ("requests", "Requests of the trace: reads + writes."),
    "row_hits": ("requests", "Requests whose row was open at their first command."),
    "row_misses": ("requests", "Requests whose bank had no row open at their first command."),
    "row_conflicts": ("requests", "Requests whose bank had another row open at their first command, and so had to precharge."),
    "forwarded_reads": (
        "requests",
        "Reads that a waiting write to the same transaction answered; the controller issues no command for them.",
    ),
    "coalesced_writes": (
        "requests",
        "Writes merged into a waiting write to the same transaction; the controller issues no command for them.",
    ),
    "commands": ("commands", "Commands that the controller issued, under the standard's names."),
    "last_command_cycle": ("cycle", "DRAM cycle of the last command."),
    "read_latency_cycles": (
        "cycles",
        "DRAM cycles from a read's arrival in the queue to the end of its data: mean, nearest-rank p50, p95, p99, and max. The "
        "wait for room in the queue does not count. A forwarded read counts as 1. null without reads.",
    ),
    "write_latency_cycles": (
        "cycles",
        "DRAM cycles from a write's arrival in the queue to its WR command, not to the end of its data. The statistics are those "
        "of read_latency_cycles. A merged write counts as 0. null without writes.",
    ),
    "bytes_moved": ("bytes", "Bytes of all read and write commands: commands x bytes of one burst."),
    "bandwidth_bytes_per_s": ("bytes/s", "Bytes of all read and write commands divided by the time of all DRAM cycles."),
    "peak_bandwidth_bytes_per_s": (
        "bytes/s",
        "Bandwidth if every data bus (channel or pseudo-channel) carries burst after burst without a gap.",
    ),
    "bandwidth_fraction": ("", "bandwidth_bytes_per_s / peak_bandwidth_bytes_per_s."),
    "tck_ps": ("ps", "Period of the DRAM's command clock."),
    "energy_total_pj": ("pJ", "Sum of the known parts of the DRAM's energy; energy_note names the unknown parts."),
    "energy_note": ("", "Why the DRAM's energy, or a part of it, is null. null if all parts are known."),
    "parse_s": ("s", "Wall-clock seconds to read the trace."),
    "simulate_s": (
        "s",
        "Wall-clock seconds of the simulation itself, without reading, loading or compiling an engine, and writing.",
    ),
    "requests_per_s": ("requests/s", "Speed of the simulator: requests / simulate_s."),
}
