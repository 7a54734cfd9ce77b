"""The tables of docs/stt-mram-study.md, from a recorded run of the whole study. Run as a program it writes them into the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from math import isnan
from pathlib import Path

import pandas as pd

PAGE = Path(__file__).parents[1] / "docs" / "stt-mram-study.md"
RECORDED = Path(__file__).parent / "golden" / "studies" / "stt_mram"
SCOPES = ("scratchpads", "chip", "system")

#: Class, MiB of SRAM per scratchpad, what is equal, and whether idle banks are cut off, of the page's rows.
RANGES = (
    ("hp", 1, "capacity", False),
    ("hp", 4, "capacity", False),
    ("hp", 4, "area", True),
    ("hp", 16, "capacity", False),
    ("hp", 16, "capacity", True),
    ("hp", 16, "area", False),
    ("hp", 16, "area", True),
    ("lop", 1, "capacity", False),
    ("lop", 16, "capacity", True),
)
#: What a chip combines -> its name on the page.
CHIPS = {
    "reference": "cell's own write",
    "baseline": "cheapest write of the same error rate",
    "accumulator": "SRAM accumulator",
    "voltage, errors": "errors in low bits by a lower voltage",
    "pulse, errors": "errors in low bits by a shorter pulse",
    "baseline, errors": "cheapest write, errors in low bits",
    "baseline, accumulator": "SRAM accumulator, cheapest write",
    "accumulator, voltage, errors": "SRAM accumulator, lower voltage in low bits",
    "baseline, accumulator, errors": "SRAM accumulator, cheapest write, errors in low bits",
    "guard": "guarded write (1e-12)",
    "guard, accumulator": "SRAM accumulator, guarded write",
    "guard, accumulator, errors": "SRAM accumulator, guarded high bits, errors in low bits",
    "slices, accumulator, errors": "SRAM accumulator and high bits, errors in low bits",
    "guard, groups, accumulator, errors": "SRAM accumulator and half of the banks, errors in low bits",
    "baseline, array": "output-stationary, cheapest write",
    "baseline, array, errors": "output-stationary, cheapest write, errors in low bits",
}
#: Column of the table of joules -> its name on the page.
PARTS = {
    "leakage_j": "leakage",
    "read_j": "read",
    "write_j": "write",
    "kept_j": "codes and scrubs",
    "dram_traffic_j": "main memory: moved",
    "dram_background_j": "background",
    "dram_refresh_j": "refresh",
    "mac_j": "MAC",
    "vector_j": "vector unit",
    "moving_j": "moving",
    "system_j": "all",
}
NETWORKS = ("lenet5", "alexnet-32", "resnet18-32", "vgg16-32")
#: The configuration whose joules the page has.
JOULES_AT = "leakage=hp,sram=16MiB,clock=500MHz,residue=5"


def recorded(table: str) -> pd.DataFrame:
    """Return a table of the recorded run."""
    return pd.read_csv(RECORDED / f"{table}.csv", keep_default_na=False, na_values=[""])


def table_of(header: str, rows: Iterable[Iterable[str]]) -> list[str]:
    """Return the lines of a table. Columns of the header are separated by bars."""
    columns = header.count("|") + 1
    return [f"| {header} |", "|" + "---|" * columns, *(f"| {' | '.join(row)} |" for row in rows)]


def gain(value: float) -> str:
    """Return a gain with one decimal, or two below 1."""
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def ranges() -> list[str]:
    """Return the least and greatest gains of the simulated systems."""
    found = recorded("gain_ranges")

    def row(name: str, gated: str, picked: pd.DataFrame) -> list[str]:
        told = []
        for scope in SCOPES:
            of_scope = picked[picked["scope"] == scope]
            least, most = of_scope["least_gain"].min(), of_scope["greatest_gain"].max()
            told.append(f"{gain(least)} to {gain(most)} ({of_scope['runs_in_claimed_range'].sum()})")
        return [name, gated, *told]

    rows = []
    for leakage, mib, iso, gated in RANGES:
        picked = found[(found["leakage_class"] == leakage) & (found["sram_kib"] == 1024 * mib)]
        picked = picked[(picked["iso"] == iso) & (picked["gated"] == gated)]
        rows.append(row(f"{leakage}, 4 x {mib} MiB, {iso}", "yes" if gated else "no", picked))
    rows.append(row("lstp, any", "any", found[found["leakage_class"] == "lstp"]))
    return table_of("class, SRAM, equal | gated | scratchpads | chip | whole system", rows)


def named() -> list[str]:
    """Return the named configurations."""
    rows = []
    for row in recorded("named_configurations").to_dict("records"):
        scope = "whole system" if row["scope"] == "system" else row["scope"]
        equal = "capacity and area" if row["equal"] == "both" else row["equal"]
        between = f"{row['least_gain']:.1f} to {row['greatest_gain']:.1f}"
        rows.append([scope, equal, f"`{row['only']}`", between, f"{row['networks_inside']} of {row['networks']}"])
    return table_of("counted | equal | `--only` | gain over the networks | between 15 and 22", rows)


def joules() -> list[str]:
    """Return the millijoules of training steps by part, in SRAM and in STT-MRAM of equal capacity and of equal area."""
    found = recorded("joules")
    found = found[found["only"] == JOULES_AT].set_index(["network", "iso"])

    def shown(joule: float) -> str:
        return f"{1e3 * joule:,.0f}" if joule >= 1 else f"{1e3 * joule:.3g}"

    def cell(network: str, part: str) -> str:
        return " / ".join(shown(found.loc[(network, iso), part]) for iso in ("none", "capacity", "area"))

    rows = [[name, *(cell(network, part) for network in NETWORKS)] for part, name in PARTS.items()]
    return table_of(f"part | {' | '.join(NETWORKS)}", rows)


def contributions() -> list[str]:
    """Return what each chip saves and loses, in bf16 and in fixed16."""
    found = recorded("accuracy_contributions").set_index(["format", "combines"])

    def both(combines: str, figure: Callable[[pd.Series], float]) -> str:
        told = [f"{figure(found.loc[(words, combines)]):.2f}" for words in ("bf16", "fixed16")]
        return " / ".join(dict.fromkeys(told))

    def losses(words: str, combines: str) -> list[str]:
        row, told = found.loc[(words, combines)], []
        for seeds in ("", "fresh_"):
            lost = int(row[f"{seeds}lost_runs"])
            ended = f" ({lost} run{'s' if lost > 1 else ''} lost)" if lost else ""
            told.append(points(row[f"{seeds}loss_mean_points"], row[f"{seeds}loss_std_points"]) + ended)
        return told

    rows = []
    for combines, name in CHIPS.items():
        writes = [both(combines, lambda row, of=of: row[f"{of}write_energy_gain"]) for of in ("", "stays_")]
        energies = [*writes, both(combines, lambda row: row["relative_cycles"])]
        energies.append(both(combines, lambda row: 1 / row["step_energy_gain"]))
        rows.append([name, *energies, *losses("bf16", combines), *losses("fixed16", combines)])
    return table_of(
        "chip | writes, times less (bf16 / fixed16) | if what fits stays | cycles | whole step's energy | bf16: points lost "
        "| fresh seeds | fixed16: points lost | fresh seeds",
        rows,
    )


def networks() -> list[str]:
    """Return what larger networks lose: with the own write, and with errors in lower bits of ifmap, filter and ofmap."""
    rows = []
    for row in recorded("accuracy_nets").to_dict("records"):
        lost = f"{row['lost_runs']} of {row['runs']}"
        accuracy = points(row["accuracy_mean_percent"], row["accuracy_std_points"])
        loss = points(row["loss_mean_points"], row["loss_std_points"])
        bits = " ".join(re.findall("[0-9]+", str(row["bits_that_err"]))) or "none"
        rows.append([row["net"], bits, f"{row['write_energy_gain']:.2f}", accuracy, loss, row["seeds"], lost])
    return table_of("network | low bits that err | writes, times less | accuracy, % | points lost | seeds | runs lost", rows)


def wear() -> list[str]:
    """Return the days until the accumulator wears out, and those with writes that are spread evenly over its banks."""
    found = recorded("lifetimes")
    found = found[found["scratchpad"] == "accumulator"].set_index(["pass", "network"])

    def days(value: float) -> str:
        return f"{value:.0f}" if value >= 1 else f"{value:.2f}"

    def cell(passed: str, network: str) -> str:
        row = found.loc[(passed, network)]
        return f"{days(row['days'])} ({days(row['days_levelled'])})"

    names = {"training": "training step", "inference": "inference"}
    rows = [[name, *(cell(passed, network) for network in NETWORKS)] for passed, name in names.items()]
    return table_of(f"run | {' | '.join(NETWORKS)}", rows)


def points(mean: float, deviation: float) -> str:
    """Return a mean and the deviation of single runs."""
    return f"{mean:.2f}" if isnan(deviation) else f"{mean:.2f} ± {deviation:.2f}"


TABLES = (ranges, named, joules, wear, contributions, networks)


def rewritten(page: str) -> str:
    """Return the page with its tables as the recorded run has them. Each is found by its header."""
    lines = page.splitlines()
    for made in TABLES:
        table = made()
        first = lines.index(table[0])
        end = first
        while end < len(lines) and lines[end].startswith("|"):
            end += 1
        lines[first:end] = table
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
