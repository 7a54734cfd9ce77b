"""Random machines and layers whose blocks are replayed, and the comparison with plain simulation.

As a script: ``replay_cases.py FIRST COUNT [shadow]`` compares so many cases; with NUMBA_DISABLE_JIT=1 nothing is compiled.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from unittest import mock

from machines import AGAIN, ANY, CALM, CONTENDED, Pick, draw_folded_layer, draw_layer, draw_system, draw_vector, instance_of

from simcore.engine.compiled.replay import blocks
from simcore.engine.compiled.replay.blocks import Replayed
from simcore.engine.compiled.run import CompiledEngine
from simcore.engine.shortcuts import Shortcuts
from simcore.machine.machine import Machine, build_machine
from simcore.program.outcome import Outcome
from simcore.program.program import Program
from workloads.dataflow.lowering import lower
from workloads.layers import Conv, Linear, MatMul
from workloads.network import LayerInstance


@dataclass(frozen=True)
class ReplayCase:
    """A layer on a machine, and the steps of a block and of a fold that is one block."""

    machine: Machine
    program: Program
    shortcuts: Shortcuts
    steps: int
    whole_steps: int


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

    One case in four has an option that keeps the machine from replay, drawn at random: preemption, block interleaving, a timing
    with a state, skewed fetch.
    """
    pick = random.Random(number).choice
    options = pick((ANY, CONTENDED, CALM, AGAIN))
    if pick((True, True, True, False)):
        options = replace(options, models=("stt-mram", "sram"), edges=("skew-registers",), preemptions=("none",))
        options = replace(options, interleavings=("low-order", "low-order", "xor"))
    layer = pick((draw_layer, draw_folded_layer, draw_long_layer, draw_long_layer, draw_long_layer, draw_vector))(pick)
    system = draw_system(pick, options)
    program = lower(layer, system)
    shortcuts = Shortcuts(
        equal_layers=False, block_replay=True, grants_at_once=pick((True, True, False)), idle_skipping=pick((True, True, False))
    )
    steps, whole_steps = pick((4, 8, 16, 64)), pick((8, 16, 64, 192))
    if program is None or program.steps > 6000:
        return None
    return ReplayCase(build_machine(system), program, shortcuts, steps, whole_steps)


@contextmanager
def small_blocks(steps: int = 8, whole_steps: int = 16) -> Iterator[None]:
    """Let short layers be replayed, in short blocks, whether that pays or not."""
    with (
        mock.patch.object(blocks, "_FEWEST_STEPS", 0),
        mock.patch.object(blocks, "_CREDIT", 1),
        mock.patch.object(blocks, "_STEPS", steps),
        mock.patch.object(blocks, "_WHOLE_STEPS", whole_steps),
    ):
        yield


def simulated(case: ReplayCase) -> list[Outcome]:
    """Run the layer twice, one after the other, without replay."""
    engine = CompiledEngine(case.machine, replace(case.shortcuts, block_replay=False))
    return [engine.run(case.program) for _ in range(2)]


def replayed(case: ReplayCase, shadow: bool, expected: Sequence[Outcome] | None = None) -> list[Replayed]:
    """Run the layer twice, one after the other, with replay and, if ``expected`` is not given, without. Return what was replayed.

    Raise AssertionError if a cell differs, or if in shadow mode a block went otherwise than known.
    """
    on = CompiledEngine(case.machine, case.shortcuts)
    on.block_replay.shadow = shadow
    with small_blocks(case.steps, case.whole_steps):
        for outcome in expected or simulated(case):
            assert on.run(case.program).differences(outcome) == []
    for layer in on.block_replay.replayed:
        assert layer.differences == 0, f"{layer.differences} of {layer.hits} blocks went otherwise than known"
    return on.block_replay.replayed


@lru_cache(maxsize=4)
def known(number: int) -> tuple[ReplayCase, list[Outcome]] | None:
    """Return a case and its outcomes without replay, which no fault of the replay changes. None if there is no such case."""
    drawn = case(number)
    return None if drawn is None else (drawn, simulated(drawn))


def before_faults(first: int, count: int, shadow: bool) -> None:
    """Keep what ``main`` compares with if it is given one case, as by ``test_replay_mutants``."""
    if count == 1:
        known(first)


def main(first: int, count: int, shadow: bool) -> int:
    """Return exit status 0 if nothing differs in so many cases, or 3 at the first difference or failure of the engine."""
    runs = hits = ran = 0
    for number in range(first, first + count):
        try:
            found = known(number)
            if found is None:
                continue
            layers = replayed(found[0], shadow, found[1])
        except (RecursionError, NotImplementedError):
            raise
        except (AssertionError, RuntimeError, IndexError, ZeroDivisionError) as error:
            print(f"case {number}: {type(error).__name__}: {error}"[:500])
            return 3
        ran, runs, hits = ran + 1, runs + bool(layers), hits + sum(layer.hits for layer in layers)
    print(f"{ran} cases, {runs} replayed, {hits} blocks repeated, no difference")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), "shadow" in sys.argv))
