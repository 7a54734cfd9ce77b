"""Where the cycles of a run on a systolic machine are lost, in words and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simcore.kinds.advice import Loss
from simcore.results import Results
from simcore.results.definitions import CAUSES
from simcore.results.tables import stall_column
from simcore.spec import SimpleMemorySpec
from simcore.systolic.of_results import system_of
from simcore.systolic.remedies import COMPUTE

#: The most layers that a sentence names, and the most pairs of ports.
_MOST_NAMED = 3
#: The least share of a loss with which a layer or a pair of ports is named.
_LEAST_PERCENT = 1.0


def losses(results: Results) -> list[Loss]:
    """Return the stalled cycles by cause and scratchpad, the most first, and last the cycles in which the array takes a step."""
    found = [*_in_scratchpads(results), *_elsewhere(results)]
    return [*sorted(found, key=lambda loss: -loss.cycles), _compute(results)]


def _in_scratchpads(results: Results) -> Iterator[Loss]:
    for row in results.scratchpads.to_dict("records"):
        for cause in results.kind.causes:
            cycles = int(row[stall_column(cause)])
            if cycles:
                pad = str(row["scratchpad"])
                says = [CAUSES[cause], _layers(results, pad, cause), *_waits(results, pad, cause, cycles)]
                says += _buffer(row, results) if cause == "write_backpressure" else []
                says += _memory(results) if cause in ("dram_wait", "first_fill") else []
                yield Loss(cause, pad, cycles, tuple(says))


def _elsewhere(results: Results) -> Iterator[Loss]:
    """Yield the stalled cycles that belong to no scratchpad."""
    for cause in results.kind.causes:
        cycles = int(results.layers[stall_column(cause)].sum() - results.scratchpads[stall_column(cause)].sum())
        if cycles:
            yield Loss(cause, "", cycles, (CAUSES[cause], *_memory(results)))


def _compute(results: Results) -> Loss:
    cycles = int(results.layers["compute_cycles"].sum())
    busy = 100.0 * results.layers["macs"].sum() / max(cycles * results.kind.macs_per_cycle(results.system), 1)
    says = (
        f"The array takes a step, at {busy:.1f} % of its peak; the rest is fill and drain of folds and idle processing elements."
    )
    return Loss(COMPUTE, "", cycles, (says,), is_work=True)


def _layers(results: Results, scratchpad: str, cause: str) -> str:
    """Return which layers lose most of these cycles."""
    column = stall_column(cause)
    at = results.scratchpad_layers[results.scratchpad_layers["scratchpad"] == scratchpad]
    most = at.groupby("layer", sort=False)[column].sum().nlargest(_MOST_NAMED)
    total = int(at[column].sum())
    shares = {layer: 100.0 * cycles / total for layer, cycles in most.items()}
    named = ", ".join(f"{layer} ({share:.0f} %)" for layer, share in shares.items() if share >= _LEAST_PERCENT)
    return f"Most in {named}." if named else f"Spread over {(at[column] > 0).sum()} layers."


def _waits(results: Results, scratchpad: str, cause: str, lost: int) -> Iterator[str]:
    """Yield who waited for whom at the scratchpad's banks, of those pairs that belong to the cause."""
    at = results.waits[(results.waits["scratchpad"] == scratchpad)]
    summed = at.groupby(["waiter", "holder"], sort=False)["cycles"].sum().reset_index().sort_values("cycles", ascending=False)
    pairs = [row for row in summed.to_dict("records") if _belongs(cause, row["waiter"], row["holder"])]
    for row in pairs[:_MOST_NAMED]:
        if 100.0 * row["cycles"] < _LEAST_PERCENT * lost:
            break
        yield f"Port {row['waiter']} waited for {_whom(row['waiter'], row['holder'])} in {row['cycles']:,} cycles."


def _belongs(cause: str, waiter: str, holder: str) -> bool:
    if cause == "write_backpressure":
        return waiter == "output"
    if cause in ("first_fill", "dram_wait"):
        return waiter == "dma"
    return waiter not in ("output", "dma") and cause == {"dma": "dma_collision", "output": "write_conflict"}.get(
        holder, "read_conflict"
    )


def _whom(waiter: str, holder: str) -> str:
    if waiter == holder == "output":
        return "its own earlier writes"
    return f"port {holder}" if waiter != holder else "its own earlier requests"


def _buffer(row: dict[Any, Any], results: Results) -> list[str]:
    """Return how full the scratchpad's write buffer was."""
    share = 100.0 * row["full_cycles"] / max(results.cycles, 1)
    return [
        f"The write buffer of {row['write_buffer_entries']} entries held {row['mean_entries']:.1f} on average, at most "
        f"{row['p99_entries']} in 99 % of the cycles, and was full in {share:.1f} %."
    ]


def _memory(results: Results) -> list[str]:
    """Return what main memory moved, and what bandwidth and bursts in flight allow."""
    system = system_of(results)
    moved = int(results.layers["dram_read_bytes"].sum() + results.layers["dram_write_bytes"].sum())
    said = f"Main memory moved {moved:,} bytes, {moved / max(results.cycles, 1):.2f} per core cycle"
    if not isinstance(system.memory, SimpleMemorySpec):
        return [f"{said}."]
    scale = system.memory.clock_hz / system.core_clock_hz
    peak = float(system.memory.bytes_per_cycle) * scale
    wait = system.memory.latency_cycles / scale + system.dma.burst_bytes / peak
    in_flight = system.dma.outstanding_bursts * system.dma.burst_bytes / wait
    return [f"{said}; its bandwidth allows {peak:.2f}, the bursts in flight over its latency {in_flight:.2f}."]
