"""The layers of a network on machines that differ from its System in their scratchpads alone."""

from __future__ import annotations

from collections.abc import Hashable
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from simcore.errors import InputError
from simcore.program.program import Op, OpKind, Program, Reg
from simcore.spec.scratchpad import ScratchpadSpec
from simcore.spec.system import System
from workloads.dataflow.array import Product
from workloads.dataflow.lowering import AlikeWorks, lower_sized, with_layer_words
from workloads.dataflow.regions import OUTPUT_BYTES, tenants_of
from workloads.dataflow.registry import dataflow_named
from workloads.dataflow.residency.tensors import Running, has_places
from workloads.dataflow.residency.views import (
    LayerPlacement,
    NotWholeError,
    is_whole,
    lines_taken,
    places_seen,
    seen_system,
    settled,
    with_lines,
)
from workloads.dataflow.tiles import LARGE_TILE_BYTES
from workloads.dataflow.tiling import tilings

#: Bytes of a scratchpad in which a tensor's own size is found, in times the bytes of all tensors of the layer.
ROOMY = 4
#: A tensor of fewer bytes has smaller tiles where there is just enough room.
SMALL_BYTES = 16 * LARGE_TILE_BYTES
#: A product of more words is not planned for its sizes alone. Its tiles are expected to leave this part of their lines empty.
LARGE_WORDS, SPARE = 1 << 24, 16
#: How often a place is enlarged for tiles that do not fill their slots.
TRIES = 5


@dataclass(frozen=True)
class RoleSize:
    """A tensor of one layer as a whole: ``words`` that move, and ``bytes`` of the lines that hold its tiles."""

    words: int
    word_bytes: int
    bytes: int

    @property
    def moved_bytes(self) -> int:
        """Return the bytes that move if each word moves once."""
        return self.words * self.word_bytes


@dataclass(frozen=True)
class LayerSizes:
    """The tensors of a layer by role: those that can lie in a scratchpad ``whole``, and the ``useful_bytes`` of working lines.

    ``least_bytes`` move if each tensor moves once. With ``needs_all`` the layer is planned for whole scratchpads only.
    """

    whole: dict[str, RoleSize]
    useful_bytes: dict[str, int]
    least_bytes: int
    needs_all: bool = False


def home_of(system: System, role: str) -> str:
    """Return the scratchpad that holds a role's tiles if nothing else is said."""
    return next(pad for pad, roles in tenants_of(system, [role]).items() if role in roles)


class Lowerings:
    """The layers that take cycles, with the sizes of their tensors and the bytes that they move."""

    def __init__(self, running: list[Running], system: System, alike: AlikeWorks) -> None:
        """Begin with the layers of a network that take cycles, and their works. Programs are kept in ``alike``."""
        self.running = running
        self._sized = [with_layer_words(instance, system) for instance, _ in running]
        self._alike = alike
        self._sizes: dict[int, LayerSizes] = {}
        self._moved: dict[Hashable, int | Exception] = {}
        self._expected: dict[Hashable, int] = {}

    def program(self, at: int, system: System) -> Program:
        """Return the Program of the layer at a position on a machine. Raise InputError as ``lower`` does."""
        sized = system.model_copy(update={"words": self._sized[at].words})
        program = lower_sized(self.running[at][0], sized, alike=self._alike)
        assert program is not None
        return program

    def moved_bytes(self, at: int, system: System, placement: LayerPlacement) -> int:
        """Return the bytes that the layer moves beside what stays. Raise InputError, and NotWholeError as ``settled`` does."""
        moves = tuple((role, each.loads, each.stores, each.beside) for role, each in placement.residents)
        key = (at, _seen_key(system, placement), moves)
        if key not in self._moved:
            try:
                program = settled(self.program(at, seen_system(system, placement)), system, placement)
                self._moved[key] = int(program.facts["dram_read_bytes"]) + int(program.facts["dram_write_bytes"])
            except (InputError, NotWholeError) as error:
                self._moved[key] = error
        found = self._moved[key]
        if isinstance(found, Exception):
            raise found
        return found

    def expected_bytes(self, at: int, system: System, placement: LayerPlacement) -> int:
        """Return the bytes that the closed form expects a layer to move beside what stays, or the least for the vector unit."""
        sizes, work = self.sizes(at), self.running[at][1]
        if not isinstance(work, Product):
            return sizes.least_bytes - stayed_bytes(sizes, placement)
        key = (at, _seen_key(system, placement))
        if key not in self._expected:
            seen = seen_system(system, placement).model_copy(update={"words": self._sized[at].words})
            ways = tilings(work.shape, seen, dataflow_named(system.array.dataflow))
            self._expected[key] = min(way.expected_bytes for way in ways)
        return max(sizes.least_bytes, self._expected[key]) - stayed_bytes(sizes, placement)

    def sizes(self, at: int) -> LayerSizes:
        """Return the sizes of a layer's tensors."""
        if at not in self._sizes:
            self._sizes[at] = self._measured(at)
        return self._sizes[at]

    def enlarged(self, found: NotWholeError) -> Lowerings:
        """Return the layers with a tensor that takes more lines than its size says, or cannot stay at all if it takes no more."""
        at = next(at for at, (instance, _) in enumerate(self.running) if instance.name == found.name)
        sizes, sized = self.sizes(at), self._sized[at]
        size = sizes.whole[found.role]
        taken = found.lines * _like(sized, home_of(sized, found.role)).line_bytes
        whole = {role: other for role, other in sizes.whole.items() if role != found.role}
        if taken > size.bytes:
            whole[found.role] = replace(size, bytes=taken)
        other = copy(self)
        other._sizes = {**self._sizes, at: replace(sizes, whole=whole)}
        return other

    def _measured(self, at: int) -> LayerSizes:
        """Return the sizes that tensors have where there is more than enough room; those of small ones in just enough."""
        sized, work = self._sized[at], self.running[at][1]
        if not has_places(work):
            return LayerSizes({}, {}, sum(work.words.in_bytes(sized)), needs_all=True)
        if isinstance(work, Product) and work.words.inputs + work.words.weights + work.words.results > LARGE_WORDS:
            return _estimated(work, sized)
        specs = {role: _like(sized, home_of(sized, role)) for role in ("ifmap", "filter", "psum", "ofmap")}
        room = ROOMY * sum(work.words.in_bytes(sized)) * sized.words.psum_bytes + (1 << 20)
        lines = {role: -(-room // spec.line_bytes) for role, spec in specs.items()}
        try:
            program = self._within(at, specs, lines)
        except InputError:
            return LayerSizes({}, {}, 0, needs_all=True)
        regions = _regions(program)
        moved = {role: _moved_once(program, index) for role, index in regions.items()}
        whole = {role for role, index in regions.items() if is_whole(program, index)}
        taken = {role: lines_taken(program, index) for role, index in regions.items()}
        small = {role for role, size in moved.items() if size.moved_bytes <= SMALL_BYTES}
        if small:
            taken |= self._fitted(
                at, specs, lines, {role: -(-moved[role].moved_bytes // specs[role].line_bytes) for role in small}
            )
        sizes = {role: replace(size, bytes=taken[role] * specs[role].line_bytes) for role, size in moved.items()}
        useful = {role: size.bytes for role, size in sizes.items()}
        useful["ofmap"] = min(OUTPUT_BYTES, useful["ofmap"])
        if "psum" in program.facts["tiling"]["tiles"]:
            useful["psum"] = work.words.results * sized.words.psum_bytes
        least = sum(size.moved_bytes for size in moved.values())
        return LayerSizes({role: sizes[role] for role in whole}, useful, least)

    def _fitted(self, at: int, specs: dict[str, ScratchpadSpec], roomy: dict[str, int], tight: dict[str, int]) -> dict[str, int]:
        """Return the lines that hold all tiles of each role of ``tight``, beginning with so many."""
        for _ in range(TRIES):
            try:
                program = self._within(at, specs, roomy | tight)
            except InputError:
                break
            short = {role: index for role, index in _regions(program).items() if not is_whole(program, index)}
            if not short:
                break
            tight = tight | {role: max(tight[role], lines_taken(program, short[role])) for role in tight.keys() & short.keys()}
        return tight

    def _within(self, at: int, specs: dict[str, ScratchpadSpec], lines: dict[str, int]) -> Program:
        pads = {role: with_lines(spec, lines[role]) for role, spec in specs.items()}
        return self.program(at, self._sized[at].model_copy(update={"scratchpads": pads}))


def _seen_key(system: System, placement: LayerPlacement) -> Hashable:
    """Return what a layer sees of the scratchpads: where each lies, and its lines."""
    return tuple((name, place.pad, place.lines) for name, place in places_seen(system, placement).items())


def _estimated(work: Product, sized: System) -> LayerSizes:
    """Return the sizes of a product that is too large to be planned for them alone: all words, and some lines that stay empty."""
    shape, words = work.shape, sized.words
    counted = (
        ("ifmap", shape.ifmap_words(), words.ifmap_bytes),
        ("filter", shape.filters * shape.taps, words.filter_bytes),
        ("ofmap", shape.pixels * shape.filters, words.ofmap_bytes),
    )
    whole = {role: RoleSize(count, size, count * size + count * size // SPARE) for role, count, size in counted}
    useful = {role: size.bytes for role, size in whole.items()} | {"psum": work.words.results * words.psum_bytes}
    useful["ofmap"] = min(OUTPUT_BYTES, useful["ofmap"])
    return LayerSizes(whole, useful, sum(size.moved_bytes for size in whole.values()))


def stayed_bytes(sizes: LayerSizes, placement: LayerPlacement) -> int:
    """Return the bytes of a layer's tensors that need not move, each counted once."""
    stays = ((role, each) for role, each in placement.residents if not (each.loads or each.stores))
    return sum(sizes.whole[role].moved_bytes // (1 + each.beside) for role, each in stays)


def _regions(program: Program) -> dict[str, int]:
    """Return the region of each role, without partial sums."""
    return {role: index for index, role in enumerate(program.facts["tiling"]["tiles"]) if role != "psum"}


def _like(system: System, pad: str) -> ScratchpadSpec:
    """Return a scratchpad of one bank, in which no slot is padded to whole rows of banks."""
    return next(spec for name, spec in system.scratchpads.items() if name == pad).model_copy(update={"banks": 1})


def _moved_once(program: Program, region: int) -> RoleSize:
    """Return the words of the tiles of a region that are loaded or stored, each counted once."""
    word_bytes = int(program.regions[region, Reg.WORD_BYTES])
    ops = program.ops[(program.ops[:, Op.REGION] == region) & (program.ops[:, Op.KIND] != OpKind.ACQUIRE)]
    first = np.unique(ops[:, Op.TILE], return_index=True)[1]
    return RoleSize(int(ops[first, Op.BYTES].sum()) // word_bytes, word_bytes, 0)
