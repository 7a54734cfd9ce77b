"""Random traffic for the check of a bank timing, and arrays that reject what int64 arrays would silently convert."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simcore.program.program import Int64Array
from simcore.timing.bank_timing import READ, WRITE, BankTiming, is_int64

#: Number of banks in the one bank group that gets the traffic.
BANKS = 4

#: Lines per bank. They are few, so that rows repeat.
ROWS = 8


class ModelError(Exception):
    """A model broke a rule that no int64 array would have enforced."""


class GuardedArray(np.ndarray[Any, np.dtype[np.int64]]):
    """An int64 array that rejects values other than integers, and all writes if it is ``read_only``.

    With ``exact`` it returns Python's unbounded integers, so that a result that wraps in 64 bits shows up as a difference.
    """

    label: str = "array"
    read_only: bool = False
    exact: bool = False

    def __array_finalize__(self, parent: Any) -> None:
        for name in ("label", "read_only", "exact"):
            setattr(self, name, getattr(parent, name, getattr(type(self), name)))

    def __getitem__(self, index: Any) -> Any:
        self._reject_undeclared(index)
        found = super().__getitem__(index)
        return int(found) if self.exact and isinstance(found, np.integer) else found

    def __setitem__(self, index: Any, value: Any) -> None:
        """Store an integer. Raise ModelError for any other value, for a read-only array, and for an array without values."""
        self._reject_undeclared(index)
        if self.read_only:
            raise ModelError(f"wrote to {self.label}[{index}]; only bank and shared may be written to")
        if np.asarray(value).dtype.kind not in "iub":
            told = value.item() if isinstance(value, np.generic) else value
            raise ModelError(f"stored {told!r} in {self.label}[{index}]; state holds integers, other values would be truncated")
        super().__setitem__(index, value)

    def _reject_undeclared(self, index: Any) -> None:
        if self.size == 0:
            raise ModelError(f"{self.label}[{index}] is used but {self.label}_state declares no values")


def guarded(values: Int64Array, label: str, read_only: bool = False, exact: bool = False) -> GuardedArray:
    """Return a guarded copy of an int64 array; ``label`` names it in messages."""
    array = values.copy().view(GuardedArray)
    array.label, array.read_only, array.exact = label, read_only, exact
    return array


@dataclass(frozen=True)
class ModelCall:
    """One call of serve: its number, the bank, the cycle, the operation and the row."""

    index: int
    bank: int
    now: int
    op: int
    row: int

    def __str__(self) -> str:
        kind = "write" if self.op == WRITE else "read"
        return f"request {self.index}: {kind} of row {self.row} in bank {self.bank} at cycle {self.now}"


@dataclass
class ModelBanks:
    """State of a group of banks for one model, and the cycle in which each bank is free again."""

    banks: list[Any]
    shared: Any
    free_at: list[int] = field(default_factory=lambda: [0] * BANKS)

    @classmethod
    def guarded(cls, timing: BankTiming, exact: bool = False) -> ModelBanks:
        """Return fresh state in guarded arrays that hold only what the model declares."""
        own, common = len(timing.bank_values), len(timing.shared_state)
        banks = [guarded(timing.initial_bank(bank)[:own], "bank", exact=exact) for bank in range(BANKS)]
        return cls(banks, guarded(timing.initial_shared()[:common], "shared", exact=exact))

    @classmethod
    def plain(cls, timing: BankTiming) -> ModelBanks:
        """Return fresh state in plain int64 arrays, which compiled code needs."""
        return cls([timing.initial_bank(bank) for bank in range(BANKS)], timing.initial_shared())

    def occupy(self, request: ModelCall, free_at: object) -> None:
        """Note when the bank is free. An invalid answer occupies it for one cycle, so that the traffic goes on."""
        sound = is_int64(free_at) and int(free_at) > request.now  # type: ignore[call-overload]
        self.free_at[request.bank] = int(free_at) if sound else request.now + 1  # type: ignore[call-overload]


def random_requests(group: ModelBanks, requests: int, seed: int) -> Iterator[ModelCall]:
    """Yield requests as an engine makes them: time never goes back, and each request goes to a free bank.

    Most requests come close together, some after long pauses. The caller must note each answer in ``group.free_at`` before it
    takes the next request.
    """
    random = np.random.default_rng(seed)
    now = 0
    for index in range(requests):
        pause = random.choice([4, 100, 2**31], p=[0.75, 0.23, 0.02])
        now += int(random.integers(pause))
        free = [bank for bank in range(BANKS) if group.free_at[bank] <= now]
        if not free:
            now = min(group.free_at)
            free = [bank for bank in range(BANKS) if group.free_at[bank] <= now]
        bank = free[int(random.integers(len(free)))]
        yield ModelCall(index, bank, now, WRITE if random.random() < 0.4 else READ, int(random.integers(ROWS)))
