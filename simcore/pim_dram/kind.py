"""The kind ``pim-dram``: DRAM that multiplies in its subarrays and adds up in its banks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simcore.kinds.costs import Costs
from simcore.kinds.kind import MachineKind
from simcore.kinds.runs import Estimate, Ran, RunOrder
from simcore.pim.limits import CAUSES
from simcore.pim_dram.machine import build_machine
from simcore.pim_dram.spec import PimDramSpec

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from simcore.dram.tables import ResolvedDram
    from simcore.kinds.advice import Change, Loss, NextStep
    from simcore.pim_dram.plan import NetworkPlan
    from simcore.results import LayerRun, Results
    from simcore.results.banks import BankName
    from simcore.results.glossary import Term
    from simcore.results.heatmap import HeatMap
    from simcore.results.perfetto.drawing import Drawing
    from simcore.results.perfetto.writer import PerfettoFile
    from simcore.results.printed import PrintedTable
    from simcore.results.wear import LineWear


class PimDramKind(MachineKind[PimDramSpec, "NetworkPlan"]):
    """The kind whose layers are phases of row operations, which both engines issue as commands of the DRAM."""

    name = "pim-dram"
    description = "DRAM that multiplies in its subarrays and adds up in its banks, every command timed"
    engines = ("compiled", "simpy")
    causes = CAUSES
    value_engines = ("compiled", "simpy")
    timeline_engines = ("compiled", "simpy")
    has_banks = True
    instead_of_traces = "--commands FILE writes its commands"
    file_keys = (("dram", "standard"), ("program",))

    @property
    def spec(self) -> type[PimDramSpec]:
        return PimDramSpec

    def build(self, spec: PimDramSpec) -> None:
        """Build the machine once. Raise the InputErrors that only this shows: those of the micro-program and of the energy."""
        from simcore.pim_dram.energy import require_energy
        from simcore.pim_dram.sequences import Sequences

        machine = build_machine(spec)
        require_energy(machine)
        Sequences(machine).check()

    def input_files(self, spec: PimDramSpec) -> Sequence[Path]:
        from simcore.dram.standard import own_files

        program = [Path(spec.program.rpartition(":")[0])] if ".py:" in spec.program else []
        return [*program, *map(Path, own_files(spec.dram.standard))]

    def banks(self, spec: PimDramSpec) -> Sequence[BankName]:
        from simcore.pim_dram.banks import bank_names

        return bank_names(build_machine(spec))

    def precision_overrides(self, bits: str) -> Sequence[str]:
        from simcore.pim_dram.spec import precision_of

        weights, activations = precision_of(bits)
        return f"precision.weight_bits={weights}", f"precision.activation_bits={activations}"

    def command_dram(self, spec: PimDramSpec) -> ResolvedDram:
        return build_machine(spec).dram

    def macs_per_cycle(self, spec: PimDramSpec) -> float:
        """Return the products per cycle if every column of all subarrays that compute multiplied without a pause."""
        machine = build_machine(spec)
        return machine.columns * machine.units / machine.multiply_cycles

    def estimate(self, spec: PimDramSpec, order: RunOrder) -> Estimate:
        from simcore.pim_dram.run_time import run_estimate

        return run_estimate(build_machine(spec), order)

    def load(self, spec: PimDramSpec, engine: str) -> None:
        from simcore.engine.micro_programs import load_micro_programs

        load_micro_programs(engine)

    def plan(self, spec: PimDramSpec, order: RunOrder) -> NetworkPlan:
        """Return the plan of a network. Raise InputError, too, for a machine whose rows do not suffice."""
        from simcore.pim_dram.plan import plan_network
        from simcore.pim_dram.sequences import Sequences

        machine = build_machine(spec)
        Sequences(machine).check()
        return plan_network(machine, order)

    def run(self, spec: PimDramSpec, order: RunOrder, plan: NetworkPlan) -> Ran:
        from simcore.pim_dram.execute import execute

        return execute(build_machine(spec), order, plan)

    def timeline(self, spec: PimDramSpec, out: PerfettoFile, first: int, end: int | None) -> Drawing:
        from simcore.pim_dram.tracks import PimTracks

        return PimTracks(out, build_machine(spec), first, end)

    def costs(self, spec: PimDramSpec) -> Costs:
        from simcore.pim_dram.energy import pim_costs

        return pim_costs(build_machine(spec))

    def energy_of_layers(
        self, spec: PimDramSpec, costs: Any, runs: Sequence[LayerRun], line_wear: LineWear | None = None
    ) -> Sequence[Mapping[str, float]]:
        """Return the energy of each layer in pJ, part by part. There are no lines that wear."""
        from simcore.pim_dram.energy import energy_parts

        return [energy_parts(costs, run.facts["done"], run.facts["periphery_pj"]) for run in runs]

    def tables(self, results: Results) -> Mapping[str, pd.DataFrame]:
        from simcore.pim_dram.activations import activation_table
        from simcore.pim_dram.tables import tables

        return {**tables(results), "activations": activation_table(results)}

    def json_parts(self, results: Results) -> Mapping[str, Any]:
        """Return the kind's keys, the row that is raised most among them."""
        from simcore.pim_dram.activations import hottest_of
        from simcore.pim_dram.json_form import json_parts
        from simcore.pim_dram.values import does_more

        more = {"values_of_all_operations": True} if does_more(results) else {}
        return {**json_parts(results), "hottest_row": hottest_of(results), **more}

    def printed(self, results: Results) -> Sequence[PrintedTable]:
        from simcore.pim_dram.printed import printed_tables

        return printed_tables(results)

    def printed_lines(self, results: Results) -> Sequence[str]:
        from simcore.pim_dram.printed import printed_lines

        return printed_lines(results)

    def printed_banks(self, results: Results) -> Sequence[PrintedTable]:
        from simcore.pim_dram.banks import printed_banks

        return printed_banks(results)

    def printed_bank_lines(self, results: Results) -> Sequence[str]:
        from simcore.pim_dram.banks import bank_lines

        return bank_lines(results)

    def heat_maps(self, results: Results, columns: int) -> Sequence[HeatMap]:
        from simcore.pim_dram.banks import heat_maps

        return heat_maps(results, columns)

    def figures(self, results: Results) -> Mapping[str, Figure | None]:
        from simcore.pim_dram.figures import figures

        return figures(results)

    def time_cycles(self, results: Results) -> int:
        from simcore.pim_dram.times import time_cycles

        return time_cycles(results)

    def computing_cycles(self, results: Results) -> int:
        from simcore.pim_dram.times import computing_cycles

        return computing_cycles(results)

    def said_time(self, results: Results) -> str:
        from simcore.pim_dram.times import said_time

        return said_time(results)

    def losses(self, results: Results) -> Sequence[Loss]:
        from simcore.pim_dram.losses import losses

        return losses(results)

    def why_lines(self, results: Results) -> Sequence[str]:
        from simcore.pim_dram.losses import why_lines

        return why_lines(results)

    def changes(self, spec: PimDramSpec, loss: Loss) -> Sequence[Change]:
        from simcore.pim_dram.losses import changes

        return changes(spec, loss)

    def keys_against(self, cause: str) -> Sequence[str]:
        from simcore.pim_dram.losses import keys_against

        return keys_against(cause)

    def next_step(self, results: Results) -> NextStep | None:
        from simcore.pim_dram.next_step import next_step

        return next_step(results)

    def terms(self) -> Sequence[Term]:
        from simcore.pim_dram.terms import TERMS

        return TERMS


KIND = PimDramKind()
