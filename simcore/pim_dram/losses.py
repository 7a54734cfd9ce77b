"""Which phase or limit takes the cycles of a run, and the keys that may save some of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simcore.kinds.advice import Change, Loss
from simcore.pim.limits import CAUSES
from simcore.pim.phases import PHASE_KINDS
from simcore.pim_dram.machine import build_machine
from simcore.pim_dram.spec import PimDramSpec
from simcore.pim_dram.terms import CAUSE_TEXTS, PHASE_TEXTS
from simcore.pim_dram.times import time_rows
from simcore.results import Results
from simcore.results.tables import stall_column

#: The most layers that a sentence names.
_MOST_NAMED = 3
#: The switch of each limit and the value that lifts it.
_SWITCHES = {
    "tFAW": ("limits.tfaw", "false"),
    "tRRD": ("limits.trrd", "false"),
    "command_bus": ("limits.command_bus", "false"),
    "refresh": ("limits.refresh", "none"),
    "power": ("limits.power_cycles", "0"),
    "lock_step": ("lock_step", "false"),
}


def losses(results: Results) -> list[Loss]:
    """Return the waits by cause, the most first, then the work by kind of phase."""
    rows = time_rows(results)
    found = [_loss(cause, CAUSE_TEXTS[cause], rows, stall_column(cause), is_work=False) for cause in CAUSES]
    for kind in PHASE_KINDS:
        of_kind = [row for row in rows if row["phase"] == kind]
        found.append(_loss(kind, PHASE_TEXTS[kind], of_kind, "compute_cycles", is_work=True))
    return sorted((loss for loss in found if loss.cycles), key=lambda loss: (loss.is_work, -loss.cycles))


def why_lines(results: Results) -> list[str]:
    """Return what bounds the time between two images of a pipeline."""
    pipeline = results.details["pipeline"]
    if pipeline is None:
        return []
    bounds, interval = pipeline.bounds, pipeline.interval_cycles
    stage = f"the slowest stage ({', '.join(bounds.slowest_layers[:_MOST_NAMED])})"
    names = {"slowest_stage": stage, "data_bus": "the data bus", "command_bus": "the command bus"}
    needed = sorted(((cycles, name) for name, cycles in bounds.cycles.items() if cycles), reverse=True)
    told = [f"for {names.get(name, name)} ({100 * cycles / interval:.1f} %)" for cycles, name in needed]
    least = ", ".join(f"{cycles:,}{'' if at else ' cycles'} {told[at]}" for at, (cycles, _) in enumerate(needed))
    return [f"In any order of the work an interval takes at least {least}. So {names.get(bounds.by, bounds.by)} bounds it."]


def _loss(name: str, text: str, rows: Sequence[Mapping[str, Any]], column: str, *, is_work: bool) -> Loss:
    by_layer: dict[str, int] = {}
    for row in rows:
        by_layer[row["layer"]] = by_layer.get(row["layer"], 0) + row[column]
    total = sum(by_layer.values())
    return Loss(name, "", total, (text, _most(by_layer, total)) if total else (), is_work)


def _most(by_layer: dict[str, int], total: int) -> str:
    most = sorted(by_layer, key=lambda name: -by_layer[name])[:_MOST_NAMED]
    told = [f"{name} ({100 * by_layer[name] / total:.0f} %)" for name in most if 200 * by_layer[name] >= total]
    return f"Most in {', '.join(told)}."


def changes(spec: PimDramSpec, loss: Loss) -> list[Change]:
    """Return what may save cycles of a loss."""
    return list(_changes(spec, loss.cause))


def keys_against(cause: str) -> list[str]:
    """Return the keys that `changes` may propose for a cause."""
    if cause in _SWITCHES:
        return [_SWITCHES[cause][0]]
    return {
        "transfer": ["transfers", "operands", "overlap_transfers", "row_copies", "dram.overrides.channel"],
        "row_copy": ["row_copies", "dram.overrides.nLINK"],
        "periphery": ["periphery.tree_columns", "periphery.transposer_bits_per_cycle", "periphery.vector_words_per_cycle"],
    }.get(cause, [])


def _changes(spec: PimDramSpec, cause: str) -> Iterator[Change]:
    if cause in _SWITCHES:
        key, value = _SWITCHES[cause]
        was = _value(spec, key)
        if was != value:
            yield Change(key, value, was)
    elif cause in ("transfer", "move", "weights"):
        yield from _more_channels(spec)
        if spec.operands == "bus":
            yield Change("operands", "transposer", "bus")
        if spec.placement == "pipelined" and not spec.overlap_transfers:
            yield Change("overlap_transfers", "true", "false")
        if not spec.row_copies:
            yield Change("row_copies", "true", "false")
    elif cause in ("row_copy", "copy"):
        yield Change("row_copies", "false", "true")
        links = spec.resolved().timing["nLINK"]
        yield Change("dram.overrides.nLINK", str(links // 2), str(links))
    elif cause in ("periphery", "vector"):
        for key in keys_against("periphery") if cause == "periphery" else ("periphery.vector_words_per_cycle",):
            was = _value(spec, key)
            yield Change(key, str(2 * int(was)), was)
    else:
        yield from _more_compute(spec)


def _more_compute(spec: PimDramSpec) -> Iterator[Change]:
    machine = build_machine(spec)
    for factor in (2, 4):
        if factor * machine.subarrays <= machine.bank_subarrays:
            yield Change("active_subarrays", str(factor * machine.subarrays), str(machine.subarrays))
    yield from _more_channels(spec)
    if spec.pairs_per_column > 1:
        yield Change("pairs_per_column", "1", str(spec.pairs_per_column))
    if spec.placement == "pipelined":
        beside = (*(("banks_per_layer=null",) if spec.banks_per_layer else ()), "overlap_transfers=false")
        yield Change("placement", "together", "pipelined", beside)


def _more_channels(spec: PimDramSpec) -> Iterator[Change]:
    channels = spec.resolved().counts[0]
    yield Change("dram.overrides.channel", str(2 * channels), str(channels))


def _value(spec: PimDramSpec, key: str) -> str:
    """Return the value of a key as it is written after ``--set``."""
    found: object = spec
    for step in key.split("."):
        found = getattr(found, step)
    return str(found).lower()
