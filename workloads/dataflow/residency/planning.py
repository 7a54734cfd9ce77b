"""The plan of what stays: the choice that moves the fewest bytes, of several for this capacity and for smaller ones.

A choice rests on estimates, so more capacity alone could make it worse. But a choice for smaller scratchpads is one for these,
too, in their first lines. So those for each power of two below are tried as well, as far as they could move less: from one power
of two to the next, traffic never grows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from math import prod

from simcore.errors import InputError
from simcore.spec.system import System
from workloads.dataflow.array_plan import EXACT
from workloads.dataflow.residency.chains import sized_tensors
from workloads.dataflow.residency.choosing import chosen, nothing_stays
from workloads.dataflow.residency.lowerings import Lowerings, stayed_bytes
from workloads.dataflow.residency.tensors import StepTensor, running_layers, step_tensors
from workloads.dataflow.residency.views import LayerPlacement, NotWholeError, with_lines
from workloads.layers import Input
from workloads.network import Network

#: The shares of each scratchpad that a layer's work may claim from what stays.
SHARES = (0.5, 0.25, 0.125, 0.0625)
#: How many tensors of a choice may turn out to need more lines than expected.
ENLARGED = 50
#: A choice is planned only if the closed form, which errs by a few percent at most, leaves hope that it moves fewer bytes.
HOPE = 1 - EXACT


def placements(network: Network, system: System, joined: Mapping[str, str]) -> dict[str, LayerPlacement]:
    """Return by name what stays while each layer that takes cycles runs.

    Raise InputError for a layer that cannot be planned even if nothing stays.
    """
    running = running_layers(network, system, joined)
    given = {
        name: network.batch * prod(layer.shape) for name in network.order() if isinstance(layer := network.layer(name), Input)
    }
    search = _Search(Lowerings(running, system), step_tensors(network, joined, running), given)
    for machine in _machines(system):
        if not search.could_gain_on(machine):
            break
        for share in SHARES:
            if search.could_gain_on(machine):
                search.try_share(machine, share)
        search.try_nothing(machine)
    if search.best is None:
        search.fail(system)
    return {instance.name: placement for (instance, _), placement in zip(running, search.best or (), strict=True)}


def _machines(system: System) -> Iterator[System]:
    """Yield the system, and systems whose scratchpads have at most 2^k bytes, the largest first."""
    yield system
    largest = max(pad.capacity_bytes for pad in system.scratchpads.values())
    for power in range((largest - 1).bit_length() - 1, 0, -1):
        pads = {}
        for name, pad in system.scratchpads.items():
            lines = min(pad.capacity_bytes, 1 << power) // pad.line_bytes
            pads[name] = with_lines(pad, lines - lines % pad.banks)
        if not all(pad.capacity_bytes for pad in pads.values()):
            return
        yield system.model_copy(update={"scratchpads": pads})


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
        """Return whether a choice on a machine could move fewer bytes than the best: if all that fits it alone stayed."""
        most = max(pad.capacity_bytes for pad in machine.scratchpads.values())
        least = sum(self._lowerings.sizes(at).least_bytes for at in range(len(self._lowerings.running)))
        saved = sum(gap.saved_bytes for tensor in self._sized for gap in tensor.gaps() if gap.bytes <= most)
        return self.best is None or round(least - saved) < self.best_bytes

    def try_share(self, machine: System, share: float) -> None:
        """Try the choice in which each layer's work may claim a share of each scratchpad."""
        for _ in range(ENLARGED):
            try:
                self._take(machine, chosen(machine, self._lowerings, self._sized, share))
                return
            except NotWholeError as found:
                self._lowerings.enlarge(found)
                self._sized = sized_tensors(self._tensors, self._lowerings, self._given)

    def try_nothing(self, machine: System) -> None:
        """Try the choice in which nothing stays."""
        self._take(machine, nothing_stays(machine, len(self._lowerings.running)))

    def fail(self, system: System) -> None:
        """Raise the InputError of the first layer that cannot be planned if nothing stays."""
        for at, placement in enumerate(nothing_stays(system, len(self._lowerings.running))):
            self._lowerings.moved_bytes(at, system, placement)

    def _take(self, machine: System, choice: Sequence[LayerPlacement]) -> None:
        """Note a choice if it moves fewer bytes than the best. Raise NotWholeError if a tensor does not fit its place."""
        lowerings = self._lowerings
        least = [lowerings.sizes(at).least_bytes - stayed_bytes(lowerings.sizes(at), each) for at, each in enumerate(choice)]
        by_excess = sorted(range(len(choice)), key=lambda at: -self._excess[at])
        with suppress(InputError):
            expected = sum(least)
            for at in by_excess:
                if self._hopeless(expected * HOPE):
                    return
                expected += lowerings.expected_bytes(at, machine, choice[at]) - least[at]
            moved = sum(least)
            for at in by_excess:
                if self._hopeless(moved):
                    return
                more = lowerings.moved_bytes(at, machine, choice[at]) - least[at]
                self._excess[at] = max(self._excess[at], more)
                moved += more
            if not self._hopeless(moved):
                self.best, self.best_bytes = choice, moved

    def _hopeless(self, moved: float) -> bool:
        """Return whether another choice moves no more bytes than that."""
        return self.best is not None and moved >= self.best_bytes
