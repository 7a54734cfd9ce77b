"""The compute rows of a subarray: which there are, which may be activated together, and which hold constants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simcore.errors import InputError, did_you_mean

#: The numbers of rows whose majority the sense amplifiers find.
MAJORITIES = (1, 3, 5)


@dataclass(frozen=True)
class ComputeRows:
    """The compute rows that a family of micro-programs needs beside the rows of its data.

    ``plain`` and ``inverting`` (dual-contact) rows can be written. ``zero`` and ``one`` hold constants and cannot. ``groups`` are
    the sets of word lines that one address of the row decoder raises together; ``~NAME`` is an inverting word line. Every row can
    be activated alone.
    """

    plain: tuple[str, ...]
    inverting: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    zero: str = "C0"
    one: str = "C1"

    def __post_init__(self) -> None:
        names = self.names
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"compute rows: expected each name once, got '{name}' twice")
        for group in self.groups:
            self._check_group(group)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all compute rows."""
        return (*self.plain, *self.inverting, self.zero, self.one)

    @property
    def constants(self) -> tuple[str, str]:
        """Return the names of the rows that hold zeros and ones."""
        return self.zero, self.one

    def has_group(self, lines: Iterable[str]) -> bool:
        """Return whether one address raises exactly these word lines."""
        return frozenset(lines) in {frozenset(group) for group in self.groups}

    def _check_group(self, group: tuple[str, ...]) -> None:
        told = f"compute rows: group ({', '.join(group)})"
        rows = [line.removeprefix("~") for line in group]
        for line, row in zip(group, rows, strict=True):
            if row not in (*self.plain, *self.inverting):
                hint = did_you_mean(row, (*self.plain, *self.inverting))
                raise InputError(f"{told}: expected plain or inverting rows, got '{row}'", hint=hint)
            if line != row and row not in self.inverting:
                raise InputError(f"{told}: '{row}' has no inverting word line")
        if len(set(rows)) < len(rows):
            raise InputError(f"{told}: expected each row once")
