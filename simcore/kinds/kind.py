"""A kind of machine: one object that answers everything the rest of simcore asks about a machine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from simcore.errors import InputError, did_you_mean
from simcore.kinds.costs import Costs, UnknownCosts
from simcore.kinds.runs import Estimate, Ran, RunOrder
from simcore.program.outcome import CAUSE_NAMES

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from simcore.dram.tables import ResolvedDram
    from simcore.kinds.advice import Change, Loss, NextStep
    from simcore.machine.line_writes import LineWrites
    from simcore.results import LayerRun, Results
    from simcore.results.banks import BankName
    from simcore.results.glossary import Term
    from simcore.results.heatmap import HeatMap
    from simcore.results.perfetto.drawing import Drawing
    from simcore.results.perfetto.writer import PerfettoFile
    from simcore.results.printed import PrintedTable
    from simcore.results.wear import LineWear
    from simcore.spec.machine_spec import MachineSpec

SpecT = TypeVar("SpecT", bound="MachineSpec")
PlanT = TypeVar("PlanT")


class MachineKind(ABC, Generic[SpecT, PlanT]):
    """One kind of machine. A new kind is a subclass with one object, offered under the entry point ``simcore.machine_kind``.

    The object holds no state. The defaults describe a kind without banks, dataflows, a DRAM simulated by commands, checked values
    or tables of its own. Every method may raise InputError for a machine that cannot be used.
    """

    #: The kind's name in System files, and one sentence for ``simcore list kinds``.
    name: ClassVar[str]
    description: ClassVar[str]
    #: Engines by name, the default first. All engines give the same tables.
    engines: ClassVar[tuple[str, ...]]
    #: Causes of stalled cycles, in the order of the rows of ``Outcome.stall_cycles``.
    causes: ClassVar[tuple[str, ...]] = CAUSE_NAMES
    #: The key of the spec that chooses a dataflow, or "" if the kind has no dataflows.
    dataflow_key: ClassVar[str] = ""
    #: The engines whose values can be compared with numpy's.
    value_engines: ClassVar[tuple[str, ...]] = ()
    #: The engines whose runs can write a timeline (``timeline``), the default first.
    timeline_engines: ClassVar[tuple[str, ...]] = ()
    #: True if an engine steps through cycles, False if a formula gives them.
    steps_cycles: ClassVar[bool] = True
    #: True if ``banks`` returns any banks.
    has_banks: ClassVar[bool] = False
    #: The most time bins of a layer in the timeline of banks.
    timeline_bins: ClassVar[int] = 1
    #: What can be traced: "scratchpads", "dram".
    traces: ClassVar[tuple[str, ...]] = ()
    #: What to do without a trace, in an error.
    instead_of_traces: ClassVar[str] = "leave --trace out"
    #: A folder of preset systems as YAML files, or None. The presets of simcore itself lie in models/systems.
    presets: ClassVar[Path | None] = None
    #: Keys whose values may name a file, relative to the System file with that key. "*" stands for any key or index.
    file_keys: ClassVar[tuple[tuple[str, ...], ...]] = ()

    # What a machine is ---------------------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def spec(self) -> type[SpecT]:
        """Return the class of this kind's specs, whose field ``kind`` is the kind's name."""

    def dataflow_names(self) -> Sequence[str]:
        """Return the names of the kind's dataflows."""
        return ()

    def dataflow_description(self, name: str) -> str:
        """Return a sentence about one of ``dataflow_names``. Raise InputError for an installed one that cannot be loaded."""
        return ""

    def build(self, spec: SpecT) -> None:
        """Raise InputError (InputErrors for several) for errors that only appear when the machine is built."""

    def input_files(self, spec: SpecT) -> Sequence[Path]:
        """Return the user's own files from which the machine is made, without the System file."""
        return ()

    def banks(self, spec: SpecT) -> Sequence[BankName]:
        """Return every bank of the machine, in the order of the bank counters of an Outcome."""
        return ()

    def main_memory(self, spec: SpecT) -> ResolvedDram | None:
        """Return the DRAM that is simulated as main memory, or None if main memory is simpler."""
        return None

    def command_dram(self, spec: SpecT) -> ResolvedDram:
        """Return the DRAM whose commands a run can write down. Raise InputError if the kind issues no commands by itself."""
        hint = "leave --commands out; --trace dram traces the transactions of a main memory"
        raise InputError(f"a machine of kind '{self.name}' has no command stream of its own", hint=hint)

    def precision_overrides(self, bits: str) -> Sequence[str]:
        """Return the ``KEY=VALUE`` texts that give weights and activations so many bits. Raise InputError if no keys do."""
        hint = "words of whole bytes: --set words.ifmap_bytes=1 --set words.filter_bytes=1"
        raise InputError(f"a machine of kind '{self.name}' has no precision in bits", "--precision", hint)

    @abstractmethod
    def macs_per_cycle(self, spec: SpecT) -> float:
        """Return the peak of multiply-accumulates per core cycle, or infinity if nothing limits them."""

    def memory_bytes_per_cycle(self, spec: SpecT) -> float:
        """Return the most bytes that main memory moves in a core cycle, or NaN if the machine has no such limit."""
        return nan

    def cycle_content(self, spec: SpecT) -> str:
        """Return a text of everything on which a machine's cycles depend, without names and costs."""
        return spec.model_dump_json(exclude={"name", "description"})

    def alike_in_time(self, one: SpecT, other: SpecT) -> bool:
        """Return whether two machines of this kind take the same cycles for the same work, so that they differ in costs alone."""
        return self.cycle_content(one) == self.cycle_content(other)

    # How it runs ---------------------------------------------------------------------------------------------------------------

    @abstractmethod
    def estimate(self, spec: SpecT, order: RunOrder) -> Estimate:
        """Return the approximate size of the run. This must take no noticeable time."""

    def load(self, spec: SpecT, engine: str) -> None:
        """Prepare the engine, so that compilation and loading do not count in the run's measured time."""

    @abstractmethod
    def plan(self, spec: SpecT, order: RunOrder) -> PlanT:
        """Return the plan of the layers that run. Raise InputError for layers that the machine cannot run."""

    @abstractmethod
    def run(self, spec: SpecT, order: RunOrder, plan: PlanT) -> Ran:
        """Execute the plan on the engine that ``order`` names. All counts are integers. ``cycles`` is the sum of its parts."""

    def timeline(self, spec: SpecT, out: PerfettoFile, first: int, end: int | None) -> Drawing:
        """Return the tracks of a timeline of core cycles ``first`` up to, not with, ``end`` (None: the end of the run).

        A run hands their rows over to the ``traced`` of its order. Only kinds with ``timeline_engines`` are asked.
        """
        raise NotImplementedError

    # What comes out ------------------------------------------------------------------------------------------------------------

    def costs(self, spec: SpecT) -> Costs:
        """Return the costs that turn counts into energy, with sources and notes."""
        return UnknownCosts()

    def energy_of_layers(
        self, spec: SpecT, costs: Costs, runs: Sequence[LayerRun], line_wear: LineWear | None = None
    ) -> Sequence[Mapping[str, float]]:
        """Return the energy of each layer by part in pJ, ``<part>_pj``, as far as it is known.

        ``line_wear`` counts the writes of each line in the whole run, or is None if they were not counted.
        """
        return [{} for _ in runs]

    def line_wear(self, spec: SpecT, line_writes: LineWrites) -> LineWear | None:
        """Return the writes of each line and the line's endurance, or None if the kind does not count writes."""
        return None

    def tables(self, results: Results) -> Mapping[str, pd.DataFrame]:
        """Return the kind's own tables by name. They are saved with the common tables."""
        return {}

    def json_parts(self, results: Results) -> Mapping[str, Any]:
        """Return the kind's own keys of results.json as plain JSON values."""
        return {}

    def manifest_parts(self, spec: SpecT) -> Mapping[str, Any]:
        """Return the kind's own keys of the manifest as plain JSON values."""
        return {}

    def printed(self, results: Results) -> Sequence[PrintedTable]:
        """Return the tables that ``simcore run`` prints above the summary line; () stands for the tables of every kind."""
        return ()

    def printed_lines(self, results: Results) -> Sequence[str]:
        """Return the sentences that ``simcore run`` prints below its tables."""
        return ()

    def printed_banks(self, results: Results) -> Sequence[PrintedTable]:
        """Return the tables that ``simcore banks`` prints; () stands for the tables and heat maps of scratchpads."""
        return ()

    def printed_bank_lines(self, results: Results) -> Sequence[str]:
        """Return the sentences that ``simcore banks`` prints below the tables of ``printed_banks``."""
        return ()

    def heat_maps(self, results: Results, columns: int) -> Sequence[HeatMap]:
        """Return the maps over time that ``simcore banks`` prints below tables of the kind's own, in so many columns."""
        return ()

    def figures(self, results: Results) -> Mapping[str, Figure | None]:
        """Return the figures of a run by name, drawn with matplotlib; {} stands for the figures of every kind."""
        return {}

    def time_cycles(self, results: Results) -> int:
        """Return the core cycles that a run takes: those of all layers, unless layers run at the same time."""
        return results.cycles

    def computing_cycles(self, results: Results) -> int:
        """Return how many of ``time_cycles`` are no waits."""
        return sum(row["compute_cycles"] for row in results.layer_rows)

    def said_time(self, results: Results) -> str:
        """Return how long a run takes, for a title or a line that sums it up."""
        return f"{self.time_cycles(results):,} cycles"

    def why_lines(self, results: Results) -> Sequence[str]:
        """Return sentences on what bounds the time of a run, which ``simcore why`` prints above the losses."""
        return ()

    def losses(self, results: Results) -> Sequence[Loss]:
        """Return where the run's cycles went that a change of the machine might save, the most first.

        Raise InputError if the kind cannot say.
        """
        hint = "'simcore run' prints the tables of this kind"
        raise InputError(f"a machine of kind '{self.name}' cannot say why a run takes its time", hint=hint)

    def changes(self, spec: SpecT, loss: Loss) -> Sequence[Change]:
        """Return the changes that may save cycles of a loss; those of one key stand together, the cheapest first."""
        return ()

    def keys_against(self, cause: str) -> Sequence[str]:
        """Return the keys that ``changes`` may propose for a cause, with NAME for a name of the user's."""
        return ()

    def next_step(self, results: Results) -> NextStep | None:
        """Return what to try after a run, from its results alone, or None if nothing stands out."""
        return None

    def terms(self) -> Sequence[Term]:
        """Return what ``simcore explain`` says about the kind's own columns, causes and metrics."""
        return ()

    # What callers may ask of a kind --------------------------------------------------------------------------------------------

    def engine_named(self, engine: str | None) -> str:
        """Return the engine of that name, or the default for None. Raise InputError if the kind has no such engine."""
        if engine is None:
            return self.engines[0]
        if engine not in self.engines:
            raise InputError(f"no engine named {engine!r}", hint=self._known(engine, self.engines))
        return engine

    def dataflow_of(self, dataflow: str) -> str:
        """Return the value of ``dataflow_key`` that chooses a dataflow. Raise InputError if the kind has no such dataflow."""
        known = self.dataflow_names()
        if not known:
            raise InputError(f"a machine of kind '{self.name}' has no dataflows, got {dataflow!r}", hint="choose none")
        if dataflow not in known:
            raise InputError(f"no dataflow named {dataflow!r}", hint=did_you_mean(dataflow, known))
        return dataflow

    def require_values(self, engine: str) -> None:
        """Raise InputError if the values that the engine computes cannot be compared."""
        if not self.value_engines:
            hint = "do not ask for a check of values"
            raise InputError(f"a machine of kind '{self.name}' computes no values to check", hint=hint)
        if engine not in self.value_engines:
            alone = self.value_engines[0]
            hint = f"its PEs multiply; choose engine '{alone}'"
            raise InputError(f"only engine '{alone}' can check values, got {engine!r}", hint=hint)

    def require_timeline(self, engine: str) -> None:
        """Raise InputError if the engine cannot write a timeline."""
        if not self.timeline_engines:
            raise InputError(f"a machine of kind '{self.name}' has no timeline", "--timeline", "leave it out")
        if engine not in self.timeline_engines:
            alone = self.timeline_engines[0]
            raise InputError(f"only engine '{alone}' writes a timeline, got {engine!r}", "--timeline", f"choose engine '{alone}'")

    def require_trace(self, spec: SpecT, wanted: str) -> None:
        """Raise InputError if the machine makes no accesses of the wanted sort that could be traced."""
        if wanted not in self.traces:
            raise InputError(f"a machine of kind '{self.name}' has no {wanted} to trace", hint=self.instead_of_traces)
        if wanted == "dram" and self.main_memory(spec) is None:
            message = "main memory is a latency and a bandwidth, so that there is no DRAM to trace"
            raise InputError(message, where="memory", hint="memory: {model: dram, standard: ddr4_2400r}")

    def require_banks(self) -> None:
        """Raise InputError if machines of this kind have no banks."""
        if not self.has_banks:
            hint = "'simcore run' prints the tables of this kind"
            raise InputError(f"a machine of kind '{self.name}' has no banks", hint=hint)

    def _known(self, name: str, names: Sequence[str]) -> str | None:
        hint = did_you_mean(name, names)
        return hint if len(names) > 1 else f"kind '{self.name}' has one engine, '{names[0]}'"
