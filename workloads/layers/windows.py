"""Sizes of sliding windows: the number of positions of a filter, and the short forms of its fields."""

from __future__ import annotations

from simcore.errors import InputError

Shape = tuple[int, ...]
Pair = tuple[int, int]
#: (top, left, bottom, right) once a layer is built; a pair (vertical, horizontal) is also accepted.
Padding = tuple[int, ...]


def window_positions(
    extent: Pair, kernel: Pair, stride: Pair, padding: Padding, dilation: Pair, *, round_up: bool, drop_outside: bool
) -> Pair:
    """Return the window positions (rows, columns) over an input of ``extent`` (height, width).

    ``round_up`` counts a last window that extends beyond the bottom or right edge. ``drop_outside`` removes that window if it
    begins beyond the input and its leading padding. A number below 1 means that the window does not fit.
    """
    counts = []
    for axis in (0, 1):
        room = extent[axis] + padding[axis] + padding[axis + 2] - (kernel[axis] - 1) * dilation[axis] - 1
        count = (-(-room // stride[axis]) if round_up else room // stride[axis]) + 1
        if round_up and drop_outside and (count - 1) * stride[axis] >= extent[axis] + padding[axis]:
            count -= 1
        counts.append(count if room >= 0 else 0)
    return counts[0], counts[1]


def as_pair(layer: str, field: str, value: object) -> Pair:
    """Return (height, width) from an int or a pair of ints >= 1. Raise InputError that names the layer and the field."""
    pair = (value, value) if isinstance(value, int) else tuple(value) if isinstance(value, (tuple, list)) else ()
    if len(pair) != 2 or not all(_is_int(part) and part >= 1 for part in pair):
        raise InputError(f"expected {field} as an integer >= 1 or a pair of them, got {value!r}", where=f"layer '{layer}'")
    return pair[0], pair[1]


def as_padding(layer: str, value: object) -> Padding:
    """Return (top, left, bottom, right) from an int, a pair or four ints >= 0. Raise InputError that names the layer."""
    sides = (value, value) if isinstance(value, int) else tuple(value) if isinstance(value, (tuple, list)) else ()
    if len(sides) not in (2, 4) or not all(_is_int(side) and side >= 0 for side in sides):
        raise InputError(f"expected padding as an integer >= 0, a pair or four of them, got {value!r}", where=f"layer '{layer}'")
    return (*sides, *sides) if len(sides) == 2 else sides


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
