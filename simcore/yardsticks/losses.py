"""Which bound takes the cycles of a run on a yardstick, and the keys that raise the bound."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from simcore.kinds.advice import Change, Loss
from simcore.results import Results
from simcore.yardsticks.bounds import BoundLayer
from simcore.yardsticks.spec import PeakSpec, YardstickSpec

_SAYS = {
    "compute": "The multiply-accumulates of a layer at the peak take longer than its bytes at the bandwidth of main memory.",
    "memory": "The bytes of a layer at the bandwidth of main memory take longer than its multiply-accumulates at the peak.",
}
#: The most layers that a sentence names.
_MOST_NAMED = 3


def losses(results: Results) -> list[Loss]:
    """Return the cycles of the layers that each bound limits, the most first."""
    layers: list[BoundLayer] = results.details["layers"]
    found = []
    for bound, says in _SAYS.items():
        bounded = {
            layer.instance.name: layer.bounds.cycles for layer in layers if layer.bounds and layer.bounds.bound_by == bound
        }
        total = sum(bounded.values())
        if total:
            most = sorted(bounded, key=lambda name: -bounded[name])[:_MOST_NAMED]
            named = ", ".join(f"{name} ({100.0 * bounded[name] / total:.0f} %)" for name in most)
            found.append(Loss(bound, "", total, (says, f"{len(bounded)} layers; most in {named}.")))
    return sorted(found, key=lambda loss: -loss.cycles)


def changes(spec: YardstickSpec, loss: Loss) -> list[Change]:
    """Return what doubles the bound: the bandwidth or the DRAM's channels, or the peaks."""
    return list(_memory(spec) if loss.cause == "memory" else _peaks(getattr(spec, "peak_macs_per_s", PeakSpec())))


def _memory(spec: YardstickSpec) -> Iterator[Change]:
    memory = spec.memory
    if memory.bytes_per_s is not None:
        yield Change("memory.bytes_per_s", _scaled(2 * memory.bytes_per_s, 9, "GB/s"), _scaled(memory.bytes_per_s, 9, "GB/s"))
    elif memory.standard is not None:
        from simcore.dram.resolve import load_dram

        channels = load_dram(memory.standard, memory.overrides).counts[0]
        yield Change("memory.overrides.channel", str(2 * channels), str(channels))


def _peaks(peak: PeakSpec) -> Iterator[Change]:
    for name in PeakSpec.model_fields:
        rate = getattr(peak, name)
        if rate is not None:
            yield Change(f"peak_macs_per_s.{name}", _scaled(2 * rate, 12, "TMAC/s"), _scaled(rate, 12, "TMAC/s"))


def _scaled(rate: int, digits: int, unit: str) -> str:
    """Return a rate exactly, in a unit of ten to the power of ``digits``."""
    return f"{Decimal(rate).scaleb(-digits).normalize():f} {unit}"
