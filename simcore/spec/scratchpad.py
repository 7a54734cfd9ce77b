"""A scratchpad: capacity, banks, lines, arbiter, write buffer, and the timing of its banks."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from simcore.reading.values import Broken, Count, CountOrNone, Flag, Integer, SizeBytes, Spec, Text, raise_broken
from simcore.spec.macro import MacroSpec

Interleaving = Literal["low-order", "xor", "block"]
Arbiter = Literal["fcfs", "port-priority", "round-robin"]
Preemption = Literal["none", "resume", "restart"]


class TimingSpec(Spec):
    """A bank's timing model, by registered name or ``FILE.py:Class``, and the parameters that differ from its defaults."""

    model: Annotated[Text, Field(min_length=1)]
    parameters: dict[str, Integer] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: object) -> object:
        return {"model": value} if isinstance(value, str) else value


class BankGroup(Spec):
    """Neighbouring banks that are alike: of a timing model, or of macros, whose timing they take. Exactly one is given."""

    banks: Count
    timing: TimingSpec | None = None
    macro: MacroSpec | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        raise_broken(_one_of(timing=self.timing, macro=self.macro))
        return self

    @property
    def memory(self) -> str:
        """Name of the timing model or of the macros' cells."""
        return self.timing.model if self.timing is not None else self.macro.cells if self.macro is not None else ""


class WriteBufferSpec(Spec):
    """Where the array's writes wait for their banks; depth and watermarks in entries (one entry is one line)."""

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
    """Banks of lines behind one arbiter. Exactly one of ``timing``, ``macro`` (all banks alike) and ``bank_groups`` is given."""

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
        """Its bank groups; all banks in one where they are alike."""
        if self.bank_groups is not None:
            return self.bank_groups
        return (BankGroup(banks=self.banks, timing=self.timing, macro=self.macro),)

    @property
    def memory_of_banks(self) -> tuple[str, ...]:
        """What each bank is made of, by name, in bank order."""
        return tuple(group.memory for group in self.groups for _ in range(group.banks))


def _one_of(**given: object) -> list[Broken]:
    """What is wrong where not exactly one of the keys has a value."""
    found = [name for name, value in given.items() if value is not None]
    if len(found) == 1:
        return []
    *first, last = given
    return [Broken((), f"expected one of {', '.join(first)} and {last}, got {' and '.join(found) or 'none of them'}")]
