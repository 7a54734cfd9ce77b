"""The subarrays of a machine in the tables of banks: each bank of the DRAM stands where other machines have a scratchpad."""

from __future__ import annotations

from simcore.pim_dram.machine import PimMachine
from simcore.results import Results
from simcore.results.banks import BankName
from simcore.results.printed import PrintedTable
from simcore.results.tables import stall_column

#: The most subarrays of the printed table.
_MOST = 32


def bank_names(machine: PimMachine) -> list[BankName]:
    """Return the subarrays that compute, bank by bank, of one channel, because all channels do the same."""
    row_bytes = machine.columns // 8
    return [
        BankName(f"bank{bank}", subarray, machine.dram.name, row_bytes, 1)
        for bank in range(machine.shown_banks)
        for subarray in range(machine.subarrays)
    ]


def printed_banks(results: Results) -> list[PrintedTable]:
    """Return the subarrays with their cycles, those that wait longest first, and the cause for which they wait most."""
    causes = results.kind.causes
    rows = []
    for row in results.banks.to_dict("records"):
        waits = {cause: int(row[stall_column(cause)]) for cause in causes}
        worst = max(waits, key=lambda cause: waits[cause])
        idle = results.cycles - int(row["busy_cycles"]) - sum(waits.values())
        mostly = worst if waits[worst] else "-"
        rows.append(
            (row["scratchpad"], mostly, row["bank"], row["busy_cycles"], row["occupancy_percent"], sum(waits.values()), idle)
        )
    rows.sort(key=lambda found: -found[5])
    columns = ("bank", "mostly", "subarray", "computing", "occup. %", "stalled", "idle")
    most = f", the {_MOST} of {len(rows)} that wait most" if len(rows) > _MOST else ""
    return [PrintedTable(f"Subarrays of {results.system.name}{most}", columns, rows[:_MOST], text_columns=2)]
