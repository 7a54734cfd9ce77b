"""The plan of what stays: the choice that moves the fewest bytes, of several for this capacity and for smaller ones.

A choice rests on estimates, so more capacity alone could make it worse. But a choice for smaller scratchpads is one for these,
too, in their first lines. So choices are made for the capacities of one ladder alone, for each rung up to the scratchpads' own
capacity, as far as they could move less. Larger scratchpads have all rungs of smaller ones: with capacity, traffic never grows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf, prod

import numpy as np

from simcore.errors import InputError
from simcore.spec.system import System
from workloads.dataflow.array_plan import EXACT
from workloads.dataflow.lowering import AlikeWorks
from workloads.dataflow.residency.chains import SizedTensor, sized_tensors
from workloads.dataflow.residency.choosing import SUMS_ONLY, chosen, nothing_stays
from workloads.dataflow.residency.lowerings import Lowerings, stayed_bytes
from workloads.dataflow.residency.tensors import StepTensor, running_layers, step_tensors
from workloads.dataflow.residency.views import LayerPlacement, NotWholeError, with_lines
from workloads.layers import Input
from workloads.network import Network

#: The shares of each scratchpad that a layer's work may claim from what stays.
SHARES = (0.5, 0.25, 0.125, 0.0625)
#: How often a choice may be tried for a machine. A tensor may turn out to need more lines than expected, and all are made anew.
ENLARGED = 200
#: The capacities between one power of two and the next for which choices are made, the first included.
RUNGS = 4
#: A choice is planned only if the closed form, which errs by a few percent at most, leaves hope that it moves fewer bytes.
HOPE = 1 - EXACT


def placements(
    network: Network, system: System, joined: Mapping[str, str], alike: AlikeWorks | None = None
) -> dict[str, LayerPlacement]:
    """Return by name what stays while each layer that takes cycles runs. ``alike`` keeps Programs that were made on the way.

    Raise InputError for a layer that cannot be planned even if nothing stays.
    """
    running = running_layers(network, system, joined)
    given = {
        name: network.batch * prod(layer.shape) for name in network.order() if isinstance(layer := network.layer(name), Input)
    }
    search = _Search(Lowerings(running, system, alike or AlikeWorks()), step_tensors(network, joined, running), given)
    for machine in machines(system):
        if not search.could_gain_on(machine):
            break
        search.try_machine(machine)
    if search.best is None:
        search.try_machine(system)
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
class _Expected:
    """A choice, the bytes that it is expected to move, and the sizes of tensors on which it rests."""

    choice: Sequence[LayerPlacement]
    bytes: float
    sizes: Sequence[SizedTensor]


class _Search:
    """The best choice so far, and the sizes that were found meanwhile."""

    def __init__(self, lowerings: Lowerings, tensors: Sequence[StepTensor], given: dict[str, int]) -> None:
        """Begin without a choice. ``given`` has the words of the network's inputs."""
        self.best: Sequence[LayerPlacement] | None = None
        self.best_bytes = 0
        self._lowerings, self._tensors, self._given = lowerings, tensors, given
        self._sized = sized_tensors(tensors, lowerings, given)
        #: The most bytes that each layer moved beyond the least, so far. The layers that moved the most are counted first.
        self._excess = [0] * len(lowerings.running)

    def could_gain_on(self, machine: System) -> bool:
        """Return whether a choice on a machine could move fewer bytes than the best: if all its room saved as much as can be.

        What stays takes its bytes of the scratchpads in each layer. Of the gaps that fit alone those are counted that save the
        most for the room they take, the last in part.
        """
        if self.best is None:
            return True
        pads = {name: pad.capacity_bytes for name, pad in machine.scratchpads.items() if name != SUMS_ONLY}
        layers = len(self._lowerings.running)
        gaps = [gap for tensor in self._sized for gap in tensor.gaps() if gap.bytes <= max(pads.values())]
        takes = np.array([gap.bytes * gap.layers for gap in gaps], dtype=np.float64)
        saves = np.array([gap.saved_bytes for gap in gaps], dtype=np.float64)
        order = np.argsort(-saves / np.maximum(takes, 1.0), kind="stable")
        taken = np.concatenate(([0.0], np.cumsum(takes[order])))
        saved = np.concatenate(([0.0], np.cumsum(saves[order])))
        least = sum(self._lowerings.sizes(at).least_bytes for at in range(layers))
        return round(least - float(np.interp(sum(pads.values()) * layers, taken, saved))) < self.best_bytes

    def try_machine(self, machine: System) -> None:
        """Try choices for a machine, those first of which the closed form expects the fewest bytes.

        In each, the work of a layer may claim another share of each scratchpad; in the last nothing stays.
        """
        waiting: dict[float, _Expected | None] = dict.fromkeys((*SHARES, 0.0))
        for _ in range(ENLARGED):
            for share, known in waiting.items():
                if known is None or known.sizes is not self._sized:
                    waiting[share] = self._expected(machine, share)
            found = {share: known for share, known in waiting.items() if known and not self._hopeless(HOPE * known.bytes)}
            if not found:
                return
            share = min(found, key=lambda share: found[share].bytes)
            try:
                self._take(machine, found[share].choice)
                del waiting[share]
            except NotWholeError as error:
                self._lowerings.enlarge(error)
                self._sized = sized_tensors(self._tensors, self._lowerings, self._given)

    def _expected(self, machine: System, share: float) -> _Expected:
        """Return the choice for a share, or that in which nothing stays, and the bytes that the closed form expects of it.

        Not all layers are looked at if it is expected to move more than the best choice, or if a layer cannot be planned.
        """
        lowerings = self._lowerings
        choice = chosen(machine, lowerings, self._sized, share) if share else nothing_stays(machine, len(lowerings.running))
        least = self._least(choice)
        expected = float(sum(least))
        try:
            for at in self._by_excess():
                if self._hopeless(HOPE * expected):
                    break
                expected += lowerings.expected_bytes(at, machine, choice[at]) - least[at]
        except InputError:
            expected = inf
        return _Expected(choice, expected, self._sized)

    def fail(self, system: System) -> None:
        """Raise the InputError of the first layer that cannot be planned if nothing stays."""
        for at, placement in enumerate(nothing_stays(system, len(self._lowerings.running))):
            self._lowerings.moved_bytes(at, system, placement)

    def _take(self, machine: System, choice: Sequence[LayerPlacement]) -> None:
        """Note a choice if it moves fewer bytes than the best. Raise NotWholeError if a tensor does not fit its place."""
        lowerings, least = self._lowerings, self._least(choice)
        with suppress(InputError):
            moved = sum(least)
            for at in self._by_excess():
                if self._hopeless(moved):
                    return
                more = lowerings.moved_bytes(at, machine, choice[at]) - least[at]
                self._excess[at] = max(self._excess[at], more)
                moved += more
            if not self._hopeless(moved):
                self.best, self.best_bytes = choice, moved

    def _least(self, choice: Sequence[LayerPlacement]) -> list[int]:
        """Return the bytes that each layer moves at least."""
        sizes = [self._lowerings.sizes(at) for at in range(len(choice))]
        return [size.least_bytes - stayed_bytes(size, placement) for size, placement in zip(sizes, choice, strict=True)]

    def _by_excess(self) -> list[int]:
        """Return the layers, those first that moved the most bytes beyond the least so far."""
        return sorted(range(len(self._excess)), key=lambda at: -self._excess[at])

    def _hopeless(self, moved: float) -> bool:
        """Return whether another choice moves no more bytes than that."""
        return self.best is not None and moved >= self.best_bytes
