"""Layers of equal work are planned once in a network: each gets the Program that it would get by itself."""

from __future__ import annotations

import numpy as np
import pytest

from simcore.program.program import Program
from simcore.spec.load import load_system
from workloads.dataflow import lower, lower_network, lowering
from workloads.load import load_network
from workloads.training import training_step


def tables(program: Program) -> list[bytes]:
    return [
        np.ascontiguousarray(table).tobytes() for table in (*program.segments, program.regions, program.ops, program.geometry)
    ]


@pytest.mark.parametrize("training", [False, True])
def test_each_layer_has_the_program_that_it_would_get_by_itself(training: bool) -> None:
    network, system = load_network("resnet20-32"), load_system("train-sram")
    network = training_step(network, optimizer="sgd") if training else network
    for instance, program, joined in lower_network(network, system):
        alone = None if joined else lower(instance, system)
        assert (program is None) == (alone is None)
        if program is not None and alone is not None:
            assert program.name == instance.name
            assert tables(program) == tables(alone)
            assert (program.steps, dict(program.facts)) == (alone.steps, dict(alone.facts))


def test_products_that_are_alike_share_their_tables_as_far_as_memory_is_set_aside_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network, system = load_network("resnet20-32"), load_system("train-sram")

    def distinct() -> int:
        return len({id(program.ops) for _, program, _ in lower_network(network, system) if program is not None})

    shared = distinct()
    monkeypatch.setattr(lowering, "ALIKE_BYTES", 0)
    assert shared < distinct()


def test_a_product_too_large_to_keep_takes_no_room_from_later_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    system = load_system("edge-sram")
    large = next(item for item in load_network("vgg16").instances() if item.name == "fc6")
    small = next(item for item in load_network("lenet5").instances() if item.name == "f6")
    alone = [lower(item, system) for item in (large, small)]
    assert alone[0] is not None
    assert alone[1] is not None
    assert alone[0].nbytes > alone[1].nbytes
    monkeypatch.setattr(lowering, "ALIKE_BYTES", alone[1].nbytes)
    alike = lowering.AlikeWorks()
    kept = [[lower(item, system, alike=alike) for _ in range(2)] for item in (large, small)]
    assert [first is not None and second is not None and first.ops is second.ops for first, second in kept] == [False, True]


def test_sums_that_are_alike_share_their_tables_too() -> None:
    lowered = lower_network(load_network("resnet20-32"), load_system("train-sram"))
    sums = [program for instance, program, _ in lowered if program is not None and instance.layer.op == "add"]
    assert len(sums) > len({id(program.segments) for program in sums}) > 1
