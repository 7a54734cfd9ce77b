"""Random machines and layers whose blocks are replayed, and the comparison with plain simulation.

As a script: ``replay_cases.py FIRST COUNT [shadow]`` compares so many cases; with NUMBA_DISABLE_JIT=1 nothing is compiled.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from unittest import mock

import numpy as np
from machines import (
    AGAIN,
    ANY,
    CALM,
    CONTENDED,
    Pick,
    draw_dram,
    draw_folded_layer,
    draw_layer,
    draw_system,
    draw_vector,
    instance_of,
)
from replay_hand_cases import HAND, ReplayCase, hand_case, paused
from replay_hand_programs import MADE
from replay_random_programs import random_case

from simcore.engine.compiled.replay import blocks
from simcore.engine.compiled.replay.blocks import Replayed
from simcore.engine.compiled.run import CompiledEngine
from simcore.engine.shortcuts import Shortcuts
from simcore.machine.line_writes import no_line_writes
from simcore.machine.machine import build_machine
from simcore.program.outcome import Outcome
from simcore.program.program import Int64Array
from workloads.dataflow.lowering import lower
from workloads.layers import Conv, Linear, MatMul
from workloads.network import LayerInstance

#: The machines of cases from this number on have a DRAM as main memory.
FIRST_WITH_DRAM = 10_000_000
#: Cases from this number on are random Programs.
FIRST_PROGRAM = 20_000_000
#: Of so many repeated blocks one is compared, so that none is.
NEVER = 1 << 40


def draw_long_layer(pick: Pick) -> LayerInstance:
    """Return a layer of some thousand steps at most, in which much repeats."""
    kind = pick(("conv", "conv", "matmul", "linear"))
    if kind == "conv":
        groups, side = pick((1, 1, 1, 2)), pick((1, 3))
        layer = Conv(
            "conv", groups * pick((3, 8, 12)), (side, side), stride=(pick((1, 2)),) * 2, padding=pick((0, 1)), groups=groups
        )
        return instance_of(layer, ((groups * pick((2, 4, 8)), pick((8, 12)), pick((8, 12))),), batch=pick((1, 2, 4)))
    if kind == "matmul":
        inner = pick((24, 48, 100))
        return instance_of(MatMul("matmul"), ((pick((1, 8, 40)), inner), (inner, pick((16, 40)))))
    return instance_of(Linear("linear", pick((20, 64))), ((pick((30, 100)),),), batch=pick((1, 3)))


def case(number: int) -> ReplayCase | None:
    """Return a case by its number; None if its layer moves nothing or is longer than 6,000 steps.

    Numbers from -1 to -99 are cases by hand (`replay_hand_cases`, `replay_hand_programs`). Those below are cases whose folds come
    at other distances. Cases from `FIRST_WITH_DRAM` on have a DRAM; from `FIRST_PROGRAM` on they are `replay_random_programs`.

    One case in four has an option that keeps the machine from replay, drawn at random: preemption, block interleaving, a timing
    with a state, skewed fetch.
    """
    if number < 0:
        if number in MADE:
            return MADE[number].case()
        return (hand_case(number) if number in HAND else None) if number > -100 else paused_case(number)
    if number >= FIRST_PROGRAM:
        return random_case(number)
    pick = random.Random(number).choice
    options = pick((ANY, CONTENDED, CALM, AGAIN))
    if pick((True, True, True, False)):
        options = replace(options, models=("stt-mram", "sram"), edges=("skew-registers",), preemptions=("none",))
        options = replace(options, interleavings=("low-order", "low-order", "xor"))
    layer = pick((draw_layer, draw_folded_layer, draw_long_layer, draw_long_layer, draw_long_layer, draw_vector))(pick)
    system = draw_system(pick, options)
    system = draw_dram(pick, system) if number >= FIRST_WITH_DRAM else system
    program = lower(layer, system)
    at_once, skipping = pick((True, True, False)), pick((True, True, False))
    steps, whole_steps, credit = pick((4, 8, 16, 64)), pick((8, 16, 64, 192)), pick((1, 1, 4, 20))
    coalesced = pick((True, True, False))
    shortcuts = Shortcuts(coalesced, idle_skipping=skipping, grants_at_once=at_once, equal_layers=False, block_replay=True)
    if program is None or program.steps > 6000:
        return None
    return ReplayCase(build_machine(system), program, shortcuts, steps, whole_steps, credit)


def paused_case(number: int) -> ReplayCase | None:
    """Return the case of the positive number with pauses, or None for a layer without folds."""
    drawn, pick = case(-number), random.Random(number).choice
    if drawn is None or len(drawn.program.fold_steps()) < 2:
        return None
    return replace(drawn, program=paused(drawn.program, pick((1, 3, 10, 40)), pick((1, 2, 3))))


@contextmanager
def small_blocks(case: ReplayCase) -> Iterator[None]:
    """Let short layers be replayed, in short blocks, whether that pays or not."""
    with (
        mock.patch.object(blocks, "_FEWEST_STEPS", 0),
        mock.patch.object(blocks, "_CREDIT", case.credit),
        mock.patch.object(blocks, "_SHARED_CREDIT", case.credit),
        mock.patch.object(blocks, "_NEXT_CREDIT", 2),
        mock.patch.object(blocks, "_STEPS", case.steps),
        mock.patch.object(blocks, "_WHOLE_STEPS", case.whole_steps),
    ):
        yield


def simulated(case: ReplayCase, times: int) -> tuple[list[Outcome], Int64Array]:
    """Run the layer so many times, one after the other, without replay. Return the Outcomes and the writes of each line."""
    lines = no_line_writes(case.machine)
    engine = CompiledEngine(case.machine, replace(case.shortcuts, block_replay=False), lines)
    return [engine.run(case.program) for _ in range(times)], lines.flat


def replayed(
    case: ReplayCase, shadow: bool, expected: tuple[list[Outcome], Int64Array] | None = None, every: int = NEVER
) -> list[Replayed]:
    """Run the layer as often as `simulated` did, twice if its answer is not ``expected``. Return what was replayed.

    Raise AssertionError if a cell differs, or if a block that was compared went otherwise than known: one ``every`` so many
    repeated blocks, in shadow mode each.
    """
    (outcomes, writes), lines = expected or simulated(case, 2), no_line_writes(case.machine)
    engine = CompiledEngine(case.machine, case.shortcuts, lines)
    engine.block_replay.compared_every = 1 if shadow else every
    with small_blocks(case):
        for outcome in outcomes:
            assert engine.run(case.program).differences(outcome) == []
    assert np.array_equal(lines.flat, writes), "writes of lines differ"
    return known_alike(engine)


def known_alike(engine: CompiledEngine) -> list[Replayed]:
    """Return what an engine replayed. Raise AssertionError if a block that was compared went otherwise than known."""
    for layer in engine.block_replay.replayed:
        assert layer.differences == 0, f"{layer.differences} of {layer.hits} blocks went otherwise"
    return engine.block_replay.replayed


def in_shadow(case: ReplayCase) -> list[Replayed]:
    """Run the layer once, in shadow mode. Return what was replayed. Raise AssertionError if a block went otherwise than known."""
    engine = CompiledEngine(case.machine, case.shortcuts)
    engine.block_replay.compared_every = 1
    with small_blocks(case):
        engine.run(case.program)
    return known_alike(engine)


def main(first: int, count: int, run: Callable[[ReplayCase], list[Replayed]]) -> int:
    """Return exit status 0 if nothing differs in so many cases, or 3 at the first difference or failure of the engine."""
    runs = hits = ran = 0
    for number in range(first, first + count):
        drawn = case(number)
        if drawn is None:
            continue
        try:
            layers = run(drawn)
        except (RecursionError, NotImplementedError):
            raise
        except (AssertionError, RuntimeError, IndexError, ZeroDivisionError) as error:
            print(f"case {number}: {type(error).__name__}: {error}"[:500])
            return 3
        ran, runs, hits = ran + 1, runs + bool(layers), hits + sum(layer.hits for layer in layers)
    print(f"{ran} cases, {runs} replayed, {hits} blocks repeated, no difference")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), partial(replayed, shadow="shadow" in sys.argv)))
