"""The amounts of each step of a generation: simulated, or between its simulated neighbours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan, nan

from simcore.results import Results

#: What a step takes, apart from its time.
AMOUNTS = ("macs", "cycles", "dram_read_bytes", "dram_write_bytes", "energy_pj")


@dataclass(frozen=True)
class Step:
    """A step: ``number`` 0 reads the text, the others write a token each behind ``cached_tokens``.

    ``tokens`` are those that it reads of each sequence. ``found`` is "simulated" or "interpolated". ``energy_pj`` is NaN if it
    is not known.
    """

    number: int
    tokens: int
    cached_tokens: int
    found: str
    macs: float
    cycles: float
    time_ns: float
    dram_read_bytes: float
    dram_write_bytes: float
    energy_pj: float

    @property
    def phase(self) -> str:
        """Return ``prefill`` or ``decode``."""
        return "decode" if self.number else "prefill"


def simulated_step(number: int, tokens: int, cached_tokens: int, results: Results) -> Step:
    """Return the amounts of a simulated step. Its layers run one after another, also on a machine that pipelines images."""
    totals = {metric: value for metric, value, _ in results.total_rows}
    cycles = results.cycles
    return Step(
        number=number,
        tokens=tokens,
        cached_tokens=cached_tokens,
        found="simulated",
        macs=int(totals["macs"]),
        cycles=cycles,
        time_ns=cycles * 1e9 / results.system.core_clock_hz,
        dram_read_bytes=int(totals["dram_read_bytes"]),
        dram_write_bytes=int(totals["dram_write_bytes"]),
        energy_pj=float(totals.get("energy_pj", nan)),
    )


def between(first: Step, last: Step) -> list[Step]:
    """Return the steps between two simulated ones, whose amounts grow evenly from the first to the last."""
    span = last.number - first.number
    found = []
    for number in range(first.number + 1, last.number):
        share = (number - first.number) / span
        amounts = {
            name: getattr(first, name) + share * (getattr(last, name) - getattr(first, name)) for name in (*AMOUNTS, "time_ns")
        }
        cached = first.cached_tokens + number - first.number
        found.append(replace(first, number=number, cached_tokens=cached, found="interpolated", **amounts))
    return found


def known(value: float | None) -> float | None:
    """Return a value, or None in place of one that is not a number."""
    return None if value is None or isnan(value) else value
