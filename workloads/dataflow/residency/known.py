"""What plans of one network have in common on machines that differ in the capacities of their scratchpads alone."""

from __future__ import annotations

from simcore.spec.system import System
from workloads.dataflow.lowering import PLANNED_BYTES, AlikeWorks
from workloads.dataflow.residency.lowerings import Lowerings
from workloads.dataflow.residency.tensors import Running


class KnownPlans:
    """What the plans so far found: the sizes of tensors, the bytes that layers move, and their Programs.

    Whoever keeps one for several plans answers for the machines: they may differ in the capacities of scratchpads, in their costs
    and in the timing of their banks, and in nothing else. A plan is the same without what others found.
    """

    def __init__(self) -> None:
        """Begin without any plan."""
        self.alike = AlikeWorks(PLANNED_BYTES)
        self._lowerings: Lowerings | None = None

    def lowerings(self, running: list[Running], system: System) -> Lowerings:
        """Return the layers that take cycles, with what is known of them if the plan before was one of these layers."""
        if self._lowerings is None or self._lowerings.running != running:
            self._lowerings = Lowerings(running, system, self.alike)
        return self._lowerings
