"""A drawing: what takes the rows of a run for a timeline, and draws them as tracks."""

from __future__ import annotations

from abc import ABC, abstractmethod

from simcore.program.traces import Traced


class Drawing(ABC):
    """The tracks of one kind of machine. A run hands rows over in the order of their cycles."""

    @property
    @abstractmethod
    def traced(self) -> Traced:
        """Return what takes rows. The wanted cycles do not stand in it."""

    @abstractmethod
    def close(self) -> None:
        """Add what the end of the run ends."""
