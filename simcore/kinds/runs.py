"""What a kind of machine is asked to run, and what it answers: the order, its size, its outcome."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simcore.program.traces import Traced
from simcore.progress import OnProgress

if TYPE_CHECKING:
    from simcore.dram.tables import IntArray
    from simcore.engine.shortcuts import Shortcuts
    from simcore.engine.store import Store
    from simcore.machine.line_writes import LineWrites
    from simcore.results import LayerRun
    from workloads.dataflow.residency.known import KnownPlans
    from workloads.network import Network


@dataclass(frozen=True)
class RunOrder:
    """The order for a run: the layers of ``network`` named in ``wanted`` (None means all), on the engine of that name.

    ``shortcuts`` says which shortcuts a compiled engine may take. ``check_values`` asks for a comparison of the values that the
    machine computes. The run calls ``progress`` as it advances, hands accesses over to ``traced``, and calls ``commands`` once
    with the commands of a DRAM (`MachineKind.command_dram`). ``kept`` keeps, from run to run, layers for later ones that equal
    them; ``known`` keeps, from plan to plan, what plans found on machines that differ in the capacities of their scratchpads, in
    bank timings and in costs alone. A kind may leave both alone.
    """

    network: Network
    wanted: Container[str] | None
    engine: str
    shortcuts: Shortcuts
    check_values: bool = False
    progress: OnProgress | None = None
    traced: Traced | None = None
    commands: Callable[[IntArray], None] | None = None
    kept: Store[Any] | None = None
    known: KnownPlans | None = None


@dataclass(frozen=True)
class Estimate:
    """The approximate size of a run: simulated core cycles, seconds of the simulator, and bytes of the plan that it keeps.

    ``layers`` counts the layers that run by themselves, or is None for as many as the network has.
    """

    cycles: float
    seconds: float
    plan_bytes: float = 0.0
    layers: int | None = None


@dataclass(frozen=True)
class Ran:
    """The outcome of a run: one record per layer of the network, in order.

    ``line_writes`` counts the writes of each line of the banks, or is None if the kind does not count them. ``details`` is the
    data for the kind's own tables.
    """

    layers: Sequence[LayerRun]
    line_writes: LineWrites | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
