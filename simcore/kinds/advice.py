"""What a kind of machine says about the time of a run: where cycles are lost, which keys might save them, what to try next."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Loss:
    """The ``cycles`` of a run that one ``cause`` takes in one ``place``, such as a scratchpad ("" if there is none).

    ``says`` are sentences for the reader: what the cause means, where and how it shows in numbers. ``is_work`` is True for cycles
    that are no wait, because the machine works in them.
    """

    cause: str
    place: str
    cycles: int
    says: tuple[str, ...]
    is_work: bool = False

    @property
    def name(self) -> str:
        """Return cause and place in words."""
        return f"{self.cause} in {self.place}" if self.place else self.cause


@dataclass(frozen=True)
class Change:
    """A new value of one key, which may save cycles. ``was`` is its value in the system, "" if it has none.

    ``beside`` are further keys that must change together with it, as ``KEY=VALUE`` texts.
    """

    key: str
    value: str
    was: str
    beside: tuple[str, ...] = ()

    @property
    def overrides(self) -> tuple[str, ...]:
        """Return the change as ``--set`` texts."""
        return f"{self.key}={self.value}", *self.beside


@dataclass(frozen=True)
class NextStep:
    """What to try after a run: the ``reason`` in a few words, and the ``command`` of simcore that goes on from there.

    The command (``run``, ``banks`` or ``why``) takes what the run took, and ``options`` besides. ``layer`` is the layer to look
    at, "" for all of them.
    """

    reason: str
    command: str
    options: tuple[str, ...] = ()
    layer: str = ""


def step_with(change: Change, reason: str) -> NextStep:
    """Return the step of running again with a change."""
    return NextStep(reason, "run", tuple(word for text in change.overrides for word in ("--set", text)))
