"""A kind of machine: one object that answers all that the rest of simcore asks of a machine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from simcore.errors import InputError, did_you_mean
from simcore.kinds.costs import Costs, UnknownCosts
from simcore.program.outcome import CAUSE_NAMES
from simcore.progress import OnProgress

if TYPE_CHECKING:
    import pandas as pd

    from simcore.dram.tables import ResolvedDram
    from simcore.engine.shortcuts import Shortcuts
    from simcore.machine.line_writes import LineWrites
    from simcore.results import LayerRun, Results
    from simcore.results.banks import BankName
    from simcore.results.glossary import Term
    from simcore.results.printed import PrintedTable
    from simcore.results.wear import LineWear
    from simcore.spec.machine_spec import MachineSpec
    from workloads.network import Network

SpecT = TypeVar("SpecT", bound="MachineSpec")
PlanT = TypeVar("PlanT")


@dataclass(frozen=True)
class RunOrder:
    """What is to run: the layers of ``network`` named in ``wanted`` (None: all), on the engine of that name.

    ``shortcuts``: which shortcuts of a compiled engine may be taken. ``check_values``: compare the values that the machine
    computes. ``progress``: called while the run goes on.
    """

    network: Network
    wanted: Container[str] | None
    engine: str
    shortcuts: Shortcuts
    check_values: bool = False
    progress: OnProgress | None = None


@dataclass(frozen=True)
class Estimate:
    """About how large a run is: simulated core cycles, and seconds of the simulator."""

    cycles: float
    seconds: float


@dataclass(frozen=True)
class Ran:
    """What a run gave: a record per layer of the network, in order.

    ``line_writes``: how often each line of the banks was written, None where the kind counts none. ``details``: what the tables
    of the kind's own are made from.
    """

    layers: Sequence[LayerRun]
    line_writes: LineWrites | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


class MachineKind(ABC, Generic[SpecT, PlanT]):
    """One kind of machine. A new kind is a subclass, and one object of it offered under the entry point ``simcore.machine_kind``.

    An object holds no state. What a kind does not have keeps its default: no banks, no dataflows, no DRAM simulated by commands,
    no values to check, no tables of its own. Every method may raise InputError for a machine that cannot be used.
    """

    #: How System files name the kind, and one sentence for ``simcore list kinds``.
    name: ClassVar[str]
    description: ClassVar[str]
    #: Engines by name, the default first. All give the same tables.
    engines: ClassVar[tuple[str, ...]]
    #: Causes of stalled cycles, in the order of the rows of ``Outcome.stall_cycles``.
    causes: ClassVar[tuple[str, ...]] = CAUSE_NAMES
    #: The key of the spec that chooses a dataflow, of a kind that has dataflows.
    dataflow_key: ClassVar[str] = ""
    #: The engines whose values can be compared with numpy's.
    value_engines: ClassVar[tuple[str, ...]] = ()
    #: True if ``banks`` names any.
    has_banks: ClassVar[bool] = False
    #: A folder of preset systems, as YAML files; those of this package lie in models/systems.
    presets: ClassVar[Path | None] = None
    #: Keys whose values may name a file, relative to the System file that says so; "*" is any key or index.
    file_keys: ClassVar[tuple[tuple[str, ...], ...]] = ()

    # What a machine is ---------------------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def spec(self) -> type[SpecT]:
        """The class of the specs of this kind, whose field ``kind`` is the kind's name."""

    def dataflow_names(self) -> Sequence[str]:
        """Names of the kind's dataflows."""
        return ()

    def dataflows(self) -> Mapping[str, str]:
        """Dataflows by name, each with a sentence. Raises InputError for an installed one that cannot be loaded."""
        return {}

    def build(self, spec: SpecT) -> None:
        """Raise InputError (InputErrors for several) for what is found wrong only when the machine is built."""

    def input_files(self, spec: SpecT) -> Sequence[Path]:
        """Files of the user's that the machine is made from, besides the System file."""
        return ()

    def banks(self, spec: SpecT) -> Sequence[BankName]:
        """Every bank of the machine, in the order of the bank counters of an Outcome."""
        return ()

    def main_memory(self, spec: SpecT) -> ResolvedDram | None:
        """The DRAM that is simulated as main memory; None where main memory is simpler."""
        return None

    @abstractmethod
    def macs_per_cycle(self, spec: SpecT) -> float:
        """Multiply-accumulates per core cycle at best; infinity where nothing bounds them."""

    def alike_in_time(self, one: SpecT, other: SpecT) -> bool:
        """Whether two machines of this kind take the same cycles for the same work, so that they differ in costs alone."""
        names = {"name", "description"}
        return one.model_dump(exclude=names) == other.model_dump(exclude=names)

    # How it runs ---------------------------------------------------------------------------------------------------------------

    @abstractmethod
    def estimate(self, spec: SpecT, order: RunOrder) -> Estimate:
        """About how large the run is, known at once."""

    def load(self, spec: SpecT, engine: str) -> None:
        """Make the engine ready, so that what follows can be timed."""

    @abstractmethod
    def plan(self, spec: SpecT, order: RunOrder) -> PlanT:
        """The plan of the layers that run. Raises InputError for layers that the machine cannot run."""

    @abstractmethod
    def run(self, spec: SpecT, order: RunOrder, plan: PlanT) -> Ran:
        """Carry the plan out on the engine that ``order`` names."""

    # What comes out ------------------------------------------------------------------------------------------------------------

    def costs(self, spec: SpecT) -> Costs:
        """What turns counts into energy, with sources and notes."""
        return UnknownCosts()

    def energy_parts(self, spec: SpecT, costs: Costs, run: LayerRun) -> Mapping[str, float]:
        """Energy of a layer by part, in picojoules; keys end in ``_pj`` and are the same for every layer. Empty if unknown."""
        return {}

    def line_wear(self, spec: SpecT, line_writes: LineWrites) -> LineWear | None:
        """The writes of each line beside what a line endures; None where the kind counts none."""
        return None

    def tables(self, results: Results) -> Mapping[str, pd.DataFrame]:
        """Tables of the kind's own, by name; they are saved beside the common ones."""
        return {}

    def json_parts(self, results: Results) -> Mapping[str, Any]:
        """Keys of the kind's own in results.json; plain JSON values."""
        return {}

    def manifest_parts(self, spec: SpecT) -> Mapping[str, Any]:
        """Keys of the kind's own in the manifest; plain JSON values."""
        return {}

    def printed(self, results: Results) -> Sequence[PrintedTable]:
        """The tables that ``simcore run`` prints, before the line that sums the run up."""
        return ()

    def printed_lines(self, results: Results) -> Sequence[str]:
        """Sentences that ``simcore run`` prints below its tables."""
        return ()

    def terms(self) -> Sequence[Term]:
        """What ``simcore explain`` says of the columns, causes and metrics of the kind's own."""
        return ()

    # What may be asked of it ---------------------------------------------------------------------------------------------------

    def engine_named(self, engine: str | None) -> str:
        """The engine of that name, the default for None. Raises InputError for one that the kind has not."""
        if engine is None:
            return self.engines[0]
        if engine not in self.engines:
            raise InputError(f"no engine named {engine!r}", hint=self._known(engine, self.engines))
        return engine

    def dataflow_override(self, dataflow: str) -> str:
        """The override that chooses a dataflow. Raises InputError for one that the kind has not."""
        known = self.dataflow_names()
        if not known:
            raise InputError(f"a machine of kind '{self.name}' has no dataflows, got {dataflow!r}", hint="leave --dataflow out")
        if dataflow not in known:
            raise InputError(f"no dataflow named {dataflow!r}", hint=did_you_mean(dataflow, known))
        return f"{self.dataflow_key}={dataflow}"

    def require_values(self, engine: str) -> None:
        """Raise InputError where the values that the engine computes cannot be compared."""
        if not self.value_engines:
            hint = "leave --check-values out"
            raise InputError(f"a machine of kind '{self.name}' computes no values that could be checked", hint=hint)
        if engine not in self.value_engines:
            alone = self.value_engines[0]
            hint = f"its PEs multiply: add --engine {alone}"
            raise InputError(f"values can be checked with engine '{alone}' alone, got {engine!r}", hint=hint)

    def require_banks(self) -> None:
        """Raise InputError if machines of this kind have no banks."""
        if not self.has_banks:
            hint = "'simcore run' prints what this kind has"
            raise InputError(f"a machine of kind '{self.name}' has no banks", hint=hint)

    def _known(self, name: str, names: Sequence[str]) -> str | None:
        hint = did_you_mean(name, names)
        return hint if len(names) > 1 else f"kind '{self.name}' has one engine, '{names[0]}'"
