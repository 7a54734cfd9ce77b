"""The run as one JSON object with fixed keys, which ``simcore run --json`` prints and results.json holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from simcore.program.program import Port
from simcore.results.dram import dram_object
from simcore.results.record import LayerRun
from simcore.results.scratchpads import scratchpad_objects
from simcore.results.wear import wear_object

if TYPE_CHECKING:
    from simcore.results.results import Results


def json_form(results: Results) -> dict[str, Any]:
    """Return plain JSON values. docs/metrics.md defines the keys. ``mapping_efficiency`` is in percent.

    ``wear`` is present if line writes were counted, ``dram`` if main memory is a DRAM. The kind's own keys stand before
    ``energy_pj``. An unknown energy is None.
    """
    dram = {} if results.main_memory is None else {"dram": dram_object(results.runs, results.main_memory)}
    return {
        "network": results.network,
        "system": results.system.name,
        "kind": results.kind.name,
        "engine": results.engine,
        "cycles": results.cycles,
        "layers": [_layer(run, results.kind.causes) for run in results.runs],
        "passes": _passes(results),
        "scratchpads": scratchpad_objects(results.scratchpads, results.waits, results.kind.causes),
        "banks": _banks(results),
        **({} if results.line_wear is None else {"wear": wear_object(results.wear)}),
        **({"values": dict(results.values)} if results.values else {}),
        **dram,
        **results.kind.json_parts(results),
        "energy_pj": dict(results.part_energies_pj),
        "area_mm2": dict(results.rates.areas),
        "not_counted": list(results.rates.not_counted),
        "leakage_class": results.rates.leakage_class,
        "gating": None if results.rates.gating is None else results.rates.gating.model_dump(),
        "wall_s": results.wall_s,
        "simulated_cycles_per_s": results.manifest["simulated_cycles_per_s"],
    }


def _layer(run: LayerRun, causes: Sequence[str]) -> dict[str, Any]:
    outcome = run.outcome
    stalls = outcome.stall_cycles.sum(axis=1).tolist() if outcome else [0] * len(causes)
    efficiency = float(run.facts.get("mapping_efficiency_percent", math.nan))
    return {
        "name": run.name,
        "op": run.op,
        "pass": run.pass_name,
        "macs": run.macs,
        "cycles": outcome.cycles if outcome else 0,
        "compute_cycles": outcome.compute_cycles if outcome else 0,
        "stall_cycles": dict(zip(causes, stalls, strict=True)),
        "mapping_efficiency": None if math.isnan(efficiency) else efficiency,
        "sram_reads": {"ifmap": run.per_port("port_words", Port.IFMAP), "filter": run.per_port("port_words", Port.FILTER)},
        "sram_writes": {"ofmap": run.per_port("port_words", Port.OUTPUT)},
        "dram_reads_bytes": int(outcome.dma_read_bytes.sum()) if outcome else 0,
        "dram_writes_bytes": int(outcome.dma_write_bytes.sum()) if outcome else 0,
    }


def _passes(results: Results) -> list[dict[str, Any]]:
    shown = results.passes[["pass", "macs", "cycles", "compute_cycles", "dram_read_bytes", "dram_write_bytes", "energy_pj"]]
    renamed = shown.rename(columns={"dram_read_bytes": "dram_reads_bytes", "dram_write_bytes": "dram_writes_bytes"})
    return [
        {str(key): None if isinstance(value, float) and math.isnan(value) else value for key, value in row.items()}
        for row in renamed.to_dict("records")
    ]


def _banks(results: Results) -> list[dict[str, Any]]:
    shown = results.banks[
        ["scratchpad", "bank", "reads", "writes", "conflict_cycles", "busy_cycles", *results.bank_counters]
    ].astype(object)
    return [{str(key): value for key, value in row.items()} for row in shown.where(shown.notna(), None).to_dict("records")]
