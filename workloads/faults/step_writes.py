"""The words that a training step writes into each scratchpad, layer by layer, as the machine's Programs say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simcore.errors import InputError
from simcore.program.program import Op, OpKind, Port, Program, Reg, Seg
from simcore.spec.system import System
from workloads.dataflow.network_plan import lower_each
from workloads.dataflow.rules.table import held_tensors
from workloads.layers.held import TensorKind
from workloads.network import LayerInstance, Network

#: Tensor of a layer -> scratchpad in which a machine with a scratchpad for each role keeps it.
PADS = {"ifmap": "ifmap", "filter": "filter", "psum": "accumulator", "ofmap": "ofmap"}


@dataclass(frozen=True)
class RegionWrites:
    """A tensor's share of a scratchpad while a layer runs, and how many words are written into it.

    The share begins at word ``base_word`` of the scratchpad and has ``capacity_words``. ``loaded_words`` come from main memory,
    each as often as its tile is fetched; ``stored_words`` come from the array or the vector unit. ``kind`` is the kind of tensor
    that a placement names, or None for other data.
    """

    tensor: str
    pad: str
    kind: TensorKind | None
    base_word: int
    capacity_words: int
    word_bits: int
    loaded_words: int
    stored_words: int


@dataclass(frozen=True)
class LayerWrites:
    """The writes of a layer by tensor ("ifmap", "filter", "psum", "ofmap").

    Its taps are cut into ``folds``, each of at most ``fold_taps`` taps, whose sums follow each other; all but the last write
    partial sums.
    """

    regions: Mapping[str, RegionWrites]
    folds: int
    fold_taps: int


@dataclass(frozen=True)
class StepWrites:
    """The writes of each layer of a step that takes cycles, and the layers that are fused into others."""

    layers: Mapping[str, LayerWrites]
    fused_into: Mapping[str, str]

    def words(self) -> dict[str, int]:
        """Return the words written into each scratchpad in one step."""
        found: dict[str, int] = {}
        for layer in self.layers.values():
            for region in layer.regions.values():
                found[region.pad] = found.get(region.pad, 0) + region.loaded_words + region.stored_words
        return found


def step_writes(step: Network, system: System) -> StepWrites:
    """Return the writes of a training step on a machine.

    Raise InputError for a machine without a scratchpad for each role, whose tensors stay in scratchpads between layers, that has
    several arrays, or whose partial sums go to main memory and back.
    """
    _check(system)
    layers, fused_into = {}, {}
    for instance, program, joined in lower_each(step, system):
        if joined is not None:
            fused_into[instance.name] = joined
        elif program is not None:
            layers[instance.name] = _layer(instance, program, system)
    return StepWrites(layers, fused_into)


def _check(system: System) -> None:
    where = f"system {system.name}"
    if "unified" in system.scratchpads:
        raise InputError(
            "expected scratchpads ifmap, filter and ofmap, each for one kind of tensor at a time, got unified", where
        )
    if system.layer_results != "main-memory":
        message = "expected scratchpads that keep their roles, layer_results main-memory, got"
        raise InputError(f"{message} {system.layer_results}", where)
    if system.dma.prefetch != "none":
        raise InputError(f"expected layers that load their own tiles alone, dma.prefetch none, got {system.dma.prefetch}", where)
    if system.array.count != 1:
        raise InputError(f"expected one array, got {system.array.count}", where)


def _layer(instance: LayerInstance, program: Program, system: System) -> LayerWrites:
    names = list(program.facts["tiling"]["tiles"])
    loaded, stored = _loaded_bytes(program, len(names)), _stored_words(program, len(names))
    held, pads = held_tensors(instance.layer), list(system.scratchpads)
    regions = {}
    for number, tensor in enumerate(names):
        row = program.regions[number]
        pad, word_bytes = str(pads[int(row[Reg.SCRATCHPAD])]), int(row[Reg.WORD_BYTES])
        line_words = system.scratchpads[pad].line_bytes // word_bytes  # type: ignore[index]
        regions[tensor] = RegionWrites(
            tensor=tensor,
            pad=pad,
            kind=held.get(PADS[tensor]),
            base_word=int(row[Reg.BASE_LINE]) * line_words,
            capacity_words=int(row[Reg.SLOTS] * row[Reg.SLOT_LINES]) * line_words,
            word_bits=8 * word_bytes,
            loaded_words=int(loaded[number]) // word_bytes,
            stored_words=int(stored[number]),
        )
    if "psum" in regions and regions["psum"].loaded_words:
        hint = "a larger accumulator holds them"
        raise InputError("expected partial sums that stay in their scratchpad", f"layer '{instance.name}'", hint)
    return LayerWrites(regions, program.facts["row_folds"] if "psum" in regions else 1, system.array.rows)


def _loaded_bytes(program: Program, regions: int) -> np.ndarray:
    loads = program.ops[program.ops[:, Op.KIND] == OpKind.LOAD]
    return np.bincount(loads[:, Op.REGION], loads[:, Op.BYTES], regions).astype(np.int64)


def _stored_words(program: Program, regions: int) -> np.ndarray:
    """Return the words that the output port writes into each region. A skewed segment has as many words as any other."""
    table = program.segments.ports[Port.OUTPUT]
    words = table.column(Seg.TIMES) * table.column(Seg.LANES)
    return np.bincount(table.column(Seg.REGION), words, regions).astype(np.int64)
