"""A scratchpad: capacity, banks, lines, arbiter, write buffer, and the timing of the banks."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from simcore.reading.values import Broken, Count, CountOrNone, Flag, Integer, SizeBytes, Spec, Text, raise_broken
from simcore.spec.macro import MacroSpec

Interleaving = Literal["low-order", "xor", "block"]
Arbiter = Literal["fcfs", "port-priority", "round-robin"]
Preemption = Literal["none", "resume", "restart"]


class TimingSpec(Spec):
    """A bank's timing model, by registered name or ``FILE.py:Class``, and parameters that replace the model's defaults."""

    model: Annotated[Text, Field(min_length=1)]
    parameters: dict[str, Integer] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: object) -> object:
        return {"model": value} if isinstance(value, str) else value


class BankGroup(Spec):
    """Neighbouring banks that are alike. Give either ``timing`` or ``macro``; macros bring their own timing."""

    banks: Count
    timing: TimingSpec | None = None
    macro: MacroSpec | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        raise_broken(_one_of(timing=self.timing, macro=self.macro))
        return self

    @property
    def memory(self) -> str:
        """Return the name of the timing model or of the macros' cells."""
        return self.timing.model if self.timing is not None else self.macro.cells if self.macro is not None else ""


class WriteBufferSpec(Spec):
    """The buffer in which the array's writes wait for their banks. Depth and watermarks count entries; an entry is one line."""

    depth: CountOrNone = 8
    high_watermark: Count | None = None
    low_watermark: CountOrNone = 0
    read_priority: Flag = True
    preemption: Preemption = "none"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        broken = []
        high = self.high_watermark
        if high is not None and high > self.depth:
            broken.append(Broken(("high_watermark",), f"expected at most the depth {self.depth}, got {high}"))
        if high is not None and self.low_watermark >= high:
            broken.append(Broken(("low_watermark",), f"expected less than high_watermark {high}, got {self.low_watermark}"))
        if high is None and self.low_watermark:
            broken.append(
                Broken(("low_watermark",), f"expected a high_watermark beside low_watermark {self.low_watermark}, got none")
            )
        if self.preemption != "none" and not self.read_priority:
            broken.append(Broken(("preemption",), f"expected read_priority: true with preemption {self.preemption!r}, got false"))
        raise_broken(broken)
        return self


class ScratchpadSpec(Spec):
    """Banks of lines behind one arbiter.

    Give exactly one of ``timing``, ``macro`` (both make all banks alike) and ``bank_groups``.
    """

    capacity_bytes: SizeBytes
    banks: Count
    line_bytes: SizeBytes
    ports_per_bank: Count = 1
    interleaving: Interleaving = "low-order"
    arbiter: Arbiter = "fcfs"
    timing: TimingSpec | None = None
    macro: MacroSpec | None = None
    bank_groups: tuple[BankGroup, ...] | None = None
    write_buffer: WriteBufferSpec = WriteBufferSpec()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        broken = []
        row_bytes = self.banks * self.line_bytes
        if self.capacity_bytes % row_bytes:
            message = f"expected a multiple of banks x line_bytes = {row_bytes}, got {self.capacity_bytes}"
            broken.append(Broken(("capacity_bytes",), message))
        if self.interleaving == "xor" and self.banks & (self.banks - 1):
            broken.append(Broken(("banks",), f"expected a power of two with interleaving 'xor', got {self.banks}"))
        raise_broken(broken + self._broken_banks())
        return self

    def _broken_banks(self) -> list[Broken]:
        broken = _one_of(timing=self.timing, macro=self.macro, bank_groups=self.bank_groups)
        grouped = sum(group.banks for group in self.bank_groups or ())
        if not broken and self.bank_groups is not None and grouped != self.banks:
            broken = [Broken(("bank_groups",), f"expected groups of {self.banks} banks in all, got {grouped}")]
        return broken

    @property
    def groups(self) -> tuple[BankGroup, ...]:
        """Return the bank groups. If all banks are alike, they form one group."""
        if self.bank_groups is not None:
            return self.bank_groups
        return (BankGroup(banks=self.banks, timing=self.timing, macro=self.macro),)

    @property
    def memory_of_banks(self) -> tuple[str, ...]:
        """Return the name of the timing model or cells of each bank, in bank order."""
        return tuple(group.memory for group in self.groups for _ in range(group.banks))


def _one_of(**given: object) -> list[Broken]:
    """Return an error unless exactly one of the keys has a value."""
    found = [name for name, value in given.items() if value is not None]
    if len(found) == 1:
        return []
    *first, last = given
    return [Broken((), f"expected one of {', '.join(first)} and {last}, got {' and '.join(found) or 'none of them'}")]
