"""``simcore why`` names what costs most, and its ranking of changes is that of trying them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import isnan, nan
from typing import Any

import pytest
from bottlenecks import AMPLE, BOTTLENECKS, Bottleneck, network

from simcore import InputError, simulate
from simcore.kinds.advice import Change, Loss
from simcore.meanings.keys import all_keys
from simcore.meanings.lookup import explain
from simcore.program.outcome import CAUSE_NAMES
from simcore.results.results import Results
from simcore.spec import System, load_system, override_system
from simcore.systolic.changes import changes
from simcore.systolic.remedies import COMPUTE, REMEDIES, keys_against
from simcore.why import Trial, Why, _best, _ranked, joint_change, why, worth_looking_into
from workloads.network import Network

AMPLE_WITHOUT_MEMORY = [text for text in AMPLE if not text.startswith(("memory.", "dma."))]
SLOW_PAD = ("scratchpads.ofmap.write_buffer.depth=2", "scratchpads.accumulator.write_buffer.depth=4")


# The ten machines ----------------------------------------------------------------------------------------------------------


def test_a_machine_with_ample_parts_hardly_waits() -> None:
    ample = simulate(network(), load_system("edge-sram", AMPLE))
    assert ample.cycles < 1.02 * ample.layers["compute_cycles"].sum()


@pytest.mark.slow
@pytest.mark.parametrize("bottleneck", BOTTLENECKS, ids=lambda case: case.name.replace(" ", "-"))
def test_the_one_thing_that_binds_is_named_first(bottleneck: Bottleneck) -> None:
    found = why(bottleneck.net, bottleneck.system())
    first = found.findings[0]
    assert (first.loss.cause, first.loss.place) == (bottleneck.cause, bottleneck.place)
    assert first.trials[0].change.key in bottleneck.keys
    assert first.trials[0].saved_cycles > 0.5 * first.loss.cycles


# The ranking ---------------------------------------------------------------------------------------------------------------


def every_change(system: System) -> Iterator[tuple[str, str]]:
    """Single keys and values, written down apart from the table of remedies."""
    for name, pad in system.scratchpads.items():
        own = f"scratchpads.{name}"
        yield f"{own}.ports_per_bank", "2"
        yield from ((f"{own}.banks", str(pad.banks * factor)) for factor in (2, 4))
        yield from ((f"{own}.interleaving", value) for value in ("xor", "block"))
        yield from ((f"{own}.arbiter", value) for value in ("port-priority", "round-robin"))
        yield from ((f"{own}.write_buffer.depth", str(pad.write_buffer.depth * factor)) for factor in (2, 4, 8))
        yield f"{own}.write_buffer.read_priority", "false"
        yield from ((f"{own}.write_buffer.preemption", value) for value in ("resume", "restart"))
        yield from ((f"{own}.timing", "sram"), (f"{own}.timing.parameters.write_cycles", "5"))
        yield f"{own}.timing.parameters.read_cycles", "1"
        yield from ((f"{own}.capacity_bytes", str(pad.capacity_bytes * factor)) for factor in (2, 4))
    yield from (("array.port_window", value) for value in ("4", "16", "32"))
    yield from (("dma.outstanding_bursts", value) for value in ("32", "64"))
    yield from (("dma.burst_bytes", value) for value in ("128", "256"))
    yield from (("memory.bytes_per_cycle", value) for value in ("32", "64"))
    yield "memory.latency_cycles", "30"


def by_exhaustive_trials(net: Network | str, system: System, run: Callable[..., Results]) -> dict[str, int]:
    """The most cycles that any value of each key saves, as ``run`` simulates."""
    before = run(net, system).cycles
    saved: dict[str, int] = {}
    for key, value in every_change(system):
        try:
            after = run(net, override_system(system, [f"{key}={value}"])).cycles
        except InputError:
            continue
        saved[key] = max(saved.get(key, 0), before - after)
    return saved


def simulate_each_system_once() -> Callable[..., Results]:
    """Return a ``simulate`` for one network that keeps its results. Two overrides may lead to the same System."""
    kept: dict[str, Results] = {}

    def run(net: Network | str, system: System, **options: Any) -> Results:
        key = system.model_dump_json()
        if key not in kept:
            kept[key] = simulate(net, system, **options)
        return kept[key]

    return run


def ranked(found: Why) -> dict[str, Trial]:
    """The best trials against stalls, by key."""
    stalls = [finding for finding in found.findings if finding.loss.cause != COMPUTE]
    return {trial.change.key: trial for finding in stalls for trial in finding.trials}


@pytest.mark.slow
@pytest.mark.parametrize("net", [network, lambda: "resnet18"], ids=["a convolution", "resnet18"])
def test_the_ranking_is_that_of_trying_every_key(net: Callable[[], Network | str], monkeypatch: pytest.MonkeyPatch) -> None:
    system, run = load_system("edge-stt", of=System), simulate_each_system_once()
    monkeypatch.setattr("simcore.why.simulate", run)
    found, exhaustive = why(net(), system), by_exhaustive_trials(net(), system, run)
    trials, margin = ranked(found), found.results.cycles * 0.001
    assert len(trials) > 10
    for key, trial in trials.items():
        assert exhaustive[key] - margin <= max(trial.saved_cycles, 0) <= exhaustive[key], key
    best = max(exhaustive.values())
    assert max(trial.saved_cycles for trial in trials.values()) >= best - margin
    for finding in found.findings:
        saved = [trial.saved_cycles for trial in finding.trials]
        assert saved == sorted(saved, reverse=True)


def trial(key: str, value: int, saved: int) -> Trial:
    return Trial(Change(key, str(value), ""), 1000 - saved, saved, nan)


def test_of_a_keys_values_the_cheapest_that_saves_about_as_much_is_shown() -> None:
    trials = [trial("depth", 16, 90), trial("depth", 32, 100), trial("depth", 64, 100)]
    assert _best(trials, cycles=1000).change.value == "32"
    assert _best(trials, cycles=20_000).change.value == "16"


def test_keys_stand_in_order_of_cycles_saved_and_ties_in_the_order_of_the_table() -> None:
    trials = [trial("a", 1, 5), trial("b", 1, 70), trial("c", 1, -8), trial("d", 1, 70)]
    assert [found.change.key for found in _ranked(trials, 1000)] == ["b", "d", "a", "c"]


def test_changes_are_joined_without_two_of_one_timing() -> None:
    proposed = [Change("a.timing", "sram", ""), Change("b", "2", "1", ("c=2",)), Change("a.timing.parameters.x", "1", "2")]
    joint = joint_change([*proposed, Change("a.timings", "4", "2")])
    assert joint is not None
    assert joint.overrides == ("a.timing=sram", "b=2", "c=2", "a.timings=4")
    assert joint_change(proposed[:1]) is None


@pytest.mark.slow
def test_changes_that_each_remove_half_of_a_bottleneck_are_tried_together() -> None:
    """With one burst in flight, both the bandwidth and the latency bind."""
    small = ("memory.bytes_per_cycle=2", "dma.outstanding_bursts=1", "memory.latency_cycles=30", *AMPLE_WITHOUT_MEMORY)
    found = why(network(), load_system("edge-sram", small)).findings[0]
    assert found.together is not None
    assert found.together.saved_cycles > found.trials[0].saved_cycles
    after = simulate(network(), load_system("edge-sram", [*small, *found.together.change.overrides]))
    assert after.cycles == found.together.cycles


def test_small_losses_are_left_out_unless_all_are_small() -> None:
    large, small = Loss("drain", "", 50, ()), Loss("dram_wait", "ifmap", 5, ())
    assert worth_looking_into([large, small], 1000) == [large]
    assert worth_looking_into([small, small], 1000) == [small]
    assert worth_looking_into([], 1000) == []
    work = Loss(COMPUTE, "", 900, (), is_work=True)
    assert worth_looking_into([*[large] * 7, work], 1000) == [*[large] * 5, work]


@pytest.mark.slow
def test_a_trial_is_the_run_with_the_change_alone() -> None:
    found = why(network(), load_system("edge-stt"), overrides=SLOW_PAD, layers="conv")
    for item in [trial for finding in found.findings for trial in finding.trials]:
        system = override_system(load_system("edge-stt", SLOW_PAD), item.change.overrides)
        after = simulate(network(), system, layers="conv")
        assert (item.cycles, item.saved_cycles) == (after.cycles, found.results.cycles - after.cycles)
        more = sum(after.rates.areas.values()) - sum(found.results.rates.areas.values())
        assert item.more_area_mm2 == more if more else isnan(item.more_area_mm2)


# The table of remedies -----------------------------------------------------------------------------------------------------


def test_proposed_values_are_exact_and_better_than_the_systems_own() -> None:
    bandwidth, overlap = (
        next(remedy for remedies in REMEDIES.values() for remedy in remedies if remedy.key == key)
        for key in ("memory.bytes_per_cycle", "array.fold_overlap")
    )
    assert bandwidth.values(Fraction(4787, 10)) == [957.4, 1914.8]
    assert bandwidth.values(Fraction(22500, 47)) == [Fraction(45000, 47), Fraction(90000, 47)]
    assert [list(overlap.values(value)) for value in ("none", "after-wave", "wave")] == [["after-wave", "wave"], ["wave"], []]


def test_every_cause_has_remedies_and_every_remedy_is_a_key() -> None:
    known = {item.path for item in all_keys()} | {"memory.overrides.channel"}
    assert set(REMEDIES) == {*CAUSE_NAMES, COMPUTE}
    assert {key for cause in REMEDIES for key in keys_against(cause)} <= known


def test_explain_tells_the_keys_that_may_remove_a_cause() -> None:
    told = " ".join(detail for meaning in explain("write_backpressure") for detail in meaning.details)
    assert "scratchpads.NAME.write_buffer.depth" in told


def values_of(system: System, cause: str, place: str = "ifmap") -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for change in changes(system, Loss(cause, place, 1, ())):
        found.setdefault(change.key, []).append(change.value)
    return found


def test_proposals_follow_from_the_values_of_the_system() -> None:
    found = values_of(load_system("edge-stt", of=System), "write_conflict")
    assert found["scratchpads.ifmap.write_buffer.depth"] == ["16", "32", "64"]
    assert found["scratchpads.ifmap.interleaving"] == ["xor", "block"]
    assert found["scratchpads.ifmap.timing"] == ["sram"]
    assert found["scratchpads.ifmap.timing.parameters.write_cycles"] == ["5"]
    assert found["scratchpads.ifmap.write_buffer.read_priority"] == ["false"]
    assert "scratchpads.ifmap.timing.parameters.read_latency_cycles" not in found


def test_a_dram_gets_more_channels_instead_of_bandwidth() -> None:
    found = values_of(load_system("edge-sram-ddr4", of=System), "dram_wait")
    assert found["memory.overrides.channel"] == ["2"]
    assert not {"memory.bytes_per_cycle", "memory.latency_cycles"} & found.keys()


def test_macros_may_become_sram() -> None:
    assert values_of(load_system("train-stt-22nm", of=System), "read_latency")["scratchpads.ifmap.timing"] == ["sram"]


@pytest.mark.slow
def test_a_change_that_the_system_refuses_is_left_out() -> None:
    three = ["scratchpads.ofmap.banks=3", "scratchpads.ofmap.capacity_bytes=96 KiB", *SLOW_PAD]
    found = why(network(), load_system("edge-stt", three))
    proposed = values_of(load_system("edge-stt", three, of=System), "write_backpressure", "ofmap")
    assert "xor" in proposed["scratchpads.ofmap.interleaving"]
    tried = [item.change.value for finding in found.findings for item in finding.trials if "ofmap.interl" in item.change.key]
    assert tried
    assert "xor" not in tried
