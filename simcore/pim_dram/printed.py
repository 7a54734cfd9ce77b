"""The tables and lines that ``simcore run`` prints for a DRAM that multiplies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simcore.pim.mapping import LayerMap
from simcore.pim.phases import PHASE_KINDS
from simcore.pim_dram.json_form import commands_of, once_cycles, pipeline_of, program_of
from simcore.pim_dram.times import time_rows
from simcore.pim_dram.values import value_lines
from simcore.results import Results
from simcore.results.printed import (
    PrintedTable,
    layer_rows,
    layers_title,
    pass_tables,
    stall_table,
    totals_of,
    worst_cause,
)
from simcore.results.tables import stall_column

#: The most notes of the mapping that are printed.
_MOST_NOTES = 6
#: What bounds the time between two images, in words where its name is none.
_BOUNDS = {"slowest_stage": "the slowest stage", "data_bus": "the data bus", "command_bus": "the command bus"}


def printed_tables(results: Results) -> list[PrintedTable]:
    """Return the tables of layers, passes, phases, stall causes, commands and totals."""
    return [
        layer_table(results),
        *pass_tables(results),
        phase_table(results),
        where_table(results),
        command_table(results),
        totals_table(results),
    ]


def layer_table(results: Results) -> PrintedTable:
    """Return one row per layer that ran: its mapping, its cycles and its largest stall cause."""
    maps: dict[str, LayerMap | None] = {run.name: run.facts["mapped"] for run in results.runs}
    rows = []
    for row in layer_rows(results):
        m = maps[row["layer"]]
        mapping = (None, None, None) if m is None else (m.rounds, 100 * m.column_utilisation, 100 * m.unit_utilisation)
        stalled = row["cycles"] - row["compute_cycles"]
        worst = worst_cause(row, results.kind.causes)
        rows.append((row["layer"], row["op"], row["macs"] / 1e6, *mapping, row["cycles"], stalled, worst))
    columns = ("layer", "op", "M MACs", "rounds", "cols %", "subarr. %", "cycles", "stalled", "mostly")
    title = layers_title(results) + ("" if results.details["pipeline"] is None else ", whose stages work at the same time")
    title += "; moves are added to the multiplications beside them" if results.details["machine"].spec.overlap_transfers else ""
    return PrintedTable(title, columns, rows, text_columns=2, cut_names=True)


def phase_table(results: Results) -> PrintedTable:
    """Return the cycles by kind of phase; of a pipeline those of the stage that finishes last."""
    spent = {kind: sum(row["cycles"] for row in time_rows(results) if row["phase"] == kind) for kind in PHASE_KINDS}
    rows = [(kind, count, 100 * count / results.time_cycles) for kind, count in spent.items() if count]
    title = "Phases" if results.details["pipeline"] is None else "Phases between two images, of the stage that finishes last"
    return PrintedTable(title, ("phase", "cycles", "%"), rows)


def where_table(results: Results) -> PrintedTable:
    """Return compute and the stall causes; of a pipeline those of the stages that finish last."""
    if results.details["pipeline"] is None:
        return stall_table(results, all_causes=False)
    taken = time_rows(results)
    spent = {"compute": results.kind.computing_cycles(results)}
    spent |= {cause: sum(int(row[stall_column(cause)]) for row in taken) for cause in results.kind.causes}
    rows = [(name, cycles, 100 * cycles / results.time_cycles) for name, cycles in spent.items() if cycles]
    return PrintedTable("Where the cycles between two images went", ("", "cycles", "%"), rows)


def command_table(results: Results) -> PrintedTable:
    """Return the commands of the run, and the operations that they make."""
    return PrintedTable("Commands and operations", ("command", "issued"), list(commands_of(results).items()))


def totals_table(results: Results) -> PrintedTable:
    """Return the time, the bytes on the bus and the energy by part."""
    totals = totals_of(results)
    rows = [
        *_times(results, totals),
        ("read over the bus, KiB", totals["dram_read_bytes"] / 1024),
        ("written over the bus, KiB", totals["dram_write_bytes"] / 1024),
        *((f"energy {part}, uJ", spent / 1e6) for part, spent in results.part_energies_pj.items() if spent),
        ("energy in all, uJ", totals["energy_pj"] / 1e6),
    ]
    return PrintedTable("Totals", ("", "value"), rows)


def _times(results: Results, totals: Mapping[str, Any]) -> list[tuple[str, float | None]]:
    """Return the rows of time and of the share of the peak. In a pipeline both follow from the time between two images."""
    pipeline = pipeline_of(results)
    if pipeline is None:
        return [("time, us", totals["time_ns"] / 1e3), ("share of the peak, %", totals["array_utilisation_percent"] or None)]
    return [
        ("time between images, us", totals["time_ns"] / 1e3),
        ("time of an image, us", pipeline["latency_ns"] / 1e3),
        ("share of the peak, %", totals["array_utilisation_percent"] or None),
    ]


def printed_lines(results: Results) -> list[str]:
    """Return what the tables leave out: the micro-program, the weights before the first image, and notes of the mapping."""
    lines = [_program_line(results)] if any(run.facts["mapped"] is not None for run in results.runs) else []
    if "equal" in results.values.values():
        equal = sum(said == "equal" for said in results.values.values())
        seed = results.manifest["seed"]
        layers = f"{equal} of {len(results.values)} layers"
        lines.append(f"Values: in {layers} the mapped products equal numpy's integers (seed {seed}); the others have none.")
    lines += value_lines(results)
    pipeline = pipeline_of(results)
    if pipeline is not None:
        rate = pipeline["images_per_s"]
        said = f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"
        lines.append(
            f"Pipeline of {pipeline['stages']} stages: an image every {pipeline['interval_cycles']:,} cycles "
            f"({said} images/s), each in {pipeline['latency_cycles']:,} cycles. {_bound(results)}"
        )
    once = once_cycles(results)
    if once:
        time_ms = once * 1e3 / results.system.core_clock_hz
        lines.append(
            f"Weights are written once, before the first image, in {once:,} cycles ({time_ms:,.3f} ms), not counted above."
        )
    return [*lines, *_notes(results)]


def _program_line(results: Results) -> str:
    program = program_of(results.details["machine"])
    said = "with" if program["initialised"] else "without"
    return (
        f"One multiplication: {program['aap']:,} AAP and {program['ap']:,} AP of {program['name']}, {said} the operations that "
        f"its published count leaves out; {program['cycles']:,} cycles if nothing waits."
    )


def _bound(results: Results) -> str:
    """Return which layers finish the longest step of a pipeline last, and what bounds the time between images at least."""
    rows, bounds = time_rows(results), results.details["pipeline"].bounds
    longest = max(PHASE_KINDS, key=lambda kind: sum(row["cycles"] for row in rows if row["phase"] == kind))
    layers = dict.fromkeys(row["layer"] for row in rows if row["phase"] == longest)
    least = f"{bounds.cycles[bounds.by]:,} cycles, because of {_BOUNDS.get(bounds.by, bounds.by)}"
    return f"Last to finish {longest}: {', '.join(layers)}. An interval takes at least {least}."


def _notes(results: Results) -> list[str]:
    notes = [f"{run.name}: {note}." for run in results.runs for note in run.facts["placed"].notes]
    left = len(notes) - _MOST_NOTES
    more = [f"{left} more {'note' if left == 1 else 'notes'} in the table 'mapping' (--out, --json)."] if left > 0 else []
    of_network = [f"Placement: {note}." for note in results.details["placed"].notes]
    return [*of_network, *notes[:_MOST_NOTES], *more]
