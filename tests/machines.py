"""Random machines and layers for the equality tests: every option of the System is drawn."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from simcore.spec.system import System
from workloads.layers import Add, Conv, Linear, MatMul, Pool, Shape, Softmax
from workloads.network import LayerInstance


@st.composite
def timings(draw: st.DrawFn) -> dict[str, Any]:
    """A bank timing with drawn parameters."""
    model = draw(st.sampled_from(["sram", "stt-mram", "stt-mram", "stt-mram-verify"]))
    if model == "sram":
        return {"model": model, "parameters": {"read_cycles": draw(st.integers(1, 3)), "write_cycles": draw(st.integers(1, 3))}}
    if model == "stt-mram":
        names = {"read_cycles": (1, 4), "write_cycles": (1, 9), "read_latency_cycles": (0, 6), "write_latency_cycles": (0, 12)}
        parameters = {name: draw(st.integers(*bounds)) for name, bounds in names.items()}
        return {"model": model, "parameters": {**parameters, "pipelined": draw(st.integers(0, 1))}}
    parameters = {"read_cycles": draw(st.integers(1, 2)), "write_cycles": draw(st.integers(2, 6))}
    failures = draw(st.sampled_from([0, 300_000, 1_000_000]))
    return {"model": model, "parameters": {**parameters, "failures_per_million": failures, "seed": draw(st.integers(0, 9))}}


@st.composite
def write_buffers(draw: st.DrawFn) -> dict[str, Any]:
    """A write buffer: depth 0 waits for every write."""
    depth = draw(st.sampled_from([0, 1, 2, 4, 9]))
    high = draw(st.sampled_from([None, *range(1, depth + 1)]))
    read_priority = draw(st.booleans())
    return {
        "depth": depth,
        "high_watermark": high,
        "low_watermark": draw(st.integers(0, high - 1)) if high else 0,
        "read_priority": read_priority,
        "preemption": draw(st.sampled_from(["none", "resume", "restart"])) if read_priority else "none",
    }


@st.composite
def scratchpads(draw: st.DrawFn, min_line_bytes: int, min_bytes: int = 1024) -> dict[str, Any]:
    """A scratchpad of one or two bank groups."""
    interleaving = draw(st.sampled_from(["low-order", "xor", "block"]))
    banks = draw(st.sampled_from([1, 2, 4, 8] if interleaving == "xor" else [1, 2, 3, 4, 5, 8]))
    line_bytes = min_line_bytes * draw(st.sampled_from([1, 2, 4]))
    rows = -(-min_bytes // (banks * line_bytes))
    spec: dict[str, Any] = {
        "capacity_bytes": banks * line_bytes * rows * draw(st.sampled_from([1, 2, 8])),
        "banks": banks,
        "line_bytes": line_bytes,
        "ports_per_bank": draw(st.integers(1, 2)),
        "interleaving": interleaving,
        "arbiter": draw(st.sampled_from(["fcfs", "port-priority", "round-robin"])),
        "write_buffer": draw(write_buffers()),
    }
    if banks > 1 and draw(st.booleans()):
        first = draw(st.integers(1, banks - 1))
        spec["bank_groups"] = [
            {"banks": first, "timing": draw(timings())},
            {"banks": banks - first, "timing": draw(timings())},
        ]
    else:
        spec["timing"] = draw(timings())
    return spec


@st.composite
def systems(draw: st.DrawFn, max_side: int = 6) -> System:
    """A small machine; all options of the array, the scratchpads, the DMA, the memory and the clocks."""
    words = {name: draw(st.sampled_from([1, 2, 4])) for name in ("ifmap_bytes", "filter_bytes", "ofmap_bytes")}
    words["psum_bytes"] = draw(st.sampled_from([4, 8]))
    partial_sums = draw(st.sampled_from(["accumulator", "ofmap"]))
    if draw(st.booleans()):
        pads = {"unified": draw(scratchpads(8, 4096))}
    else:
        pads = {"ifmap": draw(scratchpads(4)), "filter": draw(scratchpads(4)), "ofmap": draw(scratchpads(8, 2048))}
    if partial_sums == "accumulator":
        pads["accumulator"] = draw(scratchpads(8, 2048))
    return System.model_validate(
        {
            "name": "drawn",
            "core_clock_hz": 1_000_000_000,
            "array": {
                "rows": draw(st.integers(1, max_side)),
                "columns": draw(st.integers(1, max_side)),
                "dataflow": draw(st.sampled_from(["ws", "os", "is"])),
                "fold_overlap": draw(st.booleans()),
                "edge": draw(st.sampled_from(["skew-registers", "skewed-fetch"])),
                "partial_sums": partial_sums,
                "port_window": draw(st.sampled_from([1, 2, 3, 8])),
            },
            "words": words,
            "scratchpads": pads,
            "dma": {"outstanding_bursts": draw(st.sampled_from([1, 2, 5, 16])), "burst_bytes": draw(st.sampled_from([32, 64]))},
            "memory": {
                "clock_hz": draw(st.sampled_from([300_000_000, 1_000_000_000, 1_600_000_000])),
                "latency_cycles": draw(st.integers(1, 30)),
                "bytes_per_cycle": draw(st.sampled_from([1, 3, 8, 64])),
            },
            "vector_unit": {"lanes": draw(st.integers(1, 6)), "fuse": False},
            "tiling": draw(st.sampled_from(["least-traffic", "whole"])),
        }
    )


def instance_of(layer: Any, inputs: tuple[Shape, ...], batch: int = 1) -> LayerInstance:
    """A layer on its own, as the lowering takes it."""
    producers = tuple(f"input{i}" for i in range(len(inputs)))
    return LayerInstance(layer.name, layer, inputs, layer.infer(inputs), batch, producers)


@st.composite
def convs(draw: st.DrawFn) -> LayerInstance:
    """A small convolution: ragged, grouped, padded, dilated."""
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    kernel = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    dilation = (draw(st.integers(1, 2)), draw(st.integers(1, 2)))
    stride = (draw(st.integers(1, 2)), draw(st.integers(1, 2)))
    padding = (draw(st.integers(0, 1)), draw(st.integers(0, 1)), draw(st.integers(0, 1)), draw(st.integers(0, 1)))
    layer = Conv(
        "conv", groups * draw(st.integers(1, 5)), kernel, stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    shape = (groups * draw(st.integers(1, 4)), draw(st.integers(5, 8)), draw(st.integers(5, 8)))
    return instance_of(layer, (shape,), batch=draw(st.integers(1, 2)))


@st.composite
def linears(draw: st.DrawFn) -> LayerInstance:
    """A small linear layer or matrix product."""
    if draw(st.booleans()):
        return instance_of(Linear("linear", draw(st.integers(1, 17))), ((draw(st.integers(1, 23)),),), batch=draw(st.integers(1, 5)))
    m, k, n = draw(st.integers(1, 9)), draw(st.integers(1, 19)), draw(st.integers(1, 11))
    return instance_of(MatMul("matmul"), ((m, k), (k, n)))


@st.composite
def vectors(draw: st.DrawFn) -> LayerInstance:
    """A small layer of the vector unit."""
    shape = (draw(st.integers(1, 9)), draw(st.integers(4, 6)), draw(st.integers(4, 6)))
    kind = draw(st.sampled_from(["pool", "add", "softmax"]))
    if kind == "pool":
        return instance_of(Pool("pool", "max", (2, 2), stride=(2, 2)), (shape,))
    if kind == "add":
        return instance_of(Add("add"), (shape, shape))
    return instance_of(Softmax("softmax"), ((draw(st.integers(1, 40)),),))


layers = st.one_of(convs(), linears(), vectors())
