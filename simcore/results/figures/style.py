"""What all figures have in common, those of runs and those of studies: their look, their files, and the extra that they need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from simcore.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Equal tables give equal files: no date, and ids from a fixed salt.
_STYLE = {"svg.hashsalt": "simcore", "font.size": 8, "axes.grid": True, "grid.alpha": 0.3, "figure.constrained_layout.use": True}


def require_matplotlib() -> None:
    """Raise InputError if figures cannot be drawn because matplotlib cannot be imported."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise InputError("figures need the package matplotlib", hint="pip install 'simcore[plot]'") from error


@contextmanager
def figure_style() -> Iterator[None]:
    """Give figures that are made or saved meanwhile their look. No display is needed."""
    from matplotlib import rc_context

    with rc_context(_STYLE):
        yield


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as an SVG file."""
    with figure_style():
        figure.savefig(path, format="svg", metadata={"Date": None})
