"""The limit on the time of a generation, by its estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simcore.engine.shortcuts import Shortcuts
from simcore.generation.order import GenerationOrder
from simcore.generation.size import estimated_generation
from simcore.kinds import kind_of
from simcore.kinds.runs import RunOrder
from simcore.run_time import refuse_too_long
from simcore.spec import MachineSpec

if TYPE_CHECKING:
    from workloads.networks.language_models import LanguageModel


def refuse_long_generation(order: GenerationOrder, model: LanguageModel, machine: MachineSpec) -> None:
    """Raise InputError, with the estimate, if the simulated steps one after another take longer than the order's limit."""
    if order.limit_s is None:
        return
    engine = kind_of(machine).engine_named(order.engine)
    first = RunOrder(model.prefill(order.prefill, order.batch), None, engine, Shortcuts())
    refuse_too_long(estimated_generation(order, model, machine), first, order.limit_s)
