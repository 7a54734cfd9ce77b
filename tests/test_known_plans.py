"""Plans that share what they found, for machines that differ in the capacities of their scratchpads alone."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from residency_cases import sized

from simcore.spec import override_system
from simcore.systolic.alike import plan_content, roomless_content
from workloads.dataflow import lower_each
from workloads.dataflow.residency.known import KnownPlans
from workloads.load import load_network
from workloads.training import training_step

STEP = training_step(load_network("lenet5", 2), optimizer="momentum")
MACHINES = [sized("train-sram", capacity) for capacity in ("24 KiB", "64 KiB", "1 MiB")]


def tables(network, system, known=None):
    found = lower_each(network, system, known=known)
    return {instance.name: (program.regions, program.ops) for instance, program, _ in found if program is not None}


def assert_equal(one, other):
    assert one.keys() == other.keys()
    for name, of_one in one.items():
        for left, right in zip(of_one, other[name], strict=True):
            np.testing.assert_array_equal(left, right)


@pytest.mark.slow
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_plans_are_the_same_in_any_order_with_what_others_found(order):
    known = KnownPlans()
    for index in order:
        assert_equal(tables(STEP, MACHINES[index], known), tables(STEP, MACHINES[index]))


@pytest.mark.slow
def test_what_is_known_of_one_network_is_not_taken_for_another():
    known, other = KnownPlans(), training_step(load_network("lenet5", 3), optimizer="momentum")
    for network in (STEP, other, STEP):
        assert_equal(tables(network, MACHINES[1], known), tables(network, MACHINES[1]))


def test_only_capacities_are_left_out_of_what_roomless_machines_are():
    contents = [roomless_content(machine) for machine in MACHINES]
    assert len(set(contents)) == 1
    assert all(plan_content(one) != plan_content(other) for one, other in permutations(MACHINES, 2))
    for change in ("scratchpads.ifmap.banks=8", "scratchpads.ofmap.line_bytes=32", "array.rows=16", "dma.outstanding_bursts=1"):
        assert roomless_content(override_system(MACHINES[0], [change])) != contents[0]
