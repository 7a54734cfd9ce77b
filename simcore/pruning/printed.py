"""A pruned training as tables and sentences for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simcore.pruning.result import PruneResult
from simcore.pruning.run_cost import RunCost
from simcore.pruning.training import DENSE, PROCEDURES, RETRAINED
from simcore.reading.numbers import counted
from simcore.results.printed import PrintedTable

_NAMES = {"dense": "dense", "pruned_while_training": "pruned while training", "train_prune_retrain": "train, prune, retrain"}
#: Amount -> (its heading, the size of the printed unit).
_COLUMNS = {
    "macs": ("MACs", 1.0),
    "weight_accesses": ("weight words", 1.0),
    "activation_accesses": ("activation words", 1.0),
    "dram_bytes": ("DRAM B", 1.0),
    "cycles": ("cycles", 1.0),
    "energy_pj": ("J", 1e12),
    "time_s": ("s", 1.0),
}
_OF_OPERATIONS = ("macs", "weight_accesses", "activation_accesses")
_PREFIXES = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"))


def printed_tables(result: PruneResult) -> Iterator[PrintedTable]:
    """Yield the tables: computations and accesses without a machine, then for each system the procedures and the layers."""
    yield _procedures("Computations and accesses: every tensor moved once a pass", result.operations, _OF_OPERATIONS)
    for run in result.runs:
        found = {**run.totals, "saving_percent": run.savings}
        shown = [name for name in _COLUMNS if run.totals[DENSE][name] is not None]
        yield _procedures(f"{result.training.network.name} on {run.system}, {result.training.log.epochs} epochs", found, shown)
        yield _layers(result, run)


def _procedures(title: str, found: Mapping[str, Any], amounts: Sequence[str]) -> PrintedTable:
    """Return the amounts of the procedures, and what pruning while training saves of the others in percent."""
    rows: list[tuple[object, ...]] = []
    for procedure in PROCEDURES:
        rows.append((_NAMES[procedure], *(_with_prefix(found[procedure][name] / _COLUMNS[name][1]) for name in amounts)))
    for other in (RETRAINED, DENSE):
        saved = found["saving_percent"][f"of_{other}"]
        rows.append((f"saved of {_NAMES[other]}, %", *(saved[name] for name in amounts)))
    return PrintedTable(title, ("procedure", *(_COLUMNS[name][0] for name in amounts)), rows)


def _with_prefix(value: float) -> str:
    """Return a number with three or more digits and the prefix of its power of a thousand, such as 9.38 P."""
    size, prefix = next(((size, prefix) for size, prefix in _PREFIXES if value >= size), (1e-6, "u"))
    return f"{value / size:.4g} {prefix}".rstrip()


def _layers(result: PruneResult, run: RunCost) -> PrintedTable:
    """Return the savings of one training step, dense against pruned at the end, layer by layer."""
    rows = [
        (row.layer, row.cause or "-", row.filters, row.live_filters, row.macs_saved_percent, row.cycles_saved_percent)
        for row in result.layer_rows(run)
    ]
    columns = ("layer", "why cycles differ", "filters", "left", "MACs -%", "cycles -%")
    return PrintedTable(f"One step on {run.system}, pruned at the end against dense", columns, rows, text_columns=2)


def printed_lines(result: PruneResult) -> Iterator[str]:
    """Yield the sentences below the tables."""
    training = result.training
    steps = f"{counted(training.minibatches, 'minibatch')} of {training.network.batch} an epoch"
    networks = counted(len(training.live), "distinct network")
    yield f"{counted(training.log.epochs, 'epoch')} of {steps}; {networks}; {result.convention}."
    if result.every_nth_note is not None:
        yield f"{result.every_nth_note}."
    for run in result.runs:
        saved = result.rounding_saved_percent(run)
        if saved is not None:
            multiples = f"Multiples of {result.order.round_filters} filters on {run.system}"
            yield f"{multiples} {_saved_or_cost(saved)}, compared with any number of filters."
    every = (result, *([] if result.unrounded is None else [result.unrounded]))
    needed = sum(len(each.runs) * len(each.training.simulated) for each in every)
    before = needed - result.simulated
    kept = f"; {before} {'was' if before == 1 else 'were'} kept from earlier runs" if before else ""
    verb = "was" if result.simulated == 1 else "were"
    yield f"{counted(result.simulated, 'training step')} {verb} simulated{kept}."


def _saved_or_cost(saved: Mapping[str, float | None]) -> str:
    """Return what is saved of computations, cycles and energy in percent, and what is spent more, in two parts."""
    told = {"macs": "multiply-accumulates", "cycles": "cycles", "energy_pj": "energy"}
    known = {told[name]: value for name in told if (value := saved[name]) is not None}
    less = [f"{value:.2f} % of the {name}" for name, value in known.items() if value >= 0]
    more = [f"{-value:.2f} % more {name}" for name, value in known.items() if value < 0]
    return " and ".join([f"save {', '.join(less)}"] * bool(less) + [f"cost {', '.join(more)}"] * bool(more))
