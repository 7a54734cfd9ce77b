"""The subarrays of a machine in the tables of banks: each bank of the DRAM stands where other machines have a scratchpad."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from simcore.pim_dram.activations import activation_lines
from simcore.pim_dram.machine import PimMachine
from simcore.results import Results
from simcore.results.banks import BankName
from simcore.results.heatmap import HeatMap, bank_heat_map
from simcore.results.printed import PrintedTable
from simcore.results.tables import stall_column

#: The most rows of the printed table.
MOST_ROWS = 16


def bank_names(machine: PimMachine) -> list[BankName]:
    """Return the subarrays that compute, bank by bank, of one channel, because all channels do the same."""
    row_bytes = machine.columns // 8
    return [
        BankName(f"bank{bank}", subarray, machine.dram.name, row_bytes, 1)
        for bank in range(machine.shown_banks)
        for subarray in range(machine.subarrays)
    ]


@dataclass(frozen=True)
class _Equal:
    """Neighbouring subarrays of a bank, from ``first`` on, that do the same."""

    bank: str
    first: int
    count: int
    mostly: str
    computing: int
    stalled: int

    @property
    def subarrays(self) -> str:
        return f"{self.first}" if self.count == 1 else f"{self.first}-{self.first + self.count - 1}"


def printed_banks(results: Results) -> list[PrintedTable]:
    """Return the subarrays with work, those that wait longest first, and the cause for which they wait most."""
    cycles, layers = results.time_cycles, _layers_of_banks(results)
    rows: list[tuple[object, ...]] = []
    for each in _with_work(results)[:MOST_ROWS]:
        counts = each.computing, 100 * each.computing / max(cycles, 1), each.stalled, cycles - each.computing - each.stalled
        of_bank = (each.bank, layers[each.bank]) if layers else (each.bank,)
        rows.append((*of_bank, each.mostly, each.subarrays, *counts))
    texts = ["bank", "layers", "mostly"] if layers else ["bank", "mostly"]
    of_what = f"between two images ({cycles:,} cycles)" if layers else f"({cycles:,} cycles)"
    columns = [*texts, "subarray", "computing", "occup. %", "stalled", "idle"]
    subarrays = PrintedTable(f"Subarrays of {results.system.name} {of_what}", columns, rows, text_columns=len(texts))
    return [_stage_table(results), subarrays] if layers else [subarrays]


def _stage_table(results: Results) -> PrintedTable:
    """Return the stages of a pipeline in their order, each with what the subarray does that works and waits longest."""
    cycles, each_subarray = max(results.time_cycles, 1), list(_each(results))
    per_bank, rows = results.details["machine"].subarrays, []
    for stage in results.details["placed"].stages:
        last = stage.first_bank + stage.banks
        members = each_subarray[stage.first_bank * per_bank : last * per_bank]
        slowest = max(members, key=lambda each: each.computing + each.stalled)
        banks = f"{stage.first_bank}" if stage.banks == 1 else f"{stage.first_bank}-{last - 1}"
        counts = slowest.computing, 100 * slowest.computing / cycles, slowest.stalled
        rows.append((", ".join(stage.layers), slowest.mostly, banks, *counts, cycles - slowest.computing - slowest.stalled))
    columns = ("layers", "mostly", "banks", "computing", "occup. %", "stalled", "idle")
    return PrintedTable(f"Stages of {results.system.name}, the slowest subarray of each", columns, rows, text_columns=2)


def bank_lines(results: Results) -> list[str]:
    """Return what the table of subarrays leaves out, and the row that is raised most."""
    machine: PimMachine = results.details["machine"]
    active, cycles = _with_work(results), max(results.time_cycles, 1)
    others = active[MOST_ROWS:]
    idle = len(results.banks) - sum(each.count for each in active)
    lines = []
    if others:
        count = sum(each.count for each in others)
        computing = 100 * sum(each.count * each.computing for each in others) / (count * cycles)
        waiting = 100 * sum(each.count * each.stalled for each in others) / (count * cycles)
        lines.append(f"{count:,} more subarrays compute in {computing:.2f} % and wait in {waiting:.2f} % of the cycles.")
    if idle:
        lines.append(f"{idle:,} of {len(results.banks):,} subarrays that may compute at a time have no work.")
    if machine.copies > 1:
        lines.append(f"These are the banks of one of {machine.copies} channels, which do the same.")
    return [*lines, *activation_lines(results)]


def heat_maps(results: Results, columns: int) -> list[HeatMap]:
    """Return a map of the banks over time, unless they are a pipeline's, whose stages work at the same time."""
    if results.details["pipeline"] is not None:
        return []
    machine: PimMachine = results.details["machine"]
    grid = bank_heat_map(results.runs, len(results.banks), columns, "busy")
    of_banks = grid.reshape(machine.shown_banks, machine.subarrays, columns).mean(axis=1)
    title = "Computing over time" + (", mean of a bank's subarrays" if machine.subarrays > 1 else "")
    return [HeatMap(title, "No subarray computes", [str(bank) for bank in range(machine.shown_banks)], of_banks)]


def _with_work(results: Results) -> list[_Equal]:
    """Return the subarrays that compute or wait, those that wait longest first, equal neighbours as one."""
    found = [each for bank, rows in groupby(_each(results), key=lambda each: each.bank) for each in _joined(list(rows))]
    return sorted((each for each in found if each.computing or each.stalled), key=lambda each: -each.stalled)


def _each(results: Results) -> Iterator[_Equal]:
    causes = results.kind.causes
    waits = results.banks[[stall_column(cause) for cause in causes]].to_numpy(np.int64)
    shown = zip(results.banks["scratchpad"], results.banks["bank"], results.banks["busy_cycles"], waits, strict=True)
    for bank, subarray, busy, waited in shown:
        mostly = causes[int(waited.argmax())] if waited.any() else "-"
        yield _Equal(str(bank), int(subarray), 1, mostly, int(busy), int(waited.sum()))


def _joined(rows: list[_Equal]) -> Iterator[_Equal]:
    for _, equal in groupby(rows, key=lambda each: (each.mostly, each.computing, each.stalled)):
        first, *others = equal
        yield _Equal(first.bank, first.first, 1 + len(others), first.mostly, first.computing, first.stalled)


def _layers_of_banks(results: Results) -> dict[str, str]:
    """Return the layers with a product in each bank of a pipeline; {} without a pipeline, where all banks have all layers."""
    if results.details["pipeline"] is None:
        return {}
    found = dict.fromkeys(results.banks["scratchpad"], "")
    for stage in results.details["placed"].stages:
        for bank in range(stage.first_bank, stage.first_bank + stage.banks):
            found[f"bank{bank}"] = ", ".join(stage.layers)
    return found
