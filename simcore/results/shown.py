"""What a run shows of itself in a notebook, whether it was just simulated or loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from simcore.results.any_run import AnyRun
from simcore.results.notebook import notebook_form

if TYPE_CHECKING:
    from simcore.results.plots import Plots


class Shown:
    """A run with figures (`plot`) and a form for notebooks."""

    @property
    def plot(self) -> Plots:
        """Figures: ``plot.layers()``, ``banks()``, ``roofline()``, ``energy()``, ``compare(other)``. They need matplotlib."""
        from simcore.results.plots import plots_of

        return plots_of(cast(AnyRun, self))

    def _repr_html_(self) -> str:
        return notebook_form(cast(AnyRun, self))
