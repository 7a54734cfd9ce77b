"""The plan of what stays: the choice that moves the fewest bytes, of several for this capacity and for smaller ones.

A choice rests on estimates, so more capacity alone could make it worse. But a choice for smaller scratchpads is one for these,
too, in their first lines. So choices are made for the capacities of one ladder alone, for each rung up to the scratchpads' own
capacity. With capacity, traffic never grows, for the following reasons.

- The machine of a rung depends on the scratchpads only as far as they are smaller than the rung. If all of them are alike, or if
  only those grow that are larger than all others, larger scratchpads have all machines of smaller ones.
- What a try on a machine leads to depends on nothing but the network and that machine: not on other tries, on their order, or on
  what the process planned before. A try is given up where its bound, or the bytes of some of its layers, are as many as the best.
- The end of a try is taken only if it moves no less than each bound of this try. So a try that was given up would not have been
  better, however wrong the closed form may be, and the least of all tries is found.

Nothing is proven where one scratchpad grows and larger ones do not, nor before any try of a rung was taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, prod

import numpy as np

from simcore.errors import InputError
from simcore.spec.system import System
from workloads.dataflow.array_plan import EXACT
from workloads.dataflow.residency.chains import SizedTensors
from workloads.dataflow.residency.choosing import SUMS_ONLY, chosen, nothing_stays
from workloads.dataflow.residency.known import KnownPlans
from workloads.dataflow.residency.lowerings import Lowerings, stayed_bytes
from workloads.dataflow.residency.tensors import StepTensor, running_layers, step_tensors
from workloads.dataflow.residency.views import LayerPlacement, NotWholeError, with_lines
from workloads.layers import Input
from workloads.network import Network

#: The shares of each scratchpad that a layer's work may claim from what stays.
SHARES = (0.5, 0.25, 0.125, 0.0625)
#: How often a choice for a machine may be made anew because a tensor turns out to need more lines than expected.
ENLARGED = 200
#: The capacities between one power of two and the next for which choices are made, the first included.
RUNGS = 4
#: The part of the closed form's bytes that a choice is sure to move.
CERTAIN = 1 - EXACT


def placements(network: Network, system: System, joined: Mapping[str, str], known: KnownPlans) -> dict[str, LayerPlacement]:
    """Return by name what stays while each layer that takes cycles runs. ``known`` keeps what was found on the way.

    Raise InputError for a layer that cannot be planned even if nothing stays.
    """
    running = running_layers(network, system, joined)
    given = {
        name: network.batch * prod(layer.shape) for name in network.order() if isinstance(layer := network.layer(name), Input)
    }
    search = Search(known.lowerings(running, system), step_tensors(network, joined, running), given)
    for machine in machines(system):
        search.try_machine(machine, search.least_on(machine))
    if search.best is None:
        search.try_machine(system, 0)
    if search.best is None:
        search.fail(system)
    return {instance.name: placement for (instance, _), placement in zip(running, search.best or (), strict=True)}


def machines(system: System) -> Iterator[System]:
    """Yield machines whose scratchpads have at most the bytes of a rung, for each rung up to the largest, the largest first."""
    largest = max(pad.capacity_bytes for pad in system.scratchpads.values())
    for rung in _rungs(largest):
        pads = {}
        for name, pad in system.scratchpads.items():
            lines = min(pad.capacity_bytes, rung) // pad.line_bytes
            pads[name] = with_lines(pad, lines - lines % pad.banks)
        if not all(pad.capacity_bytes for pad in pads.values()):
            return
        yield system.model_copy(update={"scratchpads": pads})


def _rungs(most: int) -> Iterator[int]:
    """Yield the rungs up to a capacity, the largest first: RUNGS to each power of two, at equal distances."""
    for power in range(most.bit_length() - 1, RUNGS.bit_length() - 2, -1):
        step = (1 << power) // RUNGS
        yield from (rung for rung in range((1 << power) + (RUNGS - 1) * step, (1 << power) - 1, -step) if rung <= most)


@dataclass(frozen=True)
class _Try:
    """A choice for a machine, in which the work of a layer may claim a ``share`` of each scratchpad (0: nothing stays).

    It rests on sizes of tensors, which earlier tries have ``enlarged`` so many times. ``expected`` are the bytes of the closed
    form, as far as they were counted. A choice that moves less than ``bound`` is not taken.
    """

    machine: System
    share: float
    lowerings: Lowerings
    choice: Sequence[LayerPlacement]
    expected: float
    bound: float
    enlarged: int = 0


class Search:
    """The best choice so far."""

    def __init__(self, lowerings: Lowerings, tensors: Sequence[StepTensor], given: dict[str, int]) -> None:
        """Begin without a choice. ``given`` has the words of the network's inputs."""
        self.best: Sequence[LayerPlacement] | None = None
        self.best_bytes = 0
        self._lowerings, self._tensors = lowerings, SizedTensors(tensors, given)
        self._gaps = [gap for tensor in self._tensors.of(lowerings) for gap in tensor.gaps]
        self._gaps.sort(key=lambda gap: -gap.saved_bytes / max(gap.bytes * gap.layers, 1))
        #: The most bytes that each layer moved beyond the least, so far. The layers that moved the most are looked at first.
        self._excess = [0] * len(lowerings.running)

    def least_on(self, machine: System) -> int:
        """Return a bound for what choices on a machine move: what would move if all its room saved as much as can be.

        What stays takes its bytes of the scratchpads in each layer. Of the gaps that fit alone those are counted that save the
        most for the room they take, the last in part.
        """
        pads = {name: pad.capacity_bytes for name, pad in machine.scratchpads.items() if name != SUMS_ONLY}
        layers = len(self._lowerings.running)
        gaps = [gap for gap in self._gaps if gap.bytes <= max(pads.values())]
        taken = np.cumsum([0.0, *(gap.bytes * gap.layers for gap in gaps)])
        saved = np.cumsum([0.0, *(gap.saved_bytes for gap in gaps)])
        least = sum(self._lowerings.sizes(at).least_bytes for at in range(layers))
        return round(least - float(np.interp(sum(pads.values()) * layers, taken, saved)))

    def try_machine(self, machine: System, bound: float) -> None:
        """Try choices for a machine, those first of which the fewest bytes are expected. None may move less than ``bound``."""
        if self._hopeless(bound):
            return
        waiting = [self._made(machine, share, self._lowerings, bound) for share in (*SHARES, 0.0)]
        while waiting := [each for each in waiting if each.bound < inf and not self._hopeless(each.bound)]:
            first = min(waiting, key=lambda each: each.expected)
            waiting.remove(first)
            again = self._take(first)
            if again is not None and again.enlarged <= ENLARGED:
                waiting.append(again)

    def _made(self, machine: System, share: float, lowerings: Lowerings, bound: float, enlarged: int = 0) -> _Try:
        """Return the choice for a share. Its bound is at least ``bound``, and what is certain of the closed form's bytes.

        Not all layers are looked at if that is no less than what the best choice moves. The bound is infinite if a layer cannot
        be planned.
        """
        if share:
            choice = chosen(machine, lowerings, self._tensors.of(lowerings), share)
        else:
            choice = nothing_stays(machine, len(lowerings.running))
        least = _least(lowerings, choice)
        expected = float(sum(least))
        try:
            for at in self._by_excess():
                if self._hopeless(CERTAIN * expected):
                    break
                expected += lowerings.expected_bytes(at, machine, choice[at]) - least[at]
        except InputError:
            expected = inf
        return _Try(machine, share, lowerings, choice, expected, max(bound, CERTAIN * expected), enlarged)

    def _take(self, tried: _Try) -> _Try | None:
        """Note a choice if it moves fewer bytes than the best. Return another one if tensors do not fit their places.

        All tensors that do not fit are found, whatever the order of the layers, unless the choice is hopeless without them.
        """
        lowerings, least = tried.lowerings, _least(tried.lowerings, tried.choice)
        moved, larger = sum(least), lowerings
        for at in self._by_excess():
            if self._hopeless(moved):
                return None
            try:
                more = max(0, lowerings.moved_bytes(at, tried.machine, tried.choice[at]) - least[at])
            except NotWholeError as error:
                larger = larger.enlarged(error)
                continue
            except InputError:
                return None
            self._excess[at] = max(self._excess[at], more)
            moved += more
        if larger is not lowerings:
            return self._made(tried.machine, tried.share, larger, max(tried.bound, moved), tried.enlarged + 1)
        if tried.bound <= moved and not self._hopeless(moved):
            self.best, self.best_bytes = tried.choice, moved
        return None

    def fail(self, system: System) -> None:
        """Raise the InputError of the first layer that cannot be planned if nothing stays."""
        for at, placement in enumerate(nothing_stays(system, len(self._lowerings.running))):
            self._lowerings.moved_bytes(at, system, placement)

    def _by_excess(self) -> list[int]:
        """Return the layers, those first that moved the most bytes beyond the least so far."""
        return sorted(range(len(self._excess)), key=lambda at: -self._excess[at])

    def _hopeless(self, moved: float) -> bool:
        """Return whether another choice moves no more bytes than that."""
        return self.best is not None and moved >= self.best_bytes


def _least(lowerings: Lowerings, choice: Sequence[LayerPlacement]) -> list[int]:
    """Return the bytes that each layer moves at least."""
    sizes = [lowerings.sizes(at) for at in range(len(choice))]
    return [size.least_bytes - stayed_bytes(size, placement) for size, placement in zip(sizes, choice, strict=True)]
