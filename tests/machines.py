"""Random machines and layers, with every option of the System drawn by hypothesis or by a seeded ``random.Random``.

A *pick* chooses one of several options. This module uses only picks, so that one definition serves both hypothesis, which shrinks
failures to the options listed first, and a fixed set of cases that does not change with hypothesis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from simcore.spec.system import System
from workloads.layers import Activation, Add, Conv, Flatten, Input, Linear, MatMul, Pool, Shape, Softmax
from workloads.network import LayerInstance, Network, NetworkBuilder
from workloads.training import training_step

T = TypeVar("T")

#: (array.edge, array.fold_overlap): what follows a wave comes through skew registers.
EDGES_AND_OVERLAPS = (
    *(("skew-registers", overlap) for overlap in ("none", "after-wave", "wave")),
    *(("skewed-fetch", overlap) for overlap in ("none", "after-wave")),
)


#: A memory that counts its events.
COUNTING = f"{Path(__file__).parent / 'toys' / 'counting_rows.py'}:CountingRows"


class Pick(Protocol):
    """Chooses one of the options."""

    def __call__(self, options: Sequence[T], /) -> T: ...


@dataclass(frozen=True)
class Options:
    """The options to choose from. The defaults are all options; ``CONTENDED`` and ``CALM`` favour some of them."""

    sides: Sequence[int] = range(1, 7)
    arrays: Sequence[int] = (1, 1, 2, 3)
    dataflows: Sequence[str] = ("ws", "os", "is")
    overlaps: Sequence[str] = ("none", "wave", "after-wave")
    edges: Sequence[str] = ("skew-registers", "skewed-fetch")
    word_bytes: Sequence[int] = (1, 2, 4)
    partial_sums: Sequence[str] = ("accumulator", "ofmap")
    windows: Sequence[int] = (1, 2, 3, 8)
    unified: Sequence[bool] = (False, True)
    banks: Sequence[int] = (1, 2, 3, 4, 5, 8)
    interleavings: Sequence[str] = ("low-order", "xor", "block")
    lines: Sequence[int] = (1, 2, 4)
    capacities: Sequence[int] = (1, 2, 8)
    ports: Sequence[int] = (1, 2)
    grouped: Sequence[bool] = (False, True)
    models: Sequence[str] = ("sram", "stt-mram", "stt-mram", "stt-mram-verify", COUNTING)
    read_cycles: Sequence[int] = range(1, 5)
    write_cycles: Sequence[int] = range(1, 10)
    depths: Sequence[int] = (0, 1, 2, 4, 9)
    drained: Sequence[bool] = (False, True)
    read_priority: Sequence[bool] = (False, True)
    preemptions: Sequence[str] = ("none", "resume", "restart")
    memory_clocks: Sequence[int] = (300_000_000, 1_000_000_000, 1_600_000_000)
    latencies: Sequence[int] = range(1, 31)
    bandwidths: Sequence[int | str] = (1, 3, 8, 64, "7/3", "787/10", 200)
    layer_results: str = "main-memory"
    #: Drawn only where there is a choice, so that other flavours draw what they always drew.
    prefetches: Sequence[str] = ("none",)


ANY = Options()

#: Reads and slow writes share a bank, so that write buffers fill, drain, are preempted and answer reads.
CONTENDED = replace(
    ANY,
    dataflows=("ws", "is", "ws", "os"),
    partial_sums=("accumulator", "ofmap", "ofmap"),
    banks=(1, 2, 3),
    capacities=(2, 8),
    models=("stt-mram", "stt-mram", "stt-mram-verify", "stt-mram", "stt-mram", COUNTING),
    write_cycles=range(2, 14),
    depths=(2, 4, 9, 16),
    read_priority=(True, True, True, False),
    preemptions=("resume", "restart"),
    latencies=(2, 9),
    bandwidths=(8, 64),
)

#: Everything fits, nothing is slow and models keep no state, so that all folds run alike.
CALM = replace(
    ANY,
    sides=(4, 5, 3),
    dataflows=("ws", "ws", "ws", "ws", "is", "os"),
    overlaps=("none", "none", "none", "none", "wave"),
    edges=("skew-registers", "skew-registers", "skewed-fetch"),
    word_bytes=(1, 1, 2),
    banks=(1, 2, 4),
    interleavings=("low-order", "xor", "low-order", "xor", "block"),
    capacities=(32, 8),
    grouped=(False, False, True),
    models=("sram", "sram", "sram", "stt-mram"),
    windows=(1, 2, 1, 8),
    read_cycles=(1, 1, 1, 2),
    write_cycles=(1, 2),
    depths=(9, 16, 4),
    drained=(False, False, True),
    memory_clocks=(1_000_000_000, 1_600_000_000),
    latencies=(2, 9),
    bandwidths=(8, 64),
)

#: No model keeps a state. Some hold a bank long after the access, so that it is still busy when the next layer begins.
AGAIN = replace(ANY, models=("stt-mram", "sram"), read_cycles=(1, 3, 40), write_cycles=(2, 9, 60), drained=(False, False, True))


#: Tensors stay in scratchpads that hold some of them. Several tensors may then share a scratchpad that is made for one.
RESIDENT = replace(
    ANY,
    capacities=(1, 2, 3),
    latencies=(2, 9),
    bandwidths=(3, 8, 64),
    layer_results="scratchpads",
    prefetches=("next-layer", "none", "next-layer"),
)

#: First tiles of a layer are loaded while the layer before runs, on machines whose main memory has time for them.
PREFETCHING = replace(
    ANY, capacities=(2, 8, 16), latencies=(2, 9), bandwidths=(16, 64, 200), depths=(1, 2, 4, 9), prefetches=("next-layer",)
)


def draw_timing(pick: Pick, options: Options) -> dict[str, Any]:
    """Return a bank timing with drawn parameters."""
    model = pick(options.models)
    writes = options.write_cycles
    if model == "sram":
        parameters = {"read_cycles": pick(options.read_cycles), "write_cycles": pick(range(1, 4))}
    elif model == "stt-mram":
        parameters = {
            "read_cycles": pick(options.read_cycles),
            "write_cycles": pick(writes),
            "read_latency_cycles": pick(range(7)),
            "write_latency_cycles": pick(range(max(writes) + 4)),
            "pipelined": pick((0, 1)),
        }
    elif model == COUNTING:
        parameters = {"miss_cycles": pick(range(1, 6)), "refresh_every": pick((30, 7, 200))}
    else:
        parameters = {
            "read_cycles": pick((1, 2)),
            "write_cycles": pick(range(2, 7)),
            "failures_per_million": pick((0, 300_000, 1_000_000)),
            "seed": pick(range(10)),
        }
    return {"model": model, "parameters": parameters}


def draw_write_buffer(pick: Pick, options: Options) -> dict[str, Any]:
    """Return a write buffer. Depth 0 waits for every write."""
    depth = pick(options.depths)
    high = pick(range(1, depth + 1)) if depth and pick(options.drained) else None
    read_priority = pick(options.read_priority)
    return {
        "depth": depth,
        "high_watermark": high,
        "low_watermark": pick(range(high)) if high else 0,
        "read_priority": read_priority,
        "preemption": pick(options.preemptions) if read_priority else "none",
    }


def draw_scratchpad(pick: Pick, options: Options, min_line_bytes: int, min_bytes: int = 1024) -> dict[str, Any]:
    """Return a scratchpad with one or two bank groups."""
    interleaving = pick(options.interleavings)
    banks = pick([n for n in options.banks if interleaving != "xor" or n & (n - 1) == 0])
    line_bytes = min_line_bytes * pick(options.lines)
    rows = -(-min_bytes // (banks * line_bytes))
    spec: dict[str, Any] = {
        "capacity_bytes": banks * line_bytes * rows * pick(options.capacities),
        "banks": banks,
        "line_bytes": line_bytes,
        "ports_per_bank": pick(options.ports),
        "interleaving": interleaving,
        "arbiter": pick(("fcfs", "port-priority", "round-robin")),
        "write_buffer": draw_write_buffer(pick, options),
    }
    if banks > 1 and pick(options.grouped):
        first = pick(range(1, banks))
        sizes = (first, banks - first)
        spec["bank_groups"] = [{"banks": size, "timing": draw_timing(pick, options)} for size in sizes]
    else:
        spec["timing"] = draw_timing(pick, options)
    return spec


def draw_system(pick: Pick, options: Options = ANY) -> System:
    """Return a small machine with drawn options of the array, the scratchpads, the DMA, the memory and the clocks."""
    words = {name: pick(options.word_bytes) for name in ("ifmap_bytes", "filter_bytes", "ofmap_bytes")}
    words["psum_bytes"] = pick((4, 8))
    if options.layer_results == "scratchpads" and pick((True, True, True, False)):
        words |= dict.fromkeys(("filter_bytes", "ofmap_bytes"), words["ifmap_bytes"])  # a tensor stays only in words of one size
    edge = pick(options.edges)
    overlaps = [overlap for overlap in options.overlaps if overlap != "wave" or edge == "skew-registers"]
    partial_sums = pick(options.partial_sums)
    if pick(options.unified):
        pads = {"unified": draw_scratchpad(pick, options, 8, 4096)}
    else:
        smallest = {"ifmap": (4, 1024), "filter": (4, 1024), "ofmap": (8, 2048)}
        pads = {name: draw_scratchpad(pick, options, *least) for name, least in smallest.items()}
    if partial_sums == "accumulator":
        pads["accumulator"] = draw_scratchpad(pick, options, 8, 2048)
    return System.model_validate(
        {
            "name": "drawn",
            "core_clock_hz": 1_000_000_000,
            "array": {
                "rows": pick(options.sides),
                "columns": pick(options.sides),
                "count": pick(options.arrays) if edge == "skew-registers" else 1,
                "dataflow": pick(options.dataflows),
                "fold_overlap": pick(overlaps),
                "edge": edge,
                "partial_sums": partial_sums,
                "port_window": pick(options.windows),
            },
            "words": words,
            "scratchpads": pads,
            "dma": {
                "outstanding_bursts": pick((1, 2, 5, 16)),
                "burst_bytes": pick((16, 32, 64)),
                "prefetch": pick(options.prefetches) if len(options.prefetches) > 1 else options.prefetches[0],
            },
            "memory": {
                "clock_hz": pick(options.memory_clocks),
                "latency_cycles": pick(options.latencies),
                "bytes_per_cycle": pick(options.bandwidths),
            },
            "vector_unit": {"lanes": pick(range(1, 7)), "fuse": False},
            "layer_results": options.layer_results,
            "tiling": pick(("least-traffic", "whole")),
        }
    )


def draw_controller(pick: Pick, standard: str) -> dict[str, Any]:
    """Return a DRAM controller, often with short queues."""
    scheduler, policy = (
        pick(("frfcfs", "frfcfs-rowhit", "fcfs", "bank-round-robin")),
        pick(("open", "open", "closed-after", "timeout")),
    )
    limit = {"open": {}, "closed-after": {"accesses": pick((1, 2, 4))}, "timeout": {"timeout_cycles": pick((1, 20, 150))}}
    # Neighbouring lines lie in different rows of one bank.
    conflicting = {"ddr3_1600k": "bank rank column row channel", "hbm2_2000": "bank bankgroup pseudochannel column row channel"}
    return {
        "scheduler": scheduler,
        "bank_queue": pick((1, 2, 8)) if scheduler == "bank-round-robin" else 8,
        "row_policy": {"name": policy, **limit[policy]},
        "refresh": pick(("all-bank", "all-bank", "none", *(("per-bank",) if standard == "hbm2_2000" else ()))),
        "mapping": pick(("RoBaRaCoCh", "MOP4CLXOR", conflicting.get(standard, "bank bankgroup rank column row channel"))),
        "read_queue": pick((32, 1, 2, 8)),
        "write_queue": pick((32, 1, 2, 8)),
        "write_low_watermark": pick((0.2, 0.0, 0.5)),
        "write_high_watermark": pick((0.8, 0.5, 1.0)),
    }


def draw_dram(pick: Pick, system: System) -> System:
    """Return the system with a DRAM as main memory and a core clock that is slower or faster than the DRAM's."""
    standard = pick(("ddr4_2400r", "ddr3_1600k", "hbm2_2000", "ddr4_3200aa"))
    overrides = {"channel": pick((1, 1, 2, 4))}
    if pick((False, True)):
        overrides["nREFI"] = pick((700, 1201, 2000))
    values = system.model_dump(mode="json", exclude_none=True)
    values["core_clock_hz"] = pick((10**9, 800_000_000, 250_000_000, 2_500_000_000))
    values["dma"]["burst_bytes"] = pick((64, 16, 32, 256)) if pick((False, True)) else values["dma"]["burst_bytes"]
    values["memory"] = {
        "model": "dram",
        "standard": standard,
        "overrides": overrides,
        "controller": draw_controller(pick, standard),
    }
    return System.model_validate(values)


def instance_of(layer: Any, inputs: tuple[Shape, ...], batch: int = 1) -> LayerInstance:
    """Return a layer on its own, in the form that the lowering takes."""
    producers = tuple(f"input{i}" for i in range(len(inputs)))
    return LayerInstance(layer.name, layer, inputs, layer.infer(inputs), batch, producers)


def draw_conv(pick: Pick) -> LayerInstance:
    """Return a small convolution that may be ragged, grouped, padded and dilated."""
    groups = pick((1, 1, 1, 2, 3))
    layer = Conv(
        "conv",
        groups * pick(range(1, 6)),
        (pick(range(1, 4)), pick(range(1, 4))),
        stride=(pick((1, 2)), pick((1, 2))),
        padding=(pick((0, 1)), pick((0, 1)), pick((0, 1)), pick((0, 1))),
        dilation=(pick((1, 2)), pick((1, 2))),
        groups=groups,
    )
    return instance_of(layer, ((groups * pick(range(1, 5)), pick(range(5, 9)), pick(range(5, 9))),), batch=pick((1, 2)))


def draw_linear(pick: Pick) -> LayerInstance:
    """Return a small linear layer or matrix product."""
    if pick((False, True)):
        return instance_of(Linear("linear", pick(range(1, 18))), ((pick(range(1, 24)),),), batch=pick(range(1, 6)))
    m, k, n = pick(range(1, 10)), pick(range(1, 20)), pick(range(1, 12))
    return instance_of(MatMul("matmul"), ((m, k), (k, n)))


def draw_vector(pick: Pick) -> LayerInstance:
    """Return a small layer of the vector unit."""
    shape = (pick(range(1, 10)), pick(range(4, 7)), pick(range(4, 7)))
    kind = pick(("pool", "add", "softmax"))
    if kind == "pool":
        return instance_of(Pool("pool", "max", (2, 2), stride=(2, 2)), (shape,))
    if kind == "add":
        return instance_of(Add("add"), (shape, shape))
    return instance_of(Softmax("softmax"), ((pick(range(1, 41)),),))


def draw_layer(pick: Pick) -> LayerInstance:
    """Return a small layer of any kind."""
    return pick((draw_conv, draw_linear, draw_vector))(pick)


def draw_folded_layer(pick: Pick) -> LayerInstance:
    """Return a layer of many equal folds: all its sides except the streamed one are several times those of a small array."""
    if pick((False, True)):
        layer = Conv("conv", pick((16, 24)), pick((2, 3)), padding=pick((0, 1)))
        return instance_of(layer, ((pick((4, 8)), pick((4, 5)), pick((4, 5))),))
    m, k, n = pick((8, 16)), pick((24, 32, 40)), pick((16, 24))
    return instance_of(MatMul("matmul"), ((m, k), (k, n)))


def draw_network(pick: Pick) -> list[LayerInstance]:
    """Return the layers of a small network, or of its training step."""
    net = NetworkBuilder("drawn")
    shape = (pick((1, 2, 3)), pick((4, 5)), pick((4, 6)))
    first = net.add(Input("input", shape))
    if pick((True, False)):
        first = net.add(Conv("first", pick((2, 4)), pick((1, 3)), stride=pick((1, 2)), padding=1), [first])
        net.add(Activation("function", pick(("relu", "swish"))), [first])
    if pick((True, False)):
        beside = net.add(Conv("beside", shape[0] if first == "input" else 2, 1))
        first = net.add(Add("sum"), [net.add(Conv("again", 2 if first != "input" else shape[0], 1), [beside]), beside])
    if pick((True, False)):
        net.add(Pool("pool", pick(("max", "avg")), (2, 2), stride=(1, 1)))
    net.add(Flatten("flat"))
    net.add(Linear("last", pick((2, 5))))
    network = net.build(pick((1, 2)))
    optimizer = pick(("sgd", "momentum", None))
    return (network if optimizer is None else training_step(network, optimizer=optimizer)).instances()


def network_of(layers: Sequence[LayerInstance]) -> Network:
    """Return the network of some layers. What none of them makes is an input."""
    net = NetworkBuilder("drawn")
    made = {layer.name for layer in layers}
    inputs = {name: shape for layer in layers for name, shape in zip(layer.producers, layer.input_shapes, strict=True)}
    for name, shape in inputs.items():
        if name not in made:
            net.add(Input(name, shape))
    for layer in layers:
        net.add(layer.layer, layer.producers)
    return net.build(layers[0].batch)


def _pick_with(draw: st.DrawFn) -> Pick:
    return lambda options: draw(st.sampled_from(options))


@st.composite
def systems(draw: st.DrawFn, options: Options = ANY) -> System:
    """Draw machines, for hypothesis."""
    return draw_system(_pick_with(draw), options)


@st.composite
def layers(draw: st.DrawFn) -> LayerInstance:
    """Draw small layers of any kind, for hypothesis."""
    return draw_layer(_pick_with(draw))


@st.composite
def folded_layers(draw: st.DrawFn) -> LayerInstance:
    """Draw layers of many equal folds, for hypothesis."""
    return draw_folded_layer(_pick_with(draw))


@st.composite
def networks(draw: st.DrawFn) -> list[LayerInstance]:
    """Draw the layers of small networks and training steps, for hypothesis."""
    return draw_network(_pick_with(draw))
