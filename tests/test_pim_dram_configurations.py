"""The configurations of the study of DRAM that multiplies."""

from __future__ import annotations

import pytest

from simcore.errors import InputError
from simcore.studies.pim_dram.configuration import NO_LIMITS, Configuration, Point
from simcore.studies.pim_dram.grid import SUBARRAYS, points
from simcore.studies.pim_dram.settings import BITS, PimDramSettings
from simcore.studies.pim_dram.study import all_cases


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"networks": ("vgg",)}, "did you mean 'vgg16'"),
        ({"networks": ()}, "expected different networks, got none"),
        ({"networks": ("vgg16", "vgg16")}, "expected different networks, got vgg16, vgg16"),
        ({"jobs": 0}, "expected at least 1 process, got 0"),
    ],
)
def test_what_cannot_be_studied_is_reported(asked, told):
    with pytest.raises(InputError, match=told):
        PimDramSettings(**asked)


def test_a_point_overrides_only_what_differs_from_the_preset():
    assert Point().configuration == Configuration("ddr4-maj-8bit-1sub-1pair-all-together", "pim-dram-ddr4")
    made = Point(standard="hbm2", program="simdram", bits=2, subarrays=4, pairs=8, level="no-limits", placement="pipelined")
    assert made.configuration.preset == "pim-dram-hbm2"
    assert made.configuration.overrides == (
        *("precision.weight_bits=2", "precision.activation_bits=2", "active_subarrays=4", "pairs_per_column=8"),
        *("program=simdram", "placement=pipelined", *NO_LIMITS),
    )


def test_a_configuration_says_the_command_that_runs_it():
    made = Point(subarrays=4).configuration
    assert made.command("vgg16") == "simcore run vgg16 --system pim-dram-ddr4 --set active_subarrays=4"
    again = made.with_overrides("again", "active_subarrays=8", "lock_step=false")
    assert again.overrides == ("active_subarrays=8", "lock_step=false")
    assert again.name == "again"


def test_names_of_configurations_are_unique():
    for quick in (True, False):
        cases = [case for case in all_cases(PimDramSettings(quick=quick)) if case.network == "vgg16"]
        by_name = {case.configuration.name: case.key for case in cases}
        assert all(by_name[case.configuration.name] == case.key for case in cases)


def test_the_full_grid_crosses_precisions_levels_and_subarrays_on_ddr4():
    found = [point for point in points(PimDramSettings()) if (point.standard, point.program, point.pairs) == ("ddr4", "maj", 1)]
    together = [point for point in found if point.placement == "together"]
    assert len(together) == len(BITS) * sum(map(len, SUBARRAYS.values()))
    assert {point.bits for point in found if point.placement == "pipelined"} == {2, 8}
