"""The user's choices for a memory controller: queues, scheduler, row policy, refresh, address mapping, write pulse."""

from __future__ import annotations

from math import ceil
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from simcore.reading.keys import key
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

    name: Annotated[
        RowPolicyName,
        key(
            "What closes an open row that no request asks to be closed: nothing (`open`), a number of accesses (`closed-after`), "
            "or a time without accesses (`timeout`).",
            cycles=True,
        ),
    ] = "open"
    accesses: Annotated[
        Count, key("With `closed-after`: the accesses to a row after which it is closed.", "accesses", cycles=True)
    ] = 4
    timeout_cycles: Annotated[
        Count, key("With `timeout`: DRAM cycles after the bank's last ACT, RD or WR.", "cycles", cycles=True)
    ] = 200

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

    name: Annotated[
        WritePulseName,
        key(
            "Pulse of a write where zeros and ones take different pulses: the longer one (`worst`), that of zeros (`reset`), "
            "that of ones (`set`), or a drawn one (`random`).",
            cycles=True,
        ),
    ] = "worst"
    set_share: Annotated[Share, key("With `random`: probability that a write takes the SET pulse.", cycles=True)] = 0.5
    seed: Annotated[Seed, key("With `random`: start of the draws.", cycles=True)] = 0

    @model_validator(mode="after")
    def _without_idle_keys(self) -> Self:
        raise_broken(_idle(self, "name", {"set_share": "random", "seed": "random"}))
        return self


class ControllerSpec(Spec):
    """The controllers, one per channel and all alike. The defaults are Ramulator 2.1's.

    Writes are served whenever no read waits. A key that has no effect with the other keys must have its default.
    """

    scheduler: Annotated[
        Scheduler,
        key(
            "Which request is served next: the oldest that is ready (`frfcfs`), the same without closing a row before older hits "
            "of it (`frfcfs-rowhit`), the oldest (`fcfs`), or the banks in turn as in DRAMsim3 (`bank-round-robin`).",
            cycles=True,
        ),
    ] = "frfcfs"
    row_policy: Annotated[RowPolicySpec, key("What closes an open row although no request asks for another row.")] = (
        RowPolicySpec()
    )
    refresh: Annotated[
        Refresh,
        key(
            "What is refreshed at a time: all banks of a rank (`all-bank`), one bank (`per-bank`), or nothing (`none`).",
            cycles=True,
        ),
    ] = "all-bank"
    mapping: Annotated[
        Text,
        Field(min_length=1),
        key(
            "How an address is cut into fields: `RoBaRaCoCh`, `MOP4CLXOR`, or the fields from the most significant, such as "
            "`row bank bankgroup column:5 rank channel column:2`.",
            cycles=True,
        ),
    ] = "RoBaRaCoCh"
    read_queue: Annotated[Count, key("Reads that can wait at a channel.", "transactions", cycles=True)] = 32
    write_queue: Annotated[Count, key("Writes that can wait at a channel.", "transactions", cycles=True)] = 32
    bank_queue: Annotated[
        Count, key("With `bank-round-robin`: requests that can wait at each bank.", "transactions", cycles=True)
    ] = 8
    write_low_watermark: Annotated[
        Share, key("Share of the write queue below which writes no longer go before reads.", cycles=True)
    ] = 0.2
    write_high_watermark: Annotated[
        Share, key("Share of the write queue above which writes go before reads. With 1.0 they never do.", cycles=True)
    ] = 0.8
    write_pulse: Annotated[WritePulseSpec, key("The write pulse of a non-volatile memory.")] = WritePulseSpec()

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
