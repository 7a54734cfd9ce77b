"""Heat maps in characters: what happens at banks over time, above marks of the layers that run."""

from __future__ import annotations

from string import ascii_letters, digits

import numpy as np
from rich.text import Text

from simcore.cli.blocks import blocks
from simcore.results import Results
from simcore.results.heatmap import HeatMap

#: The width of the names beside a map, with the frame around its columns.
_MARGIN = 17
#: The most columns of a heat map, and the fewest.
MOST_COLUMNS, FEWEST_COLUMNS = 72, 10
#: The most rows of a heat map. A scratchpad with more banks puts neighbouring banks in one row.
MAX_ROWS = 32
#: The marks of layers. Later layers begin again with the first mark.
MARKS = ascii_letters + digits


def columns_within(width: int) -> int:
    """Return the columns of a heat map on a terminal of this width."""
    return max(FEWEST_COLUMNS, min(MOST_COLUMNS, width - _MARGIN))


def marked_layers(results: Results, columns: int) -> list[str]:
    """Return, for each column of a heat map, the layer that takes most of the column's cycles."""
    ran = [run for run in results.runs if run.outcome is not None and run.outcome.cycles]
    ends = np.cumsum([run.outcome.cycles for run in ran if run.outcome is not None])
    edges = np.linspace(0, results.cycles, columns + 1)
    starts = np.append(0, ends[:-1])
    shares = np.minimum(ends, edges[1:, None]) - np.maximum(starts, edges[:-1, None])
    return [ran[int(share.argmax())].name for share in shares]


def _marks(layers: list[str]) -> dict[str, str]:
    """Return the mark of each layer, in the order in which the layers run."""
    return {layer: MARKS[number % len(MARKS)] for number, layer in enumerate(dict.fromkeys(layers))}


def conflict_maps(results: Results, columns: int) -> list[HeatMap]:
    """Return a map of each scratchpad: the share of cycles in which a request waited at each of its banks."""
    shares, found = results.conflict_heat_map(columns), []
    for scratchpad in dict.fromkeys(results.banks["scratchpad"]):
        rows = shares[(results.banks["scratchpad"] == scratchpad).to_numpy()]
        names = [f"{bank}" for bank in range(len(rows))]
        found.append(HeatMap(f"Conflicts in {scratchpad} over time", f"No conflicts in {scratchpad}", names, rows))
    return found


def heat_map(results: Results, shown: HeatMap) -> Text:
    """Draw a map of banks over time; a taller block means a larger share. A map of zeros is one line.

    Below stands, column by column, the mark of the layer that runs.
    """
    step, names = -(-len(shown.shares) // MAX_ROWS), shown.names
    grouped = np.stack([shown.shares[first : first + step].mean(axis=0) for first in range(0, len(names), step)])
    peak, columns = float(grouped.max()), grouped.shape[1]
    if not peak:
        return _lines([shown.empty])
    lines = [f"{shown.title} (a full block: {100 * peak:.1f} % of the cycles)"]
    firsts = range(0, len(names), step)
    said = [names[at] if step == 1 else f"{names[at]}-{names[min(at + step, len(names)) - 1]}" for at in firsts]
    lines += [f"{'bank ' + name:>14} |{blocks(row / peak)}|" for name, row in zip(said, grouped, strict=True)]
    layers = marked_layers(results, columns)
    marks = _marks(layers)
    lines.append(f"{'layer':>14} |{''.join(marks[layer] for layer in layers)}|")
    lines.append(f"{'':>14}  0{f'{results.cycles:,} cycles':>{columns - 1}}")
    return _lines(lines)


def legend(results: Results, columns: int) -> Text:
    """Return which layer each mark below the heat maps stands for. A layer shorter than half a column may have no mark."""
    shown = [f"{mark} {layer}" for layer, mark in _marks(marked_layers(results, columns)).items()]
    return Text("Layers: " + ", ".join(shown))


def _lines(lines: list[str]) -> Text:
    return Text("\n".join(lines), no_wrap=True, overflow="crop")
