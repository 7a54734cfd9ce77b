"""The meaning of the tables' names and of keys of results.json and of other JSON that are no columns: name -> (unit, text)."""

from __future__ import annotations

#: The common tables of a run, as --out names their files. Kinds of machine have tables of their own.
TABLES = {
    "layers": "one row per layer: work, cycles, stalls by cause, words and lines moved, bytes of main memory, energy by part.",
    "stalls": "stalled cycles by layer, cause and port.",
    "ports": "what each port moved in each layer: elements, words and lines.",
    "scratchpads": "one row per scratchpad: the stalled cycles that belong to it, by cause, and its write buffer.",
    "scratchpad_layers": "the columns of `scratchpads`, layer by layer.",
    "waits": "who waited for whom: stalled cycles by layer, scratchpad, waiting port and port that held the bank.",
    "write_buffers": "the cycles in which each write buffer held 0, 1, 2, ... entries.",
    "banks": "one row per bank: accesses, conflicts, occupancy, and the cycles for which the machine stalled there, by cause.",
    "bank_layers": "the columns of `banks`, layer by layer.",
    "timeline": "conflict and busy cycles of each bank over time.",
    "totals": "metrics of the whole run: metric, value, unit.",
    "passes": "one row per pass of a training step; inference has one pass, forward.",
    "energy": "energy of the whole run by part.",
    "area": "area of the machine by part.",
    "dram": "one row per bank of main memory, if it is a DRAM: transactions by the state in which they found their row.",
}

KEYS = {
    "metric": ("", "Name of a figure of the whole run, in the table `totals`."),
    "engine": ("", "Engine that ran (`simcore list kinds`)."),
    "dram_reads_bytes": ("bytes", "dram_read_bytes of a layer or pass, in results.json."),
    "dram_writes_bytes": ("bytes", "dram_write_bytes of a layer or pass, in results.json."),
    "column_cycles": ("cycles", "Cycles of one column of the heat map, in the JSON of simcore banks."),
    "column_layers": ("", "The layer that takes most of each column of the heat map, in the JSON of simcore banks."),
    "losses": ("", "Where the cycles of a run went, in the JSON of simcore why: the waits, the most first, then the work."),
    "place": ("", "The scratchpad of a loss, in the JSON of simcore why; null if it has none."),
    "says": ("", "What simcore why says about a loss, in sentences."),
    "changes": ("", "The changes that were tried against a loss, the one that saves most first."),
    "set": ("", "A change as `KEY=VALUE` texts, as after `--set`."),
    "saved_cycles": ("cycles", "Cycles of the run minus its cycles with the change."),
    "saved_percent": ("percent", "saved_cycles as a share of the run."),
    "more_area_mm2": ("mm2", "Area by which a change enlarges the machine; null if no area is counted for it."),
    "together": ("", "The run with all changes at once that save cycles by themselves; null for fewer than two."),
    "simulated_changes": ("", "How many changed systems simcore why simulated."),
}
