"""Machines on which, by construction, one thing binds: a machine that hardly ever waits, with one part made too small."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.spec import System, load_system
from workloads.layers import Conv, Input
from workloads.network import Network, NetworkBuilder


def network(channels: int = 16, side: int = 16, filters: int = 16, kernel: int = 3) -> Network:
    """Return a network of one convolution."""
    net = NetworkBuilder("one convolution")
    net.add(Input("image", (channels, side, side)))
    net.add(Conv("conv", filters, (kernel, kernel), padding=(kernel // 2, kernel // 2)))
    return net.build()


def column_network() -> Network:
    """Return a network of one convolution whose filter covers eight pixels of a column, 512 bytes apart."""
    net = NetworkBuilder("columns")
    net.add(Input("image", (1, 16, 512)))
    net.add(Conv("conv", 8, (8, 1)))
    return net.build()


ONE, COLUMNS = network(), column_network()
PADS = ("ifmap", "filter", "ofmap", "accumulator")
#: A machine on which the convolution hardly ever waits: everything fits, and memory, ports and buffers are ample.
AMPLE = (
    "array.rows=8",
    "array.columns=8",
    "array.port_window=16",
    *(f"scratchpads.{name}.banks=16" for name in PADS),
    *(f"scratchpads.{name}.ports_per_bank=4" for name in PADS),
    *(f"scratchpads.{name}.write_buffer.depth=64" for name in ("ofmap", "accumulator")),
    "dma.outstanding_bursts=64",
    "dma.burst_bytes=64",
    "memory.latency_cycles=4",
    "memory.bytes_per_cycle=64",
)


def slow_writes(scratchpad: str, cycles: int) -> tuple[str, ...]:
    """Return the overrides that make a scratchpad of STT-MRAM whose writes take so many cycles."""
    timing = f"scratchpads.{scratchpad}.timing"
    return f"{timing}=stt-mram", f"{timing}.parameters.write_cycles={cycles}"


@dataclass(frozen=True)
class Bottleneck:
    """What is made too small, the loss that must come first, and the keys of which one must save most."""

    name: str
    small: tuple[str, ...]
    cause: str
    place: str
    keys: tuple[str, ...]
    net: Network = ONE

    def system(self) -> System:
        """Return the machine."""
        return load_system("edge-sram", [*AMPLE, *self.small], of=System)


IFMAP, FILTER, OFMAP, SUMS = (f"scratchpads.{name}" for name in PADS)
BOTTLENECKS = (
    Bottleneck(
        "one bank of one port for skewed reads",
        (f"{IFMAP}.banks=1", f"{IFMAP}.ports_per_bank=1", "array.edge=skewed-fetch"),
        "read_conflict",
        "ifmap",
        (f"{IFMAP}.banks",),
    ),
    Bottleneck(
        "a write buffer of one entry",
        (f"{SUMS}.write_buffer.depth=1", *slow_writes("accumulator", 4)),
        "write_backpressure",
        "accumulator",
        (f"{SUMS}.write_buffer.depth",),
    ),
    Bottleneck(
        "slow writes of results",
        slow_writes("ofmap", 2000),
        "write_backpressure",
        "ofmap",
        (f"{OFMAP}.timing",),
        network(channels=8, kernel=1),
    ),
    Bottleneck(
        "slow writes of partial sums that are read back",
        slow_writes("accumulator", 160),
        "write_conflict",
        "accumulator",
        (f"{SUMS}.timing",),
    ),
    Bottleneck("a narrow main memory", ("memory.bytes_per_cycle=1",), "dram_wait", "ifmap", ("memory.bytes_per_cycle",)),
    Bottleneck(
        "one burst in flight",
        ("dma.outstanding_bursts=1", "memory.latency_cycles=40"),
        "dram_wait",
        "ifmap",
        ("dma.outstanding_bursts",),
    ),
    Bottleneck(
        "a distant main memory",
        ("memory.latency_cycles=4000", "dma.outstanding_bursts=1024"),
        "drain",
        "",
        ("memory.latency_cycles",),
    ),
    Bottleneck(
        "a small ifmap scratchpad",
        (f"{IFMAP}.capacity_bytes=1024", "memory.bytes_per_cycle=2"),
        "dram_wait",
        "ifmap",
        (f"{IFMAP}.capacity_bytes",),
        network(channels=64, filters=32),
    ),
    Bottleneck(
        "the DMA in the way of reads",
        (f"{FILTER}.ports_per_bank=1", f"{FILTER}.banks=1", *slow_writes("filter", 40)),
        "dma_collision",
        "filter",
        (f"{FILTER}.ports_per_bank", f"{FILTER}.banks", f"{FILTER}.timing", f"{FILTER}.arbiter"),
        network(filters=64),
    ),
    Bottleneck(
        "a window shorter than the read latency",
        ("array.port_window=1", f"{IFMAP}.timing.parameters.read_cycles=8"),
        "read_latency",
        "ifmap",
        ("array.port_window",),
    ),
    Bottleneck(
        "a stride of the number of banks",
        (f"{IFMAP}.ports_per_bank=1",),
        "read_conflict",
        "ifmap",
        (f"{IFMAP}.interleaving",),
        COLUMNS,
    ),
)
