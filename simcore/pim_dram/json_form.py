"""The kind's own keys of results.json."""

from __future__ import annotations

from typing import Any

from simcore.pim.phases import PHASE_KINDS
from simcore.pim_dram.machine import PimMachine
from simcore.pim_dram.tables import command_rows, layers_done, mapping_rows
from simcore.results import Results


def json_parts(results: Results) -> dict[str, Any]:
    """Return the commands, cycles by kind of phase, mapping, micro-program and, if there is one, the pipeline as JSON values."""
    pipeline = pipeline_of(results)
    return {
        "commands": commands_of(results),
        "phases": phase_cycles(results),
        "weights_once_cycles": once_cycles(results),
        "mapping": mapping_rows(results),
        "program": program_of(results.details["machine"]),
        **({} if pipeline is None else {"pipeline": pipeline}),
    }


def commands_of(results: Results) -> dict[str, int]:
    """Return the commands of the run, in all channels, and the operations that they make."""
    rows = command_rows(results)
    names = [name for name in rows[0] if name != "layer"] if rows else []
    return {name: sum(row[name] for row in rows) for name in names}


def phase_cycles(results: Results) -> dict[str, int]:
    """Return the cycles of an image by kind of phase."""
    return {kind: sum(done.cycles_of(kind) for _, done in layers_done(results)) for kind in PHASE_KINDS}


def once_cycles(results: Results) -> int:
    """Return the cycles before the first image, in which resident weights are written; by all stages of a pipeline at once."""
    pipeline = results.details["pipeline"]
    if pipeline is not None:
        return int(pipeline.once_cycles)
    return sum(run.facts["once"].cycles for run in results.runs if run.facts["once"] is not None)


def program_of(machine: PimMachine) -> dict[str, Any]:
    """Return the micro-program and its counts for one multiplication in a subarray."""
    counts = machine.counts
    return {
        "name": machine.program.name,
        "initialised": machine.spec.initialised,
        "aap": counts.aap,
        "ap": counts.ap,
        "activations": counts.activations,
        "rows_raised": counts.rows_raised,
        "cycles": machine.multiply_cycles,
    }


def pipeline_of(results: Results) -> dict[str, Any] | None:
    """Return the stages of a pipeline, the cycles between two images and those of one image, or None without a pipeline."""
    pipeline = results.details["pipeline"]
    if pipeline is None:
        return None
    clock_hz = results.system.core_clock_hz
    return {
        "stages": pipeline.stages,
        "interval_cycles": pipeline.interval_cycles,
        "latency_cycles": pipeline.latency_cycles,
        "interval_ns": pipeline.interval_cycles * 1e9 / clock_hz,
        "latency_ns": pipeline.latency_cycles * 1e9 / clock_hz,
        "images_per_s": clock_hz / pipeline.interval_cycles,
        "bounds_cycles": dict(pipeline.bounds.cycles),
        "bound_by": pipeline.bounds.by,
        "slowest_layers": list(pipeline.bounds.slowest_layers),
    }
