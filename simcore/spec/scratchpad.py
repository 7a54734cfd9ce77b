"""A scratchpad: capacity, banks, lines, arbiter, write buffer, and the timing of the banks."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from simcore.reading.keys import key
from simcore.reading.values import Broken, Count, CountOrNone, Flag, Integer, SizeBytes, Spec, Text, raise_broken
from simcore.spec.macro import MacroSpec

Interleaving = Literal["low-order", "xor", "block"]
Arbiter = Literal["fcfs", "port-priority", "round-robin"]
Preemption = Literal["none", "resume", "restart"]


class TimingSpec(Spec):
    """A bank's timing model, by registered name or ``FILE.py:Class``, and parameters that replace the model's defaults."""

    model: Annotated[
        Text,
        Field(min_length=1),
        key(
            "Name of a bank timing (`simcore list memories`), or `FILE.py:Class` for one of your own. `timing: NAME` alone names "
            "the model.",
            cycles=True,
        ),
    ]
    parameters: Annotated[
        dict[str, Integer],
        key("Parameters of the model by name, in place of its defaults (`simcore list memories`).", cycles=True),
    ] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: object) -> object:
        return {"model": value} if isinstance(value, str) else value


class BankGroup(Spec):
    """Neighbouring banks that are alike. Give either ``timing`` or ``macro``; macros bring their own timing."""

    banks: Annotated[
        Count, key("Number of banks of the group. The groups share all banks of the scratchpad.", "banks", cycles=True)
    ]
    timing: Annotated[TimingSpec | None, key("Timing of the group's banks.")] = None
    macro: Annotated[MacroSpec | None, key("Macros of which the group's banks are built, which bring their own timing.")] = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        raise_broken(_one_of(timing=self.timing, macro=self.macro))
        return self

    @property
    def memory(self) -> str:
        """Return the name of the timing model or of the macros' cells."""
        return self.timing.model if self.timing is not None else self.macro.cells if self.macro is not None else ""


class WriteBufferSpec(Spec):
    """The buffer in which the array's writes wait for their banks. An entry is one line."""

    depth: Annotated[CountOrNone, key("Entries of the buffer. With 0 the array waits for every write.", "lines", cycles=True)] = 8
    high_watermark: Annotated[
        Count | None,
        key(
            "Entries from which buffered writes go first, until `low_watermark` or fewer are left. Without it they never do.",
            "lines",
            cycles=True,
        ),
    ] = None
    low_watermark: Annotated[CountOrNone, key("Entries at which buffered writes no longer go first.", "lines", cycles=True)] = 0
    read_priority: Annotated[
        Flag,
        key(
            "Whether a buffered write waits while a read or the DMA waits at its bank. Without it the older request goes first.",
            cycles=True,
        ),
    ] = True
    preemption: Annotated[
        Preemption,
        key(
            "Whether a read may interrupt a buffered write in progress: never (`none`), or the write later goes on where it was "
            "(`resume`) or begins again (`restart`).",
            cycles=True,
        ),
    ] = "none"

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

    capacity_bytes: Annotated[SizeBytes, key("Bytes of all banks together, a multiple of banks x line_bytes.", cycles=True)]
    banks: Annotated[Count, key("Number of banks that serve requests independently of each other.", "banks", cycles=True)]
    line_bytes: Annotated[
        SizeBytes,
        key("Bytes that a bank moves per access. Words of one step in the same line are one access.", cycles=True),
    ]
    ports_per_bank: Annotated[Count, key("Requests that one bank can serve at a time.", "ports", cycles=True)] = 1
    interleaving: Annotated[
        Interleaving,
        key(
            "Which bank holds a line: the line's number modulo the banks (`low-order`), the same with the higher bits mixed in "
            "(`xor`, for a power of two of banks), or an equal share of neighbouring lines in each bank (`block`).",
            cycles=True,
        ),
    ] = "low-order"
    arbiter: Annotated[
        Arbiter,
        key(
            "Who goes first at a bank: the oldest request (`fcfs`), the first port (`port-priority`: ifmap, filter, psum, "
            "output, dma), or the ports in turn (`round-robin`).",
            cycles=True,
        ),
    ] = "fcfs"
    timing: Annotated[TimingSpec | None, key("Timing of all banks.")] = None
    macro: Annotated[MacroSpec | None, key("Macros of which all banks are built, which bring their own timing.")] = None
    bank_groups: Annotated[
        tuple[BankGroup, ...] | None, key("Groups of neighbouring banks, each with a timing or macros of its own.")
    ] = None
    write_buffer: Annotated[WriteBufferSpec, key("The buffer in which the array's writes wait for their banks.")] = (
        WriteBufferSpec()
    )

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
