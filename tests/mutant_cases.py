"""A fixed set of small cases on which ``test_mutants`` compares engines; run as a script, it stops at the first difference.

One is made by hand (``line_write_cases``). The rest is drawn by ``random.Random``, not by hypothesis: the
set stays as it is when hypothesis changes, and costs no time to draw.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import fields

from equality import Case, check_case
from line_write_cases import spilling_case
from machines import ANY, CALM, CONTENDED, draw_folded_layer, draw_layer, draw_system

from simcore.engine.shortcuts import Shortcuts

#: Rounds of one case of each kind, and the most steps of a layer that takes part.
ROUNDS, MAX_STEPS, MAX_FOLDED_STEPS = 24, 90, 800


def cases() -> Iterator[Case]:
    """Those made by hand, then contended, any and calm machines in turn."""
    yield spilling_case()
    pick = random.Random(20).choice
    kinds = ((CONTENDED, draw_layer, MAX_STEPS), (ANY, draw_layer, MAX_STEPS), (CALM, draw_folded_layer, MAX_FOLDED_STEPS))
    for _ in range(ROUNDS):
        for options, draw, most in kinds:
            while True:
                chosen = Shortcuts(**{item.name: pick((True, False)) for item in fields(Shortcuts)})
                case = Case(draw_system(pick, options), (draw(pick),), chosen)
                if sum(program.steps for program in case.programs()) <= most:
                    break
            yield case


def main() -> int:
    """Exit status 0: both engines agree on every case; 3: they do not, or the compiled one breaks down."""
    number = 0
    for number, case in enumerate(cases()):
        try:
            check_case(case)
        except (AssertionError, RuntimeError, IndexError) as error:
            print(f"case {number}: {type(error).__name__}: {error}"[:500])
            return 3
    print(f"{number + 1} cases, no difference")
    return 0


if __name__ == "__main__":
    sys.exit(main())
