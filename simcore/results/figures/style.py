"""What all figures have in common, those of runs and those of studies: their look, their files, and the extra that they need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from simcore.errors import InputError
from simcore.saving.failures import refusals_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Equal tables give equal files: no date, and ids from a fixed salt.
_STYLE = {"svg.hashsalt": "simcore", "font.size": 8, "axes.grid": True, "grid.alpha": 0.3, "figure.constrained_layout.use": True}

#: What is left out of files, so that they do not depend on the time and on the version of matplotlib.
_METADATA = {"svg": {"Date": None}, "png": {"Software": None}}


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
    """Write a figure as an SVG or PNG file. Raise InputError for another ending, and if the system refuses it."""
    form = path.suffix.lower().removeprefix(".")
    if form not in _METADATA:
        raise InputError(f"expected a file ending in .svg or .png, got '{path.name}'", where=str(path))
    with figure_style(), refusals_of(path):
        figure.savefig(path, format=form, metadata=_METADATA[form], dpi=150)
