"""PIMeval's BitSIMD: bit-serial logic at the sense amplifiers, whose operations are counted and not executed.

PIMeval (UVA-LavaLab/PIMeval-PIMbench 40ce162, pimPerfEnergyTables.cpp) looks up rows read, rows written and logic steps, and
multiplies: a row access takes tRAS + tRP, a logic step tCCD_S. A pass covers one region in every pair of subarrays. Its table has
8, 16, 32 and 64 bits, and no product of 64 bits; counts of other widths extend it (`is_extended`). A product has the low n bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from math import ceil

from simcore.errors import InputError, did_you_mean

OPERATIONS = ("add", "sub", "and", "mul")
_TABLE_BITS = (8, 16, 32, 64)
MOST_BITS = 64
#: Rows of an operation at a time: two operands and the result.
_OPERANDS = 3


@dataclass(frozen=True)
class BitSimdSystem:
    """A DRAM of PIMeval: its geometry, and its timing in cycles. The defaults are PIMeval's DDR4-2666."""

    ranks: int = 1
    banks: int = 16
    subarrays: int = 32
    rows: int = 1024
    columns: int = 8192
    tck_ns: float = 0.75
    tras_cycles: int = 43
    trp_cycles: int = 19
    tccd_s_cycles: int = 4

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int) and not 1 <= value <= 2**30:
                raise InputError(f"{field.name}: expected 1 to {2**30}, got {value}")
        if self.ranks * self.banks * self.subarrays < 2:
            raise InputError("expected at least two subarrays, because PIMeval joins two to a core")

    @property
    def cores(self) -> int:
        """Return the pairs of subarrays, which work at the same time."""
        return self.ranks * self.banks * self.subarrays // 2


#: Systems by name.
SYSTEMS = {"pimeval-ddr4": BitSimdSystem()}


@dataclass(frozen=True)
class BitSimdTime:
    """The time of one operation on many elements, and what it consists of."""

    runtime_ns: float
    read_ns: float
    write_ns: float
    logic_ns: float
    passes: int


def counts(operation: str, bits: int) -> tuple[int, int, int]:
    """Return rows read, rows written and logic steps of one pass. Raise InputError for an unknown operation or width."""
    if operation not in OPERATIONS:
        raise InputError(f"no operation '{operation}' in PIMeval's BitSIMD table", hint=did_you_mean(operation, OPERATIONS))
    if not 1 <= bits <= MOST_BITS:
        raise InputError(f"bits: expected 1 to {MOST_BITS}, got {bits}")
    if operation == "mul":
        return bits * (bits + 1), bits * (bits + 1) // 2, bits * (2 * bits + 1)
    return 2 * bits, bits, 2 * bits if operation == "and" else 3 * bits + 1


def is_extended(operation: str, bits: int) -> bool:
    """Return whether PIMeval's own table lacks this operation, so that the count is an extension of it."""
    return bits not in _TABLE_BITS or (operation == "mul" and bits == MOST_BITS)


def row_accesses(operation: str, bits: int, elements: int, system: BitSimdSystem) -> Iterator[tuple[int, int]]:
    """Yield, for one pair of subarrays, the cycle and the row of each row access of an operation, pass by pass.

    Each pass reads its rows, does its logic steps, and writes its rows. Raise InputError as `time_of` does.
    """
    reads, writes, logic = counts(operation, bits)
    cycle, row_cycles = 0, system.tras_cycles + system.trp_cycles
    for number in range(time_of(operation, bits, elements, system).passes):
        first = number * _OPERANDS * bits
        for at in range(reads):
            yield cycle, first + at % (2 * bits)
            cycle += row_cycles
        cycle += logic * system.tccd_s_cycles
        for at in range(writes):
            yield cycle, first + 2 * bits + at % bits
            cycle += row_cycles


def time_of(operation: str, bits: int, elements: int, system: BitSimdSystem) -> BitSimdTime:
    """Return the time of an operation on so many elements. Raise InputError if they do not fit the system."""
    reads, writes, logic = counts(operation, bits)
    if elements < 1:
        raise InputError(f"elements: expected at least 1, got {elements}")
    passes = ceil(ceil(elements / system.columns) / system.cores)
    needed = passes * _OPERANDS * bits
    if needed > 2 * system.rows:
        message = f"{elements} elements of {bits} bits need {needed} rows in each pair of subarrays, which has {2 * system.rows}"
        raise InputError(message, hint="fewer elements, or more columns, rows or subarrays")
    row_ns = system.tck_ns * (system.tras_cycles + system.trp_cycles)
    read, write = passes * reads * row_ns, passes * writes * row_ns
    step = passes * logic * system.tck_ns * system.tccd_s_cycles
    return BitSimdTime(read + write + step, read, write, step, passes)
