"""Layers of equal work are planned once in a network: each gets the Program that it would get by itself."""

from __future__ import annotations

import numpy as np
import pytest

from simcore.program.program import Program
from simcore.spec.load import load_system
from workloads.dataflow import array, lower, lower_network, lowering
from workloads.dataflow.residency import known as known_plans
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


@pytest.mark.slow
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


@pytest.mark.parametrize("seconds", [(1, 2, 3), (3, 2, 1), (2, 1, 3)])
def test_programs_make_room_whose_planning_took_the_least_time_for_their_bytes(
    seconds: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is room for two of three, which are said to have taken so many seconds for each byte. Later ones take none."""
    system = load_system("edge-sram")
    items = [item for item in load_network("lenet5").instances() if item.name in ("c3", "f5", "f6")]
    sizes = [program.nbytes for program in (lower(item, system) for item in items) if program is not None]
    clock = iter(time for size, each in zip(sizes, seconds, strict=True) for time in (0, size * each))
    monkeypatch.setattr(lowering, "process_time", lambda: next(clock, 0))
    alike = lowering.AlikeWorks(sum(sizes) - 1)
    first, again = ([lower(item, system, alike=alike) for item in items] for _ in range(2))
    known = [one is not None and other is not None and one.ops is other.ops for one, other in zip(first, again, strict=True)]
    assert known == [each > 1 for each in seconds]


def test_what_was_planned_for_the_choice_of_what_stays_is_not_planned_again(monkeypatch: pytest.MonkeyPatch) -> None:
    network, system = load_network("lenet5"), load_system("edge-sram", ["layer_results=scratchpads"])
    calls: list[str] = []
    plan = array.plan_array
    monkeypatch.setattr(array, "plan_array", lambda name, *more: calls.append(name) or plan(name, *more))
    found = []
    for most_bytes in (known_plans.PLANNED_BYTES, 0):
        monkeypatch.setattr(known_plans, "PLANNED_BYTES", most_bytes)
        calls.clear()
        programs = [program for _, program, _ in lower_network(network, system) if program is not None]
        found.append((len(calls), [program.ops.tolist() for program in programs]))
    assert found[0][0] < found[1][0]
    assert found[0][1] == found[1][1]
