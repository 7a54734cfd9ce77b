"""A generation as tables and sentences for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from simcore.generation.result import Generation
from simcore.generation.steps import Step, known
from simcore.results import Results
from simcore.results.printed import PrintedTable

#: The most decode steps that the table of steps shows.
_MOST_SHOWN = 9
#: Figure -> (its row, the size of the printed unit).
_ROWS = {
    "time_to_first_token_ns": ("time to first token, ms", 1e6),
    "prefill_tokens_per_s": ("tokens read per second", 1.0),
    "prefill_energy_j": ("energy of the prefill, J", 1.0),
    "time_per_token_ns": ("time per decode step, ms", 1e6),
    "tokens_per_s": ("tokens per second", 1.0),
    "energy_per_token_j": ("joules per token", 1.0),
    "step_dram_bytes": ("main memory per decode step, MiB", float(1 << 20)),
    "generation_time_ns": ("time in all, ms", 1e6),
    "generation_energy_j": ("energy in all, J", 1.0),
}


def printed_tables(found: Generation) -> Iterator[PrintedTable]:
    """Yield the tables: steps, kinds of layers of the prefill and of the last decode step, totals."""
    title = f"{found.prefill.network} on {found.prefill.system.name}"
    shown = [found.steps[0], *_some(found.steps[1:])]
    columns = ("phase", "found", "step", "cached", "M MACs", "cycles", "ms", "DRAM MiB", "energy uJ")
    yield PrintedTable(f"Steps of {title}", columns, [_row(step) for step in shown], text_columns=2)
    yield _kinds("Prefill by kind of layer", found, found.prefill)
    if found.last is not None:
        yield _kinds("Last decode step by kind of layer", found, found.last)
    yield PrintedTable("Totals", ("", "value"), [(row, _figure(found, name, size)) for name, (row, size) in _ROWS.items()])


def printed_lines(found: Generation) -> Iterator[str]:
    """Yield the sentences below the tables: what the kind of machine says about a step, what is not counted, and the sum."""
    results = found.prefill if found.last is None else found.last
    yield from results.kind.printed_lines(results)
    if results.rates.not_counted:
        yield f"Not counted: {'; '.join(results.rates.not_counted)}."
    if found.order.chosen_layers is not None:
        yield f"Only layers that match '{found.order.chosen_layers}' ran; all amounts, rates included, are theirs alone."
    if found.note is not None:
        yield f"{found.note}."
    yield summary(found)


def summary(found: Generation) -> str:
    """Return the generation in one line."""
    order, totals = found.order, found.totals
    first = totals["time_to_first_token_ns"]
    assert first is not None
    told = f"{found.prefill.network} on {found.prefill.system.name}: first token after {first / 1e6:,.3f} ms"
    if totals["tokens_per_s"] is not None:
        told += f", then {totals['tokens_per_s']:,.2f} tokens/s"
    if totals["energy_per_token_j"] is not None:
        told += f", {totals['energy_per_token_j']:.4g} J per token"
    beside = f", {order.batch} sequences side by side" if order.batch > 1 else ""
    return f"{told} ({order.prefill} read, {order.decode} decode steps{beside})"


def _some(steps: tuple[Step, ...]) -> list[Step]:
    """Return all steps, or some of many, evenly from the first to the last."""
    if len(steps) <= _MOST_SHOWN:
        return list(steps)
    return [steps[round(place * (len(steps) - 1) / (_MOST_SHOWN - 1))] for place in range(_MOST_SHOWN)]


def _row(step: Step) -> tuple[object, ...]:
    moved = (step.dram_read_bytes + step.dram_write_bytes) / (1 << 20)
    energy = known(step.energy_pj)
    return (
        *(step.phase, step.found, step.number, step.cached_tokens, step.macs / 1e6, round(step.cycles), step.time_ns / 1e6),
        *(moved, None if energy is None else energy / 1e6),
    )


def _kinds(title: str, found: Generation, results: Results) -> PrintedTable:
    cycles = max(results.cycles, 1)
    rows = [
        (
            kind["op"],
            kind["layers"],
            kind["macs"] / 1e6,
            kind["cycles"],
            100.0 * kind["cycles"] / cycles,
            (kind["dram_read_bytes"] + kind["dram_write_bytes"]) / (1 << 20),
        )
        for kind in found.layer_kinds(results)
    ]
    return PrintedTable(title, ("op", "layers", "M MACs", "cycles", "%", "DRAM MiB"), rows)


def _figure(found: Generation, name: str, size: float) -> float | str | None:
    """Return a figure in its unit, with four digits where it is small."""
    value = found.totals[name]
    if value is None:
        return None
    scaled = value / size
    return scaled if scaled >= 1 or scaled == 0 else f"{scaled:.4g}"
