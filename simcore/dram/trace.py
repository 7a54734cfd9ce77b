"""Traces of memory requests: ``earliest_cycle R|W hex_byte_address``, one request per line, plain or gzipped."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simcore.dram.outcome import READ, WRITE
from simcore.dram.tables import IntArray
from simcore.dram.text import numbered_lines
from simcore.errors import InputError

_OPERATIONS = {"R": READ, "W": WRITE}
#: Cycles and addresses stay below this limit, so that sums fit into int64.
LIMIT = 1 << 48


@dataclass(frozen=True, slots=True)
class DramTrace:
    """Requests in the order in which they are offered, each at its earliest cycle or later. ``op`` is READ or WRITE."""

    earliest: IntArray
    op: IntArray
    address: IntArray

    def __len__(self) -> int:
        return len(self.earliest)


def make_trace(earliest: IntArray, op: IntArray, address: IntArray) -> DramTrace:
    """Return a trace of arrays. Raise InputError for unequal lengths, operations other than READ and WRITE, negative numbers."""
    columns = [np.require(values, dtype=np.int64, requirements=["C", "W"]) for values in (earliest, op, address)]
    if len({values.shape for values in columns}) != 1 or columns[0].ndim != 1:
        raise InputError(f"trace: expected three arrays of one length, got {', '.join(str(v.shape) for v in columns)}")
    for name, values, limit in zip(("earliest", "op", "address"), columns, (LIMIT, 2, LIMIT), strict=True):
        wrong = np.flatnonzero((values < 0) | (values >= limit))
        if len(wrong):
            raise InputError(f"trace: expected {name} from 0 to {limit - 1}, got {values[wrong[0]]} in request {wrong[0]}")
    return DramTrace(*columns)


def read_trace(path: str | Path) -> DramTrace:
    """Return the trace in a file. Raise InputError with FILE:LINE for a line that is no request."""
    # Arrays of the array module take a machine word per number, while a list takes an object.
    earliest, operations, addresses = array("q"), array("q"), array("q")
    for number, line in numbered_lines(path):
        try:
            first, operation, second = line.split()
            cycle, kind, address = int(first), _OPERATIONS[operation], int(second, 16)
        except (ValueError, KeyError):
            message = f"expected 'CYCLE R|W HEX_ADDRESS', got '{line[:60]}'"
            raise InputError(message, f"{path}:{number}") from None
        if not 0 <= cycle < LIMIT or not 0 <= address < LIMIT:
            raise InputError(f"expected cycle and address from 0 to 2^48 - 1, got '{line[:60]}'", f"{path}:{number}")
        earliest.append(cycle)
        operations.append(kind)
        addresses.append(address)
    return DramTrace(*(np.array(values, dtype=np.int64) for values in (earliest, operations, addresses)))
