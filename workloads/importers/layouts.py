"""Where the values of a tensor lie in memory, and what of that stays when a view gives them another shape.

A *layout* has, for each axis of a tensor, the factors of its extent, outermost first; a factor is (extent, words from one index
to the next). A new order of axes changes no factor; a new shape splits factors or puts several into one axis.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod

from workloads.layers import Shape

Factor = tuple[int, int]
Layout = tuple[tuple[Factor, ...], ...]


def in_order(shape: Shape, order: Sequence[int] | None = None) -> Layout:
    """Return the layout of a tensor whose axes lie in memory in ``order``, outermost first, or in their own order."""
    words, found = 1, {}
    for axis in reversed(order if order is not None else range(len(shape))):
        found[axis] = ((shape[axis], words),)
        words *= shape[axis]
    return tuple(found[axis] for axis in range(len(shape)))


def as_image(shape: Shape) -> Layout:
    """Return the layout of an image (channels, height, width): pixel by pixel, with the channels of each side by side."""
    return in_order(shape, (*range(1, len(shape)), 0))


def transposed(layout: Layout, order: Sequence[int]) -> Layout:
    """Return the layout of the same values with the axes in another order."""
    return tuple(layout[axis] for axis in order)


def reshaped(layout: Layout, shape: Shape) -> Layout | None:
    """Return the layout of the same values in another shape, or None if no factors describe it: then they must be copied."""
    rest = _joined(factor for axis in layout for factor in axis)
    found: list[tuple[Factor, ...]] = []
    for extent in reversed(shape):
        axis: list[Factor] = []
        while extent > 1:
            size, step = rest.pop()
            if extent % size == 0:
                axis.insert(0, (size, step))
                extent //= size
            elif size % extent == 0:
                axis.insert(0, (extent, step))
                rest.append((size // extent, step * extent))
                extent = 1
            else:
                return None
        found.insert(0, tuple(axis) or ((1, 1),))
    return tuple(found)


def reshaped_rows(layout: Layout, shape: Shape) -> Layout | None:
    """Return a layout of the same values in another shape in which neighbouring words are right, while rows may lie anywhere.

    A new shape may put rows in an order that no factors describe, as long as the values of each row stay together. None stands
    for one that takes rows apart.
    """
    exact = reshaped(layout, shape)
    if exact is not None:
        return exact
    found: list[tuple[Factor, ...]] = []
    for axes, extents in _segments([prod(size for size, _ in axis) for axis in layout], shape):
        part = tuple(layout[axis] for axis in axes)
        new = reshaped(part, extents)
        steps = [step for axis in part for size, step in axis if size > 1]
        if new is None and 1 in steps:
            return None
        found += (
            new if new is not None else [tuple((size, step * min(steps)) for size, step in axis) for axis in in_order(extents)]
        )
    return tuple(found)


def _segments(before: Sequence[int], after: Shape) -> Iterator[tuple[range, Shape]]:
    """Yield the smallest groups of neighbouring axes of both shapes that have equally many values: axes of the one, extents of
    the other.
    """
    old = new = 0
    while old < len(before) or new < len(after):
        first, begun, left, right = old, new, 1, 1
        while old == first or new == begun or left != right:
            if (left <= right and old < len(before)) or new == len(after):
                left, old = left * before[old], old + 1
            else:
                right, new = right * after[new], new + 1
            if old == len(before) and new == len(after):
                break
        yield range(first, old), after[begun:new]


def _joined(factors: Iterable[Factor]) -> list[Factor]:
    """Return factors, outermost first, with those that follow each other in memory as one."""
    found: list[Factor] = []
    for size, step in factors:
        if size == 1:
            continue
        if found and found[-1][1] == size * step:
            found[-1] = (found[-1][0] * size, step)
        else:
            found.append((size, step))
    return found


def part(layout: Layout, before: Shape, after: Shape) -> Layout | None:
    """Return the layout of a part of the values, of as many axes; None if an axis is gone that had several values."""
    if len(before) != len(after):
        kept = _kept_axes(before, after)
        if kept is None:
            return None
        layout, before = tuple(layout[axis] for axis in kept), tuple(before[axis] for axis in kept)
    return tuple(axis if old == new else _cut(axis, new) for axis, old, new in zip(layout, before, after, strict=True))


def _kept_axes(before: Shape, after: Shape) -> list[int] | None:
    """Return which axes of ``before`` the axes of ``after`` are, matched from the last one on; None if they cannot be told."""
    kept: list[int] = []
    axis = len(before) - 1
    for extent in reversed(after):
        while axis >= 0 and before[axis] != extent:
            axis -= 1
        if axis < 0:
            return None
        kept.insert(0, axis)
        axis -= 1
    return kept


def _cut(axis: tuple[Factor, ...], extent: int) -> tuple[Factor, ...]:
    """Return the factors of the first ``extent`` values of an axis; of other ones, they are the same."""
    inner = axis[1:]
    inside = prod(size for size, _ in inner)
    if inner and extent % inside == 0:
        return ((extent // inside, axis[0][1]), *inner)
    return ((extent, axis[-1][1]),)


def repeated(layout: Layout, before: Shape, after: Shape) -> Layout:
    """Return the layout of values that are read again and again along the axes that grew or came."""
    new = len(after) - len(before)
    aligned: Layout = (*((((1, 1),),) * new), *layout)
    return tuple(
        axis if old == extent else (((extent // old, 0), *axis) if extent % old == 0 else ((extent, 0),))
        for axis, old, extent in zip(aligned, (*(1,) * new, *before), after, strict=True)
    )


def run(layout: Layout, axes: Iterable[int]) -> int:
    """Return how many neighbouring words the values along some axes are, in whatever order; 0 stands for a single value."""
    factors = sorted((step, size) for axis in axes for size, step in layout[axis] if size > 1 and step > 0)
    if not factors:
        return 0
    words = 1
    for step, size in factors:
        if step != words:
            break
        words *= size
    return words


def lies_along(layout: Layout, axis: int) -> bool:
    """Return whether the values along an axis are neighbouring words, or one word that is read again and again."""
    return run(layout, [axis]) > 1 or all(step == 0 for size, step in layout[axis] if size > 1)


def innermost(layout: Layout) -> int | None:
    """Return the axis along which neighbouring words lie, or None if none does."""
    return next((axis for axis in range(len(layout)) if run(layout, [axis]) > 1), None)


def order_of(layout: Layout) -> list[int]:
    """Return the axes of a layout as they lie in memory, outermost first. Those of a single value stand first."""
    steps = [min((step for size, step in axis if size > 1), default=None) for axis in layout]
    return sorted(range(len(layout)), key=lambda axis: (steps[axis] is not None, -(steps[axis] or 0)))
