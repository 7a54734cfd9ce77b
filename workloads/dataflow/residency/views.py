"""What stays where while a layer runs, the machine as the layer then sees it, and the layer's Program in these places."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simcore.program.program import Int64Array, Op, OpKind, Program, Reg
from simcore.spec.scratchpad import ScratchpadSpec
from simcore.spec.system import System
from workloads.dataflow.operations import moved_bytes


@dataclass(frozen=True)
class Place:
    """``lines`` lines of the scratchpad ``pad``, beginning at ``base_line``."""

    pad: str
    base_line: int
    lines: int

    def meets(self, other: Place) -> bool:
        """Return whether the two places have a line in common."""
        begins, ends = max(self.base_line, other.base_line), min(self.end, other.end)
        return self.pad == other.pad and begins < ends

    @property
    def end(self) -> int:
        """Return the line behind the place."""
        return self.base_line + self.lines


@dataclass(frozen=True)
class Resident:
    """An operand or result that lies in ``place`` as a whole.

    ``held`` is all that is kept for its tensor, which may be more. ``loads`` says that the layer brings the operand in from main
    memory. ``stores`` says that the result goes to main memory, too. ``beside`` counts interleaved tensors of the same size that
    are loaded in any case: the moments of an update.
    """

    tensor: str
    place: Place
    held: Place
    loads: bool = False
    stores: bool = False
    beside: int = 0


@dataclass(frozen=True)
class LayerPlacement:
    """What stays while a layer runs: ``residents`` by role, and the ``working`` lines of each scratchpad for everything else.

    ``keeping`` names the scratchpads in which any tensor stays, also one that this layer does not use.
    """

    residents: tuple[tuple[str, Resident], ...]
    working: tuple[Place, ...]
    keeping: tuple[str, ...] = ()


class NotWholeError(Exception):
    """The tiles of a resident of the layer ``name`` take ``lines`` lines, which are more than it has, or depend on each other."""

    def __init__(self, name: str, role: str, lines: int) -> None:
        super().__init__(f"layer {name}: its {role} takes {lines} lines")
        self.name, self.role, self.lines = name, role, lines


def with_lines(spec: ScratchpadSpec, lines: int) -> ScratchpadSpec:
    """Return a scratchpad like ``spec`` of so many lines."""
    return spec.model_copy(update={"capacity_bytes": lines * spec.line_bytes})


def places_seen(system: System, placement: LayerPlacement) -> dict[str, Place]:
    """Return the scratchpads that the layer sees, with their places: each resident is one, named by its role.

    Partial sums that share the ofmap's scratchpad with a resident result see the rest of it as "psum".
    """
    seen = {place.pad: place for place in placement.working}
    for role, resident in placement.residents:
        if role == "ofmap" and "ofmap" in seen and "accumulator" not in seen:
            seen["psum"] = seen["ofmap"]
        seen[role] = resident.place
    return seen


def seen_system(system: System, placement: LayerPlacement) -> System:
    """Return the System as the layer sees it: with a scratchpad for each resident, and others of the lines that are left."""
    specs = {str(name): spec for name, spec in system.scratchpads.items()}
    pads = {name: with_lines(specs[place.pad], place.lines) for name, place in places_seen(system, placement).items()}
    return system.model_copy(update={"scratchpads": pads})


def settled(program: Program, system: System, placement: LayerPlacement) -> Program:
    """Return a Program that was made for :func:`seen_system` with its regions in their places, and without needless moves.

    A tile that is already there takes its slot at once and moves nothing (an ACQUIRE). ``facts["placement"]`` is the placement,
    ``facts["keeping"]`` names the scratchpads that keep something.
    Raise NotWholeError if the tiles of a resident do not all fit its place.
    """
    if not placement.residents:  # the layer works in the first lines
        return replace(program, facts={**program.facts, "placement": placement, "keeping": placement.keeping})
    numbers = {str(name): number for number, name in enumerate(system.scratchpads)}
    seen = list(places_seen(system, placement).values())
    regions = program.regions.copy()
    for row in regions:
        place = seen[row[Reg.SCRATCHPAD]]
        row[Reg.SCRATCHPAD] = numbers[place.pad]
        row[Reg.BASE_LINE] += place.base_line
    made = replace(program, regions=regions, ops=program.ops.copy())
    for role, resident in placement.residents:
        region = region_of(program, role)
        if not is_whole(made, region):
            raise NotWholeError(program.name, role, lines_taken(made, region))
        if role != "ofmap":
            _found_in_place(made.ops, region, resident, int(regions[region, Reg.WORD_BYTES]))
        elif not resident.stores:
            made = _without(made, operations_of(made, region, OpKind.STORE))
    facts = {**made.facts, **moved_bytes(made.ops), "placement": placement, "keeping": placement.keeping}
    return replace(made, facts=facts)


def region_of(program: Program, role: str) -> int:
    """Return the region of a role."""
    return list(program.facts["tiling"]["tiles"]).index(role)


def operations_of(program: Program, region: int, kind: OpKind) -> Int64Array:
    """Return the indices of the operations of one kind on a region."""
    return np.flatnonzero((program.ops[:, Op.REGION] == region) & (program.ops[:, Op.KIND] == kind))


def lines_taken(program: Program, region: int) -> int:
    """Return the lines of slots for all tiles of a region."""
    return int(program.regions[region, Reg.TILES] * program.regions[region, Reg.SLOT_LINES])


def is_whole(program: Program, region: int) -> bool:
    """Return whether each tile of a region has a slot of its own from the layer's begin, and nothing waits for its stores."""
    ops, mine = program.ops, program.ops[:, Op.REGION] == region
    stores = mine & (ops[:, Op.KIND] == OpKind.STORE)
    takes, awaited = mine & ~stores, ops[:, Op.DEP_OP]
    waits = (awaited[takes] >= 0) | (ops[takes, Op.DEP_PORT] >= 0)
    once = (np.bincount(ops[takes, Op.SLOT] - program.regions[region, Reg.FIRST_SLOT]) <= 1).all()
    return bool(once and not waits.any() and not stores[awaited[awaited >= 0]].any())


def _found_in_place(ops: Int64Array, region: int, resident: Resident, word_bytes: int) -> None:
    """Take what already lies in the place out of the loads of an operand: all of it, or one of the interleaved tensors."""
    if resident.loads:
        return
    loads = np.flatnonzero((ops[:, Op.REGION] == region) & (ops[:, Op.KIND] == OpKind.LOAD))
    words = np.cumsum(ops[loads, Op.BYTES]) // word_bytes
    beside = words - words // (1 + resident.beside)
    ops[loads, Op.BYTES] = np.diff(beside, prepend=0) * word_bytes
    ops[loads[ops[loads, Op.BYTES] == 0], Op.KIND] = int(OpKind.ACQUIRE)


def _without(program: Program, gone: Int64Array) -> Program:
    """Return the Program without the operations ``gone``, for which no other operation may wait."""
    stays = np.ones(len(program.ops), dtype=bool)
    stays[gone] = False
    number = np.cumsum(stays) - 1
    ops = program.ops[stays].copy()
    waits = ops[:, Op.DEP_OP] >= 0
    ops[waits, Op.DEP_OP] = number[ops[waits, Op.DEP_OP]]
    before = np.concatenate(([0], np.cumsum(stays)))
    return replace(program, ops=ops, queue_start=before[program.queue_start].astype(np.int64))
