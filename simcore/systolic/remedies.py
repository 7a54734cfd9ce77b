"""The changes that may remove a stall cause, as a table: cause -> keys -> proposed values. ``simcore why`` tries each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

#: What stands in a key for the scratchpad in which the cycles are lost, and for every scratchpad in turn.
HERE, EACH = "NAME", "EACH"

#: From a key's value to the values to try, the cheapest first. No values: nothing to try.
Proposal = Callable[[Any], Sequence[Any]]


@dataclass(frozen=True)
class Remedy:
    """A key whose change may remove a cause, and the values to propose in place of its value."""

    key: str
    values: Proposal


def times(*factors: int) -> Proposal:
    """Propose multiples of the value; of nothing, the factors themselves."""
    return lambda value: [_plain(Fraction(str(value)) * factor) if value else factor for factor in factors]


def halved(value: Any) -> Sequence[Any]:
    """Propose half of a value of at least 2."""
    return [value // 2] if value >= 2 else []


def instead(*options: Any) -> Proposal:
    """Propose every option that is not the value."""
    return lambda value: [option for option in options if option != value]


def beyond(*options: Any) -> Proposal:
    """Propose every option that stands after the value, from the least to the most."""
    return lambda value: options[options.index(value) + 1 :]


def _plain(value: Fraction) -> int | float | Fraction:
    """Return a number as a user would write it: as an integer or a decimal where one of them is exact, else as a fraction."""
    if value.denominator == 1:
        return value.numerator
    return float(value) if Fraction(str(float(value))) == value else value


_PORTS = Remedy("scratchpads.NAME.ports_per_bank", times(2))
_BANKS = Remedy("scratchpads.NAME.banks", times(2, 4))
_PLACE = Remedy("scratchpads.NAME.interleaving", instead("low-order", "xor", "block"))
_ARBITER = Remedy("scratchpads.NAME.arbiter", instead("fcfs", "port-priority", "round-robin"))
_SRAM = Remedy("scratchpads.NAME.timing", instead("sram"))
_CYCLES = Remedy("scratchpads.NAME.timing.parameters", halved)
_DEPTH = Remedy("scratchpads.NAME.write_buffer.depth", times(2, 4, 8))
_READS_FIRST = Remedy("scratchpads.NAME.write_buffer.read_priority", instead(True, False))
_PREEMPTION = Remedy("scratchpads.NAME.write_buffer.preemption", instead("none", "resume", "restart"))
_CAPACITY = Remedy("scratchpads.EACH.capacity_bytes", times(2, 4))
_WINDOW = Remedy("array.port_window", times(2, 4))
_NARROW_WINDOW = Remedy("array.port_window", halved)
_OVERLAP = Remedy("array.fold_overlap", beyond("none", "after-wave", "wave"))
_BURSTS = Remedy("dma.outstanding_bursts", times(2, 4))
_LONG_BURSTS = Remedy("dma.burst_bytes", times(2, 4))
_BANDWIDTH = Remedy("memory.bytes_per_cycle", times(2, 4))
_LATENCY = Remedy("memory.latency_cycles", halved)
_CHANNELS = Remedy("memory.overrides.channel", times(2))

_BANK = (_PORTS, _BANKS, _PLACE, _CYCLES, _SRAM)
_MEMORY = (_BANDWIDTH, _LATENCY, _CHANNELS, _BURSTS, _LONG_BURSTS)

#: The cycles in which the array takes a step, under the name that they have beside the causes.
COMPUTE = "compute"

REMEDIES: Mapping[str, tuple[Remedy, ...]] = {
    "first_fill": (*_MEMORY, _CAPACITY, *_BANK),
    "dram_wait": (*_MEMORY, _CAPACITY, *_BANK, _WINDOW),
    "read_latency": (_WINDOW, _CYCLES, _SRAM),
    "read_conflict": (*_BANK, _ARBITER, _WINDOW),
    "write_conflict": (*_BANK, _ARBITER, _WINDOW, _DEPTH, _READS_FIRST, _PREEMPTION),
    "dma_collision": (*_BANK, _ARBITER, _WINDOW, _BURSTS, _LONG_BURSTS),
    "write_backpressure": (_DEPTH, *_BANK, _ARBITER, _READS_FIRST, _PREEMPTION, _WINDOW, _NARROW_WINDOW),
    "drain": (*_MEMORY, _CAPACITY, *_BANK),
    COMPUTE: (_OVERLAP,),
}


def keys_against(cause: str) -> list[str]:
    """Return the keys that may remove a cause, as they are named in the reference of keys."""
    return list(dict.fromkeys(remedy.key.replace(EACH, HERE) for remedy in REMEDIES.get(cause, ())))
