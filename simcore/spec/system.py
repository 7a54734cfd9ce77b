"""The System: a frozen, validated description of a systolic machine. A YAML file mirrors it key by key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from simcore.clock import MAX_CORE_CYCLES, MAX_RATIO_TERM, cycle_ratio
from simcore.reading.keys import key
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
FoldOverlap = Literal["none", "after-wave", "wave"]
PartialSums = Literal["accumulator", "ofmap"]
ScratchpadName = Literal["ifmap", "filter", "ofmap", "unified", "accumulator"]

SEPARATE = ("ifmap", "filter", "ofmap")
UNIFIED = ("unified",)


class ArraySpec(Spec):
    """The systolic array and its edge."""

    rows: Annotated[Count, key("Rows of processing elements.", "PEs", cycles=True)]
    columns: Annotated[Count, key("Columns of processing elements.", "PEs", cycles=True)]
    count: Annotated[
        Count,
        key(
            "Equal arrays, which make their steps together and share the scratchpads, the DMA and main memory. Each layer is "
            "split among them by what is expected to save most cycles: filters, output pixels (also of several images), groups "
            "(also heads and images of a product), or several of these (`split_by`). Several arrays need `edge: skew-registers`.",
            "arrays",
            cycles=True,
        ),
    ] = 1
    dataflow: Annotated[
        DataflowName,
        key(
            "Which operand stays in the processing elements: weights (`ws`), results (`os`) or inputs (`is`); or another "
            "installed dataflow (`simcore list dataflows`), or one of your own (docs/your-own-dataflow-and-layer.md).",
            cycles=True,
        ),
    ]
    fold_overlap: Annotated[
        FoldOverlap,
        key(
            "When the operand that stays for the next fold may enter the array: after this fold (`none`), once the wave in which "
            "the PEs swap to this fold's operand has passed the last PE (`after-wave`), or right behind that wave (`wave`, with "
            "`edge: skew-registers`), so that folds follow each other every max(streamed elements, rows) steps.",
            cycles=True,
        ),
    ] = "none"
    edge: Annotated[
        Edge,
        key(
            "Where operands are skewed. With `skew-registers` the edge fetches the operand vector of one time index at once and "
            "delays its words in registers; with `skewed-fetch` every lane fetches its own word in the cycle in which it enters.",
            cycles=True,
        ),
    ] = "skew-registers"
    partial_sums: Annotated[
        PartialSums,
        key(
            "Where partial sums are kept: in a scratchpad of their own (`accumulator`) or in that of the results (`ofmap`).",
            cycles=True,
        ),
    ] = "accumulator"
    port_window: Annotated[
        Count,
        key(
            "Depth of the FIFO at each edge of the array: how many elements (operand vectors) a port may fetch ahead.",
            "elements",
            cycles=True,
        ),
    ] = 8

    @field_validator("edge")
    @classmethod
    def _skew_registers_where_needed(cls, edge: Edge, info: ValidationInfo) -> Edge:
        if edge == "skew-registers":
            return edge
        if info.data.get("fold_overlap") == "wave":
            hint = "or set array.fold_overlap: after-wave"
            raise_broken([Broken((), f"expected 'skew-registers' with array.fold_overlap 'wave', got '{edge}'", hint)])
        if info.data.get("count", 1) > 1:
            raise_broken([Broken((), f"expected 'skew-registers' with array.count {info.data['count']}, got '{edge}'")])
        return edge

    @property
    def all_columns(self) -> int:
        """Return the columns of all arrays, side by side."""
        return self.count * self.columns


class DmaSpec(Spec):
    """The DMA, which moves tiles in bursts between main memory and the scratchpads."""

    outstanding_bursts: Annotated[
        Count,
        key("The most bursts that may be on their way at a time. Bytes in flight cover memory's latency.", "bursts", cycles=True),
    ] = 16
    burst_bytes: Annotated[
        SizeBytes,
        key("Bytes of one burst. A scratchpad's line must be a multiple or a divisor of it.", cycles=True),
    ] = 64


class VectorUnitSpec(Spec):
    """The unit for pooling, addition, normalisation and other layers without a product."""

    lanes: Annotated[Count, key("Words that the unit handles per cycle.", "words", cycles=True)] = 32
    fuse: Annotated[
        Flag, key("Whether an element-wise operation joins the layer before it, so that it takes no cycles.", cycles=True)
    ] = True


class GatingSpec(Spec):
    """Power gating: an idle bank is cut off from power.

    A bank that keeps its contents without power is cut off whenever it serves no access. Any other bank is cut off during layers
    that never access it. The defaults are assumed.
    """

    leakage_percent: Annotated[
        Percent, key("Leakage of a bank that is cut off, as a share of its normal leakage.", "percent", cycles=False)
    ] = 0.0
    wake_cycles: Annotated[
        CountOrNone,
        key(
            "Cycles before each access in which a bank that keeps its contents leaks in full. No access waits.",
            "cycles",
            cycles=False,
        ),
    ] = 1


class TechnologySpec(Spec):
    """The source of energies, areas and leakage."""

    table: Annotated[Text, key("Name of the table of energies, areas and leakage.", cycles=False)] = "default"
    node_nm: Annotated[
        Count,
        key(
            "Process node of logic and memories: 22 to 45, or 7 to 16 with SRAM alone (docs/energy.md). Macros: 22, 32, 45. "
            "Cycles depend on it only where banks are made of macros.",
            "nm",
            cycles=True,
        ),
    ] = 45
    leakage_class: Annotated[
        Literal["hp", "lop", "lstp"],
        key(
            "Transistors by the names of ITRS: high performance (`hp`), low operating power (`lop`), low standby power (`lstp`). "
            "Cycles depend on them only where banks are made of macros.",
            cycles=True,
        ),
    ] = "lop"
    gating: Annotated[GatingSpec | None, key("Power gating of idle banks. Without it no bank is ever cut off.")] = None
    endurance_writes: Annotated[
        Writes | None,
        key("Writes that a line endures, in place of the table's figures. Writes do not wear SRAM.", cycles=False),
    ] = None


class System(MachineSpec):
    """A machine of kind ``systolic``. Fields validate in this order, so a rule may read the fields above its own."""

    kind: Annotated[Literal["systolic"], key("Kind of machine. A file without the key is systolic.", cycles=True)] = "systolic"
    tiling: Annotated[
        Literal["least-traffic", "whole"],
        key(
            "How the loops of a layer are cut and ordered: with the least traffic to main memory (`least-traffic`), or always as "
            "SCALE-Sim's folds, which never cut the dimension that runs in time (`whole`).",
            cycles=True,
        ),
    ] = "least-traffic"
    layer_results: Annotated[
        Literal["main-memory", "scratchpads"],
        key(
            "Where a layer's result lies when the next layer begins: always in main memory (`main-memory`), or in the scratchpad "
            "to which it was written (`scratchpads`), if it fits and the next layer reads it. The scratchpads of ifmap and ofmap "
            "then change roles from layer to layer, so they must be alike.",
            cycles=True,
        ),
    ] = "main-memory"
    array: Annotated[ArraySpec, key("The systolic array and its edge.")]
    scratchpads: Annotated[
        dict[ScratchpadName, ScratchpadSpec],
        key(
            "The scratchpads by name: ifmap, filter and ofmap, or `unified` alone; and accumulator, if partial sums have a "
            "scratchpad of their own."
        ),
    ]
    dma: Annotated[DmaSpec, key("The DMA between main memory and the scratchpads.")] = Field(
        default=DmaSpec(), validate_default=True
    )
    memory: Annotated[
        MemorySpec,
        key("Main memory: a latency and a bandwidth, or a DRAM. The name of a DRAM standard alone stands for that DRAM."),
    ]
    vector_unit: Annotated[VectorUnitSpec, key("The unit for layers without a product.")] = VectorUnitSpec()
    technology: Annotated[TechnologySpec, key("The source of energies, areas and leakage.")] = TechnologySpec()

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
