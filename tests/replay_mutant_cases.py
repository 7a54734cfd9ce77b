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


def before_faults(number: int, shadow: bool | int) -> None:
    """Keep what ``main`` compares with."""
    if shadow is not True:
        known(number)


def main(number: int, shadow: bool | int) -> int:
    """Return exit status 0 if nothing differs in a case, else 3.

    The case runs in shadow mode, or beside plain simulation, where ``shadow`` may be of how many repeated blocks one is compared.
    """
    run = partial(replay_cases.in_shadow)
    if shadow is not True:
        run = partial(replay_cases.replayed, shadow=False, expected=known(number), every=shadow or replay_cases.NEVER)
    return replay_cases.main(number, 1, run)


# The first case imports what all of them need, before the process is copied.
with contextlib.redirect_stdout(io.StringIO()):
    main(2785, True)
