"""The shares of layers in the banks of a pipeline: neighbours that share a bank, and banks that belong to one layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def stages_of(works: Sequence[int], most: int) -> list[range]:
    """Return at most ``most`` stages of neighbouring layers, so that the stage with the most work has as little as possible.

    If there are as few layers as stages, every layer is a stage.
    """
    if len(works) <= most:
        return [range(at, at + 1) for at in range(len(works))]
    low, high = max(works), sum(works)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if len(_filled(works, middle)) <= most else (middle + 1, high)
    return _filled(works, low)


def _filled(works: Sequence[int], limit: int) -> list[range]:
    """Return stages that each take as many layers as their work allows."""
    stages, start, total = [], 0, 0
    for at, work in enumerate(works):
        if total + work > limit and at > start:
            stages.append(range(start, at))
            start, total = at, 0
        total += work
    return [*stages, range(start, len(works))]


def share_banks(time: Callable[[int, int], int], stages: int, banks: int) -> list[int]:
    """Return the banks of each stage. ``time(stage, banks)`` is how long a stage takes with so many banks.

    Each stage has a bank, and each further bank goes to the slowest stage, until that stage gains nothing by it.
    """
    shares = [1] * stages
    times = [time(stage, 1) for stage in range(stages)]
    for _ in range(banks - stages):
        slowest = max(range(stages), key=times.__getitem__)
        faster = time(slowest, shares[slowest] + 1)
        shares[slowest] += 1
        times[slowest] = faster
    return shares
