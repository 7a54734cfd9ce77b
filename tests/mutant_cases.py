"""A fixed set of small cases with which ``check_mutants`` compares engines. As a script it stops at the first difference.

One case is made by hand (``line_write_cases``). ``random.Random`` draws the others instead of hypothesis, so that the set does
not change with hypothesis and costs no time to draw.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import fields
from functools import cache

from equality import Case, ReferenceRun, check_case, run_reference
from line_write_cases import spilling_case
from machines import ANY, CALM, CONTENDED, draw_folded_layer, draw_layer, draw_system

from simcore.engine.shortcuts import Shortcuts

#: Number of rounds with one case of each kind, and the most steps of a layer in a case.
ROUNDS, MAX_STEPS, MAX_FOLDED_STEPS = 24, 90, 800


def cases() -> Iterator[Case]:
    """Yield cases on contended, any and calm machines in turn, and after two of each the case made by hand, which is larger."""
    pick = random.Random(20).choice
    kinds = ((CONTENDED, draw_layer, MAX_STEPS), (ANY, draw_layer, MAX_STEPS), (CALM, draw_folded_layer, MAX_FOLDED_STEPS))
    for number in range(ROUNDS):
        if number == 2:
            yield spilling_case()
        for options, draw, most in kinds:
            while True:
                # Layers as short as these are never replayed.
                names = [item.name for item in fields(Shortcuts) if item.name != "block_replay"]
                chosen = Shortcuts(**{name: pick((True, False)) for name in names})
                case = Case(draw_system(pick, options), (draw(pick),), chosen)
                if sum(program.steps for program in case.programs()) <= most:
                    break
            yield case


@cache
def runs() -> list[tuple[Case, ReferenceRun]]:
    """Return the cases with their runs on the reference engine, which no fault of the compiled engine changes."""
    return [(case, run_reference(case)) for case in cases()]


def before_faults() -> None:
    """Keep what ``main`` compares with."""
    runs()


def main() -> int:
    """Return exit status 0 if both engines agree on every case, or 3 if they differ or the compiled engine fails."""
    number = 0
    for number, (case, reference) in enumerate(runs()):
        try:
            check_case(case, reference)
        except (RecursionError, NotImplementedError):
            raise
        except (AssertionError, RuntimeError, IndexError) as error:
            print(f"case {number}: {type(error).__name__}: {error}"[:500])
            return 3
    print(f"{number + 1} cases, no difference")
    return 0


if __name__ == "__main__":
    sys.exit(main())
