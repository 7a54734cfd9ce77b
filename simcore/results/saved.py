"""All tables of a run, and the files in which they are saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from simcore.errors import InputError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from simcore.results.results import Results

#: Tables in the order in which they are saved. ``wear`` follows, then ``dram`` if main memory is a DRAM.
TABLES = (
    "layers",
    "stalls",
    "ports",
    "scratchpads",
    "scratchpad_layers",
    "waits",
    "write_buffers",
    "banks",
    "bank_layers",
    "timeline",
    "totals",
    "passes",
    "energy",
    "area",
    "not_counted",
)


def all_tables(results: Results) -> dict[str, pd.DataFrame]:
    """Return the tables by name: the common ones, those that only some machines have, and those of the kind."""
    wear = () if results.line_wear is None else ("wear",)
    dram = () if results.main_memory is None else ("dram",)
    common = {name: getattr(results, name) for name in (*TABLES, *wear, *dram)}
    own = dict(results.kind.tables(results))
    if own.keys() & common.keys():
        twice = ", ".join(own.keys() & common.keys())
        raise InputError(f"kind '{results.kind.name}' offers tables that every kind has: {twice}")
    return common | own


def named_table(results: Results, name: str) -> pd.DataFrame:
    """Return one table, without making the others if it is common to all kinds. Raise InputError if there is none."""
    if name in TABLES:
        found: pd.DataFrame = getattr(results, name)
        return found
    tables = all_tables(results)
    if name not in tables:
        raise InputError(f"this run has no table '{name}'", hint=did_you_mean(name, tables))
    return tables[name]


def write_results(results: Results, directory: Path, *, figures: bool) -> None:
    """Write tables, results.json, facts.json and manifest.json, and if asked the figures, into a directory that exists."""
    if figures:
        from simcore.results.figures.draw import write_figures

        write_figures(results, directory / "figures")
    for name, table in all_tables(results).items():
        table.to_csv(directory / f"{name}.csv", index=False)
        # simcore opens the file, because pyarrow takes no path that is not UTF-8.
        with open(directory / f"{name}.parquet", "wb") as file:
            table.to_parquet(file, index=False)
    (directory / "manifest.json").write_text(json.dumps(results.manifest, indent=2) + "\n", encoding="utf-8")
    (directory / "facts.json").write_text(json.dumps(results.facts, indent=2) + "\n", encoding="utf-8")
    (directory / "results.json").write_text(json.dumps(results.to_json(), indent=2) + "\n", encoding="utf-8")
