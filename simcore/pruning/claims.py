"""The simulation of all steps that a training needs, each once, also where several processes want the same ones at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simcore.engine.store import MemoryStore, Store
from simcore.progress import OnProgress
from simcore.pruning.simulating import simulate_step
from simcore.pruning.step_cost import StepCost
from simcore.pruning.step_store import StepStore, step_key
from simcore.spec import MachineSpec

if TYPE_CHECKING:
    from workloads.network import Network

#: Bytes of layers that are kept for the next networks, which may have equal ones.
KEPT_BYTES = 128 << 20
#: Seconds between two looks at steps that other processes are simulating.
PATIENCE_S = 0.2


@dataclass(frozen=True)
class Wanted:
    """One step to simulate: a network for its batch, on a machine. ``limit_s`` refuses a run with a longer estimate."""

    network: Network
    machine: MachineSpec
    optimizer: str = "sgd"
    limit_s: float | None = None


@dataclass(frozen=True)
class Found:
    """The costs of the steps that were wanted, in order, and how many of them this process simulated."""

    costs: tuple[StepCost, ...]
    simulated: int


def costs_of(wanted: Sequence[Wanted], store: StepStore, on_progress: OnProgress | None = None) -> Found:
    """Return the cost of every step. What the store has is not simulated; what is simulated is put into the store at once.

    A step that another process is simulating is left to it; this process takes the next one meanwhile, and waits at the end.
    Raise InputError for a step that cannot be simulated.
    """
    layers: MemoryStore[Any] = MemoryStore(KEPT_BYTES)
    keys = [step_key(each.network, each.machine, each.optimizer) for each in wanted]
    costs: dict[int, StepCost] = {}
    simulated = 0
    while len(costs) < len(wanted):
        before = len(costs)
        for index, (each, key) in enumerate(zip(wanted, keys, strict=True)):
            if index in costs:
                continue
            _tell(on_progress, len(costs), wanted, each)
            cost, is_new = _cost(each, key, store, layers)
            simulated += is_new
            if cost is not None:
                costs[index] = cost
        if len(costs) == before:
            time.sleep(PATIENCE_S)
    return Found(tuple(costs[index] for index in range(len(wanted))), simulated)


def _cost(wanted: Wanted, key: str | None, store: StepStore, layers: Store[Any]) -> tuple[StepCost | None, bool]:
    """Return a step's cost and whether it was simulated now; None if another process is simulating it."""

    def simulated() -> StepCost:
        return simulate_step(wanted.network, wanted.machine, wanted.optimizer, limit_s=wanted.limit_s, kept=layers)

    if key is None:
        return simulated(), True
    kept = store.get(key)
    return (kept, False) if kept is not None else _claimed(key, store, simulated)


def _claimed(key: str, store: StepStore, simulated: Callable[[], StepCost]) -> tuple[StepCost | None, bool]:
    """Simulate a step if no other process does. It may have been finished between the look at the store and the claim."""
    with store.alone(key) as alone:
        if not alone:
            return None, False
        kept = store.get(key)
        if kept is not None:
            return kept, False
        cost = simulated()
        store.put(key, cost)
        return cost, True


def _tell(on_progress: OnProgress | None, done: int, wanted: Sequence[Wanted], each: Wanted) -> None:
    if on_progress is not None:
        on_progress(done, len(wanted), f"{each.network.name} on {each.machine.name}")
