"""Layers of transformers and of images of other sizes: both engines agree, and the steps are those counted by hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import prod

import pytest
from equality import Case, check_case
from machines import ANY, Pick, draw_system, instance_of

from simcore.spec import load_system
from workloads.dataflow import lower
from workloads.layers import (
    Cell,
    Combine,
    Conv,
    ConvTransposePhase,
    Copy,
    Embedding,
    GroupNorm,
    LayerNorm,
    Reduce,
    Resample,
    SharedLinear,
)
from workloads.network import LayerInstance

LANES = 4


def _matrix(pick: Pick) -> tuple[int, int]:
    return pick(range(1, 9)), pick(range(1, 20))


def _phase(pick: Pick) -> ConvTransposePhase:
    kernel, stride = pick((2, 3)), pick((1, 2))
    of = Conv("of", 5, kernel, stride=stride)
    side = 3 * stride + kernel
    return ConvTransposePhase("phase", of, (3, side, side), (pick(range(stride)), pick(range(stride))))


DRAWN: dict[str, Callable[[Pick], LayerInstance]] = {
    "layer norm": lambda pick: instance_of(LayerNorm("n"), (_matrix(pick),), batch=pick((1, 2))),
    "rms norm of two axes": lambda pick: instance_of(LayerNorm("n", 2, shift=False, centred=False), ((2, *_matrix(pick)),)),
    "group norm": lambda pick: instance_of(GroupNorm("n", pick((1, 2, 3, 6))), ((6, pick(range(1, 5)), 3),), batch=pick((1, 2))),
    "copy": lambda pick: instance_of(Copy("c", (pick(range(1, 40)),)), (_matrix(pick),)),
    "embedding": lambda pick: instance_of(Embedding("e", 100, (pick(range(1, 20)),)), ((pick(range(1, 9)),),)),
    "resize": lambda pick: instance_of(Resample("r", (3, 2 * pick(range(1, 5)), 6), pick((1, 2, 4))), ((3, 4, pick((2, 3))),)),
    "reduce": lambda pick: instance_of(Reduce("r", (pick((1, 2, 4)), 1)), ((4, pick(range(1, 20))),), batch=pick((1, 2))),
    "cell": lambda pick: instance_of(Cell("c", size := pick(range(1, 12)), 4, 2), ((4 * size,), (2 * size,)), batch=pick((1, 3))),
    "combine": lambda pick: instance_of(Combine("c", "max"), (shape := _matrix(pick), shape)),
    "recurrent": lambda pick: instance_of(SharedLinear("r", pick(range(1, 9))), ((pick(range(1, 9)),),)),
    "transposed": lambda pick: instance_of(_phase(pick), ((5, 4, 4),)),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", DRAWN)
def test_both_engines_agree_on_random_machines(kind: str) -> None:
    for seed in range(4):
        pick = random.Random(f"{kind} {seed}").choice
        check_case(Case(draw_system(pick, ANY), (DRAWN[kind](pick), DRAWN[kind](pick))))


def steps(instance: LayerInstance) -> int:
    program = lower(instance, load_system("edge-sram", [f"vector_unit.lanes={LANES}"]))
    assert program is not None
    return program.steps


def vectors(*shape: int) -> int:
    return -(-prod(shape) // LANES)


def test_a_normalisation_reads_each_row_twice() -> None:
    assert steps(instance_of(LayerNorm("n"), ((6, 10),), batch=2)) == 2 * 6 * 2 * vectors(10)


def test_a_group_normalisation_reads_each_group_twice() -> None:
    assert steps(instance_of(GroupNorm("n", 3), ((6, 5, 3),), batch=2)) == 2 * 3 * 2 * vectors(2, 5, 3)


def test_a_copy_and_an_embedding_take_a_step_for_each_vector_of_results() -> None:
    assert steps(instance_of(Copy("c", (5, 6)), ((9, 9),))) == vectors(5, 6)
    assert steps(instance_of(Embedding("e", 1000, (10,)), ((7,),))) == vectors(7, 10)


def test_a_resized_value_takes_a_step_for_each_neighbour() -> None:
    assert steps(instance_of(Resample("r", (4, 8, 8), 4), ((4, 4, 4),))) == 4 * vectors(4, 8, 8)


def test_a_reduction_reads_each_value_once() -> None:
    assert steps(instance_of(Reduce("r", (3, 1)), ((3, 40),), batch=2)) == vectors(2, 3, 40)


def test_a_cell_reads_its_gates_one_after_another() -> None:
    assert steps(instance_of(Cell("c", 10, 4, 2), ((40,), (20,)), batch=3)) == vectors(4, 10, 3)
