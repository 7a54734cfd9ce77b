"""Heat maps in characters: the conflicts of a scratchpad's banks over time, above marks of the layers that run."""

from __future__ import annotations

from string import ascii_letters, digits

import numpy as np
from rich.text import Text

from simcore.cli.blocks import blocks
from simcore.results import Results

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


def heat_map(results: Results, scratchpad: str, columns: int) -> Text:
    """Return a map of banks over time; a taller block means a larger share of cycles in which a request waited at the bank.

    Below stands, column by column, the mark of the layer that runs.
    """
    rows = results.conflict_heat_map(columns)[(results.banks["scratchpad"] == scratchpad).to_numpy()]
    step = -(-len(rows) // MAX_ROWS)
    grouped = np.stack([rows[first : first + step].mean(axis=0) for first in range(0, len(rows), step)])
    peak = float(grouped.max())
    if not peak:
        return _lines([f"No conflicts in {scratchpad}"])
    lines = [f"Conflicts in {scratchpad} over time (a full block: {100 * peak:.1f} % of the cycles)"]
    names = (f"{first}" if step == 1 else f"{first}-{min(first + step, len(rows)) - 1}" for first in range(0, len(rows), step))
    lines += [f"{'bank ' + name:>14} |{blocks(row / peak)}|" for name, row in zip(names, grouped, strict=True)]
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
