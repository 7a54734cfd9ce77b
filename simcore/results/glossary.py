"""What every column, stall cause and metric means; ``simcore explain`` and docs/metrics.md say what stands here.

``python -m simcore.results.glossary`` prints docs/metrics.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from simcore.errors import InputError, nearest

SCRATCHPADS = ("ifmap", "filter", "ofmap", "unified", "accumulator")


@dataclass(frozen=True)
class Term:
    """One definition. ``group`` is the heading it stands under, ``unit`` the unit of its values ("" for names)."""

    name: str
    group: str
    unit: str
    text: str


_CAUSES = {
    "first_fill": "The layer has not taken its first step: its first tiles are on the way, or its first operands are being read.",
    "dram_wait": "The due operand's tile is not on chip, or the due result's tile has no slot yet: main memory is late.",
    "read_latency": "The due operand's read was granted, or can be offered, and its data has not come: the bank answers late.",
    "read_conflict": "The due operand's read waits at a bank that another read of the array holds.",
    "write_conflict": "The due operand's read waits at a bank that a buffered write holds: a slow write is felt here.",
    "dma_collision": "The due operand's read waits at a bank that the DMA holds.",
    "write_backpressure": "The operands are there, and the write buffer has no room for the results due at this step.",
    "drain": "The array took its last step; buffered writes and stores to main memory are being finished.",
}

_LAYERS = {
    "layer": ("", "Name of the layer in the network."),
    "op": ("", "Kind of layer: conv, linear, pool, add, ..."),
    "pass": (
        "",
        "Pass of a training step: forward, input_gradient, weight_gradient, update. Inference is forward. `passes` sums each up.",
    ),
    "fused_into": ("", "The layer into which this one is folded; it takes no cycles of its own. Empty: it runs by itself."),
    "macs": ("multiply-accumulates", "Multiply-accumulates of the layer by its shapes; taps in the padding count."),
    "start_cycle": ("cycle", "Core cycle, counted from the start of the run, at which the layer begins."),
    "cycles": ("cycles", "Core cycles of the layer, a count: compute_cycles plus every stall (SCALE-Sim prints one less)."),
    "compute_cycles": (
        "cycles",
        "Cycles in which the array took a step; fill and drain of each fold count. Without stalls, all.",
    ),
    "mapping_efficiency_percent": (
        "percent",
        "Processing elements that hold work, averaged over the folds: 100 x Sr x Sc / (folds x rows x columns), as SCALE-Sim's "
        "Mapping Efficiency. 0 for layers of the vector unit, empty for those that do not run by themselves.",
    ),
    "array_utilisation_percent": ("percent", "100 x macs / (cycles x rows x columns): stalls, fill and drain lower it."),
    "values": (
        "",
        "`equal`: the PEs' results are numpy's product, word by word (`--check-values`); `none`, and why, for a layer without a "
        "product. Empty: not checked.",
    ),
    "ifmap_read_words": ("words", "Words the ifmap port read; a word is counted each time it is read."),
    "filter_read_words": ("words", "Words the filter port read."),
    "psum_read_words": ("words", "Partial sums read back to be added to."),
    "output_write_words": ("words", "Words the output port wrote, partial sums included."),
    "ifmap_read_lines": ("lines", "Line accesses of the ifmap port; words of one step in the same line are one access."),
    "filter_read_lines": ("lines", "Line accesses of the filter port."),
    "psum_read_lines": ("lines", "Line accesses of the psum port."),
    "output_write_lines": ("lines", "Line accesses of the output port."),
    "dram_read_bytes": ("bytes", "Bytes the DMA moved from main memory."),
    "dram_write_bytes": ("bytes", "Bytes the DMA moved to main memory."),
}

_BANKS = {
    "scratchpad": ("", "Name of the scratchpad in the system."),
    "bank": ("", "Number of the bank in its scratchpad, from 0; in the table of a DRAM, in its bank group or rank."),
    "memory": ("", "Bank timing model of the bank."),
    "reads": ("accesses", "Reads granted by the bank, those of the DMA included."),
    "writes": ("accesses", "Writes granted by the bank, those of the DMA included; a preempted write counts once."),
    "dma_reads": ("accesses", "Reads granted to the DMA (stores to main memory)."),
    "dma_writes": ("accesses", "Writes granted to the DMA (loads from main memory)."),
    "forwarded": ("accesses", "Reads of partial sums answered by the write buffer without going to the bank."),
    "preempted": ("times", "Writes in progress that were sent back because a read took their port."),
    "conflict_cycles": ("cycles", "Cycles in which at least one request was left waiting at the bank after granting."),
    "busy_cycles": ("cycles", "Cycles for which the bank's ports were taken, summed over its ports."),
    "occupancy_percent": ("percent", "100 x busy_cycles / (cycles x ports of the bank)."),
}

_DRAM = {
    "dram_cycles": ("cycles", "Cycles of the DRAM's own clock that ran in the layer."),
    "dram_row_hits": (
        "transactions",
        "Transactions whose row was open at their first command. Hits, misses and conflicts together are what RD and WR "
        "served; a forwarded read or a coalesced write is none of them.",
    ),
    "dram_row_misses": ("transactions", "Transactions whose bank was closed at their first command."),
    "dram_row_conflicts": ("transactions", "Transactions whose bank had another row open at their first command."),
    "dram_rd_commands": ("commands", "RD and RDA commands: transactions read."),
    "dram_wr_commands": ("commands", "WR and WRA commands: transactions written."),
    "dram_act_commands": ("commands", "ACT commands: rows opened."),
    "dram_pre_commands": ("commands", "Precharges, of one bank or of all; those within RDA and WRA do not count."),
    "dram_ref_commands": ("commands", "Refreshes, of a rank or of a bank."),
    "dram_forwarded_reads": ("transactions", "Transactions that were answered by a write still waiting in the controller."),
    "dram_coalesced_writes": ("transactions", "Transactions that were merged into a write to the same line still waiting."),
    "dram_bus_bytes": (
        "bytes",
        "Bytes of all RD and WR commands: what the DMA asked for in whole transactions, less what was forwarded or merged.",
    ),
    "channel": ("", "Number of the DRAM's channel, from 0."),
    "rank": ("", "Number of the rank in its channel."),
    "pseudochannel": ("", "Number of the pseudo-channel in its channel."),
    "bankgroup": ("", "Number of the bank group in its rank or pseudo-channel."),
    "read_hits": ("transactions", "Reads whose row was open at their first command."),
    "read_misses": ("transactions", "Reads whose bank was closed at their first command."),
    "read_conflicts": ("transactions", "Reads whose bank had another row open at their first command."),
    "write_hits": ("transactions", "Writes whose row was open at their first command."),
    "write_misses": ("transactions", "Writes whose bank was closed at their first command."),
    "write_conflicts": ("transactions", "Writes whose bank had another row open at their first command."),
    "standard": ("", "In results.json: the DRAM's name."),
}

_WEAR = {
    "wear": (
        "",
        "Table of the writes of each bank's lines over the whole run. In results.json: of each scratchpad the bank that fails "
        "first.",
    ),
    "written_lines": ("lines", "Lines of the bank that are written at all."),
    "busiest_line_writes": (
        "writes",
        "Writes of the bank's most written line in the run. As in `writes`, a preempted or retried write counts once, though it "
        "may pulse the cells more often.",
    ),
    "busiest_line_row": ("", "Number of that line in its bank; the lowest where several are written equally often."),
    "mean_writes_per_line": ("writes", "writes of the bank / all of its lines."),
    "busiest_line_writes_per_s": (
        "writes/s",
        "Writes per second of that line if the run repeats for ever, without a pause: busiest_line_writes / time of the run.",
    ),
    "endurance_writes": (
        "writes",
        "Writes that a line takes, from the technology table (technology.endurance_writes sets another number): inf for SRAM, "
        "empty for a model that names no technology.",
    ),
    "lifetime_s": (
        "s",
        "endurance_writes / busiest_line_writes_per_s: until the busiest line fails. inf where that is never, null in "
        "results.json.",
    ),
    "lifetime_levelled_s": ("s", "The same if wear levelling spread the bank's writes evenly over all of its lines."),
}

_OTHERS = {
    "cause": ("", "Why the array did not step; each stalled cycle has exactly one cause (see the stall causes)."),
    "port": ("", "Array-side port: ifmap, filter, psum (reads), output (writes), dma."),
    "elements": ("elements", "Operand vectors the port moved; an element is what one array step needs from the port."),
    "words": ("words", "Words the port moved."),
    "lines": ("lines", "Line accesses the port made."),
    "bin_start_cycle": ("cycle", "First cycle of a time bin of the timeline, counted from the start of the run."),
    "bin_cycles": (
        "cycles",
        "Length of the time bin: some whole folds of the layer, or an equal share of the steps of one without folds.",
    ),
    "stall_cycles": ("cycles", "All stalled cycles: cycles minus compute_cycles. In results.json, the cycles of each cause."),
    "time_ns": ("ns", "cycles at the core clock."),
    "scratchpad_area_mm2": ("mm2", "Area of the banks of all scratchpads, from the technology table."),
    "wall_s": ("s", "Wall-clock seconds of lowering the network and running the engine. Differs from run to run."),
    "simulated_cycles_per_s": ("cycles/s", "cycles / wall_s: the speed of the simulator."),
    "mapping_efficiency": ("percent", "mapping_efficiency_percent in results.json."),
    "sram_reads": ("words", "In results.json: ifmap_read_words and filter_read_words of a layer."),
    "sram_writes": ("words", "In results.json: output_write_words of a layer, as ofmap."),
    "part": ("", "Part of the energy: mac, a scratchpad's reads or writes, dram, leakage."),
    "leakage_class": ("", "In results.json: the transistors that the leakage is of: hp, lop or lstp (technology.leakage_class)."),
    "gating": ("", "In results.json: how idle banks are cut off from power (technology.gating), null where they are not."),
}

_DRAM_ALONE = {
    "requests": ("requests", "Requests of the trace: reads + writes."),
    "row_hits": ("requests", "Requests that found their row open at their first command."),
    "row_misses": ("requests", "Requests that found their bank closed at their first command."),
    "row_conflicts": ("requests", "Requests that found another row open at their first command, and so had to precharge."),
    "forwarded_reads": (
        "requests",
        "Reads answered by a write that waited for the same transaction; no command is issued for them.",
    ),
    "coalesced_writes": (
        "requests",
        "Writes merged into one that waited for the same transaction; no command is issued for them.",
    ),
    "commands": ("commands", "Commands issued, by the standard's names."),
    "last_command_cycle": ("cycle", "DRAM cycle of the last command."),
    "read_latency_cycles": (
        "cycles",
        "DRAM cycles from a read's arrival in the queue to the end of its data: mean, nearest-rank p50, p95, p99, and max. "
        "Forwarded reads count, with 1. The wait for room in the queue comes before arrival. null without reads.",
    ),
    "write_latency_cycles": (
        "cycles",
        "DRAM cycles from a write's arrival in the queue to its WR command (not to the end of its data): as read_latency_cycles. "
        "Merged writes count, with 0. null without writes.",
    ),
    "bytes_moved": ("bytes", "Bytes of all read and write commands: commands x bytes of one burst."),
    "bandwidth_bytes_per_s": ("bytes/s", "Bytes of all read and write commands over the time of all DRAM cycles."),
    "peak_bandwidth_bytes_per_s": (
        "bytes/s",
        "Every data bus (channel, or pseudo-channel) carrying burst after burst without a gap.",
    ),
    "bandwidth_fraction": ("", "bandwidth_bytes_per_s / peak_bandwidth_bytes_per_s."),
    "tck_ps": ("ps", "Period of the DRAM's command clock."),
    "energy_total_pj": ("pJ", "Parts of the DRAM's energy together, as far as they are known; energy_note says what is not."),
    "energy_note": ("", "Why the DRAM's energy, or a part of it, is null; null where all is known."),
    "parse_s": ("s", "Wall-clock seconds of reading the trace."),
    "simulate_s": (
        "s",
        "Wall-clock seconds of the simulation itself: neither reading, nor loading or compiling an engine, nor writing.",
    ),
    "requests_per_s": ("requests/s", "requests / simulate_s: the speed of the simulator."),
}

_ENERGY = {
    "mac_pj": "macs x energy of one multiply-accumulate; the vector unit's work has no energy here.",
    "dram_pj": "(dram_read_bytes + dram_write_bytes) x energy of a byte of main memory, where that is a latency and a bandwidth. "
    "Biases are parameters but move no bytes.",
    "dram_activate_pj": "ACT commands x energy of an activation with its precharge (docs/dram.md has the formulas). A DRAM whose "
    "table has no currents gives none of these columns, and energy_pj is then without main memory.",
    "dram_read_pj": "RD commands x energy of a read in the chips.",
    "dram_write_pj": "WR commands x energy of a write in the chips.",
    "dram_refresh_pj": "REF commands x energy of a refresh.",
    "dram_background_pj": "Standby of the DRAM's chips over dram_cycles: more while a bank is open.",
    "dram_io_pj": "Drivers and termination of the DRAM's data lines; absent where its table does not describe them.",
    "leakage_pj": "Leakage power of all scratchpads x time (mW x ns = pJ); with technology.gating, idle banks are cut off.",
    "energy_pj": "All parts of the energy together.",
}


_WRITES_COUNT_ONCE = (
    " A verified write counts once, whatever its retries; a preempted write counts once, without the part that was cut off."
)


def _terms() -> dict[str, Term]:
    found = [Term(name, "Stall causes", "cycles", text) for name, text in _CAUSES.items()]
    found += [
        Term(f"stall_{name}_cycles", "Stall causes", "cycles", f"Cycles stalled by {name}, as a column.") for name in _CAUSES
    ]
    for group, source in (
        ("Columns of layers", _LAYERS),
        ("Columns of banks", _BANKS),
        ("Wear", _WEAR),
        ("DRAM", _DRAM),
        ("simcore dram", _DRAM_ALONE),
        ("Other columns and metrics", _OTHERS),
    ):
        found += [Term(name, group, unit, text) for name, (unit, text) in source.items()]
    found += [Term(name, "Energy", "pJ", text) for name, text in _ENERGY.items()]
    for name in SCRATCHPADS:
        for action in ("read", "write"):
            text = f"Line {action}s of the {name} scratchpad, the DMA's included, x bytes of a line x energy of a byte {action}."
            text += _WRITES_COUNT_ONCE if action == "write" else ""
            found.append(Term(f"{name}_{action}_pj", "Energy", "pJ", text))
    return {term.name: term for term in found}


TERMS = _terms()
GROUPS = (
    "Columns of layers",
    "Stall causes",
    "Columns of banks",
    "Wear",
    "DRAM",
    "simcore dram",
    "Other columns and metrics",
    "Energy",
)


def explain(name: str) -> Term:
    """The definition of a column, cause or metric. Raises InputError with the nearest names for one that is not known."""
    if name in TERMS:
        return TERMS[name]
    match = nearest(name, TERMS)
    hint = f"did you mean '{match}'?" if match else "'simcore explain' lists all"
    raise InputError(f"expected the name of a column, stall cause or metric, got {name!r}", hint=hint)


def markdown() -> str:
    """All definitions as the text of docs/metrics.md."""
    told = "Every column, stall cause and metric, as `simcore explain` tells it. Written by `python -m simcore.results.glossary`."
    parts = ["# Metrics\n", f"{told}\n"]
    for group in GROUPS:
        parts.append(f"## {group}\n")
        rows = [f"| `{term.name}` | {term.unit or '-'} | {term.text} |" for term in TERMS.values() if term.group == group]
        parts.append("\n".join(["| name | unit | meaning |", "|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(markdown(), end="")
