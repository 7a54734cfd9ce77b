"""The user's choices for a memory controller: queues, scheduler, row policy, refresh, address mapping, write pulse."""

from __future__ import annotations

from math import ceil
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from simcore.reading.values import Broken, Count, Spec, Text, raise_broken

Scheduler = Literal["frfcfs", "frfcfs-rowhit", "fcfs", "bank-round-robin"]
RowPolicyName = Literal["open", "closed-after", "timeout"]
Refresh = Literal["all-bank", "per-bank", "none"]
WritePulseName = Literal["worst", "reset", "set", "random"]

Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Seed = Annotated[int, Field(strict=True, ge=0, lt=2**32)]


#: With bank-round-robin, a bank may be precharged after this many accesses to its open row, although requests that hit the row
#: wait (DRAMsim3, `CommandQueue::ArbitratePrecharge`).
ACCESSES_BEFORE_CONFLICT = 4


def _idle(spec: Spec, choice: str, needed: dict[str, str]) -> list[Broken]:
    """Return the keys that were changed without effect, because ``choice`` does not have the value that each of them needs."""
    chosen = getattr(spec, choice)
    return [
        Broken((name,), f"takes effect only with {choice} '{value}', got {choice} '{chosen}'")
        for name, value in needed.items()
        if chosen != value and getattr(spec, name) != type(spec).model_fields[name].default
    ]


class RowPolicySpec(Spec):
    """The policy that closes an open row although no request asks for another row.

    With ``open``, nothing closes it. With ``closed-after``, the access after ``accesses`` reads and writes of a row closes it
    (RDA, WRA); if no such access comes by the time the bank may be precharged, PREpb closes it. With ``timeout``, PREpb closes it
    ``timeout_cycles`` after the bank's last ACT, RD or WR.
    """

    name: RowPolicyName = "open"
    accesses: Count = 4
    timeout_cycles: Count = 200

    @model_validator(mode="after")
    def _without_idle_keys(self) -> Self:
        raise_broken(_idle(self, "name", {"accesses": "closed-after", "timeout_cycles": "timeout"}))
        return self


class WritePulseSpec(Spec):
    """The write pulse of a non-volatile memory. The data of a write decide its pulse, but a trace does not hold the data.

    With ``worst``, every write holds zeros and ones, so the longer pulse counts. With ``reset``, writes hold only zeros; with
    ``set``, only ones. With ``random``, each write takes the SET pulse with probability ``set_share``, else the RESET pulse. The
    draw depends only on ``seed`` and on the number of writes that came to the channel before.
    """

    name: WritePulseName = "worst"
    set_share: Share = 0.5
    seed: Seed = 0

    @model_validator(mode="after")
    def _without_idle_keys(self) -> Self:
        raise_broken(_idle(self, "name", {"set_share": "random", "seed": "random"}))
        return self


class ControllerSpec(Spec):
    """The controllers, one per channel and all alike. The defaults are Ramulator 2.1's.

    ``scheduler`` is one of four. "frfcfs" takes the oldest request that is ready. "frfcfs-rowhit" does the same, but closes no
    row before older hits of it. "fcfs" takes the oldest request. "bank-round-robin" is DRAMsim3's: one request per cycle moves to
    a queue of ``bank_queue`` places at its bank, and the banks take turns.

    Watermarks are shares of the write queue. Writes are served whenever no read waits. They also go first once the queue is
    fuller than ``write_high_watermark`` (with 1.0, never), until it is emptier than ``write_low_watermark``. ``mapping`` is
    "RoBaRaCoCh", "MOP4CLXOR", or the fields of an address from the most significant, e.g. "row bank bankgroup column:5 rank
    channel column:2". A key that has no effect with the other keys must have its default.
    """

    scheduler: Scheduler = "frfcfs"
    row_policy: RowPolicySpec = RowPolicySpec()
    refresh: Refresh = "all-bank"
    mapping: Annotated[Text, Field(min_length=1)] = "RoBaRaCoCh"
    read_queue: Count = 32
    write_queue: Count = 32
    bank_queue: Count = 8
    write_low_watermark: Share = 0.2
    write_high_watermark: Share = 0.8
    write_pulse: WritePulseSpec = WritePulseSpec()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        broken = _idle(self, "scheduler", {"bank_queue": "bank-round-robin"})
        low, high = self.write_low_watermark, self.write_high_watermark
        if low > high:
            broken.append(Broken(("write_low_watermark",), f"expected at most write_high_watermark {high}, got {low}"))
        raise_broken(broken)
        return self

    @property
    def drain_above(self) -> int:
        """Return the number of waiting writes above which writes are served first."""
        return int(self.write_high_watermark * self.write_queue)

    @property
    def drain_until_below(self) -> int:
        """Return the number of waiting writes below which reads are served first again. It is at least 1."""
        return max(1, ceil(self.write_low_watermark * self.write_queue))
