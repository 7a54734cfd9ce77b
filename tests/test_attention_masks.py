"""Scores to which a row of the network's own is added stay on chip; those with a value for each score do not."""

from __future__ import annotations

import pytest

from simcore import simulate
from workloads.layers import Activation, Add, BatchNorm, Input, MatMul, Softmax
from workloads.network import Network, NetworkBuilder

HEADS, QUERIES, KEYS, WIDTH = 2, 16, 8, 4


def masked(mask: tuple[int, ...], *, first: bool = False) -> Network:
    """Attention whose scores are scaled, and then get a mask that a layer of its own computes."""
    net = NetworkBuilder("masked")
    for name, shape in (("q", (HEADS, QUERIES, WIDTH)), ("k", (HEADS, WIDTH, KEYS)), ("v", (HEADS, KEYS, WIDTH)), ("m", mask)):
        net.add(Input(name, shape))
    net.add(Activation("mask", "neg"), ["m"])
    net.add(MatMul("scores"), ["q", "k"])
    net.add(BatchNorm("scale", shift=False, size=1), ["scores"])
    net.add(Add("add"), ["mask", "scale"] if first else ["scale", "mask"])
    net.add(Softmax("softmax"), ["add"])
    net.add(MatMul("mixed"), ["softmax", "v"])
    return net.build(3)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("mask", [(KEYS,), (1, KEYS), (1, 1, KEYS)])
def test_a_row_for_all_queries_stays_in_the_vector_unit(mask: tuple[int, ...], first: bool) -> None:
    """Words of a byte: queries, keys, values and results of three images cross main memory once. The mask's layer reads a row."""
    found = simulate(masked(mask, first=first), "edge-sram", overrides=["attention=flash"])
    (row,) = found.tables()["attention"].to_dict("records")
    assert (row["attention"], row["attention_parts"]) == ("flash", "scores, scale, add, softmax")
    layers = found.layers.set_index("layer")
    assert int(layers["dram_read_bytes"]["mixed"]) == 3 * HEADS * (QUERIES * WIDTH + 2 * KEYS * WIDTH)
    assert int(layers["dram_write_bytes"]["mixed"]) == 3 * HEADS * QUERIES * WIDTH
    assert int(layers["dram_read_bytes"]["mask"]) == 3 * KEYS
    assert layers["fused_into"]["add"] == "mixed"


@pytest.mark.parametrize("mask", [(QUERIES, KEYS), (HEADS, 1, KEYS), (QUERIES, 1)])
def test_other_masks_are_read_beside_the_scores(mask: tuple[int, ...]) -> None:
    found = simulate(masked(mask), "edge-sram", overrides=["attention=flash"])
    (row,) = found.tables()["attention"].to_dict("records")
    assert (row["attention"], row["attention_why"]) == ("spilled", "'add' reads a tensor of its own beside the scores")
