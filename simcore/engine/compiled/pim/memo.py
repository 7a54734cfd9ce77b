"""What is known about runs of micro-programs on one machine: states, and the steps between them.

A step is a stretch of a run that was simulated once. It happens again whenever its state comes back, the next operations are
alike, and the next refresh is due in a cycle that makes no difference. Steps outlive a run, because layers share a machine.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from simcore.engine.compiled.columns import NONE
from simcore.engine.compiled.dram import device_columns as d
from simcore.engine.compiled.pim import columns as c
from simcore.engine.compiled.pim import walk_columns as w
from simcore.engine.compiled.pim.contexts import Contexts
from simcore.engine.compiled.pim.tables import PimTables
from simcore.program.program import Int64Array

#: The most machines that are remembered, and the most words (of 8 bytes) that one of them may take.
_MACHINES = 6
_WORDS = 6_000_000


@dataclass(frozen=True)
class Gain:
    """What a stretch of a run adds: waited cycles, commands, cycles of open ranks, and the units that finish, with when."""

    stalls: Int64Array
    issued: Int64Array
    open_cycles: Int64Array
    finished: tuple[tuple[int, int], ...] = ()

    def packed(self) -> bytes:
        """Return the three tables, compressed."""
        return zlib.compress(b"".join(table.tobytes() for table in (self.stalls, self.issued, self.open_cycles)), 1)

    def add(self, packed: bytes, times: int) -> None:
        """Add tables of the same shapes that were packed, so many times."""
        words = np.frombuffer(zlib.decompress(packed), dtype=np.int64)
        begin = 0
        for table in (self.stalls, self.issued, self.open_cycles):
            table += times * words[begin : begin + table.size].reshape(table.shape)
            begin += table.size


@dataclass
class Memo:
    """The states and steps of one machine. ``first`` is the first step from each state; rows beyond those in use are room."""

    tracks: int
    contexts: Contexts = field(default_factory=Contexts)
    numbers: dict[bytes, int] = field(default_factory=dict)
    #: Compressed, because most of a state is zeros.
    states: list[bytes] = field(default_factory=list)
    at_work: list[bool] = field(default_factory=list)
    #: What each step adds, packed, and the units that finish in it.
    gains: list[bytes] = field(default_factory=list)
    finished: dict[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    words: int = 0
    steps: Int64Array = field(init=False)
    first: Int64Array = field(init=False)

    def __post_init__(self) -> None:
        self.steps = np.zeros((256, w.STEP_WINDOWS + self.tracks), dtype=np.int64)
        self.first = np.full(256, NONE, dtype=np.int64)

    @property
    def is_full(self) -> bool:
        """Return whether nothing more should be remembered."""
        return self.words > _WORDS

    def number(self, state: Int64Array, at_work: bool) -> int:
        """Return the number of a state, which is new or known. ``at_work`` says whether a unit still works in it."""
        key = hashlib.blake2b(state.data, digest_size=16).digest()
        if key not in self.numbers:
            self.numbers[key] = len(self.states)
            self.at_work.append(at_work)
            self.states.append(zlib.compress(state.data, 1))
            self.words += len(self.states[-1]) // 8
        return self.numbers[key]

    def state(self, number: int) -> Int64Array:
        """Return a state by its number."""
        return np.frombuffer(zlib.decompress(self.states[number]), dtype=np.int64)

    def grow(self) -> None:
        """Make room for a further state and a further step."""
        if len(self.gains) + 1 >= len(self.steps):
            self.steps = np.concatenate([self.steps, np.zeros_like(self.steps)])
        if len(self.states) + 1 >= len(self.first):
            self.first = np.concatenate([self.first, np.full(len(self.states) + 2, NONE, dtype=np.int64)])


_memos: OrderedDict[bytes, Memo] = OrderedDict()


def memo_of(tables: PimTables, tracks: Int64Array) -> Memo:
    """Return what is known about the machine of these tables, whose units follow the tracks of these numbers."""
    units, device = tables.units, tables.device
    static = units[:, [c.UNIT_NODE, c.UNIT_GROUP, c.UNIT_REFRESH, c.UNIT_BANK]]
    parts = (device.commands, device.rules, device.banks[d.BANK_RANK], tables.fixed, static, tracks, tables.refreshes[:, :2])
    digest = hashlib.blake2b(digest_size=32)
    for part in parts:
        digest.update(f"{part.shape} ".encode())
        digest.update(np.ascontiguousarray(part).data)
    key = digest.digest()
    if key not in _memos:
        _memos[key] = Memo(int(tracks.max(initial=0)) + 1)
    _memos.move_to_end(key)
    while len(_memos) > _MACHINES:
        _memos.popitem(last=False)
    return _memos[key]


def forget() -> None:
    """Forget all machines."""
    _memos.clear()
