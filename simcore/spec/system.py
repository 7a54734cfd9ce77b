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
    Flag,
    SizeBytes,
    Spec,
    raise_broken,
)
from simcore.spec.array import ArraySpec
from simcore.spec.machine_spec import MachineSpec, WordSpec
from simcore.spec.memory import DramMemorySpec, MemorySpec, SimpleMemorySpec
from simcore.spec.scratchpad import ScratchpadSpec
from simcore.spec.technology import TechnologySpec

ScratchpadName = Literal["ifmap", "filter", "ofmap", "unified", "accumulator"]

SEPARATE = ("ifmap", "filter", "ofmap")
UNIFIED = ("unified",)


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
    prefetch: Annotated[
        Literal["none", "next-layer"],
        key(
            "What the DMA loads while it has nothing to move for the running layer: nothing (`none`), or the first tiles of the "
            "next layer (`next-layer`), except those of a tensor that the running layer writes. Tables count such bytes in the "
            "layer in which they move.",
            cycles=True,
        ),
    ] = "none"


class VectorUnitSpec(Spec):
    """The unit for pooling, addition, normalisation and other layers without a product."""

    lanes: Annotated[Count, key("Words that the unit handles per cycle.", "words", cycles=True)] = 32
    fuse: Annotated[
        Flag, key("Whether an element-wise operation joins the layer before it, so that it takes no cycles.", cycles=True)
    ] = True


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
            "Where tensors lie between the layers that use them: always in main memory (`main-memory`), or in a scratchpad from "
            "one use to the next (`scratchpads`), as long as there is room and that moves fewer bytes. Every port then reaches "
            "every scratchpad except the accumulator.",
            cycles=True,
        ),
    ] = "main-memory"
    attention: Annotated[
        Literal["spilled", "flash", "flash-causal"],
        key(
            "Where the scores of attention lie: in main memory, between two products and a softmax that run one after another "
            "(`spilled`), or on chip, tile by tile, with the largest score and the sum of each row so far (`flash`). Tiles of "
            "scores that a causal mask hides are then computed (`flash`) or left out (`flash-causal`). Where no tile fits, "
            "scores are spilled.",
            cycles=True,
        ),
    ] = "spilled"
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
        raise_broken(broken)
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
