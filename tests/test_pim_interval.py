"""The interval of a pipeline: steps, transfers beside multiplications by hand, what bounds it, and `why`.

DDR4-2666: tRCD 19, tRAS 43, tRP 19, tRTP 10, tWR 20, CWL 14, burst 4, tCCD_S 4, tCCD_L 7 cycles. The product of 1 by 1 bits takes
three operations of 62 cycles.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from pim_kind import require_conserved
from test_pim_kind_random import machines, small_network

from simcore import simulate
from simcore.errors import InputError
from simcore.pim_dram.times import time_rows
from simcore.why import why
from workloads.layers import Input, Linear
from workloads.network import Network, NetworkBuilder

MULTIPLY = 3 * 62
ALONE = (
    *("limits.trrd=false", "limits.tfaw=false", "limits.command_bus=false", "limits.refresh=none"),
    *("periphery.enabled=false", "initialised=false", "precision={weight_bits: 1, activation_bits: 1}"),
    *("placement=pipelined", "banks=2"),
)


def two_layers(inputs: int) -> Network:
    """A transaction has 512 words of a bit. Each layer has a bank, and takes one round."""
    builder = NetworkBuilder("two")
    builder.add(Input("image", (inputs,)))
    builder.add(Linear("first", 2))
    builder.add(Linear("second", 2))
    return builder.build(1)


def interval(network: Network, *overrides: str, engine: str = "compiled") -> dict:
    results = simulate(network, "pim-dram-ddr4", engine=engine, overrides=(*ALONE, *overrides))
    require_conserved(results)
    return results.to_json()["pipeline"]


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
@pytest.mark.parametrize("bursts", [4, 64])
def test_transfers_beside_multiplications_by_hand(engine: str, bursts: int) -> None:
    network = two_layers(512 * bursts)
    # The first bank writes its inputs at 19, after the second bank's one burst at 23 again at 27, then every 7 cycles.
    last_write = 27 + 7 * (bursts - 2)
    # It can be closed CWL, a burst and tWR later; its one burst of results is read tRP and tRCD after that, within tRAS.
    results_opened = last_write + 14 + 4 + 20 + 19
    moved = results_opened + 43 + 19
    apart, overlap = (interval(network, f"overlap_transfers={on}", engine=engine) for on in ("false", "true"))
    assert apart["interval_cycles"] == MULTIPLY + moved
    assert overlap["interval_cycles"] == max(MULTIPLY, moved)
    assert (apart["latency_cycles"], overlap["latency_cycles"]) == (2 * (MULTIPLY + moved), 2 * 3 * max(MULTIPLY, moved))


def test_what_bounds_an_interval_by_hand() -> None:
    found = interval(two_layers(512 * 64), "overlap_transfers=true")
    # The first stage writes 64 bursts in an operation and reads one; all stages together move 67.
    assert found["bounds_cycles"] == {
        "slowest_stage": 64 * 4 + 62,
        "data_bus": 67 * 4,
        **dict.fromkeys(("tFAW", "power", "tRRD", "command_bus"), 0),
    }
    assert (found["bound_by"], found["slowest_layers"]) == ("slowest_stage", ["first"])
    apart = interval(two_layers(512 * 64), "limits.tfaw=true")
    # Three operations in each of two subarrays, and four rows that move: ten activations, of which four come at once.
    assert apart["bounds_cycles"]["slowest_stage"] == MULTIPLY + 64 * 4 + 62
    assert apart["bounds_cycles"]["tFAW"] == int((10 / 4 - 1) * 28)


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(overrides=machines().filter(lambda found: "placement=pipelined" in found))
def test_no_interval_is_shorter_than_what_bounds_it(overrides: tuple[str, ...]) -> None:
    results = simulate(small_network(1), "pim-dram-ddr4", overrides=overrides)
    found = results.to_json()["pipeline"]
    assert max(found["bounds_cycles"].values()) <= found["interval_cycles"]
    rows = time_rows(results)
    assert sum(row["cycles"] for row in rows) == found["interval_cycles"]
    steps = results.details["pipeline"].steps
    assert all(step.compute_cycles + step.stall_cycles.sum() == step.cycles for step in steps)


def test_why_of_a_pipeline_is_about_the_time_between_images() -> None:
    found = why(two_layers(512 * 64), "pim-dram-ddr4", overrides=ALONE)
    assert found.results.time_cycles == found.results.to_json()["pipeline"]["interval_cycles"] != found.results.cycles
    assert sum(finding.loss.cycles for finding in found.findings) <= found.results.time_cycles
    lines = found.results.kind.why_lines(found.results)
    assert lines[0].startswith("In any order of the work an interval takes at least 504 cycles for the slowest stage (first) (")
    assert lines[0].endswith("So the slowest stage (first) bounds it.")
    trials = {trial.change.key: trial for finding in found.findings for trial in finding.trials}
    assert trials["overlap_transfers"].saved_cycles == MULTIPLY
    together = simulate(two_layers(512 * 64), "pim-dram-ddr4", overrides=(*ALONE, "placement=together"))
    assert trials["placement"].cycles == together.cycles
    assert found.results.kind.why_lines(together) == []


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("overlap_transfers=true",), "expected false, because there is no pipeline"),
        (("overlap_transfers=true", "placement=pipelined", "active_subarrays=64"), "all 64 subarrays of a bank compute"),
    ],
)
def test_transfers_overlap_only_where_they_can(overrides: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        simulate("lenet5", "pim-dram-ddr4", overrides=overrides)
