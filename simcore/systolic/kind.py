"""The kind ``systolic``: an array of processing elements, banked scratchpads, a DMA and main memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simcore.kinds.costs import Costs
from simcore.kinds.kind import MachineKind
from simcore.kinds.runs import Estimate, Ran, RunOrder
from simcore.program.program import TIME_BINS
from simcore.spec.dataflow_name import dataflow_names, is_file
from simcore.spec.memory import DramMemorySpec
from simcore.spec.system import System

if TYPE_CHECKING:
    import pandas as pd

    from simcore.dram.tables import ResolvedDram
    from simcore.kinds.advice import Change, Loss, NextStep
    from simcore.machine.line_writes import LineWrites
    from simcore.results import LayerRun, Results
    from simcore.results.banks import BankName
    from simcore.results.perfetto.drawing import Drawing
    from simcore.results.perfetto.writer import PerfettoFile
    from simcore.results.printed import PrintedTable
    from simcore.results.wear import LineWear
    from simcore.systolic.planned import PlannedLayer


class SystolicKind(MachineKind[System, "list[PlannedLayer]"]):
    """The kind whose machines two engines simulate cycle by cycle, with the same tables."""

    name = "systolic"
    description = "a systolic array fed by banked scratchpads, simulated cycle by cycle"
    engines = ("compiled", "simpy")
    dataflow_key = "array.dataflow"
    value_engines = ("simpy",)
    timeline_engines = ("simpy",)
    timeline_bins = TIME_BINS
    has_banks = True
    traces = ("scratchpads", "dram")
    file_keys = (
        ("array", "dataflow"),
        ("memory",),
        ("memory", "standard"),
        ("scratchpads", "*", "timing"),
        ("scratchpads", "*", "timing", "model"),
        ("scratchpads", "*", "bank_groups", "*", "timing"),
        ("scratchpads", "*", "bank_groups", "*", "timing", "model"),
    )

    def dataflow_names(self) -> Sequence[str]:
        return dataflow_names()

    def dataflow_description(self, name: str) -> str:
        from workloads.dataflow.registry import dataflow_named

        return dataflow_named(name).description

    def dataflow_of(self, dataflow: str) -> str:
        return dataflow if is_file(dataflow) else super().dataflow_of(dataflow)

    @property
    def spec(self) -> type[System]:
        return System

    def build(self, spec: System) -> None:
        """Build the machine in integers, its energies and its dataflow once. Raise the InputErrors that only this shows."""
        from simcore.machine.machine import build_machine
        from simcore.systolic.rates import energy_rates
        from workloads.dataflow.registry import dataflow_named

        build_machine(spec)
        energy_rates(spec)
        dataflow_named(spec.array.dataflow)

    def input_files(self, spec: System) -> Sequence[Path]:
        """Return the user's own files: bank timings, cells, the dataflow, the DRAM's table and the tables that it extends."""
        from simcore.dram.standard import own_files

        models = {group.timing.model for pad in spec.scratchpads.values() for group in pad.groups if group.timing is not None}
        models.add(spec.array.dataflow)
        tables = own_files(spec.memory.standard) if isinstance(spec.memory, DramMemorySpec) else []
        macros = [group.macro for pad in spec.scratchpads.values() for group in pad.groups if group.macro is not None]
        cells = {part.cell for macro in macros for part in (macro, *macro.beside)}
        tables += sorted(Path(cell) for cell in cells if cell.endswith((".yaml", ".yml")))
        return [*(Path(model.rpartition(":")[0]) for model in sorted(models) if ".py:" in model), *map(Path, tables)]

    def banks(self, spec: System) -> Sequence[BankName]:
        from simcore.systolic.banks import bank_names

        return bank_names(spec)

    def main_memory(self, spec: System) -> ResolvedDram | None:
        return spec.memory.resolved() if isinstance(spec.memory, DramMemorySpec) else None

    def macs_per_cycle(self, spec: System) -> int:
        return spec.array.rows * spec.array.all_columns

    def memory_bytes_per_cycle(self, spec: System) -> float:
        """Return the most bytes that main memory moves in a core cycle: its data buses' peak, or its bandwidth."""
        from simcore.dram.statistics import peak_bandwidth_bytes_per_s

        if isinstance(spec.memory, DramMemorySpec):
            return peak_bandwidth_bytes_per_s(spec.memory.resolved()) / spec.core_clock_hz
        return float(spec.memory.bytes_per_cycle * spec.memory.clock_hz / spec.core_clock_hz)

    def cycle_content(self, spec: System) -> str:
        from simcore.systolic.alike import cycle_content

        return cycle_content(spec)

    def estimate(self, spec: System, order: RunOrder) -> Estimate:
        """Return the estimated cycles and seconds of a run, from the shapes of its layers alone."""
        from simcore.systolic.run_time import run_estimate
        from workloads.dataflow.size import network_sizes

        sizes = network_sizes(order.network, spec, order.wanted).values()
        return run_estimate(sizes, spec, order.engine, check_values=order.check_values)

    def timeline(self, spec: System, out: PerfettoFile, first: int, end: int | None) -> Drawing:
        """Return the tracks of the array, its scratchpads, and main memory if that is a DRAM."""
        from simcore.machine.machine import DramMemory, build_machine
        from simcore.results.perfetto.dram import DramTracks
        from simcore.results.perfetto.tracks import ArrayTracks

        machine = build_machine(spec)
        found = ArrayTracks(out, [pad.name for pad in machine.scratchpads])
        if isinstance(machine.memory, DramMemory):
            found.dram = DramTracks(out, machine.memory.dram, machine.memory_ratio, first, end)
        return found

    def load(self, spec: System, engine: str) -> None:
        from simcore.engine import load_engine

        load_engine(engine, has_dram=isinstance(spec.memory, DramMemorySpec))

    def plan(self, spec: System, order: RunOrder) -> list[PlannedLayer]:
        from simcore.systolic.planned import plan_layers

        return plan_layers(order.network, spec, order.wanted, with_folds=order.check_values, known=order.known)

    def run(self, spec: System, order: RunOrder, plan: list[PlannedLayer]) -> Ran:
        from simcore.systolic.execute import execute

        return execute(spec, order, plan)

    def costs(self, spec: System) -> Costs:
        """Return energies and areas. Raise InputError for a technology, node or endurance that the tables do not have."""
        from simcore.systolic.banks import bank_endurance
        from simcore.systolic.rates import energy_rates

        rates = energy_rates(spec)
        bank_endurance(spec)  # raises its InputErrors before the run
        return rates

    def energy_of_layers(
        self, spec: System, costs: Any, runs: Sequence[LayerRun], line_wear: LineWear | None = None
    ) -> Sequence[Mapping[str, float]]:
        """Return the energy of each layer in pJ, part by part; ``costs`` are those of `costs`."""
        from simcore.systolic.banks import bank_names
        from simcore.systolic.energy import energy_parts
        from simcore.systolic.storage import protected_rates, protections

        banks, rates = bank_names(spec), protected_rates(spec, costs, protections(spec, runs, line_wear))
        return [energy_parts(run, banks, rates) for run in runs]

    def line_wear(self, spec: System, line_writes: LineWrites) -> LineWear:
        from simcore.results.wear import LineWear
        from simcore.systolic.banks import bank_endurance

        return LineWear(line_writes, bank_endurance(spec))

    def manifest_parts(self, spec: System) -> Mapping[str, Any]:
        from simcore.systolic.own_counters import own_counters

        found = own_counters(spec)
        return {"bank_counters": found} if found else {}

    def tables(self, results: Results) -> Mapping[str, pd.DataFrame]:
        """Return the tables of several arrays and of attention on chip.

        A machine of one array has no table of arrays, because the layers' table says the same.
        """
        from simcore.systolic.arrays import array_table, has_several
        from simcore.systolic.attention import attention_table, has_attention

        arrays = {"arrays": array_table(results)} if has_several(results) else {}
        return {**arrays, **({"attention": attention_table(results)} if has_attention(results) else {})}

    def json_parts(self, results: Results) -> Mapping[str, Any]:
        """Return what main memory's latency limits, and the rows of the tables of several arrays and of attention."""
        from simcore.systolic.arrays import array_rows, has_several
        from simcore.systolic.attention import attention_rows, has_attention
        from simcore.systolic.memory_limits import limit_objects

        arrays = {"arrays": array_rows(results)} if has_several(results) else {}
        attention = {"attention": attention_rows(results)} if has_attention(results) else {}
        return {"memory_limits": limit_objects(results), **arrays, **attention}

    def printed(self, results: Results) -> Sequence[PrintedTable]:
        from simcore.systolic.printed import printed_tables

        return printed_tables(results)

    def printed_lines(self, results: Results) -> Sequence[str]:
        from simcore.systolic.printed import printed_lines

        return printed_lines(results)

    def losses(self, results: Results) -> Sequence[Loss]:
        from simcore.systolic.losses import losses

        return losses(results)

    def changes(self, spec: System, loss: Loss) -> Sequence[Change]:
        from simcore.systolic.changes import changes

        return changes(spec, loss)

    def keys_against(self, cause: str) -> Sequence[str]:
        from simcore.systolic.remedies import keys_against

        return keys_against(cause)

    def next_step(self, results: Results) -> NextStep | None:
        from simcore.systolic.next_step import next_step

        return next_step(results)


KIND = SystolicKind()
