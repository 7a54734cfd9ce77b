"""The study's tables in the form for a terminal, with the rows and columns that fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from simcore.pruning.training import PRUNED, RETRAINED
from simcore.results.printed import PrintedTable
from simcore.studies.form.printed import number
from simcore.studies.pruning.accuracy_printed import accuracy_printed


def printed_tables(tables: Mapping[str, pd.DataFrame]) -> Iterator[PrintedTable]:
    """Yield the tables, at most 100 columns wide."""
    yield _counts(tables["counts"])
    yield _machines(tables["machines"])
    yield _layers(tables["layer_savings"])
    yield _rounded(tables["rounded"])
    if len(tables["writes"]):
        yield _writes(tables["writes"])
    yield from accuracy_printed(tables)


def _counts(frame: pd.DataFrame) -> PrintedTable:
    rows = [
        (
            *(row["network"], row["schedule"], row["epochs"], row["filters_pruned_percent"], row["computations_saved_percent"]),
            *(row["accesses_saved_percent"], _yes(row["computations_as_claimed"]), _yes(row["accesses_as_claimed"])),
        )
        for row in frame.to_dict("records")
    ]
    columns = ("network", "schedule", "epochs", "gone %", "comp. -%", "access. -%", "41 % comp.", "41 % access.")
    return PrintedTable("Saved of training, pruning and retraining, without any machine", columns, rows, text_columns=2)


def _yes(value: object) -> str:
    return "yes" if value else "no"


def _machines(frame: pd.DataFrame) -> PrintedTable:
    rows = []
    for row in frame[frame["procedure"] == PRUNED].to_dict("records"):
        saved = [row[f"{name}_saved_of_{RETRAINED}_percent"] for name in ("macs", "cycles", "energy_pj", "dram_bytes")]
        rows.append(
            (
                row["system"],
                row["schedule"],
                row["cycles"] / 1e9,
                row["energy_pj"] / 1e12,
                *(number(value, ".1f") for value in saved),
            )
        )
    columns = ("system", "schedule", "G cycles", "J", "comp. -%", "cycles -%", "joules -%", "DRAM -%")
    return PrintedTable(
        "Pruned while training, and what it saves of training, pruning and retraining", columns, rows, text_columns=2
    )


def _layers(frame: pd.DataFrame) -> PrintedTable:
    """Return the layers of the first schedule on the first system."""
    first = frame.iloc[0]
    kept = frame[(frame["system"] == first["system"]) & (frame["schedule"] == first["schedule"])]
    rows = [
        (
            row["layer"],
            row["cause"] or "-",
            number(row["filters"], ".0f"),
            number(row["live_filters"], ".0f"),
            row["macs_saved_percent"],
            row["cycles_saved_percent"],
        )
        for row in kept.to_dict("records")
    ]
    columns = ("layer", "why cycles differ", "filters", "left", "MACs -%", "cycles -%")
    title = f"One step on {first['system']}, {first['schedule']}: pruned at the end against dense"
    return PrintedTable(title, columns, rows, text_columns=2)


def _rounded(frame: pd.DataFrame) -> PrintedTable:
    rows = [
        (
            str(row["multiple"]),
            row["networks"],
            row["filters_left_percent"],
            row["macs_saved_percent"],
            row["cycles_saved_percent"],
            row["energy_pj_saved_percent"],
        )
        for row in frame.to_dict("records")
    ]
    columns = ("multiple", "networks", "left %", "comp. -%", "cycles -%", "joules -%")
    return PrintedTable("Filters pruned to multiples: saved of a dense training", columns, rows)


def _writes(frame: pd.DataFrame) -> PrintedTable:
    rows = [
        (
            *(row["system"], row["schedule"], row["procedure"], row["memory"], row["writes"] / 1e9, row["write_pj"] / 1e12),
            *(row["write_energy_percent"], number(row["trainings_until_worn"], ",.0f")),
        )
        for row in frame[frame["procedure"] != "dense"].to_dict("records")
    ]
    columns = ("system", "schedule", "procedure", "memory", "G writes", "writes J", "writes %", "worn after")
    return PrintedTable("Writes to scratchpads in a whole training", columns, rows, text_columns=4)
