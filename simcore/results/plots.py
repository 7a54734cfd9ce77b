"""``results.plot``: single figures of a run, drawn with matplotlib (extra ``plot``), and saved as SVG or PNG if asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simcore.errors import InputError, did_you_mean
from simcore.results.any_run import AnyRun
from simcore.results.figures.style import figure_style, require_matplotlib, save_figure
from simcore.results.heatmap import Measured

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SAID: dict[Measured, str] = {"conflict": "requests waiting at banks", "busy": "banks busy"}


class Plots:
    """The figures of a run. Each method returns a matplotlib Figure, and writes it to ``file``, an .svg or .png, if one is named.

    Every method raises InputError if matplotlib is missing, if the run has nothing to show there, and for another file's ending.
    """

    def __init__(self, run: AnyRun) -> None:
        """Draw figures of this run, just simulated or loaded."""
        self._run = run

    def layers(self, file: str | Path | None = None) -> Figure:
        """Draw the cycles of each layer as a bar: compute, then the stall causes."""
        from simcore.results.figures.layers import draw_cycles

        return self._made(lambda: draw_cycles(self._run), file)

    def energy(self, file: str | Path | None = None) -> Figure:
        """Draw the energy of each layer as a bar of its parts."""
        from simcore.results.figures.layers import draw_energy

        return self._made(lambda: draw_energy(self._run), file, "energy")

    def banks(self, what: Measured = "conflict", layer: str | None = None, file: str | Path | None = None) -> Figure:
        """Draw banks over the time of the run or of one layer: ``what`` is "conflict" (requests waiting) or "busy"."""
        if what not in _SAID:
            raise InputError(f"what: expected 'conflict' or 'busy', got {what!r}")
        return self._made(lambda: _bank_figure(self._run, what, layer), file, _SAID[what])

    def roofline(self, file: str | Path | None = None) -> Figure:
        """Draw every layer by its multiply-accumulates per byte of main memory and per cycle, below the machine's roof."""
        from simcore.results.figures.roofline import draw_roofline

        return self._made(lambda: draw_roofline([self._run], [str(self._run.facts["system"])]), file)

    def compare(self, other: AnyRun, file: str | Path | None = None) -> Figure:
        """Draw the cycles of the layers of this run and of another one, side by side."""
        from simcore.results.figures.pairs import draw_pair

        return self._made(lambda: draw_pair(self._run, other), file)

    def _made(self, draw: Callable[[], Figure | None], file: str | Path | None, what: str = "cycles") -> Figure:
        with figure_style():
            figure = draw()
        if figure is None:
            raise InputError(f"this run has no {what} to draw")
        if file is not None:
            save_figure(figure, Path(file))
        return figure


def plots_of(run: AnyRun) -> Plots:
    """Return the figures of a run. Raise InputError if matplotlib is missing."""
    require_matplotlib()
    return Plots(run)


def _bank_figure(run: AnyRun, what: Measured, layer: str | None) -> Any:
    from simcore.results.figures.banks import draw_layer_over_time, draw_over_time
    from simcore.results.time_map import layer_bins, runs_at_once

    bins = {found.name: found for found in layer_bins(run)}
    if not bins:
        raise InputError("this run has no banks to draw")
    if layer is not None:
        if layer not in bins:
            raise InputError(f"no layer '{layer}' used banks", hint=did_you_mean(layer, bins))
        return draw_layer_over_time(run, bins[layer], what, _SAID[what])
    if runs_at_once(run):
        raise InputError("layers of this run work at the same time, so that it has no single map", hint="name a layer")
    return draw_over_time(run, what, _SAID[what])
