"""The order of reuse: the same folds, sums and steps in another order, with less traffic if the ifmap does not fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from equality import Case, check_case
from machines import instance_of
from test_latency_hidden import LAYERS
from test_latency_hidden import machine as latency_machine
from test_pe_values import QUICK, SLOW, check_values, machine

from simcore.engine import run_programs
from simcore.program.program import Op, OpKind
from workloads.dataflow import array_plan, lower
from workloads.dataflow.array import lower_shape
from workloads.dataflow.loops import Loops
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.tap_order import reuse_order, reuse_parts, row_classes, there_and_back
from workloads.layers import Conv

#: 9 taps of 8 channels on four rows: 18 row folds, two columns of folds; two sets of ifmap rows, two of channels.
STRIDED = instance_of(Conv("strided", 8, kernel=(3, 3), stride=(2, 2)), ((8, 11, 11),))
DENSE = instance_of(Conv("dense", 8, kernel=(3, 3), padding=(1, 1, 1, 1)), ((8, 9, 9),), batch=2)
DILATED = instance_of(Conv("dilated", 5, kernel=(2, 3), stride=(2, 1), dilation=(3, 2), groups=1), ((12, 12, 9),))
WS = ("ws", "none", "skew-registers", "accumulator")
#: Less than any of the three ifmaps: 968, 1296 and 864 bytes.
SMALL = QUICK | {"capacity_bytes": 640, "banks": 4}


def shape(**changes):
    values = {"batch": 1, "height": 11, "width": 11, "channels": 8, "out_height": 5, "out_width": 5, "filters": 8}
    return ConvShape(**values | {"kernel": (3, 3), "stride": (2, 2)} | changes)


def test_a_stride_of_two_reads_even_and_odd_rows_apart():
    assert row_classes(shape()) == 2
    assert row_classes(shape(stride=(1, 1))) == 1
    assert row_classes(shape(dilation=(2, 2))) == 1
    assert row_classes(shape(stride=(4, 4))) == 3
    assert reuse_parts(shape(), 4) == 4
    assert reuse_parts(shape(channels=3), 4) == 1


def test_the_order_goes_by_channels_then_rows():
    # Fold 2 * p + h holds half h of the channels at place p = 3 * filter row + filter column.
    first_half = [2 * place for place in (0, 1, 2, 6, 7, 8, 3, 4, 5)]
    assert reuse_order(shape(), 4).tolist() == first_half + [fold + 1 for fold in first_half]


@pytest.mark.parametrize("channels", [8, 9, 10, 12])
@pytest.mark.parametrize("rows", [3, 4, 8])
def test_the_order_is_a_permutation(channels, rows):
    order = reuse_order(shape(channels=channels), rows)
    assert sorted(order.tolist()) == list(range(-(-9 * channels // rows)))


def test_every_other_column_goes_backwards():
    assert there_and_back(np.array([0, 2, 1]), 3).tolist() == [0, 2, 1, 1, 2, 0, 0, 2, 1]


def in_order(taps, instance, system, monkeypatch):
    chosen = array_plan.tilings

    def with_taps(shape, system, flow):
        return [replace(found, loops=Loops(shape.pixels, taps=taps)) for found in chosen(shape, system, flow)]

    monkeypatch.setattr(array_plan, "tilings", with_taps)
    return lower(instance, system)


@pytest.mark.parametrize("instance", [STRIDED, DENSE, DILATED], ids=lambda instance: instance.name)
def test_it_moves_less_in_as_many_steps(instance, monkeypatch):
    system = machine(WS, 4, 4, SMALL, tiling="whole")
    assert lower(instance, system).facts["tiling"]["tap_order"] == "reuse"
    storage, reuse = (in_order(taps, instance, system, monkeypatch) for taps in ("storage", "reuse"))
    assert reuse.steps == storage.steps
    read = [int(program.ops[program.ops[:, Op.KIND] == OpKind.LOAD, Op.BYTES].sum()) for program in (reuse, storage)]
    assert read[0] < read[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("instance", "pad", "kind"),
    [
        (STRIDED, SMALL, WS),
        pytest.param(STRIDED, SLOW | {"capacity_bytes": 512}, WS, marks=pytest.mark.slow),
        (STRIDED, SMALL, ("ws", "after-wave", "skewed-fetch", "ofmap")),
        (DILATED, SMALL, WS),
        pytest.param(DENSE, SMALL, WS, marks=pytest.mark.slow),
    ],
    ids=["strided", "slow memory", "overlapped", "dilated", "dense"],
)
def test_the_sums_are_numpys_and_the_engines_agree(instance, pad, kind):
    system = machine(kind, 4, 4, pad, tiling="whole")
    assert lower(instance, system).facts["tiling"]["tap_order"] == "reuse"
    check_values(instance, system)
    check_case(Case(system, (instance,), shuffle_seed=1))


def test_an_ifmap_that_fits_is_read_in_scale_sims_order_with_its_tiling_and_else_in_that_of_reuse():
    for tiling, taps in (("whole", "storage"), ("least-traffic", "reuse")):
        assert lower(STRIDED, machine(WS, 4, 4, QUICK, tiling=tiling)).facts["tiling"]["tap_order"] == taps


def test_loads_are_spread_over_the_folds_in_the_order_of_reuse(monkeypatch):
    """The same bytes, but in the order of storage the first four of 36 folds need all channels of the ifmap.

    Main memory needs almost as long as the array.
    """
    system, chosen, cycles = latency_machine("ws", 500, 32), array_plan.tilings, {}
    for taps in ("storage", "reuse"):

        def with_taps(shape, system, flow, taps=taps):
            return [replace(found, loops=replace(found.loops, taps=taps)) for found in chosen(shape, system, flow)]

        monkeypatch.setattr(array_plan, "tilings", with_taps)
        program = lower_shape("conv", "conv", LAYERS["convolution"], system)
        assert program.facts["dram_read_bytes"] + program.facts["dram_write_bytes"] == 433_152
        cycles[taps] = run_programs(system, [program])[0].cycles
    assert cycles["reuse"] < 0.96 * cycles["storage"]
