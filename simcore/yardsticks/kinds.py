"""The kinds ``roofline`` and ``ideal``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from simcore.errors import InputError
from simcore.kinds.costs import Costs
from simcore.kinds.kind import MachineKind
from simcore.kinds.runs import Estimate, Ran, RunOrder
from simcore.yardsticks.bounds import BoundLayer, Roof, bound_layers
from simcore.yardsticks.spec import EfficiencySpec, IdealSpec, RooflineSpec, YardstickSpec

if TYPE_CHECKING:
    import pandas as pd

    from simcore.kinds.advice import Change, Loss, NextStep
    from simcore.results import LayerRun, Results
    from simcore.results.glossary import Term
    from simcore.results.printed import PrintedTable
    from simcore.results.wear import LineWear

YardstickT = TypeVar("YardstickT", bound=YardstickSpec)

#: The approximate number of layers whose bounds simcore works out per second.
_LAYERS_PER_S = 1e4


class Yardstick(MachineKind[YardstickT, "list[BoundLayer]"]):
    """The common part of both kinds: a formula gives the time from the counts of each layer."""

    engines = ("formula",)
    steps_cycles = False
    file_keys = (("memory", "standard"),)

    def roof(self, spec: YardstickT) -> Roof:
        """Return the limits of the machine."""
        return Roof(spec.core_clock_hz, spec.memory.bytes_per_second(), None, EfficiencySpec())

    def input_files(self, spec: YardstickT) -> Sequence[Path]:
        from simcore.dram.standard import own_files

        return [] if spec.memory.standard is None else [Path(path) for path in own_files(spec.memory.standard)]

    def macs_per_cycle(self, spec: YardstickT) -> float:
        return inf

    def memory_bytes_per_cycle(self, spec: YardstickT) -> float:
        return float(spec.memory.bytes_per_second() / spec.core_clock_hz)

    def cycle_content(self, spec: YardstickT) -> str:
        return spec.model_dump_json(exclude={"name": True, "description": True, "memory": {"pj_per_byte": True}})

    def estimate(self, spec: YardstickT, order: RunOrder) -> Estimate:
        return Estimate(0.0, len(order.network.instances()) / _LAYERS_PER_S)

    def plan(self, spec: YardstickT, order: RunOrder) -> list[BoundLayer]:
        """Return the bounds of each layer that is wanted. Raise InputError if each of them joins another layer."""
        layers = list(bound_layers(spec, self.roof(spec), order))
        if all(layer.bounds is None for layer in layers):
            names = ", ".join(layer.instance.name for layer in layers)
            raise InputError(
                f"none of the layers {names} runs by itself", hint="choose the layer that they join, or set fuse=false"
            )
        return layers

    def run(self, spec: YardstickT, order: RunOrder, plan: list[BoundLayer]) -> Ran:
        from simcore.yardsticks.run import layer_runs

        return Ran(layer_runs(plan, order.progress), details={"layers": plan})

    def costs(self, spec: YardstickT) -> Costs:
        from simcore.yardsticks.costs import memory_costs

        return memory_costs(spec.memory)

    def energy_of_layers(
        self, spec: YardstickT, costs: Any, runs: Sequence[LayerRun], line_wear: LineWear | None = None
    ) -> Sequence[Mapping[str, float]]:
        """Return the energy of each layer in pJ, part by part. There are no lines that wear."""
        return [costs.parts(run) for run in runs]

    def tables(self, results: Results) -> Mapping[str, pd.DataFrame]:
        from simcore.yardsticks.tables import bounds_table

        return {"bounds": bounds_table(results)}

    def json_parts(self, results: Results) -> Mapping[str, Any]:
        from simcore.yardsticks.tables import bounds_object

        return {"bounds": bounds_object(results)}

    def printed(self, results: Results) -> Sequence[PrintedTable]:
        from simcore.yardsticks.printed import printed_tables

        return printed_tables(results)

    def losses(self, results: Results) -> Sequence[Loss]:
        from simcore.yardsticks.losses import losses

        return losses(results)

    def changes(self, spec: YardstickT, loss: Loss) -> Sequence[Change]:
        from simcore.yardsticks.losses import changes

        return changes(spec, loss)

    def next_step(self, results: Results) -> NextStep | None:
        from simcore.yardsticks.next_step import next_step

        return next_step(results)

    def terms(self) -> Sequence[Term]:
        from simcore.yardsticks.terms import TERMS

        return TERMS


class RooflineKind(Yardstick[RooflineSpec]):
    """A machine with a peak of multiply-accumulates and a bandwidth. Each layer takes the longer of two times."""

    name = "roofline"
    description = "peak compute and memory bandwidth, such as a GPU's: each layer takes the longer of two times"

    @property
    def spec(self) -> type[RooflineSpec]:
        return RooflineSpec

    def roof(self, spec: RooflineSpec) -> Roof:
        return Roof(spec.core_clock_hz, spec.memory.bytes_per_second(), spec.peak_macs_per_s, spec.efficiency)

    def macs_per_cycle(self, spec: RooflineSpec) -> float:
        """Return the peak for the words of the network's activations and weights."""
        rate = spec.peak_macs_per_s.for_words(max(spec.words.ifmap_bytes, spec.words.filter_bytes))
        assert rate is not None  # a spec without a rate for these words is not valid
        return rate / spec.core_clock_hz

    def printed_lines(self, results: Results) -> Sequence[str]:
        from simcore.yardsticks.printed import efficiency_lines

        return efficiency_lines(results)


class IdealKind(Yardstick[IdealSpec]):
    """A machine of infinite compute. Every byte of inputs, weights and results crosses main memory once per layer."""

    name = "ideal"
    description = "infinite compute: every byte of inputs, weights and results crosses main memory once per layer"

    @property
    def spec(self) -> type[IdealSpec]:
        return IdealSpec


ROOFLINE, IDEAL = RooflineKind(), IdealKind()
