"""How often the rows of each subarray are raised: the row that is raised most disturbs its neighbours most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simcore.dram.tables import IntArray
from simcore.pim_dram.machine import PimMachine
from simcore.pim_dram.tables import layers_done
from simcore.results import Results
from simcore.results.frames import frame

if TYPE_CHECKING:
    import pandas as pd

#: The refreshes after which all rows have been refreshed once (JEDEC's DDR3, DDR4 and HBM2).
REFRESHES_OF_ALL_ROWS = 8192


def activation_table(results: Results) -> pd.DataFrame:
    """Return one row per subarray that is told apart, under the names of the table ``banks``.

    The row that is raised most is one of the micro-program's. A subarray that computes stands for several of its bank; one of
    these raises the row at most so often.
    """
    machine: PimMachine = results.details["machine"]
    shape = machine.subarrays, machine.shown_banks
    activations, raised, rounds = (np.zeros(shape, np.int64) for _ in range(3))
    for _, done in layers_done(results):
        for each in done.phases:
            activations += each.sequences * each.phase.counts.activations
            raised += each.sequences * each.phase.counts.rows_raised
            rounds += each.sequences if each.phase.kind == "multiply" else 0
    of_round = raised_in_a_round(machine)
    hottest = int(of_round.argmax())
    most = (rounds * of_round[hottest]).T.ravel()
    banks, window = results.banks, window_cycles(machine)
    windows = float("nan") if window is None else window / max(results.time_cycles, 1)
    return frame(
        {
            "scratchpad": banks["scratchpad"],
            "bank": banks["bank"],
            "rank": np.repeat(_ranks(machine), machine.subarrays),
            "row_activations": activations.T.ravel(),
            "rows_raised": raised.T.ravel(),
            "hottest_row": machine.recording.rows[hottest],
            "hottest_row_activations": most,
            "hottest_row_activations_per_window": most * windows,
        }
    )


def _ranks(machine: PimMachine) -> IntArray:
    """Return the rank of each bank, counted through the channels. Neighbouring banks lie in different ranks."""
    channel, bank = np.divmod(np.arange(machine.shown_banks), machine.banks)
    found: IntArray = channel * machine.ranks + bank % machine.ranks
    return found


def raised_in_a_round(machine: PimMachine) -> IntArray:
    """Return how often a round raises each row of the micro-program: to write operands, to multiply, and to read the product."""
    recording, spec = machine.recording, machine.spec
    raised = [line.row for operation in machine.operations for line in (*operation.first, *operation.second)]
    if spec.periphery.enabled if spec.operands == "transposer" else spec.transfers:
        raised += [line.row for line in recording.inputs[1]]
    if spec.periphery.enabled:
        raised += [line.row for line in recording.out]
    return np.bincount(raised, minlength=len(recording.rows)).astype(np.int64)


def window_cycles(machine: PimMachine) -> int | None:
    """Return the cycles in which the standard's refreshes come to every row once; None for a DRAM without refreshes.

    They are 64 ms for DDR3 and DDR4, 32 ms for HBM2.
    """
    interval = machine.dram.timing.get("nREFI")
    return REFRESHES_OF_ALL_ROWS * interval if interval else None


def hottest_of(results: Results) -> dict[str, Any] | None:
    """Return the row that is raised most in the run as JSON values, or None if no subarray multiplies."""
    worst = max(activation_table(results).to_dict("records"), key=lambda row: int(row["hottest_row_activations"]))
    if not worst["hottest_row_activations"]:
        return None
    window = window_cycles(results.details["machine"])
    per_window = None if window is None else float(worst["hottest_row_activations_per_window"])
    return {
        **{name: worst[name] for name in ("scratchpad", "bank", "hottest_row", "hottest_row_activations")},
        "hottest_row_activations_per_window": per_window,
        "refresh_window_ns": None if window is None else window * 1e9 / results.system.core_clock_hz,
    }


def activation_lines(results: Results) -> list[str]:
    """Return sentences about the rank whose rows are activated most, and about the row that is raised most, if any is."""
    dram = results.details["machine"].dram
    name = "Pseudo-channel" if dram.levels[dram.rank_level] == "pseudochannel" else "Rank"
    ranks = activation_table(results).groupby("rank")["row_activations"].sum()
    per_us = int(ranks.max()) * results.system.core_clock_hz / 1e6 / max(results.time_cycles, 1)
    most = " most:" if len(ranks) > 1 else ""
    lines = [f"{name} {ranks.idxmax()} activates rows{most} {int(ranks.max()):,} times, {per_us:,.1f} times a us."]
    found = hottest_of(results)
    if found is None:
        return lines
    row = f"Row raised most: {found['hottest_row']} of {found['scratchpad']}, subarray {found['bank']}"
    often = f"{found['hottest_row_activations']:,} times"
    if found["refresh_window_ns"] is None:
        return [*lines, f"{row}, {often}."]
    refreshes = results.details["machine"].spec.limits.refresh != "none"
    why = "in which every row is refreshed once" if refreshes else "the standard's refresh window (this machine does not refresh)"
    window = f"{found['refresh_window_ns'] / 1e6:.0f} ms, {why}"
    return [*lines, f"{row}, {often}; if the run repeats, {found['hottest_row_activations_per_window']:,.0f} times in {window}."]
