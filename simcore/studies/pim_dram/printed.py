"""The study's tables in the form for a terminal, with the rows and columns that fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from simcore.results.printed import PrintedTable
from simcore.studies.form.printed import number
from simcore.studies.pim_dram.records import greatest, groups, records
from simcore.studies.pim_dram.yardsticks import MEASURED

#: The yardsticks of the printed speedups, and their headings.
_SHOWN = {
    MEASURED: "/ measured",
    "titan-xp-b1": "/ Titan Xp b1",
    "titan-xp-b16": "b16",
    "ideal-titan-xp-b1": "/ ideal b1",
    "cloud-128x128-ws-b1": "/ systolic",
}


def printed_tables(tables: Mapping[str, pd.DataFrame]) -> Iterator[PrintedTable]:
    """Yield the tables, at most 100 columns wide."""
    yield _yardsticks(tables["yardsticks"])
    yield _feasibility(tables["feasibility"])
    yield _claims(tables["claims"])
    yield _grid(tables["grid"])
    for base in tables["effects"]["base"].unique():
        yield _effects(tables["effects"], base, "One effect alone")
        if (tables["ladder"]["base"] == base).any():
            yield _effects(tables["ladder"], base, "One effect after the other")
    yield _layers(tables["layer_utilisation"])
    yield _tree(tables["adder_tree"])
    yield _energy(tables["energy"])
    yield _sensitivity(tables["sensitivity"])


def _yardsticks(frame: pd.DataFrame) -> PrintedTable:
    wide = frame.pivot_table("ms_per_image", index=["yardstick", "kind"], columns="network", sort=False)
    rows = [
        (name, kind, *(number(ms, ".4f") for ms in row)) for (name, kind), row in zip(wide.index, wide.to_numpy(), strict=True)
    ]
    return PrintedTable("Yardsticks: ms per image", ("yardstick", "kind", *wide.columns), rows, text_columns=2)


def _feasibility(frame: pd.DataFrame) -> PrintedTable:
    rows = [
        (row["network"], row["bits"], row["subarrays"], number(row["ms_per_image"], ".4g"), *_speedups(row))
        for row in frame.to_dict("records")
    ]
    columns = ("network", "bits", "subarrays", "ms", *_SHOWN.values())
    return PrintedTable("Multiplications alone, one layer per bank, pipelined: time between images, speedups", columns, rows)


def _speedups(row: Mapping[object, object]) -> list[str]:
    return [number(float(str(row[f"over_{name}"]))) for name in _SHOWN]


def _claims(frame: pd.DataFrame) -> PrintedTable:
    rows = []
    for _, of in groups(records(frame), "claim", "yardstick", "level"):
        reached = [row for row in of if row["reached"]]
        most = greatest(reached, "bits") if reached else greatest(of, "speedup")
        shown = (f"{most['claim']:g}", most["yardstick"], most["level"], "yes" if reached else "no")
        rows.append((*shown, most["bits"], number(most["speedup"]), most["network"], most["subarrays"]))
    columns = ("claim", "over", "counted", "reached", "bits", "speedup", "network", "subarr.")
    title = "Claimed speedups: the configuration with most bits that reaches it, else the best"
    return PrintedTable(title, columns, rows, text_columns=4)


def _grid(frame: pd.DataFrame) -> PrintedTable:
    kept = frame[(frame["standard"] == "ddr4") & (frame["program"] == "maj") & (frame["pairs"] == 1)]
    kept = kept[kept["subarrays"] != 4]
    rows = [
        (
            row["network"],
            row["level"],
            row["placement"],
            row["bits"],
            row["subarrays"],
            number(row["ms_per_image"], ".4g"),
            *_speedups(row),
        )
        for row in kept.to_dict("records")
    ]
    columns = ("network", "counted", "placement", "bits", "sub-\narrays", "ms per\nimage")
    heads = (name.replace(" ", "\n", 2) for name in _SHOWN.values())
    return PrintedTable("DDR4, program maj: time between images, speedups", (*columns, *heads), rows, text_columns=3)


def _effects(frame: pd.DataFrame, base: str, what: str) -> PrintedTable:
    kept = frame[frame["base"] == base]
    wide = kept.pivot_table(["slowdown", "ms_per_image"], index="effect", columns="network", sort=False)
    networks = list(dict.fromkeys(kept["network"]))
    rows = [
        (
            effect,
            *(number(row["ms_per_image", name], ".4g") for name in networks),
            *(number(row["slowdown", name]) for name in networks),
        )
        for effect, row in wide.iterrows()
    ]
    columns = ("effect", *(f"{name}\nms" for name in networks), *(f"{name}\nx" for name in networks))
    return PrintedTable(f"{what}: {base}", columns, rows)


def _layers(frame: pd.DataFrame) -> PrintedTable:
    kept = frame[(frame["level"] == "all") & (frame["placement"] == "together")]
    rows = [
        (
            f"{row['network']} {row['layer']}",
            row["rounds"],
            *(f"{row[f'{name}_utilisation_percent']:.1f}" for name in ("column", "subarray")),
            row["cycles"],
            *(f"{100 * row[f'{kind}_cycles'] / row['cycles']:.1f}" for kind in ("multiply", "weights", "vector", "move")),
        )
        for row in kept.to_dict("records")
    ]
    columns = ("layer", "rounds", "columns\n%", "subarrays\n%", "cycles", "multiply\n%", "weights\n%", "vector\n%", "move\n%")
    title = "Layers on pim-dram-ddr4, 8 bits, everything counted, one image at a time"
    return PrintedTable(title, columns, rows, cut_names=True)


def _tree(frame: pd.DataFrame) -> PrintedTable:
    wide = frame.pivot_table("tree_percent", index=["subarrays", "bits"], columns="tree_columns", sort=False)
    rows = [(*keys, *(number(share, ".1f") for share in row)) for keys, row in zip(wide.index, wide.to_numpy(), strict=True)]
    columns = ("subarrays", "bits", *(f"{width:,}" for width in wide.columns))
    return PrintedTable(
        "Share of the rounds that the adder tree takes, %, by its columns per cycle", columns, rows, text_columns=0
    )


def _energy(frame: pd.DataFrame) -> PrintedTable:
    kept = frame[(frame["program"] == "maj") & (frame["subarrays"] == 1) & (frame["pairs"] == 1)]
    parts = [name for name in kept.columns if name.endswith("_uj")]
    rows = [
        (
            row["network"],
            row["standard"],
            row["bits"],
            *(f"{100 * row[part] / row['uj_per_image']:.1f}" for part in parts),
            number(row["uj_per_image"] / 1e3, ".4g"),
            number(row["pj_per_mac"]),
        )
        for row in kept.to_dict("records")
    ]
    columns = ("network", "DRAM", "bits", *(f"{part.removesuffix('_uj')}\n%" for part in parts), "mJ per\nimage", "pJ per\nMAC")
    return PrintedTable("Energy of an image, everything counted", columns, rows, text_columns=2)


def _sensitivity(frame: pd.DataFrame) -> PrintedTable:
    wide = frame.pivot_table("relative", index=["key", "value", "level"], columns="network", sort=False)
    rows = [
        (key, level, f"{value:,}", *(number(share) for share in row))
        for (key, value, level), row in zip(wide.index, wide.to_numpy(), strict=True)
    ]
    columns = ("key", "counted", "value", *wide.columns)
    return PrintedTable("Time of an image relative to pim-dram-ddr4, 8 bits", columns, rows, text_columns=2)
