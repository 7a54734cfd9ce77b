"""A store by content. The key of a result is a digest of everything on which the result depends."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """A value that a store can keep, because it knows its size."""

    @property
    def nbytes(self) -> int:
        """Return the bytes of memory."""
        ...


Kept = TypeVar("Kept", bound=Sized)


class Store(Protocol[Kept]):
    """A map from keys to values. A key is a digest of everything on which its value depends, so a value never changes."""

    def get(self, key: str) -> Kept | None:
        """Return the value of a key, or None."""
        ...

    def put(self, key: str, value: Kept) -> None:
        """Keep a value. The store may drop it at once or later, because it promises nothing."""
        ...


class MemoryStore(Generic[Kept]):
    """A store in memory. Beyond ``most_bytes`` it drops the values that were unused for longest."""

    def __init__(self, most_bytes: int = 64 << 20) -> None:
        """Make an empty store."""
        self.most_bytes, self._bytes = most_bytes, 0
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def get(self, key: str) -> Kept | None:
        """Return the value of a key, or None."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: str, value: Kept) -> None:
        """Keep a value, and drop others if there is no room."""
        before = self._kept.pop(key, None)
        self._bytes += value.nbytes - (0 if before is None else before.nbytes)
        self._kept[key] = value
        while self._bytes > self.most_bytes:
            self._bytes -= self._kept.popitem(last=False)[1].nbytes
