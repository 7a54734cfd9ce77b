"""What is run: sequences of commands on the subarrays of a DRAM, and which subarrays compute together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from math import prod

from simcore.dram.tables import ResolvedDram
from simcore.errors import InputError
from simcore.pim.limits import PimLimits
from simcore.pim.sequence import Sequence
from simcore.pim.sequence_check import check_sequence

Node = tuple[int, ...]


@dataclass(frozen=True)
class PimWork:
    """Sequences for banks of one channel: bank k runs ``sequences[k]`` in each of its ``subarrays``.

    If there are sequences ``further``, its subarray s runs ``further[s - 1][k]`` instead, for s from 1 on. An empty sequence is a
    subarray without work, for which no other waits.

    In lock-step no subarray begins an operation before all have begun the one before. Otherwise this holds within each bank
    alone, whose subarrays share a sequencer. A bank moves data of one subarray at a time, from the activation to the precharge,
    and its periphery serves one subarray at a time. While a bank copies a row to another subarray, no other row of it is open.

    If there are sequences ``beside``, bank k also runs ``beside[k]``, at a pace of its own, in one more subarray.
    """

    dram: ResolvedDram
    limits: PimLimits
    sequences: tuple[Sequence, ...]
    subarrays: int = 1
    lock_step: bool = True
    beside: tuple[Sequence, ...] = ()
    further: tuple[tuple[Sequence, ...], ...] = ()

    def __post_init__(self) -> None:
        banks = banks_of(self.dram)
        most = self.dram.counts[self.dram.bank_level + 1] // self.dram.rows_per_subarray
        if not 1 <= len(self.sequences) <= len(banks):
            raise InputError(f"{self.dram.name}: expected 1 to {len(banks)} banks, got {len(self.sequences)}")
        if not 1 <= self.subarrays <= most - bool(self.beside):
            raise InputError(
                f"{self.dram.name}: expected 1 to {most - bool(self.beside)} subarrays of a bank, got {self.subarrays}"
            )
        if self.beside and len(self.beside) != len(self.sequences):
            expected = f"expected a sequence beside those of each of {len(self.sequences)} banks"
            raise InputError(f"{self.dram.name}: {expected}, got {len(self.beside)}")
        if self.further and [len(row) for row in self.further] != [len(self.sequences)] * (self.subarrays - 1):
            expected = f"expected sequences of {len(self.sequences)} banks for each of {self.subarrays - 1} further subarrays"
            raise InputError(f"{self.dram.name}: {expected}, got {[len(row) for row in self.further]}")
        for sequence in self.distinct:
            check_sequence(sequence, self.dram)
        if self.has_row_copies and most < 2:
            raise InputError(f"{self.dram.name}: expected two subarrays in a bank, between which rows are copied, got {most}")

    @property
    def has_row_copies(self) -> bool:
        """Return whether a sequence copies rows to other subarrays."""
        return any(sequence.row_copies.any() for sequence in self.distinct)

    @property
    def distinct(self) -> list[Sequence]:
        """Return the different sequences, in the order of the banks."""
        return list(dict.fromkeys((*self.sequences, *chain(*self.further), *self.beside)))

    @property
    def units(self) -> list[Node]:
        """Return the subarrays that compute, in the order in which they take turns: a subarray of every bank, then the next."""
        banks = banks_of(self.dram)[: len(self.sequences)]
        return [(*bank, subarray) for subarray in range(self.subarrays + bool(self.beside)) for bank in banks]

    @property
    def commands(self) -> int:
        """Return the number of commands of all units, without refreshes."""
        return sum(self.sequence(unit).commands for unit in range(len(self.units)))

    def sequence(self, unit: int) -> Sequence:
        """Return what a unit runs."""
        subarray, bank = divmod(unit, len(self.sequences))
        if self.is_beside(unit):
            return self.beside[bank]
        return self.further[subarray - 1][bank] if self.further and subarray else self.sequences[bank]

    def is_beside(self, unit: int) -> bool:
        """Return whether a unit runs a sequence beside those of the subarrays that compute."""
        return unit >= self.subarrays * len(self.sequences)

    def group(self, unit: int) -> int:
        """Return the number of the group of units that keep step with each other."""
        banks = len(self.sequences)
        if self.is_beside(unit):
            return (1 if self.lock_step else banks) + unit % banks
        return 0 if self.lock_step else unit % banks

    def bank(self, unit: int) -> int:
        """Return the number of the bank, among those that compute, in which a unit lies."""
        return unit % len(self.sequences)

    @property
    def device_dram(self) -> ResolvedDram:
        """Return the DRAM with only as many subarrays in a bank as have units (two for copies), rounded up to a power of two."""
        subarrays = max(self.subarrays + bool(self.beside), 2 if self.has_row_copies else 1)
        rows = self.dram.rows_per_subarray << (subarrays - 1).bit_length()
        counts = list(self.dram.counts)
        counts[self.dram.bank_level + 1] = rows
        return replace(self.dram, counts=tuple(counts))


def banks_of(dram: ResolvedDram) -> list[Node]:
    """Return the banks of channel 0, so that neighbours in the list lie in different ranks, then in different bank groups."""
    counts = dram.node_counts[1 : dram.bank_level + 1]
    found = []
    for number in range(prod(counts)):
        bank, left = [0], number
        for count in counts:
            bank.append(left % count)
            left //= count
        found.append(tuple(bank))
    return found
