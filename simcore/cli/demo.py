"""``simcore demo``: one network on two machines. Every sentence that it prints is computed from the results."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Group

from simcore.cli.console import console, progress, table, table_of_names, telling_of_compiling
from simcore.program.outcome import CAUSE_NAMES
from simcore.results import Results
from simcore.saving import results_directory
from simcore.simulation import simulate

NETWORK = "resnet18"
SYSTEMS = ("edge-sram", "edge-stt")
TOP_BANKS = 6

ASSUMPTIONS = """\
Assumptions: both machines have the same array, scratchpad sizes, banks, DMA and main memory. They differ only in the timing and
the energy of their scratchpad banks. The batch is 1, operands have 8 bits and partial sums 32. Layers run one after another and
start with empty scratchpads. Main memory is a latency and a bandwidth, without rows or refresh. The simulation computes times,
not values."""


def demo_command(out: Path | None, overwrite: bool, quiet: bool) -> None:
    """Run both machines and print the comparison. Save results only if ``out`` is given."""
    targets = [None if out is None else out.with_name(f"{out.name}-{system}") for system in SYSTEMS]
    with ExitStack() as stack:
        save_left, save_right = (stack.enter_context(results_directory(target, overwrite=overwrite)) for target in targets)
        with progress(not quiet) as on_progress, telling_of_compiling(not quiet):
            left, right = (simulate(NETWORK, system, progress=on_progress) for system in SYSTEMS)
        save_left(left.write_into)
        save_right(right.write_into)
    print_comparison(left, right)


def print_comparison(left: Results, right: Results) -> None:
    """Print layers, stall causes and colliding banks of two runs of one network, and the conclusion."""
    screen = console()
    for shown in (layer_comparison(left, right), stall_comparison(left, right), colliding_banks(left, right)):
        screen.print(shown)
        screen.print()
    screen.print(conclusion(left, right))
    screen.print()
    screen.print(" ".join(ASSUMPTIONS.split()))


def layer_comparison(left: Results, right: Results) -> Group:
    """Return the cycles of each layer on both machines and their ratio. The last row is the whole network."""
    both = _ran(left).merge(_ran(right), on="layer", suffixes=("_left", "_right"))
    rows = [
        (
            row["layer"],
            row["macs_left"] / 1e6,
            row["compute_cycles_left"],
            row["cycles_left"],
            row["cycles_right"],
            row["cycles_right"] / max(row["cycles_left"], 1),
            _worst_growth(row),
        )
        for row in both.to_dict("records")
    ]
    macs, compute = sum(row[1] for row in rows), sum(row[2] for row in rows)
    rows.append(("all", macs, compute, left.cycles, right.cycles, right.cycles / max(left.cycles, 1), ""))
    columns = ("layer", "M MACs", "compute", left.system.name, right.system.name, "ratio", "stall that grew most")
    return table_of_names(f"{left.network}: cycles on {left.system.name} and {right.system.name}", columns, rows)


def _ran(results: Results) -> pd.DataFrame:
    return results.layers[results.layers["start_cycle"].notna()]


def _worst_growth(row: Mapping[Hashable, Any]) -> str:
    growth: dict[str, int] = {
        cause: row[f"stall_{cause}_cycles_right"] - row[f"stall_{cause}_cycles_left"] for cause in CAUSE_NAMES
    }
    worst = max(growth, key=lambda cause: growth[cause])
    return worst if growth[worst] > 0 else "-"


def stall_cycles(results: Results) -> dict[str, int]:
    """Return the cycles of the run by cause, with compute first."""
    totals = dict(zip(results.totals["metric"], results.totals["value"], strict=True))
    return {"compute": int(totals["compute_cycles"]), **{cause: int(totals[f"stall_{cause}_cycles"]) for cause in CAUSE_NAMES}}


def stall_comparison(left: Results, right: Results) -> Group:
    """Return the cycles of both machines by cause."""
    ours, theirs = stall_cycles(left), stall_cycles(right)
    rows: list[tuple[object, ...]] = [
        (
            cause,
            ours[cause],
            100 * ours[cause] / left.cycles,
            theirs[cause],
            100 * theirs[cause] / right.cycles,
            theirs[cause] - ours[cause],
        )
        for cause in ours
    ]
    rows.append(("all", left.cycles, 100.0, right.cycles, 100.0, right.cycles - left.cycles))
    columns = ("cause", left.system.name, "%", right.system.name, "%", "difference")
    return table("Where the cycles went", columns, rows)


def colliding_banks(left: Results, right: Results) -> Group:
    """Return the banks at which requests waited longest on the second machine, with their figures on both."""
    keys = ["scratchpad", "bank"]
    both = left.banks.merge(right.banks, on=keys, suffixes=("_left", "_right"))
    top = both.sort_values(["conflict_cycles_right", *keys], ascending=[False, True, True]).head(TOP_BANKS)
    rows = [
        (
            f"{row['scratchpad']} {row['bank']}",
            row["conflict_cycles_left"],
            row["conflict_cycles_right"],
            row["occupancy_percent_left"],
            row["occupancy_percent_right"],
        )
        for row in top.to_dict("records")
    ]
    names = (left.system.name, right.system.name)
    columns = ("bank", *(f"conflicts {name}" for name in names), *(f"busy % {name}" for name in names))
    return table(f"Banks with most conflicts on {right.system.name}: cycles in which requests wait there", columns, rows)


def conclusion(left: Results, right: Results) -> str:
    """Return two sentences: how many cycles the second machine costs and by which cause, and the worst layer and bank."""
    ours, theirs = stall_cycles(left), stall_cycles(right)
    growth = {cause: theirs[cause] - ours[cause] for cause in CAUSE_NAMES}
    worst = max(growth, key=lambda cause: growth[cause])
    difference = right.cycles - left.cycles
    first = (
        f"{right.system.name} takes {abs(difference):,} cycles {'more' if difference >= 0 else 'less'} than {left.system.name} "
        f"({100 * difference / left.cycles:+.1f} %), and the cause that grows most is {worst} ({growth[worst]:+,} cycles)."
    )
    both = _ran(left).merge(_ran(right), on="layer", suffixes=("_left", "_right")).to_dict("records")
    layer = max(both, key=lambda row: row["cycles_right"] - row["cycles_left"])
    bank = max(right.banks.to_dict("records"), key=lambda row: row["conflict_cycles"])
    waited = 100 * bank["conflict_cycles"] / right.cycles
    second = (
        f"Layer {layer['layer']} loses most ({layer['cycles_left']:,} -> {layer['cycles_right']:,} cycles), and requests wait "
        f"most often at bank {bank['bank']} of {bank['scratchpad']} ({waited:.1f} % of all cycles)."
    )
    return f"{first} {second}"
