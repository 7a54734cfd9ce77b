"""Runs for the tests of reports: names that are markup, and very many layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

#: Names that would be markup, scripts, ends of scripts, formulas or directions if they were taken for more than text.
HOSTILE = (
    "<script>window.harmed=1</script>",
    "</script><script>window.harmed=1</script>",
    "<img src=x onerror=window.harmed=1>",
    '"><svg onload=window.harmed=1>',
    "' onmouseover='window.harmed=1",
    "<!-- <script> -->",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;&amp;",
    'a,b"c\nd',
    "\u202egnp.exe\u0000\uffff",
    "x" * 3000,
)


CAUSES = ("dram_wait", "read_conflict")
BANKS, BINS = 4, 8


@dataclass(frozen=True)
class MadeUpRun:
    """A run of random numbers, made without a machine, because tables of ten thousand layers take long to make from outcomes."""

    facts: dict[str, Any]
    manifest: dict[str, Any]
    made: dict[str, pd.DataFrame]

    @property
    def network(self) -> str:
        return str(self.facts["network"])

    @property
    def time_cycles(self) -> int:
        return int(self.facts["time_cycles"])

    def tables(self) -> dict[str, pd.DataFrame]:
        return self.made

    def table(self, name: str) -> pd.DataFrame:
        return self.made[name]


def run_of_layers(names: Sequence[str], *, network: str = "made-up", seed: int = 1) -> MadeUpRun:
    """Return a run with layers of these names. Their cycles add up, and its tables are those that a report draws from."""
    random, count = np.random.default_rng(seed), len(names)
    spent = random.integers(1, 1000, size=(3, count))
    cycles = spent.sum(axis=0)
    starts = np.concatenate(([0], np.cumsum(cycles)[:-1]))
    layers = pd.DataFrame({"layer": list(names), "op": "conv", "macs": random.integers(0, 10**6, count), "start_cycle": starts})
    layers = layers.assign(cycles=cycles, compute_cycles=spent[0])
    for cause, column in zip(CAUSES, spent[1:], strict=True):
        layers[f"stall_{cause}_cycles"] = column
    for column in ("dram_read_bytes", "dram_write_bytes", "ifmap_read_words", "output_write_lines"):
        layers[column] = random.integers(0, 10**5, count)
    layers["mac_pj"], layers["dram_pj"] = random.random(count), random.random(count)
    tables = {"layers": layers, "timeline": _timeline(names, cycles, starts, random)}
    tables["scratchpads"] = pd.DataFrame({"scratchpad": [network], "stall_dram_wait_cycles": [spent[1].sum()]})
    tables["banks"] = pd.DataFrame({"scratchpad": [network] * BANKS, "bank": range(BANKS), "reads": random.integers(0, 9, BANKS)})
    tables["energy"] = pd.DataFrame({"part": ["mac", "dram"], "energy_pj": [layers["mac_pj"].sum(), layers["dram_pj"].sum()]})
    totals = {"cycles": cycles.sum(), "energy_pj": tables["energy"]["energy_pj"].sum()}
    tables["totals"] = pd.DataFrame({"metric": list(totals), "value": list(totals.values()), "unit": ["cycles", "pJ"]})
    return MadeUpRun(_facts(network, spent), {"network": network, "system": {"name": network, "array": {"rows": 8}}}, tables)


def _timeline(names: Sequence[str], cycles: Any, starts: Any, random: Any) -> pd.DataFrame:
    """Return bins of nearly equal length, of the first bank, then of the next, layer by layer."""
    edges = starts[:, None] + cycles[:, None] * np.arange(BINS + 1)[None, :] // BINS
    each = len(names) * BANKS * BINS
    return pd.DataFrame(
        {
            "layer": np.repeat(np.array(names, object), BANKS * BINS),
            "bin_start_cycle": np.repeat(edges[:, None, :-1], BANKS, axis=1).ravel(),
            "bin_cycles": np.repeat(np.diff(edges)[:, None, :], BANKS, axis=1).ravel(),
            "conflict_cycles": random.integers(0, 3, each),
            "busy_cycles": random.integers(0, 3, each),
        }
    )


def _facts(network: str, spent: Any) -> dict[str, Any]:
    total, says = int(spent.sum()), [f"It is {network}."]
    losses = [
        {"cause": cause, "place": network, "cycles": int(column.sum()), "says": says, "is_work": False}
        for cause, column in zip(CAUSES, spent[1:], strict=True)
    ]
    return {
        **{"network": network, "system": network, "kind": "systolic", "engine": "compiled", "layers": spent.shape[1]},
        **{"causes": list(CAUSES), "cycles": total, "time_cycles": total, "computing_cycles": int(spent[0].sum())},
        **{"said_time": f"{total:,} cycles", "core_clock_hz": 10**9, "says": says, "losses": losses},
        **{"peak_macs_per_cycle": 1000.0, "peak_memory_bytes_per_cycle": 16.0},
        "banks": [{"scratchpad": network, "bank": bank, "ports": 1} for bank in range(BANKS)],
    }
