"""A store by content: what was computed once is found again under a digest of all that it follows from."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """What a store keeps: it says how many bytes it takes."""

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        ...


Kept = TypeVar("Kept", bound=Sized)


class Store(Protocol[Kept]):
    """Finds values again by key: a digest of everything that the value follows from. So the value under a key never changes."""

    def get(self, key: str) -> Kept | None:
        """The value under a key, or None."""
        ...

    def put(self, key: str, value: Kept) -> None:
        """Keep a value, or give it up at once or later: a store promises nothing."""
        ...


class MemoryStore(Generic[Kept]):
    """A store in memory. Beyond ``most_bytes`` it gives up what was not asked for the longest."""

    def __init__(self, most_bytes: int = 64 << 20) -> None:
        """An empty store."""
        self.most_bytes, self._bytes = most_bytes, 0
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def get(self, key: str) -> Kept | None:
        """The value under a key, or None."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: str, value: Kept) -> None:
        """Keep a value, and give up others for it where there is no room."""
        before = self._kept.pop(key, None)
        self._bytes += value.nbytes - (0 if before is None else before.nbytes)
        self._kept[key] = value
        while self._bytes > self.most_bytes:
            self._bytes -= self._kept.popitem(last=False)[1].nbytes
