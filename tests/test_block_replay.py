"""Replay of blocks changes no cell of an Outcome, and each replayed block does what its simulation does (shadow mode)."""

from __future__ import annotations

import random
from dataclasses import fields, replace

import numpy as np
import pytest
from machines import AGAIN, ANY, CALM, CONTENDED, draw_folded_layer, draw_layer, draw_system, instance_of

from simcore.engine.compiled.replay import blocks

from simcore.engine.compiled.run import CompiledEngine
from simcore.engine.shortcuts import Shortcuts
from simcore.machine.machine import build_machine
from simcore.program.outcome import Outcome
from workloads.dataflow.lowering import lower
from workloads.layers import Conv, Linear, MatMul
from workloads.network import LayerInstance


def draw_long_layer(pick) -> LayerInstance:
    """Return a layer of some thousand steps, in which much repeats."""
    kind = pick(("conv", "matmul", "linear"))
    if kind == "conv":
        groups, kernel = pick((1, 1, 1, 2)), pick((1, 3))
        layer = Conv(
            "conv", groups * pick((3, 8, 12)), (kernel, kernel), stride=(pick((1, 2)),) * 2, padding=pick((0, 1)), groups=groups
        )
        return instance_of(layer, ((groups * pick((2, 4, 8)), pick((8, 12)), pick((8, 12))),), batch=pick((1, 2, 4)))
    if kind == "matmul":
        inner = pick((24, 48, 100))
        return instance_of(MatMul("matmul"), ((pick((1, 8, 40)), inner), (inner, pick((16, 40)))))
    return instance_of(Linear("linear", pick((20, 64))), ((pick((30, 100)),),), batch=pick((1, 3)))


def cases(seed: int, count: int):
    """Yield (machine, Program, shortcuts), among them many blocks of few steps."""
    pick = random.Random(seed).choice
    made = 0
    while made < count:
        options = replace(pick((ANY, CONTENDED, CALM, AGAIN)), models=("stt-mram", "sram"))
        system = draw_system(pick, options)
        program = lower(pick((draw_layer, draw_folded_layer, draw_long_layer, draw_long_layer))(pick), system)
        shortcuts = Shortcuts(
            equal_layers=False, grants_at_once=pick((True, True, False)), idle_skipping=pick((True, True, False))
        )
        if program is not None and program.steps <= 6000:
            made += 1
            yield build_machine(system), program, shortcuts


def differing(first: Outcome, second: Outcome) -> list[str]:
    """Return the names of the fields that differ."""
    names = [item.name for item in fields(first) if item.name != "counters"]
    return [name for name in names if not np.array_equal(getattr(first, name), getattr(second, name))]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let short layers be replayed, in short blocks."""
    monkeypatch.setattr(blocks, "_FEWEST_STEPS", 0)
    monkeypatch.setattr(blocks, "_STEPS", 8)
    monkeypatch.setattr(blocks, "_WHOLE_STEPS", 16)


@pytest.mark.slow
@pytest.mark.parametrize("shadow", [False, True])
def test_replay_changes_no_cell(shadow: bool) -> None:
    hits = 0
    for machine, program, shortcuts in cases(12, 200):
        off = CompiledEngine(machine, replace(shortcuts, block_replay=False))
        on = CompiledEngine(machine, shortcuts)
        on.shadow = shadow
        for _ in range(2):
            assert differing(off.run(program), on.run(program)) == []
        for _, memo in on.replayed:
            assert memo[r.DIFFERENCES] == 0
            hits += int(memo[r.HITS])
    assert hits > 500
