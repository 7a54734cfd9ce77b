"""Address mappings: from a byte address to channel, rank, bank group, bank, row and column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.dram.tables import IntArray, ResolvedDram
from simcore.errors import InputError, did_you_mean
from simcore.reading.numbers import shown, whole_number

# Columns of `AddressMapping.fields`: `BITS` address bits from bit `FROM` on become the bits from `TO` on of the level's number.
FIELD_LEVEL, FIELD_FROM, FIELD_BITS, FIELD_TO = range(4)
# Columns of `AddressMapping.xors`, in order: `BITS` bits of the source level's number from bit `FROM` on are xored into the
# level's number.
XOR_LEVEL, XOR_SOURCE, XOR_FROM, XOR_BITS = range(4)

MAPPINGS = ("RoBaRaCoCh", "MOP4CLXOR")


@dataclass(frozen=True, slots=True)
class AddressMapping:
    """The destination of every address bit, as tables that both engines read."""

    fields: IntArray
    xors: IntArray
    address_bits: int

    def decode(self, addresses: IntArray, levels: int) -> IntArray:
        """Return the number of each level, as [levels, addresses]."""
        numbers = np.zeros((levels, len(addresses)), dtype=np.int64)
        for level, start, bits, to in self.fields:
            numbers[level] |= ((addresses >> start) & ((1 << bits) - 1)) << to
        for level, source, start, bits in self.xors:
            numbers[level] ^= (numbers[source] >> start) & ((1 << bits) - 1)
        return numbers


def address_mapping(dram: ResolvedDram, mapping: str) -> AddressMapping:
    """Return the mapping of this name or of these fields. Raise InputError if it is unknown or does not hold every bit once."""
    row, column = dram.levels.index("row"), dram.levels.index("column")
    between = [(level, dram.field_bits[level]) for level in range(1, row)]
    channel, xors = [(0, dram.field_bits[0])], []
    if mapping == "RoBaRaCoCh":
        fields = [*channel, (column, dram.field_bits[column]), *between, (row, dram.field_bits[row])]
    elif mapping == "MOP4CLXOR":
        if dram.field_bits[column] < 2:
            raise InputError(f"MOP4CLXOR: expected 4 columns or more, got {dram.counts[column]}")
        fields = [*channel, (column, 2), *between, (column, dram.field_bits[column] - 2), (row, dram.field_bits[row])]
        start = 0
        for level, bits in [*between, (row, dram.field_bits[row])]:
            if bits:
                xors.append((level, column, start, bits))
                start += bits
    else:
        fields = _parse(dram, mapping)
    return _placed(dram, fields, xors)


def _placed(dram: ResolvedDram, fields: list[tuple[int, int]], xors: list[tuple[int, int, int, int]]) -> AddressMapping:
    """Return a mapping whose fields begin with the least significant bit above the offset within a burst."""
    start, taken, rows = dram.offset_bits, [0] * len(dram.levels), []
    for level, bits in fields:
        if bits:
            rows.append((level, start, bits, taken[level]))
        start += bits
        taken[level] += bits
    return AddressMapping(
        np.array(rows, dtype=np.int64).reshape(-1, 4), np.array(xors, dtype=np.int64).reshape(-1, 4), address_bits=start
    )


def _parse(dram: ResolvedDram, mapping: str) -> list[tuple[int, int]]:
    """Return the fields of a text such as "row bank:2 column:7 ...", the least significant first.

    A field without bits takes the bits that the other fields of its level leave.
    """
    words = mapping.replace(",", " ").split()
    if len(words) == 1 and words[0] not in dram.levels:
        raise InputError(f"no address mapping named {mapping!r}", hint=did_you_mean(mapping, MAPPINGS))
    given: list[tuple[int, int | None]] = []
    for word in words:
        name, _, digits = word.partition(":")
        if name not in dram.levels:
            raise InputError(f"mapping: no level named {name!r}", hint=did_you_mean(name, dram.levels))
        bits = whole_number(digits)
        if digits and (bits is None or bits < 0):
            raise InputError(f"mapping: expected a number of bits in {shown(word)}")
        given.append((dram.levels.index(name), bits))
    fields = []
    for at, (level, bits_or_rest) in enumerate(given):
        others = sum(size or 0 for i, (other, size) in enumerate(given) if other == level and i != at)
        fields.append((level, max(dram.field_bits[level] - others, 0) if bits_or_rest is None else bits_or_rest))
    for level, name in enumerate(dram.levels):
        total = sum(size for other, size in fields if other == level)
        if total != dram.field_bits[level]:
            raise InputError(f"mapping: expected {dram.field_bits[level]} bits of {name}, got {total}")
    return fields[::-1]
