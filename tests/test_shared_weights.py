"""Weights that several layers share stay in a scratchpad from layer to layer: bytes by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_onnx_operators import network, node

from simcore import simulate
from workloads.layers import Input, Linear, SharedLinear
from workloads.network import Network, NetworkBuilder
from workloads.training import training_step

KEPT = "layer_results=scratchpads"
STEPS, INPUTS, HIDDEN = 6, 24, 32
GATES_AND_STATES = {"LSTM": (4, 2), "GRU": (3, 1), "RNN": (1, 1)}


def recurrent(folder: Path, op: str, hidden: int = HIDDEN) -> Network:
    gates = GATES_AND_STATES[op][0]
    weights = {"w": (1, gates * hidden, INPUTS), "r": (1, gates * hidden, hidden)}
    return network(folder, node(op, "x w r", hidden_size=hidden), {"x": [STEPS, 1, INPUTS]}, weights)


def moved(found: Network, *overrides: str) -> tuple[int, int]:
    """Bytes read and written; words have a byte."""
    layers = simulate(found, "edge-sram", overrides=overrides).layers
    return int(layers["dram_read_bytes"].sum()), int(layers["dram_write_bytes"].sum())


@pytest.mark.slow
@pytest.mark.parametrize("op", GATES_AND_STATES)
def test_a_recurrent_net_loads_its_weights_once(tmp_path: Path, op: str) -> None:
    """Inputs, both matrices, the first output and the first state come in; the state of each step goes out, being a result."""
    gates, states = GATES_AND_STATES[op]
    matrices = gates * HIDDEN * (INPUTS + HIDDEN)
    first = HIDDEN + states * HIDDEN
    assert moved(recurrent(tmp_path, op), KEPT) == (STEPS * INPUTS + matrices + first, STEPS * states * HIDDEN)


def test_without_room_between_layers_each_step_loads_them(tmp_path: Path) -> None:
    """Each step reads its matrix, its last output, its gates' two parts and its last state, and writes product, sum and state."""
    gates = 4 * HIDDEN
    ahead, written = STEPS * INPUTS + gates * INPUTS, STEPS * gates
    step = gates * HIDDEN + HIDDEN + 2 * gates + gates + 2 * HIDDEN
    assert moved(recurrent(tmp_path, "LSTM")) == (ahead + STEPS * step, written + STEPS * (gates + gates + 2 * HIDDEN))


@pytest.mark.slow
def test_weights_larger_than_every_scratchpad_are_loaded_in_each_step(tmp_path: Path) -> None:
    found = recurrent(tmp_path, "LSTM", hidden=256)  # 4 x 256 x 256 bytes; the largest scratchpad has 256 KiB, less the work's
    steps = simulate(found, "edge-sram", overrides=[KEPT]).layers.set_index("layer")["dram_read_bytes"]
    assert (steps.filter(like="recurrent") >= 4 * 256 * 256).all()


@pytest.mark.slow
def test_two_linear_layers_share_a_matrix_also_on_the_way_back() -> None:
    """Of a step of two layers of 64 x 64 that share their matrix, the matrix comes in once and goes out once."""
    net = NetworkBuilder("tied")
    net.add(Input("input", (1, 64)))
    net.add(Linear("one", 64, bias=False))
    net.add(SharedLinear("two", 64, bias=False, shares="one"))
    tied = net.build(4)
    assert moved(tied, KEPT) == (4 * 64 + 64 * 64, 4 * 64)
    forward = simulate(training_step(tied), "edge-sram", overrides=[KEPT]).passes.set_index("pass")
    assert int(forward["dram_read_bytes"]["forward"]) == 4 * 64 + 64 * 64
