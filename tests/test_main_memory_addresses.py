"""Addresses of tensors and tiles in main memory: separate, aligned, and read back from where they were written."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from machines import draw_layer, draw_system, instance_of

from simcore.program.program import Op, OpKind, Program, Reg
from simcore.spec import load_system
from workloads.dataflow import lower, lower_network
from workloads.dataflow.operations import TENSOR_ALIGNMENT_BYTES, TILE_ALIGNMENT_BYTES
from workloads.layers import Add
from workloads.networks import NETWORKS


def places(program: Program) -> dict[int, dict[int, tuple[int, int]]]:
    """Address and bytes of each tile that is moved, by region; asserts that a tile is never in two places."""
    found: dict[int, dict[int, tuple[int, int]]] = {}
    for op in program.ops[program.ops[:, Op.KIND] != OpKind.ACQUIRE]:
        place = (int(op[Op.ADDRESS]), int(op[Op.BYTES]))
        assert found.setdefault(int(op[Op.REGION]), {}).setdefault(int(op[Op.TILE]), place) == place
    return found


def assert_apart(program: Program) -> None:
    """No two tiles share a byte, and every tile starts an access of main memory."""
    spans = sorted(span for tiles in places(program).values() for span in tiles.values())
    for (start, size), (following, _) in pairwise(spans):
        assert start + size <= following
    assert all(start % TILE_ALIGNMENT_BYTES == 0 for start, _ in spans)


@pytest.mark.slow
@pytest.mark.parametrize("network", ["lenet5", "resnet18"])
def test_tiles_of_a_network_lie_apart_and_tensors_on_whole_pages(network: str) -> None:
    system = load_system("edge-sram")
    for _, program, _ in lower_network(NETWORKS[network](), system):
        if program is None:
            continue
        assert_apart(program)
        for region, tiles in places(program).items():
            first = int(program.regions[region, Reg.FIRST_TILE])
            assert first not in tiles or tiles[first][0] % TENSOR_ALIGNMENT_BYTES == 0


@pytest.mark.slow
def test_tiles_of_any_layer_lie_apart() -> None:
    pick = random.Random(11).choice
    checked = 0
    for _ in range(60):
        instance = draw_layer(pick)
        program = lower(instance, draw_system(pick))
        if program is not None and not isinstance(instance.layer, Add):
            assert_apart(program)
            checked += 1
    assert checked > 40


def test_a_sum_of_three_reads_its_first_result_where_it_was_stored() -> None:
    shape = (8, 16, 16)
    program = lower(instance_of(Add("add"), (shape, shape, shape)), load_system("edge-sram"))
    assert program is not None
    ops = program.ops
    again = ops[(ops[:, Op.KIND] == OpKind.LOAD) & (ops[:, Op.REGION] == 0) & (ops[:, Op.DEP_OP] >= 0)]
    stores = ops[again[:, Op.DEP_OP]]
    assert len(again) > 0
    assert (stores[:, Op.KIND] == OpKind.STORE).all()
    assert np.array_equal(again[:, [Op.ADDRESS, Op.BYTES]], stores[:, [Op.ADDRESS, Op.BYTES]])
