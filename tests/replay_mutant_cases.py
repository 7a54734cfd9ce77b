"""The cases of the seeded faults in replay, for ``mutant_server``: each alone, in shadow mode or beside plain simulation."""

from __future__ import annotations

import contextlib
import io
from functools import lru_cache, partial

import replay_cases

from simcore.program.outcome import Outcome
from simcore.program.program import Int64Array


@lru_cache(maxsize=4)
def known(number: int) -> tuple[list[Outcome], Int64Array]:
    """Return what a case does without replay, which no fault of the replay changes."""
    drawn = replay_cases.case(number)
    assert drawn is not None
    return replay_cases.simulated(drawn, 1)


def before_faults(number: int, shadow: bool) -> None:
    """Keep what ``main`` compares with."""
    if not shadow:
        known(number)


def main(number: int, shadow: bool) -> int:
    """Return exit status 0 if nothing differs in a case, else 3."""
    run = replay_cases.in_shadow if shadow else partial(replay_cases.replayed, shadow=False, expected=known(number))
    return replay_cases.main(number, 1, run)


# The first case imports what all of them need, before the process is copied.
with contextlib.redirect_stdout(io.StringIO()):
    main(2785, True)
