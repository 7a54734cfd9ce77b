"""Results: the tables of one run, a record of its inputs, and the forms in which both are saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from simcore.dram.tables import ResolvedDram
from simcore.errors import InputError
from simcore.kinds import MachineKind, kind_of
from simcore.kinds.costs import Costs
from simcore.results.banks import BankName, bank_layer_table, bank_table
from simcore.results.dram import dram_table
from simcore.results.energy import area_table, energy_parts, energy_rows, not_counted_table
from simcore.results.facts import facts_of
from simcore.results.frames import frame
from simcore.results.heatmap import bank_heat_map
from simcore.results.json_form import json_form
from simcore.results.loaded import LoadedResults, load_results
from simcore.results.record import LayerRun
from simcore.results.saved import all_tables, named_table, write_results
from simcore.results.scratchpads import scratchpad_layer_table, scratchpad_table, wait_table, write_buffer_table
from simcore.results.shown import Shown
from simcore.results.tables import layer_table, measured_rows, port_table, stall_table
from simcore.results.timeline import timeline_table
from simcore.results.totals import pass_table, total_rows
from simcore.results.wear import LineWear, wear_table
from simcore.saving import results_directory
from simcore.spec import MachineSpec

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


class Results(Shown):
    """The findings of a run as pandas tables. docs/metrics.md and ``simcore explain`` define every column.

    The tables named in ``TABLES``, ``wear`` and ``dram`` are attributes, made on first use. ``tables()`` holds all of them and
    those of the machine's kind. A table about something that the machine does not have has no rows. ``manifest`` records from
    what the run was made.
    """

    def __init__(
        self,
        system: MachineSpec,
        runs: Sequence[LayerRun],
        rates: Costs,
        manifest: Mapping[str, Any],
        wall_s: float,
        line_wear: LineWear | None = None,
        *,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Make the results of ``runs``, one per layer. ``rates`` turns counts into energy; ``wall_s`` is the wall-clock time.

        ``line_wear`` counts the writes of each line, or is None if they were not counted. ``details`` is the data for the tables
        of the machine's kind.
        """
        self.system = system
        self.kind: MachineKind[Any, Any] = kind_of(system)
        self.details = dict(details or {})
        self.runs = tuple(runs)
        self.rates = rates
        self.line_wear = line_wear
        self.manifest: dict[str, Any] = {
            **manifest,
            "energy_sources": dict(rates.sources),
            "energy_notes": list(rates.notes),
            "not_counted": list(rates.not_counted),
            "endurance_sources": {} if line_wear is None else line_wear.sources(self._banks),
            "wall_s": wall_s,
            "simulated_cycles_per_s": self.cycles / wall_s if wall_s > 0 else 0.0,
        }

    @property
    def cycles(self) -> int:
        """Return the core cycles of the whole run."""
        return sum(run.outcome.cycles for run in self.runs if run.outcome is not None)

    @property
    def time_cycles(self) -> int:
        """Return the core cycles that the run takes: ``cycles``, but of a pipeline those between two images."""
        return self.kind.time_cycles(self)

    @property
    def network(self) -> str:
        """Return the name of the network."""
        return str(self.manifest["network"])

    @property
    def engine(self) -> str:
        """Return the engine that ran, such as ``compiled`` or ``simpy``."""
        return str(self.manifest["engine"])

    @property
    def wall_s(self) -> float:
        """Return the wall-clock seconds of the simulation."""
        return float(self.manifest["wall_s"])

    @property
    def values(self) -> dict[str, str]:
        """Return "equal" for each checked layer, or "none: ..." for a layer without a product.

        Empty if the run checked no values.
        """
        return {run.name: run.values for run in self.runs if run.values is not None}

    @cached_property
    def _banks(self) -> list[BankName]:
        return list(self.kind.banks(self.system))

    @cached_property
    def layer_rows(self) -> list[dict[str, Any]]:
        """The rows of ``layers`` as plain values, for which pandas is not needed."""
        measured = measured_rows(self.runs, self.kind.macs_per_cycle(self.system), self.kind.causes, self.main_memory)
        energy = energy_rows(self.kind.energy_of_layers(self.system, self.rates, self.runs, self.line_wear))
        return [row | spent for row, spent in zip(measured, energy, strict=True)]

    @cached_property
    def total_rows(self) -> list[tuple[str, float, str]]:
        """The rows of ``totals``: metric, value, unit."""
        return total_rows(self.layer_rows, self.system, self.rates.areas, self.time_cycles)

    @cached_property
    def part_energies_pj(self) -> dict[str, float]:
        """The energy of the whole run by part."""
        return energy_parts(self.layer_rows)

    @cached_property
    def layers(self) -> pd.DataFrame:
        """One row per layer: work, cycles, stalls by cause, words and lines moved, main memory bytes, energy by part."""
        return layer_table(self.layer_rows)

    @cached_property
    def main_memory(self) -> ResolvedDram | None:
        """Return the DRAM that is main memory, in integers, or None if main memory is a latency and a bandwidth."""
        return self.kind.main_memory(self.system)

    @cached_property
    def dram(self) -> pd.DataFrame:
        """One row per bank of the DRAM: transactions by the state in which they found their row. Empty if there is no DRAM."""
        return dram_table(self.runs, self.main_memory)

    @cached_property
    def wear(self) -> pd.DataFrame:
        """One row per bank: the writes of its lines, and their lifetime. Raise InputError if the writes were not counted."""
        if self.line_wear is None:
            raise InputError("this run did not count the writes of lines")
        return wear_table(self.line_wear, self._banks, self.cycles, self.system.core_clock_hz)

    @cached_property
    def stalls(self) -> pd.DataFrame:
        """Stalled cycles by layer, cause and port."""
        return stall_table(self.runs, self.kind.causes)

    @cached_property
    def ports(self) -> pd.DataFrame:
        """The words and lines that each array-side port moved in each layer."""
        return port_table(self.runs)

    @cached_property
    def scratchpads(self) -> pd.DataFrame:
        """One row per scratchpad: the stalled cycles that belong to it, by cause, and the entries of its write buffer."""
        return scratchpad_table(self.runs, self._banks, self.kind.causes)

    @cached_property
    def scratchpad_layers(self) -> pd.DataFrame:
        """The columns of ``scratchpads``, layer by layer."""
        return scratchpad_layer_table(self.runs, self._banks, self.kind.causes)

    @cached_property
    def waits(self) -> pd.DataFrame:
        """Who waited for whom: stalled cycles by layer, scratchpad, waiting port and port that held the bank."""
        return wait_table(self.runs, self._banks)

    @cached_property
    def write_buffers(self) -> pd.DataFrame:
        """The cycles in which each write buffer held 0, 1, 2, ... entries."""
        return write_buffer_table(self.runs, self._banks)

    @cached_property
    def banks(self) -> pd.DataFrame:
        """One row per bank: accesses, conflicts, occupancy, and the stalls that the array suffered at this bank, by cause."""
        return bank_table(self.runs, self._banks, self.kind.causes, self.time_cycles)

    @property
    def bank_counters(self) -> tuple[str, ...]:
        """The columns of ``banks`` that bank timings of the user's own count."""
        return tuple(dict.fromkeys(name for run in self.runs if run.outcome is not None for name in run.outcome.counters))

    @cached_property
    def bank_layers(self) -> pd.DataFrame:
        """The columns of ``banks``, layer by layer."""
        return bank_layer_table(self.runs, self._banks, self.kind.causes)

    @cached_property
    def timeline(self) -> pd.DataFrame:
        """Conflicts and occupancy of each bank over time."""
        return timeline_table(self.runs, self._banks)

    @cached_property
    def totals(self) -> pd.DataFrame:
        """Metrics of the whole run: metric, value, unit."""
        return frame(self.total_rows, columns=["metric", "value", "unit"])

    @cached_property
    def passes(self) -> pd.DataFrame:
        """One row per pass of a training step: the sums of its layers. Inference has one pass, forward."""
        return pass_table(self.layers, self.kind)

    @cached_property
    def energy(self) -> pd.DataFrame:
        """Energy of the whole run by part."""
        return frame({"part": list(self.part_energies_pj), "energy_pj": list(self.part_energies_pj.values())})

    @cached_property
    def area(self) -> pd.DataFrame:
        """Area of the machine by part. No rows if it is not known."""
        return area_table(self.rates.areas)

    @cached_property
    def not_counted(self) -> pd.DataFrame:
        """What is missing from the energy and the area."""
        return not_counted_table(self.rates.not_counted)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What no table holds, as plain JSON values: times, peaks, banks, and where the cycles were lost."""
        return facts_of(self)

    def conflict_heat_map(self, columns: int) -> npt.NDArray[np.float64]:
        """Return, as [bank, column], the share of cycles in which requests waited, in ``columns`` equal spans of the run."""
        return bank_heat_map(self.runs, len(self._banks), columns, "conflict")

    def figures(self) -> dict[str, Figure]:
        """Return the figures of the run by name, drawn with matplotlib. Raise InputError if it is missing (extra ``plot``)."""
        from simcore.results.figures.draw import drawn_figures

        return drawn_figures(self)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return all tables by name: the common ones, ``wear`` if counted, ``dram`` if there is one, and the kind's own."""
        return all_tables(self)

    def rated(self, system: MachineSpec) -> Results:
        """Return this run with the energies, leakage and areas of another system, which must take the same cycles.

        Raise InputError if it does not. Other bank timings (another leakage class of macros may change them) need another
        simulation.
        """
        if kind_of(system) is not self.kind or not self.kind.alike_in_time(self.system, system):
            message = (
                f"expected a system that takes the same cycles as {self.system.name}, got one that differs in more than costs"
            )
            raise InputError(message, where=f"system {system.name}", hint="simulate it")
        manifest = {**self.manifest, "system": system.to_yaml_dict()}
        line_wear = None if self.line_wear is None else self.kind.line_wear(system, self.line_wear.line_writes)
        costs = self.kind.costs(system)
        return Results(system, self.runs, costs, manifest, self.wall_s, line_wear, details=self.details)

    def table(self, name: str) -> pd.DataFrame:
        """Return the table of that name. Raise InputError if the run has none."""
        return named_table(self, name)

    def to_json(self) -> dict[str, Any]:
        """Return the run as plain JSON values, the object that ``simcore run --json`` prints."""
        return json_form(self)

    def save(self, directory: str | Path, *, overwrite: bool = False, figures: bool = False) -> Path:
        """Write all tables as CSV and Parquet, results.json and manifest.json. The directory is complete or absent.

        With ``figures``, write those as SVG files into its folder ``figures``. With ``overwrite``, replace a directory that holds
        results of simcore and nothing else. Raise InputError if the directory exists or cannot be written.
        """
        with results_directory(directory, overwrite=overwrite) as save:
            save(partial(self.write_into, figures=figures))
        return Path(directory).absolute()

    @staticmethod
    def load(directory: str | Path) -> LoadedResults:
        """Return a saved run. Raise InputError if there is none in the directory, or if it was cut off or changed."""
        return load_results(directory)

    def write_into(self, directory: Path, *, figures: bool = False) -> None:
        """Write the files of ``save`` into a directory that exists."""
        write_results(self, directory, figures=figures)

    def __repr__(self) -> str:
        return f"<Results {self.network} on {self.system.name}: {self.kind.said_time(self)}, {len(self.runs)} layers>"
