"""The figures of a run on DRAM that multiplies. Its subarrays stand where other machines have banks."""

from __future__ import annotations

from matplotlib.figure import Figure

from simcore.pim.phases import PHASE_KINDS
from simcore.pim_dram.layers import Done
from simcore.pim_dram.tables import layers_done
from simcore.results import Results
from simcore.results.figures.banks import draw_map, draw_over_time
from simcore.results.figures.layers import draw_cycles, draw_energy, draw_shares, draw_stacks
from simcore.results.frames import frame


def figures(results: Results) -> dict[str, Figure | None]:
    """Return the figures. The stages of a pipeline work at the same time, so it has no maps over time."""
    found = {
        "cycles": draw_cycles(results),
        "phases": draw_phases(results),
        "utilisation": draw_utilisation(results),
        "energy": draw_energy(results),
        "subarrays": draw_subarrays(results),
    }
    if results.details["pipeline"] is None:
        found["bank_occupancy"] = draw_over_time(results, "busy", "subarrays computing, by bank")
        found["bank_conflicts"] = draw_over_time(results, "conflict", "subarrays waiting, by bank")
    return found


def draw_phases(results: Results) -> Figure:
    """Draw the cycles of each layer as a bar of its kinds of phase."""
    ran: list[tuple[str, Done]] = list(layers_done(results))
    cycles = frame([done.by_kind for _, done in ran], columns=list(PHASE_KINDS))
    return draw_stacks(results, [name for name, _ in ran], {kind: cycles[kind] for kind in PHASE_KINDS}, "cycles")


def draw_utilisation(results: Results) -> Figure | None:
    """Draw how far each product fills its rows and keeps the subarrays at work, and how near it comes to the peak."""
    mapping, layers = results.tables()["mapping"], results.layers.set_index("layer")
    shares = {
        "columns with an operand pair": mapping["column_utilisation_percent"],
        "subarrays with work": mapping["subarray_utilisation_percent"],
        "use of the peak": layers.loc[mapping["layer"], "array_utilisation_percent"],
    }
    return draw_shares(results, list(mapping["layer"]), shares) if len(mapping) else None


def draw_subarrays(results: Results) -> Figure | None:
    """Draw a map of banks and the subarrays that compute in them: the share of the run in which each computed."""
    grid = 100 * results.banks["busy_cycles"].to_numpy(float) / max(results.time_cycles, 1)
    grid = grid.reshape(-1, results.details["machine"].subarrays).T
    if not grid.any():
        return None
    figure = Figure(figsize=(8.0, min(12.0, 2.2 + 0.12 * len(grid))))
    axes = figure.subplots()
    draw_map(figure, axes, grid)
    time = results.kind.said_time(results)
    axes.set(xlabel="bank", ylabel="subarray", title=f"{results.network} on {results.system.name}: computing ({time})")
    axes.set_yticks(range(0, len(grid), max(1, len(grid) // 8)))
    return figure
