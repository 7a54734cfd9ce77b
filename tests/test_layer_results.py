"""``layer_results: scratchpads``: what is used again stays in a scratchpad where there is room, and the rest leaves it."""

from __future__ import annotations

import numpy as np
import pytest

import simcore.systolic.planned
from simcore import simulate
from simcore.errors import InputError
from simcore.program.program import Op, OpKind
from simcore.results import Results
from simcore.spec import System, load_system
from workloads.dataflow import lower_network
from workloads.dataflow.rules.table import held_tensors
from workloads.layers import Activation, Add, Conv, Flatten, Input, Linear, Pool
from workloads.load import load_network
from workloads.network import Network, NetworkBuilder
from workloads.training import training_step

#: Small, so that the reference engine is quick; int8 words. 4 KiB hold the 8 x 16 x 16 of the networks below, 1 KiB does not.
SMALL = ("array.rows=8", "array.columns=8", *(f"scratchpads.{pad}.capacity_bytes=4 KiB" for pad in ("ifmap", "filter", "ofmap")))
KEPT = "layer_results=scratchpads"
IMAGE = 3 * 16 * 16


def machine(*more: str) -> System:
    return load_system("edge-sram", [*SMALL, KEPT, *more])


def conv(name: str, filters: int, **more) -> Conv:
    return Conv(name, filters, kernel=3, padding=1, **more)


def chain(side: int = 16) -> Network:
    net = NetworkBuilder("chain")
    net.add(Input("input", (3, side, side)))
    for layer in (conv("a", 8), Activation("relu"), conv("b", 8), Flatten("flat"), Linear("fc", 10)):
        net.add(layer)
    return net.build()


def bytes_of(results: Results) -> dict[str, tuple[int, int]]:
    rows = results.layers.set_index("layer")[["dram_read_bytes", "dram_write_bytes"]]
    return {str(name): (int(read), int(written)) for name, read, written in rows.itertuples() if read or written}


def test_a_chain_moves_its_input_its_weights_and_its_output():
    weights = {"a": 8 * 27, "b": 8 * 72, "fc": 10 * 8 * 16 * 16}
    found = bytes_of(simulate(chain(), machine()))
    assert found == {"a": (IMAGE + weights["a"], 0), "b": (weights["b"], 0), "fc": (weights["fc"], 10)}
    stored = bytes_of(simulate(chain(), machine("layer_results=main-memory")))
    tensor = 8 * 16 * 16
    assert stored["b"] == (weights["b"] + tensor, tensor)


@pytest.mark.slow
@pytest.mark.parametrize("arrays", [1, 2])
def test_both_engines_give_the_same_tables_and_checked_values(arrays):
    system = machine(f"array.count={arrays}")
    compiled, checked = simulate(chain(12), system), simulate(chain(12), system, engine="simpy", check_values=True)
    for mine, theirs in zip(compiled.runs, checked.runs, strict=True):
        assert mine.outcome is None or mine.outcome.differences(theirs.outcome) == []
    assert [checked.values[name] for name in ("a", "b", "fc")] == ["equal"] * 3


def test_a_tensor_that_skips_a_layer_waits_beside_it():
    net = NetworkBuilder("residual")
    net.add(Input("input", (8, 16, 16)))
    first = net.add(conv("first", 8))
    second = net.add(conv("second", 8), [first])
    net.add(Add("sum"), [second, first])
    tensor = 8 * 16 * 16
    found = bytes_of(simulate(net.build(), machine()))
    assert found == {"first": (tensor + 8 * 72, 0), "second": (8 * 72, 0), "sum": (0, tensor)}


def fork() -> Network:
    net = NetworkBuilder("fork")
    net.add(Input("input", (8, 16, 16)))
    left = net.add(conv("left", 8))
    right = net.add(conv("right", 8), ["input"])
    net.add(Pool("pool", "max", kernel=2, stride=2), [left])
    net.add(conv("last", 8), [right])
    return net.build()


def test_a_layer_between_works_beside_what_stays():
    tensor, weights = 8 * 16 * 16, 8 * 72
    found = bytes_of(simulate(fork(), machine()))
    assert found == {"left": (tensor + weights, 0), "right": (weights, 0), "pool": (0, tensor // 4), "last": (weights, tensor)}


def test_a_run_of_some_layers_moves_what_these_layers_move_in_the_whole_run():
    whole, some = bytes_of(simulate(fork(), machine())), bytes_of(simulate(fork(), machine(), layers="left,pool"))
    assert some == {name: whole[name] for name in ("left", "pool")}


def test_a_result_that_does_not_fit_goes_through_main_memory():
    small = machine(*(f"scratchpads.{pad}.capacity_bytes=1 KiB" for pad in ("ifmap", "filter", "ofmap")))
    tensor = 8 * 16 * 16
    found = bytes_of(simulate(chain(), small))
    assert found["a"][1] == tensor
    assert found["b"][0] >= tensor + 8 * 72


@pytest.mark.slow
def test_more_capacity_never_moves_more_bytes_and_what_stays_costs_no_cycle():
    network = training_step(load_network("lenet5", 2))
    moved, cycles = [], []
    for kib in (4, 8, 16, 32, 64, 128):
        sizes = [f"scratchpads.{pad}.capacity_bytes={kib} KiB" for pad in ("ifmap", "filter", "ofmap")]
        kept, stored = (simulate(network, load_system("edge-sram", [*sizes, f"layer_results={where}"])) for where in WHERE)
        totals = [sum(sum(pair) for pair in bytes_of(results).values()) for results in (kept, stored)]
        assert totals[0] <= totals[1]
        assert kept.cycles <= stored.cycles
        moved.append(totals[0])
        cycles.append(kept.cycles)
    assert moved == sorted(moved, reverse=True)
    assert moved[-1] < 0.95 * moved[0]


WHERE = ("scratchpads", "main-memory")


def test_a_plan_that_is_made_again_keeps_what_stays(monkeypatch):
    first = simulate(chain(), machine())
    monkeypatch.setattr(simcore.systolic.planned, "KEPT_BYTES", 0)
    again = simulate(chain(), machine())
    assert bytes_of(again) == bytes_of(first)
    assert again.layers["cycles"].tolist() == first.layers["cycles"].tolist()


def test_a_tensor_in_place_takes_its_slots_without_a_byte():
    lowered = {instance.name: program for instance, program, _ in lower_network(chain(), machine()) if program is not None}
    ops = lowered["b"].ops
    assert set(ops[ops[:, Op.REGION] == 0, Op.KIND]) == {OpKind.ACQUIRE}
    assert not (ops[:, Op.KIND] == OpKind.STORE).any()
    assert lowered["b"].queue_start[-1] == len(ops)
    written, read = (
        dict(lowered["a"].facts["placement"].residents)["ofmap"],
        dict(lowered["b"].facts["placement"].residents)["ifmap"],
    )
    assert written == read
    waits = np.concatenate([program.ops[:, Op.DEP_OP] for program in lowered.values()])
    assert (waits < max(len(program.ops) for program in lowered.values())).all()


@pytest.mark.slow
def test_activations_wait_for_the_gradients_that_read_them():
    results = simulate(training_step(chain()), machine())
    forward = results.layers[results.layers["pass"] == "forward"].set_index("layer")
    assert forward.loc["b", "dram_write_bytes"] == 0  # the last layer's weight gradient reads it, some layers later
    assert forward.loc["fc", "dram_read_bytes"] == 10 * 8 * 16 * 16


@pytest.mark.parametrize(("optimizer", "states"), [("sgd", 1), ("momentum", 2), ("adam", 3)])
def test_an_update_finds_gradient_and_weights_and_loads_the_moments(optimizer, states):
    net = NetworkBuilder("one")
    net.add(Input("input", (1, 8, 8)))
    net.add(Flatten("flat"))
    net.add(Linear("fc", 10))
    step = training_step(net.build(2), optimizer=optimizer)
    found, weights = bytes_of(simulate(step, machine())), 10 * 64
    labels = {"fc.loss.input_gradient": (2, 0)}
    assert found == {"fc": (2 * 64 + weights, 0), **labels, "fc.update": ((states - 1) * weights, states * weights)}


@pytest.mark.parametrize("system", [["edge-unified"], ["edge-sram", "scratchpads.ofmap.banks=8"]], ids=["unified", "unlike"])
def test_scratchpads_may_be_one_or_differ(system):
    name, *more = system
    found = bytes_of(simulate(chain(), load_system(name, [KEPT, *more])))
    weights = {"a": 8 * 27, "b": 8 * 72, "fc": 10 * 8 * 16 * 16}
    assert found == {"a": (IMAGE + weights["a"], 0), "b": (weights["b"], 0), "fc": (weights["fc"], 10)}


def test_an_unknown_value_is_reported():
    with pytest.raises(InputError, match=r"layer_results: expected 'main-memory' or 'scratchpads', got 'scratchpad'"):
        load_system("edge-sram", ["layer_results=scratchpad"])


@pytest.mark.slow
@pytest.mark.parametrize("network", ["lenet5", "resnet18-32"])
def test_what_stays_is_the_tensor_that_its_readers_take(network):
    """A gradient is never taken for an activation, nor a weight for a gradient: the map of tensors by pass is the witness."""
    sizes = [f"scratchpads.{pad}.capacity_bytes=8 MiB" for pad in ("ifmap", "filter", "ofmap")]
    step = training_step(load_network(network, 2), optimizer="adam")
    kinds: dict[str, set[str | None]] = {}
    for instance, program, _ in lower_network(step, load_system("train-sram", [KEPT, *sizes])):
        for role, resident in program.facts["placement"].residents if program is not None else ():
            kinds.setdefault(resident.tensor, set()).add(held_tensors(instance.layer).get(role))
    named = [found - {None} for found in kinds.values()]
    assert all(len(found) <= 1 for found in named)
    assert set.union(*named) == {"activations", "errors", "weights"}
