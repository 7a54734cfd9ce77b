"""For each key a pair of runs that differ in this key alone: for a key that changes cycles, a pair whose cycles differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import networkx as nx

from workloads.layers import Input, Linear
from workloads.network import Network, from_graph

_VERIFY = "scratchpads.ofmap.timing={model: stt-mram-verify, parameters: {failures_per_million: 300000}}"
_SLOW = "scratchpads.accumulator.timing=stt-mram"
_MACRO = "{cell: stt-54F2}"
_SHARES = "{cell: stt-54F2, beside: [{cell: stt-34.5F2, bits_percent: 25}]}"
_FAST_CLOCK = "core_clock_hz=5 GHz"  # so that tenths of a nanosecond are cycles
_NODE = "technology.node_nm=22"
_DECODER = "llama-like-1-16-2-16-1-8"


def _quantised() -> Network:
    """A linear layer that reads words of a byte."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_node("x", layer=Input("x", (64, 64)), word_bytes=1)
    graph.add_node("y", layer=Linear("y", 8))
    graph.add_edge("x", "y")
    return from_graph(graph)


@dataclass(frozen=True)
class Case:
    """A run with the overrides ``base``, and the same run with ``change`` in addition.

    ``forced`` are overrides without which the change is refused. ``layers`` are the layers of LeNet-5 that run, or of one
    training step of it. Without layers a convolution runs whose rows do not divide, or a product of activations on a roofline.
    Of another ``network`` all layers run.
    """

    change: str
    base: tuple[str, ...] = ()
    system: str = "edge-sram"
    layers: str = "c1,s2,c3"
    training: str | None = None
    forced: tuple[str, ...] = ()
    network: str | Network = "lenet5"


@dataclass(frozen=True)
class TableCase:
    """A DRAM table that serves a trace, and the same table with ``change`` in addition. ``controller`` are the keys of that."""

    change: dict[str, Any]
    base: dict[str, Any] = field(default_factory=dict)
    controller: dict[str, Any] = field(default_factory=dict)


def _dram(change: str, *base: str, layers: str = "c1,c3", training: str | None = None) -> Case:
    return Case(f"memory.controller.{change}", base, "edge-sram-ddr4", layers, training)


def _macros(place: str, write: Callable[[str], str]) -> dict[str, Case]:
    """Return the cases of macros at a place of scratchpads.accumulator; ``write`` wraps a macro in what stands at that place."""

    def case(key: str, value: str, macro: str = _MACRO) -> Case:
        at = f"scratchpads.accumulator.{place.replace('INDEX', '1')}.{key.replace('INDEX', '0')}"
        room = ("scratchpads.accumulator.capacity_bytes=16 MiB",) if key == "word_bits" else ()
        return Case(f"{at}={value}", (_FAST_CLOCK, _NODE, *room, write(macro)))

    below = f"scratchpads.NAME.{place}"
    return {
        f"{below}.cell": case("cell", "stt-34.5F2"),
        f"{below}.voltage_v": case("voltage_v", "1.3"),
        f"{below}.pulse_ns": case("pulse_ns", "20"),
        f"{below}.write_error_rate": case("write_error_rate", "1e-6"),
        f"{below}.word_bits": case("word_bits", "64"),
        f"{below}.beside.INDEX.cell": case(
            "beside.INDEX.cell", "stt-54F2", "{cell: stt-34.5F2, beside: [{cell: sram, bits_percent: 25}]}"
        ),
        f"{below}.beside.INDEX.voltage_v": case("beside.INDEX.voltage_v", "1.3", _SHARES),
        f"{below}.beside.INDEX.pulse_ns": case("beside.INDEX.pulse_ns", "30", _SHARES),
        f"{below}.beside.INDEX.write_error_rate": case("beside.INDEX.write_error_rate", "1e-6", _SHARES),
        f"{below}.beside.INDEX.bits_percent": case("beside.INDEX.bits_percent", "75", _SHARES),
    }


_ALL_MACROS = tuple(f"scratchpads.{name}.macro={_MACRO}" for name in ("ifmap", "filter", "ofmap", "accumulator"))
_BUSY = (_SLOW, "scratchpads.accumulator.banks=2", "scratchpads.accumulator.write_buffer.depth=32")
_GROUPED = "scratchpads.accumulator.bank_groups=[{banks: 8, timing: sram}, {banks: 8, %s}]"

EVERY_KIND = {
    "name": Case("name=other"),
    "description": Case("description=other"),
    "core_clock_hz": Case("core_clock_hz=2 GHz"),
    "seed": Case("seed=7", (_VERIFY,)),
    "shapes": Case("shapes=scale-sim", layers=""),
    "words.ifmap_bytes": Case("words.ifmap_bytes=4"),
    "words.filter_bytes": Case("words.filter_bytes=4"),
    "words.ofmap_bytes": Case("words.ofmap_bytes=4"),
    "words.psum_bytes": Case("words.psum_bytes=8", (_SLOW,)),
    "words.of_quantised": Case(
        "words.of_quantised=machine", ("words.ifmap_bytes=4", "words.of_quantised=graph"), network=_quantised()
    ),
}

SYSTOLIC = {
    "tiling": Case("tiling=whole", ("scratchpads.accumulator.capacity_bytes=2 KiB",)),
    "layer_results": Case("layer_results=scratchpads", layers="f5,tanh5,f6"),
    "attention": Case("attention=flash", network=_DECODER),
    "array.rows": Case("array.rows=16"),
    "array.columns": Case("array.columns=4"),
    "array.count": Case("array.count=2", layers="f5,f6"),
    "array.dataflow": Case("array.dataflow=os"),
    "array.fold_overlap": Case("array.fold_overlap=wave"),
    "array.edge": Case("array.edge=skewed-fetch"),
    "array.partial_sums": Case(
        "array.partial_sums=ofmap", ("scratchpads.ofmap.timing=stt-mram",), forced=("scratchpads.accumulator=null",)
    ),
    "array.port_window": Case("array.port_window=1", ("scratchpads.ifmap.timing=stt-mram",)),
    "scratchpads.NAME.capacity_bytes": Case("scratchpads.ifmap.capacity_bytes=512 B"),
    "scratchpads.NAME.banks": Case("scratchpads.accumulator.banks=2", (_SLOW,)),
    "scratchpads.NAME.line_bytes": Case("scratchpads.ifmap.line_bytes=8"),
    "scratchpads.NAME.ports_per_bank": Case("scratchpads.accumulator.ports_per_bank=2", (_SLOW,)),
    "scratchpads.NAME.interleaving": Case("scratchpads.accumulator.interleaving=block", (_SLOW,)),
    "scratchpads.NAME.arbiter": Case(
        "scratchpads.unified.arbiter=round-robin",
        ("scratchpads.unified.banks=1", "scratchpads.unified.timing=stt-mram"),
        "edge-unified",
    ),
    "scratchpads.NAME.timing.model": Case("scratchpads.ofmap.timing.model=stt-mram"),
    "scratchpads.NAME.timing.parameters": Case("scratchpads.accumulator.timing.parameters.write_cycles=30", (_SLOW,)),
    **_macros("macro", lambda macro: f"scratchpads.accumulator.macro={macro}"),
    "scratchpads.NAME.bank_groups.INDEX.banks": Case(
        "scratchpads.accumulator.bank_groups=[{banks: 12, timing: sram}, {banks: 4, timing: stt-mram}]",
        (_GROUPED % "timing: stt-mram",),
    ),
    "scratchpads.NAME.bank_groups.INDEX.timing.model": Case(
        "scratchpads.accumulator.bank_groups.1.timing.model=sram", (_GROUPED % "timing: stt-mram",)
    ),
    "scratchpads.NAME.bank_groups.INDEX.timing.parameters": Case(
        "scratchpads.accumulator.bank_groups.1.timing.parameters={write_cycles: 30}", (_GROUPED % "timing: stt-mram",)
    ),
    **_macros("bank_groups.INDEX.macro", lambda macro: _GROUPED % f"macro: {macro}"),
    "scratchpads.NAME.write_buffer.depth": Case("scratchpads.accumulator.write_buffer.depth=32", (_SLOW,)),
    "scratchpads.NAME.write_buffer.high_watermark": Case("scratchpads.accumulator.write_buffer.high_watermark=2", _BUSY),
    "scratchpads.NAME.write_buffer.low_watermark": Case(
        "scratchpads.accumulator.write_buffer.low_watermark=4",
        (*_BUSY, "scratchpads.accumulator.write_buffer.high_watermark=6"),
    ),
    "scratchpads.NAME.write_buffer.read_priority": Case("scratchpads.accumulator.write_buffer.read_priority=false", _BUSY),
    "scratchpads.NAME.write_buffer.preemption": Case(
        "scratchpads.accumulator.write_buffer.preemption=resume", (_SLOW, "scratchpads.accumulator.banks=2")
    ),
    "dma.outstanding_bursts": Case("dma.outstanding_bursts=1"),
    "dma.burst_bytes": Case("dma.burst_bytes=256"),
    "dma.prefetch": Case("dma.prefetch=next-layer", layers="f5,f6"),
    "memory.clock_hz": Case("memory.clock_hz=500 MHz"),
    "memory.latency_cycles": Case("memory.latency_cycles=200"),
    "memory.type": Case("memory.type=hbm2"),
    "memory.bytes_per_cycle": Case("memory.bytes_per_cycle=1"),
    "memory.model": Case("memory=ddr4_2400r"),
    "memory.standard": Case("memory.standard=ddr3_1600k", system="edge-sram-ddr4"),
    "memory.overrides": Case("memory.overrides={nRCD: 60}", system="edge-sram-ddr4"),
    "memory.controller.scheduler": _dram("scheduler=fcfs", layers="f5.weight_gradient,f5.update", training="sgd"),
    "memory.controller.row_policy.name": _dram("row_policy.name=closed-after"),
    "memory.controller.row_policy.accesses": _dram("row_policy.accesses=1", "memory.controller.row_policy.name=closed-after"),
    "memory.controller.row_policy.timeout_cycles": _dram(
        "row_policy.timeout_cycles=8", "memory.controller.row_policy.name=timeout", layers="f5*", training="sgd"
    ),
    "memory.controller.refresh": _dram("refresh=none", layers="f5*", training="sgd"),
    "memory.controller.mapping": _dram("mapping=MOP4CLXOR", layers="f5"),
    "memory.controller.read_queue": _dram("read_queue=1", layers="f5*", training="sgd"),
    "memory.controller.write_queue": _dram("write_queue=1", training="sgd", layers="f5*"),
    "memory.controller.bank_queue": _dram(
        "bank_queue=1", "memory.controller.scheduler=bank-round-robin", layers="f5*", training="sgd"
    ),
    "memory.controller.write_low_watermark": _dram("write_low_watermark=0.7", training="sgd", layers="f5*"),
    "memory.controller.write_high_watermark": _dram("write_high_watermark=0.3", training="sgd", layers="f5*"),
    "memory.controller.write_pulse.name": _dram("write_pulse.name=reset", "memory.standard=nvm_pcm"),
    "memory.controller.write_pulse.set_share": _dram(
        "write_pulse.set_share=0.9", "memory.standard=nvm_pcm", "memory.controller.write_pulse.name=random"
    ),
    "memory.controller.write_pulse.seed": _dram(
        "write_pulse.seed=3", "memory.standard=nvm_pcm", "memory.controller.write_pulse.name=random"
    ),
    "vector_unit.lanes": Case("vector_unit.lanes=2"),
    "vector_unit.fuse": Case("vector_unit.fuse=false", layers="c1,tanh1"),
    "technology.table": Case("technology.table=default"),  # there is one table
    "technology.node_nm": Case(_NODE, (_FAST_CLOCK, f"scratchpads.accumulator.macro={_MACRO}")),
    "technology.leakage_class": Case("technology.leakage_class=hp", (_FAST_CLOCK, _NODE, *_ALL_MACROS)),
    "technology.gating.leakage_percent": Case("technology.gating.leakage_percent=50", ("technology.gating={wake_cycles: 2}",)),
    "technology.gating.wake_cycles": Case("technology.gating.wake_cycles=9", ("technology.gating={wake_cycles: 2}",)),
    "technology.stored_error_rate": Case("technology.stored_error_rate=1e-6", (_NODE, *_ALL_MACROS)),
    "technology.endurance_writes": Case("technology.endurance_writes=1e9", (_SLOW,)),
}

_PEAK = "peak_macs_per_s={one_byte: 10 MMAC/s, eight_bytes: 20 MMAC/s}"
_POINT = "{percent: 50, kind: assumed, source: guessed}"
_ENERGY = "memory.pj_per_byte={value: 20, kind: assumed, source: guessed}"


def _roofline(change: str, *base: str, layers: str) -> Case:
    words = ("words.ifmap_bytes=1", "words.filter_bytes=1")
    return Case(change, (*words, _PEAK, *base), "pascal-titan-x", layers)


def _peak(name: str, size: int) -> Case:
    words = (f"words.ifmap_bytes={size}", f"words.filter_bytes={size}")
    return Case(f"peak_macs_per_s.{name}=1 MMAC/s", (_PEAK, *words), "pascal-titan-x")


IDEAL_AND_ROOFLINE = {
    "memory.bytes_per_s": Case("memory.bytes_per_s=1 GB/s", system="ideal-titan-xp"),
    "memory.standard": Case(
        "memory.standard=ddr3_1600k", ("memory.standard=ddr4_2400r", "memory.bytes_per_s=null"), "ideal-titan-xp"
    ),
    "memory.overrides": Case(
        "memory.overrides={channel: 4}", ("memory.standard=ddr4_2400r", "memory.bytes_per_s=null"), "ideal-titan-xp"
    ),
    "memory.pj_per_byte.value": Case("memory.pj_per_byte.value=30", (_ENERGY,), "ideal-titan-xp"),
    "memory.pj_per_byte.kind": Case("memory.pj_per_byte.kind=derived", (_ENERGY,), "ideal-titan-xp"),
    "memory.pj_per_byte.source": Case("memory.pj_per_byte.source=other", (_ENERGY,), "ideal-titan-xp"),
    "fuse": Case("fuse=false", layers="c1,tanh1", system="ideal-titan-xp"),
    "attention": Case("attention=flash", network=_DECODER, system="ideal-titan-xp"),
}

ROOFLINE = {
    "peak_macs_per_s.one_byte": _peak("one_byte", 1),
    "peak_macs_per_s.two_bytes": _peak("two_bytes", 2),
    "peak_macs_per_s.four_bytes": _peak("four_bytes", 4),
    "peak_macs_per_s.eight_bytes": _peak("eight_bytes", 8),
}
for _operator, _layers in {"conv": "c1", "linear": "f6", "matmul": "", "vector": "s2"}.items():
    _given = f"efficiency.{_operator}={_POINT}"
    ROOFLINE |= {
        f"efficiency.{_operator}.percent": _roofline(f"efficiency.{_operator}.percent=25", _given, layers=_layers),
        f"efficiency.{_operator}.kind": _roofline(f"efficiency.{_operator}.kind=derived", _given, layers=_layers),
        f"efficiency.{_operator}.source": _roofline(f"efficiency.{_operator}.source=other", _given, layers=_layers),
    }


#: The level of the refreshes and that of their commands must agree, so they change together.
_REFRESH_BY_GROUP = TableCase(
    {"refresh_level": "bankgroup", "commands": {"REFab": {"level": "bankgroup"}, "PREab": {"level": "bankgroup"}}}
)
_CLOSED = {"row_policy": {"name": "closed-after", "accesses": 2}}

TABLE = {
    "extends": TableCase({"extends": "ddr4_3200aa"}),
    "name": TableCase({"name": "other"}),
    "description": TableCase({"description": "other"}),
    "levels": TableCase({"levels": ["channel", "bankgroup", "rank", "bank", "subarray"]}),
    "refresh_level": _REFRESH_BY_GROUP,
    "burst_length": TableCase({"burst_length": 16}),
    "buses": TableCase({"buses": ["row", "column"]}, {"extends": "hbm2_2000"}),
    "sources": TableCase({"sources": {"commands": "other"}}),
    "commands.NAME.level": _REFRESH_BY_GROUP,
    "commands.NAME.needs": TableCase({"commands": {"RD": {"needs": "any"}}}),
    "commands.NAME.opens": TableCase({"commands": {"ACT": {"opens": False}}}),
    "commands.NAME.closes": TableCase({"commands": {"PREpb": {"closes": False}}}),
    "commands.NAME.reads": TableCase({"commands": {"RD": {"reads": False}}}, controller=_CLOSED),
    "commands.NAME.writes": TableCase({"commands": {"WR": {"writes": False}}}, controller=_CLOSED),
    "commands.NAME.refreshes": TableCase({"commands": {"REFab": {"refreshes": False}}}),
    "commands.NAME.within": TableCase({"commands": {"RD": {"within": "subarray"}}}),
    "commands.NAME.after": TableCase({"commands": {"RD": {"after": "ACT"}}}),
    "commands.NAME.holds": TableCase({"commands": {"RD": {"holds": "read"}}}),
    "commands.NAME.bus": TableCase({"commands": {"PREpb": {"bus": "column"}}}, {"extends": "hbm2_2000"}),
    "commands.NAME.cycles": TableCase({"commands": {"ACT": {"cycles": 4}}}),
    "commands.NAME.role": TableCase({"commands": {"RD": {"role": "read_precharge"}, "RDA": {"role": "read"}}}),
    "parameters": TableCase({"parameters": {"nCS": "other"}}),
    "timings": TableCase({"timings": {"nRCD": 40}}),
    "constraints.NAME.level": TableCase({"constraints": {"tRRD_S": {"level": "bank"}, "tFAW": {"level": "bank"}}}),
    "constraints.NAME.preceding": TableCase({"constraints": {"tRC": {"preceding": ["RD"]}}}),
    "constraints.NAME.following": TableCase({"constraints": {"tRCD": {"following": ["WR", "WRA"]}}}),
    "constraints.NAME.latency": TableCase({"constraints": {"tRCD": {"latency": "nRCD + 5"}}}),
    "constraints.NAME.window": TableCase({"constraints": {"tFAW": {"window": 2}}}),
    "constraints.NAME.sibling": TableCase({"constraints": {"tRRD_L": {"sibling": True}}}),
    "constraints.NAME.source": TableCase({"constraints": {"tRC": {"source": "other"}}}),
    "organisations.NAME.counts": TableCase({"organisations": {"8Gb_x8": {"counts": {"bankgroup": 2}}}}),
    "organisations.NAME.channel_width_bits": TableCase({"organisations": {"8Gb_x8": {"channel_width_bits": 32}}}),
    "organisations.NAME.chip_width_bits": TableCase({"organisations": {"8Gb_x8": {"chip_width_bits": 4}}}),
    "organisations.NAME.rows_per_subarray": TableCase({"organisations": {"8Gb_x8": {"rows_per_subarray": 1024}}}),
    "organisations.NAME.timings": TableCase({"organisations": {"8Gb_x8": {"timings": {"nRFC": 900}}}}),
    "organisations.NAME.source": TableCase({"organisations": {"8Gb_x8": {"source": "other"}}}),
    "speeds.NAME.tck_ps": TableCase({"speeds": {"2400R": {"tck_ps": 2000}}}),
    "speeds.NAME.timings": TableCase({"speeds": {"2400R": {"timings": {"nRP": 40}}}}),
    "speeds.NAME.source": TableCase({"speeds": {"2400R": {"source": "other"}}}),
    "currents.NAME.supply_v": TableCase({"currents": {"8Gb_x8_2400": {"supply_v": 1.1}}}),
    "currents.NAME.pump_v": TableCase({"currents": {"8Gb_x8_2400": {"pump_v": 2.4}}}),
    "currents.NAME.milliamperes": TableCase({"currents": {"8Gb_x8_2400": {"milliamperes": {"IDD0": 99}}}}),
    "currents.NAME.width_bits": TableCase({"currents": {"8Gb_x8_2400": {"width_bits": 16}}}),
    "currents.NAME.source": TableCase({"currents": {"8Gb_x8_2400": {"source": "other"}}}),
    "interface.supply_v": TableCase({"interface": {"supply_v": 1.1}}),
    "interface.driver_ohm": TableCase({"interface": {"driver_ohm": 50}}),
    "interface.termination_ohm": TableCase({"interface": {"termination_ohm": 50}}),
    "interface.termination": TableCase({"interface": {"termination": "centre"}}),
    "interface.source": TableCase({"interface": {"source": "other"}}),
    "presets.NAME.organisation": TableCase({"presets": {"ddr4_2400r": {"organisation": "8Gb_x4"}}}),
    "presets.NAME.speed": TableCase({"presets": {"ddr4_2400r": {"speed": "2400U"}}}),
    "presets.NAME.currents": TableCase({"presets": {"ddr4_2400r": {"currents": "8Gb_x8_3200"}}}),
    "preset": TableCase({"preset": "ddr4_3200aa"}, {"extends": "ddr4", "preset": "ddr4_2400r"}),
}


def _pim(change: str, *base: str, layers: str = "c3") -> Case:
    return Case(change, base, "pim-dram-ddr4", layers)


_ALL_SUBARRAYS = "active_subarrays=4"
_NARROW = "dram.overrides={column: 16}"  # so that all banks have work
_BANK_BY_BANK = ("dram.overrides={channel: 1}", "limits.refresh=per-bank", "precision.weight_bits=2")
PIM_DRAM = {
    "dram.standard": _pim("dram.standard=pim-ddr4_2400r"),
    "dram.overrides": _pim("dram.overrides={nWLOV: 5}"),
    "banks": _pim("banks=1"),
    "active_subarrays": _pim("active_subarrays=2", "banks=1"),
    "lock_step": Case("lock_step=false", _BANK_BY_BANK, "pim-dram-hbm2", "c3"),
    "limits.trrd": _pim("limits.trrd=false", _ALL_SUBARRAYS),
    "limits.tfaw": _pim("limits.tfaw=false", _NARROW),
    "limits.command_bus": _pim("limits.command_bus=false", _ALL_SUBARRAYS, "limits.trrd=false", "limits.tfaw=false"),
    "limits.power_cycles": _pim("limits.power_cycles=2000"),
    "limits.refresh": _pim("limits.refresh=none"),
    "limits.aap_activations": _pim("limits.aap_activations=2", _ALL_SUBARRAYS),
    "limits.count_rows": _pim("limits.count_rows=true", _ALL_SUBARRAYS),
    "program": _pim("program=simdram"),
    "initialised": _pim("initialised=false"),
    "precision.weight_bits": _pim("precision.weight_bits=4"),
    "precision.activation_bits": _pim("precision.activation_bits=4"),
    "precision.signed": _pim("precision.signed=true"),
    "pairs_per_column": _pim("pairs_per_column=4"),
    "placement": _pim("placement=pipelined", layers="c1,c3"),
    "banks_per_layer": _pim("banks_per_layer=1", "placement=pipelined", _NARROW, layers="c1,c3"),
    "weights": _pim("weights=reloaded"),
    "operands": _pim("operands=bus"),
    "transfers": _pim("transfers=false"),
    "overlap_transfers": _pim("overlap_transfers=true", "placement=pipelined", layers="c1,c3"),
    "row_copies": _pim("row_copies=true", "weights=reloaded", "banks=1", "active_subarrays=4"),
    "periphery.enabled": _pim("periphery.enabled=false"),
    "periphery.clock_hz": _pim("periphery.clock_hz=50 MHz"),
    "periphery.tree_columns": _pim("periphery.tree_columns=64"),
    "periphery.transposer_bits_per_cycle": _pim("periphery.transposer_bits_per_cycle=64"),
    "periphery.vector_words_per_cycle": _pim("periphery.vector_words_per_cycle=1"),
}
