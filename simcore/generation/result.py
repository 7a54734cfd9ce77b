"""A generation: the simulation of its steps, its totals, and its forms as JSON, tables and files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simcore.engine.store import MemoryStore
from simcore.generation.limit import refuse_long_generation
from simcore.generation.order import GenerationOrder
from simcore.generation.steps import AMOUNTS, Step, between, known, simulated_step
from simcore.progress import OnProgress
from simcore.reading.overrides import Overrides
from simcore.results import Results
from simcore.results.frames import frame
from simcore.run_time import LIMIT_S
from simcore.saving import results_directory
from simcore.simulation import machine_for, simulate
from simcore.spec import MachineSpec

if TYPE_CHECKING:
    import pandas as pd

    from workloads.network import Network
    from workloads.networks.language_models import LanguageModel


@dataclass(frozen=True)
class Generation:
    """A language model's run: the reading of a text (``prefill``) and ``steps``, the first of which is that reading.

    ``last`` is the run of the last decode step, None without any. Both runs have all tables of a run.
    """

    order: GenerationOrder
    prefill: Results
    last: Results | None
    steps: tuple[Step, ...]

    @cached_property
    def totals(self) -> dict[str, float | None]:
        """The figures of the whole run by name, None where there is none (`simcore explain NAME`)."""
        reading, writing, order = self.steps[0], self.steps[1:], self.order
        tokens = order.batch * order.decode
        spent = {name: sum(getattr(step, name) for step in writing) for name in (*AMOUNTS, "time_ns")}
        found: dict[str, float | None] = {
            "time_to_first_token_ns": reading.time_ns,
            "prefill_tokens_per_s": order.batch * order.prefill * 1e9 / reading.time_ns,
            "prefill_energy_j": reading.energy_pj / 1e12,
            "decode_time_ns": spent["time_ns"] if writing else None,
            "time_per_token_ns": spent["time_ns"] / order.decode if writing else None,
            "tokens_per_s": tokens * 1e9 / spent["time_ns"] if writing else None,
            "energy_per_token_j": spent["energy_pj"] / 1e12 / tokens if writing else None,
            "step_dram_bytes": (spent["dram_read_bytes"] + spent["dram_write_bytes"]) / order.decode if writing else None,
            "generation_time_ns": reading.time_ns + spent["time_ns"],
            "generation_energy_j": (reading.energy_pj + spent["energy_pj"]) / 1e12,
        }
        return {name: known(value) for name, value in found.items()}

    @property
    def note(self) -> str | None:
        """Return a sentence about the steps that were not simulated, or None if all were."""
        done = sum(step.found == "simulated" for step in self.steps[1:])
        left = self.order.decode - done
        if not left:
            return None
        return f"{done} of {self.order.decode} decode steps were simulated; each of the other {left} lies between its neighbours"

    def layer_kinds(self, results: Results) -> list[dict[str, Any]]:
        """Return what the layers of each kind take together in one of the two runs, the slowest kind first."""
        found: dict[str, dict[str, Any]] = {}
        for row in results.layer_rows:
            if row["start_cycle"] is None:
                continue
            kind = found.setdefault(
                row["op"],
                {"op": row["op"], "layers": 0, "macs": 0, "cycles": 0, "dram_read_bytes": 0, "dram_write_bytes": 0},
            )
            kind["layers"] += 1
            for name in ("macs", "cycles", "dram_read_bytes", "dram_write_bytes"):
                kind[name] += int(row[name])
        return sorted(found.values(), key=lambda kind: -int(kind["cycles"]))

    def step_rows(self) -> Iterator[dict[str, Any]]:
        """Yield the steps as rows of plain values."""
        for step in self.steps:
            amounts = {name: known(value) for name, value in vars(step).items() if name not in ("number", "found")}
            yield {"step": step.number, "phase": step.phase, "found": step.found, **amounts}

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables by name: steps, totals, and of both runs the layers and the tables of the machine's kind."""
        found = {
            "steps": frame(list(self.step_rows())),
            "totals": frame(list(self.totals.items()), columns=["metric", "value"]),
        }
        for phase, results in (("prefill", self.prefill), ("decode", self.last)):
            if results is not None:
                of_run = {"layers": results.layers, **results.kind.tables(results)}
                found |= {f"{phase}_{name}": table for name, table in of_run.items()}
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the generation as plain JSON values; what is not known is null."""
        order, results = self.order, self.prefill
        last = {} if self.last is None else {"decode_layer_kinds": self.layer_kinds(self.last)}
        return {
            "network": results.network,
            "system": results.system.name,
            "kind": results.kind.name,
            "engine": results.engine,
            "batch": order.batch,
            "prefill_tokens": order.prefill,
            "decode_tokens": order.decode,
            "decode_every": order.every,
            "chosen_layers": order.chosen_layers,
            "note": self.note,
            "totals": self.totals,
            "steps": list(self.step_rows()),
            "prefill_layer_kinds": self.layer_kinds(results),
            **last,
        }

    def save(self, directory: str | Path, *, overwrite: bool = False) -> None:
        """Save results.json and all tables in a directory, whole or not at all.

        Raise InputError for a directory that exists, unless ``overwrite`` replaces the results of simcore in it.
        """
        with results_directory(directory, overwrite=overwrite) as save:
            save(self.write_into)

    def write_into(self, directory: Path) -> None:
        """Write results.json and the tables as CSV into a directory that exists."""
        (directory / "results.json").write_text(json.dumps(self.to_json(), indent=2, allow_nan=False) + "\n", encoding="utf-8")
        for name, table in self.tables().items():
            table.to_csv(directory / f"{name}.csv", index=False)


def generate(
    model: str | LanguageModel,
    system: MachineSpec | str | Path = "edge-sram",
    *,
    prefill: int,
    decode: int = 0,
    every: int = 1,
    batch: int = 1,
    layers: str | Sequence[str] | None = None,
    engine: str | None = None,
    dataflow: str | None = None,
    overrides: Overrides = (),
    limit_s: float | None = LIMIT_S,
    progress: OnProgress | None = None,
) -> Generation:
    """Run a language model: it reads ``prefill`` tokens at once and then writes in ``decode`` steps, over a growing cache.

    ``model``: a name (gpt2, llama-7b, llama-3-8b, llama-like, llama-like-BLOCKS-WIDTH-HEADS-HIDDEN[-SHARED[-VOCABULARY]]) or a
    LanguageModel. ``system``, ``engine``, ``dataflow``, ``overrides`` and ``limit_s`` are those of ``simulate``. Every
    ``every``-th decode step is simulated, and the last; the others lie between their neighbours. ``batch`` sequences run side by
    side. ``layers``: glob patterns; only layers that match run, and all amounts are theirs. Raise InputError for any of these
    that cannot be used.
    """
    order = GenerationOrder(
        model=model,
        system=system,
        prefill=prefill,
        decode=decode,
        every=every,
        batch=batch,
        layers=layers,
        engine=engine,
        dataflow=dataflow,
        overrides=overrides,
        limit_s=limit_s,
    )
    return generate_as_ordered(order, progress)


def generate_as_ordered(order: GenerationOrder, on_progress: OnProgress | None = None) -> Generation:
    """Simulate the prefill and the decode steps. Raise InputError for an order that cannot be carried out."""
    model = order.checked_model()
    machine = machine_for(order.system, order.dataflow, order.overrides)
    wanted = order.simulated_steps()
    refuse_long_generation(order, model, machine)
    kept = MemoryStore[Any]()

    def run(network: Network, done: int, told: str) -> Results:
        results = simulate(network, machine, engine=order.engine, layers=order.layers, limit_s=None, kept=kept)
        if on_progress is not None:
            on_progress(done, 1 + len(wanted), told)
        return results

    prefill = run(model.prefill(order.prefill, order.batch), 1, "prefill")
    last, found = None, list[Step]()
    for done, number in enumerate(wanted, start=2):
        cached = order.cached_tokens(number)
        last = run(model.step(cached, order.batch), done, f"decode step {number}")
        found.append(simulated_step(number, 1, cached, last))
    return Generation(order, prefill, last, (simulated_step(0, order.prefill, 0, prefill), *_with_those_between(found)))


def _with_those_between(found: Sequence[Step]) -> Iterator[Step]:
    """Yield the simulated steps in order, with those between them."""
    for place, step in enumerate(found):
        if place:
            yield from between(found[place - 1], step)
        yield step
