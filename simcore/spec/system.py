"""The System: a frozen, validated description of a systolic machine. A YAML file mirrors it key by key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from simcore.clock import MAX_CORE_CYCLES, MAX_RATIO_TERM, cycle_ratio
from simcore.reading.values import (
    Broken,
    Count,
    CountOrNone,
    Flag,
    Percent,
    SizeBytes,
    Spec,
    Text,
    Writes,
    raise_broken,
)
from simcore.spec.dataflow_name import DataflowName
from simcore.spec.machine_spec import MachineSpec, WordSpec
from simcore.spec.memory import DramMemorySpec, MemorySpec, SimpleMemorySpec
from simcore.spec.scratchpad import ScratchpadSpec

Edge = Literal["skew-registers", "skewed-fetch"]
PartialSums = Literal["accumulator", "ofmap"]
ScratchpadName = Literal["ifmap", "filter", "ofmap", "unified", "accumulator"]

SEPARATE = ("ifmap", "filter", "ofmap")
UNIFIED = ("unified",)


class ArraySpec(Spec):
    """The systolic array and its edge. ``dataflow`` is the name of an installed dataflow, or FILE.py:NAME of the user's own.

    ``port_window`` is the depth of the edge FIFOs, in elements.
    """

    rows: Count
    columns: Count
    dataflow: DataflowName
    fold_overlap: Flag = False
    edge: Edge = "skew-registers"
    partial_sums: PartialSums = "accumulator"
    port_window: Count = 8


class DmaSpec(Spec):
    """The DMA, which moves tiles in bursts between main memory and the scratchpads. Only so many bursts may be outstanding."""

    outstanding_bursts: Count = 16
    burst_bytes: SizeBytes = 64


class VectorUnitSpec(Spec):
    """The unit for pooling, addition and normalisation, which handles ``lanes`` words per cycle.

    With ``fuse``, element-wise operations join the layer before them.
    """

    lanes: Count = 32
    fuse: Flag = True


class GatingSpec(Spec):
    """Power gating: an idle bank is cut off from power and then leaks ``leakage_percent`` of its normal leakage.

    A bank that keeps its contents without power is cut off whenever it serves no access; it also leaks in full for
    ``wake_cycles`` before each access. Any other bank is cut off during layers that never access it. Gating costs no cycles. The
    defaults are assumed.
    """

    leakage_percent: Percent = 0.0
    wake_cycles: CountOrNone = 1


class TechnologySpec(Spec):
    """The source of energies, areas and leakage: a table's name, the process node in nanometres and the leakage class.

    ``leakage_class`` names the transistors as ITRS does: high performance, low operating power, low standby power.
    ``endurance_writes`` is the number of writes that a line endures; it replaces the table's figures. Writes do not wear SRAM.
    """

    table: Text = "default"
    node_nm: Count = 45
    leakage_class: Literal["hp", "lop", "lstp"] = "lop"
    gating: GatingSpec | None = None
    endurance_writes: Writes | None = None


class System(MachineSpec):
    """A machine of kind ``systolic``. Fields validate in this order, so a rule may read the fields above its own.

    ``layer_results`` says where a layer's result lies when the next layer begins: always in main memory, or in the scratchpad to
    which it was written, if it fits and the next layer reads it. In the second case the scratchpads of ifmap and ofmap change
    roles from layer to layer, so they must be alike.
    """

    kind: Literal["systolic"] = "systolic"
    tiling: Literal["least-traffic", "whole"] = "least-traffic"
    layer_results: Literal["main-memory", "scratchpads"] = "main-memory"
    array: ArraySpec
    scratchpads: dict[ScratchpadName, ScratchpadSpec]
    dma: DmaSpec = Field(default=DmaSpec(), validate_default=True)
    memory: MemorySpec
    vector_unit: VectorUnitSpec = VectorUnitSpec()
    technology: TechnologySpec = TechnologySpec()

    @field_validator("scratchpads")
    @classmethod
    def _operands_have_a_place(
        cls, pads: dict[ScratchpadName, ScratchpadSpec], info: ValidationInfo
    ) -> dict[ScratchpadName, ScratchpadSpec]:
        array, words = info.data.get("array"), info.data.get("words")
        broken = [] if array is None else _broken_names(pads, array)
        broken += [] if array is None or words is None else _broken_lines(pads, array, words)
        raise_broken(broken + _broken_roles(pads, info.data.get("layer_results", "main-memory")))
        return pads

    @field_validator("dma")
    @classmethod
    def _bursts_and_lines_divide(cls, dma: DmaSpec, info: ValidationInfo) -> DmaSpec:
        pads: dict[str, ScratchpadSpec] = info.data.get("scratchpads", {})
        raise_broken(
            [
                Broken(
                    ("burst_bytes",),
                    f"expected a multiple or a divisor of scratchpads.{name}.line_bytes = {pad.line_bytes}, "
                    f"got {dma.burst_bytes}",
                )
                for name, pad in pads.items()
                if dma.burst_bytes % pad.line_bytes and pad.line_bytes % dma.burst_bytes
            ]
        )
        return dma

    @field_validator("memory")
    @classmethod
    def _clocks_have_a_ratio(
        cls, memory: SimpleMemorySpec | DramMemorySpec, info: ValidationInfo
    ) -> SimpleMemorySpec | DramMemorySpec:
        core_clock_hz = info.data.get("core_clock_hz")
        if isinstance(memory, DramMemorySpec) and core_clock_hz is not None:
            tck_ps = memory.resolved().tck_ps
            p, q = cycle_ratio(core_clock_hz, tck_ps)
            got = f"{core_clock_hz} Hz with a DRAM cycle of {tck_ps} ps"
            if max(p, q) > MAX_RATIO_TERM:
                raise_broken([Broken((), f"expected a core clock of whole kHz beside a DRAM, got {got}")])
            if p > MAX_CORE_CYCLES * q:
                raise_broken([Broken((), f"expected at most {MAX_CORE_CYCLES} core cycles in a cycle of the DRAM, got {got}")])
        return memory


def _broken_names(pads: dict[ScratchpadName, ScratchpadSpec], array: ArraySpec) -> list[Broken]:
    broken = []
    operands = {name for name in pads if name != "accumulator"}
    if operands not in (set(SEPARATE), set(UNIFIED)):
        came = ", ".join(sorted(operands)) or "none"
        broken.append(Broken((), f"expected ifmap, filter and ofmap, or unified alone, got {came}"))
    wanted = array.partial_sums == "accumulator"
    if wanted and "accumulator" not in pads:
        hint = "add scratchpads.accumulator or set array.partial_sums: ofmap"
        broken.append(Broken((), "expected an accumulator with array.partial_sums 'accumulator', got none", hint))
    if not wanted and "accumulator" in pads:
        hint = "remove it (accumulator: null) or set array.partial_sums: accumulator"
        broken.append(
            Broken(("accumulator",), f"expected no accumulator with array.partial_sums {array.partial_sums!r}, got one", hint)
        )
    return broken


def _words_in(name: str, array: ArraySpec, words: WordSpec) -> Mapping[str, int]:
    """Return the word sizes, by field name, of the tensors in a scratchpad. A sum's second operand lies among the filters."""
    spilled = {"psum_bytes": words.psum_bytes} if array.partial_sums == "ofmap" else {}
    ofmap = {"ofmap_bytes": words.ofmap_bytes} | spilled
    operands = {"ifmap_bytes": words.ifmap_bytes, "filter_bytes": words.filter_bytes}
    return {
        "ifmap": {"ifmap_bytes": words.ifmap_bytes},
        "filter": operands,
        "ofmap": ofmap,
        "unified": operands | ofmap,
        "accumulator": {"psum_bytes": words.psum_bytes},
    }[name]


def _broken_roles(pads: dict[ScratchpadName, ScratchpadSpec], layer_results: str) -> list[Broken]:
    """Check that ifmap and ofmap are alike, because with ``layer_results: scratchpads`` they change roles."""
    if layer_results == "main-memory":
        return []
    if "unified" in pads:
        return [
            Broken(("unified",), "expected ifmap, filter and ofmap with layer_results 'scratchpads', got a unified scratchpad")
        ]
    if not {"ifmap", "ofmap"} <= set(pads) or pads["ifmap"] == pads["ofmap"]:
        return []
    return [Broken(("ofmap",), "expected an ofmap equal to the ifmap with layer_results 'scratchpads', got a different one")]


def _broken_lines(pads: dict[ScratchpadName, ScratchpadSpec], array: ArraySpec, words: WordSpec) -> list[Broken]:
    return [
        Broken((name, "line_bytes"), f"expected a multiple of words.{word} = {size}, got {pad.line_bytes}", _why(name, word))
        for name, pad in pads.items()
        for word, size in _words_in(name, array, words).items()
        if pad.line_bytes % size
    ]


def _why(scratchpad: str, word: str) -> str | None:
    """Return why words of another tensor's size lie in a scratchpad, if the reason is not obvious."""
    return "the second operand of a sum lies there" if (scratchpad, word) == ("filter", "ifmap_bytes") else None
