"""``layer_results: scratchpads``: a result that the next layer reads stays in place, and the rest goes through main memory."""

from __future__ import annotations

from itertools import pairwise

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


def test_what_is_read_again_is_stored_but_not_loaded_right_away():
    net = NetworkBuilder("residual")
    net.add(Input("input", (8, 16, 16)))
    first = net.add(conv("first", 8))
    second = net.add(conv("second", 8), [first])
    net.add(Add("sum"), [second, first])
    tensor = 8 * 16 * 16
    found = bytes_of(simulate(net.build(), machine()))
    assert found["first"] == (tensor + 8 * 72, tensor)  # read by two layers
    assert found["second"] == (8 * 72, 0)
    assert found["sum"] == (tensor, tensor)  # its second operand, and the network's output


def test_a_layer_between_uses_the_scratchpads():
    net = NetworkBuilder("fork")
    net.add(Input("input", (8, 16, 16)))
    left = net.add(conv("left", 8))
    right = net.add(conv("right", 8), ["input"])
    net.add(Pool("pool", "max", kernel=2, stride=2), [left])
    net.add(conv("last", 8), [right])
    graph = net.build()
    found = bytes_of(simulate(graph, machine()))
    tensor = 8 * 16 * 16
    assert found["pool"][0] == found["last"][0] - 8 * 72 == tensor
    # Nor does a run of only some layers pretend that the others were not there.
    assert bytes_of(simulate(graph, machine(), layers="left,pool"))["pool"] == found["pool"]


def test_a_result_that_does_not_fit_goes_through_main_memory():
    small = machine("scratchpads.ifmap.capacity_bytes=1 KiB", "scratchpads.ofmap.capacity_bytes=1 KiB")
    tensor = 8 * 16 * 16
    found = bytes_of(simulate(chain(), small))
    assert found["a"][1] == tensor
    assert found["b"][0] >= tensor + 8 * 72


@pytest.mark.slow
def test_more_capacity_never_moves_more_bytes_and_what_stays_costs_no_cycle():
    network = training_step(load_network("lenet5", 4))
    moved, cycles = [], []
    for kib in (4, 8, 16, 32, 64, 128):
        sizes = [f"scratchpads.{pad}.capacity_bytes={kib} KiB" for pad in ("ifmap", "ofmap")]
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
    assert lowered["b"].facts["in_place"] == {"ifmap": True, "ofmap": True}
    assert lowered["a"].facts["in_place"] == {"ifmap": False, "ofmap": True}
    waits = np.concatenate([program.ops[:, Op.DEP_OP] for program in lowered.values()])
    assert (waits < max(len(program.ops) for program in lowered.values())).all()


def test_the_forward_pass_stores_what_the_gradients_read():
    step = training_step(chain())
    results = simulate(step, machine())
    forward = results.layers[results.layers["pass"] == "forward"].set_index("layer")
    assert forward.loc["b", "dram_write_bytes"] == 8 * 16 * 16  # the last layer's weight gradient reads it
    assert forward.loc["fc", "dram_read_bytes"] == 10 * 8 * 16 * 16  # its own pass finds it in place


@pytest.mark.parametrize("optimizer", ["sgd", "momentum"])
def test_an_update_finds_no_weights_in_place_where_its_gradient_was_written(optimizer):
    net = NetworkBuilder("one")
    net.add(Input("input", (1, 8, 8)))
    net.add(Flatten("flat"))
    net.add(Linear("fc", 10))
    step = training_step(net.build(2), optimizer=optimizer)
    found, weights = bytes_of(simulate(step, machine())), 10 * 64
    states = {"sgd": 1, "momentum": 2}[optimizer]  # weights, and the moments beside them
    assert found["fc.weight_gradient"][1] == weights
    assert found["fc.update"] == ((1 + states) * weights, states * weights)


def test_scratchpads_that_cannot_change_roles_are_reported():
    with pytest.raises(
        InputError, match=r"scratchpads.ofmap: expected an ofmap equal to the ifmap with layer_results 'scratchpads'"
    ):
        machine("scratchpads.ofmap.banks=8")
    with pytest.raises(InputError, match="got a unified scratchpad"):
        load_system("edge-unified", [KEPT])
    with pytest.raises(InputError, match=r"layer_results: expected 'main-memory' or 'scratchpads', got 'scratchpad'"):
        load_system("edge-sram", ["layer_results=scratchpad"])


@pytest.mark.slow
@pytest.mark.parametrize("network", ["lenet5", "resnet18-32"])
def test_what_lies_in_place_is_the_tensor_that_the_reader_takes_through_its_ifmap(network):
    """A gradient is never taken for an activation, nor a weight for a gradient: the map of tensors by pass is the witness."""
    sizes = [f"scratchpads.{pad}.capacity_bytes=8 MiB" for pad in ("ifmap", "filter", "ofmap")]
    step = training_step(load_network(network, 2), optimizer="adam")
    lowered = lower_network(step, load_system("train-sram", [KEPT, *sizes]))
    running = [(instance.layer, program) for instance, program, _ in lowered if program is not None]
    handed = [
        (held_tensors(writer)["ofmap"], held_tensors(reader)["ifmap"])
        for (writer, _), (reader, program) in pairwise(running)
        if program.facts.get("in_place", {}).get("ifmap")
    ]
    assert {"activations", "errors"} == {written for written, _ in handed}
    assert all(written == read for written, read in handed)
