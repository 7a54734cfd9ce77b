"""What a user chooses of a memory controller: queues, scheduler, row policy, refresh, address mapping, write pulse."""

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


#: Under bank-round-robin, a bank whose open row had so many accesses may be precharged although requests that hit it wait
#: (DRAMsim3, `CommandQueue::ArbitratePrecharge`).
ACCESSES_BEFORE_CONFLICT = 4


def _idle(spec: Spec, choice: str, needed: dict[str, str]) -> list[Broken]:
    """Keys that were changed although they have no effect, because ``choice`` is not the value that each of them needs."""
    chosen = getattr(spec, choice)
    return [
        Broken((name,), f"takes effect with {choice} '{value}' alone, got {choice} '{chosen}'")
        for name, value in needed.items()
        if chosen != value and getattr(spec, name) != type(spec).model_fields[name].default
    ]


class RowPolicySpec(Spec):
    """When an open row is closed although no request asks for another one.

    ``open``: never. ``closed-after``: the access after ``accesses`` reads and writes of a row closes it (RDA, WRA); where none
    comes by the time the bank may be precharged, PREpb does. ``timeout``: PREpb
    does so ``timeout_cycles`` after the bank's last ACT, RD or WR.
    """

    name: RowPolicyName = "open"
    accesses: Count = 4
    timeout_cycles: Count = 200

    @model_validator(mode="after")
    def _without_idle_keys(self) -> Self:
        raise_broken(_idle(self, "name", {"accesses": "closed-after", "timeout_cycles": "timeout"}))
        return self


class WritePulseSpec(Spec):
    """Which write pulse of a non-volatile memory a write takes; its data decide, and a trace does not hold them.

    ``worst``: every write holds zeros and ones, so the longer pulse counts. ``reset``: zeros alone, ``set``: ones alone.
    ``random``: each write takes the SET pulse with probability ``set_share``, else the RESET pulse; which one depends on ``seed``
    and on how many writes came to the channel before, on nothing else.
    """

    name: WritePulseName = "worst"
    set_share: Share = 0.5
    seed: Seed = 0

    @model_validator(mode="after")
    def _without_idle_keys(self) -> Self:
        raise_broken(_idle(self, "name", {"set_share": "random", "seed": "random"}))
        return self


class ControllerSpec(Spec):
    """One controller per channel, all alike. Defaults are Ramulator 2.1's.

    ``scheduler``: "frfcfs" (what is ready, by age), "frfcfs-rowhit" (and no row is closed before older hits of it), "fcfs", and
    "bank-round-robin", DRAMsim3's: requests go on, one a cycle, to a queue of ``bank_queue`` places at their bank, and banks are
    served in turn.

    Watermarks are shares of the write queue: writes are served while it is fuller than ``write_high_watermark`` and until it is
    emptier than ``write_low_watermark``, and whenever no read waits; with a high one of 1.0 only then. ``mapping``: "RoBaRaCoCh",
    "MOP4CLXOR", or the fields of an address from the most significant, e.g. "row bank bankgroup column:5 rank channel column:2".
    A key that has no effect beside the others is refused unless it has its default.
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
        """Writes are served when more than this many wait."""
        return int(self.write_high_watermark * self.write_queue)

    @property
    def drain_until_below(self) -> int:
        """Reads come first again when fewer writes than this wait: at the latest when none does."""
        return max(1, ceil(self.write_low_watermark * self.write_queue))
