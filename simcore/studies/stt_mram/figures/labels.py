"""Places for short texts beside points, so that they cover neither each other nor points nor bars of deviations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.patheffects import withStroke

FONT_POINTS = 7.0
#: Half the size of a point, and the size of a character, in points (1/72 inch).
_HALF_MARK, _WIDE, _HIGH = 3.0, 4.6, 6.4
#: Lower left corners of a text of the size 0, from the best place on. The text grows away from the point.
_RADII = (4.0, 8.0, 13.0, 19.0, 26.0)
_DIRECTIONS = ((1, 1), (1, -1), (-1, 1), (-1, -1), (1, 0), (-1, 0), (0, 1), (0, -1))
#: What it costs to cover another text, a point, and a bar.
_TEXT, _MARK, _BAR = 100.0, 12.0, 4.0
#: What a place costs for each step away from the point. From the first step on a line leads from the text to its point.
_STEP = 2.0


class Box(NamedTuple):
    """What a text must not cover, and what it costs if it does."""

    left: float
    bottom: float
    right: float
    top: float
    cost: float

    def covers(self, other: Box) -> bool:
        """Return whether both share a part."""
        return self.left < other.right and other.left < self.right and self.bottom < other.top and other.bottom < self.top


class Point(NamedTuple):
    """A point in data coordinates with the ends of its bar, and its text ("" for none)."""

    x: float
    y: float
    low: float
    high: float
    text: str = ""


def write_beside(axes: Any, points: Sequence[Point]) -> None:
    """Write the text of each point beside it. The layout of the figure must not change afterwards."""
    taken = [box for point in points for box in _boxes(axes, point)]
    for point in points:
        if point.text:
            x, y = _in_points(axes, point.x, point.y)
            best = min(
                _places(point.text, x, y), key=lambda box: box.cost + sum(other.cost for other in taken if box.covers(other))
            )
            taken.append(best._replace(cost=_TEXT))
            offset = (best.left - x, best.bottom - y)
            axes.annotate(
                point.text,
                (point.x, point.y),
                xytext=offset,
                textcoords="offset points",
                fontsize=FONT_POINTS,
                ha="left",
                va="bottom",
                zorder=5,
                path_effects=[withStroke(linewidth=2, foreground="white")],  # readable on grid lines
                arrowprops=None if best.cost < _STEP else {"arrowstyle": "-", "linewidth": 0.5, "shrinkA": 0, "shrinkB": 2},
            )


def _in_points(axes: Any, x: float, y: float) -> tuple[float, float]:
    across, up = axes.transData.transform((x, y)) * 72 / axes.figure.dpi
    return float(across), float(up)


def _boxes(axes: Any, point: Point) -> tuple[Box, Box]:
    """Return the boxes of a point and of its bar."""
    x, y = _in_points(axes, point.x, point.y)
    low, high = (_in_points(axes, point.x, end)[1] for end in (point.low, point.high))
    mark = Box(x - _HALF_MARK, y - _HALF_MARK, x + _HALF_MARK, y + _HALF_MARK, _MARK)
    return mark, Box(x - 1, low, x + 1, high, _BAR)


def _places(text: str, x: float, y: float) -> list[Box]:
    """Return the places that a text may have. Each costs the more the farther it is."""
    wide, found = _WIDE * len(text), []
    for rank, radius in enumerate(_RADII):
        for turn, (across, up) in enumerate(_DIRECTIONS):
            left = x + across * radius - wide * (1 - across) / 2
            bottom = y + up * radius - _HIGH * (1 - up) / 2
            found.append(Box(left, bottom, left + wide, bottom + _HIGH, _STEP * rank + 0.1 * turn))
    return found
