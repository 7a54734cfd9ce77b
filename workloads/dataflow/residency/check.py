"""A check of a network's Programs: every operand that a layer finds in a scratchpad, or loads, was put there before.

It takes the tensors from the graph, and from the Programs the lines of each region, what is loaded and what is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations

from simcore.program.program import Op, OpKind, Program, Reg
from simcore.spec.system import System
from workloads.dataflow.residency.tensors import StepTensor, Use, running_layers, step_tensors
from workloads.dataflow.residency.views import LayerPlacement, Place, is_whole, operations_of, region_of
from workloads.network import Network


@dataclass
class _Held:
    """A tensor in a scratchpad: its place, and the parts that have been written, or None for all of it."""

    place: Place
    parts: set[int | None] = field(default_factory=set)


class StepCheck:
    """Follows the Programs of a network, layer by layer, and what lies where."""

    def __init__(self, network: Network, system: System, joined: Mapping[str, str]) -> None:
        """Begin with the network's inputs and weights in main memory, and empty scratchpads."""
        running = running_layers(network, system, joined)
        self._at = {instance.name: at for at, (instance, _) in enumerate(running)}
        self._pads = [str(name) for name in system.scratchpads]
        self._uses: dict[int, list[tuple[StepTensor, Use, bool]]] = {at: [] for at in range(len(running))}
        self._tensors = step_tensors(network, joined, running)
        for tensor in self._tensors:
            for use in (*tensor.writes, *tensor.reads):
                self._uses[use.at].append((tensor, use, use in tensor.writes))
        self._stored: set[tuple[str, int | None]] = {(tensor.name, None) for tensor in self._tensors if not tensor.writes}
        self._held: dict[str, _Held] = {}

    def layer(self, name: str, program: Program) -> None:
        """Follow the next layer. Raise RuntimeError if it reads what is not there, or writes over what it reads."""
        self._name, self._program = name, program
        placement: LayerPlacement | None = program.facts.get("placement")
        residents = dict(placement.residents) if placement is not None else {}
        for one, other in combinations(self._regions().items(), 2):
            self._require(not one[1].meets(other[1]), f"its {one[0]} and its {other[0]} take the same lines")
        uses = [(tensor, use, writes, residents.get(use.role)) for tensor, use, writes in self._uses[self._at[name]]]
        for tensor, use, writes, resident in uses:
            if not writes:
                self._reads(tensor, use, resident is not None)
        kept = {resident.tensor: resident.held for resident in residents.values()}
        self._overwrite(kept)
        for tensor, use, writes, resident in uses:
            if resident is not None:
                self._inside(use.role, resident.place, resident.held)
                if tensor.name not in self._held or self._held[tensor.name].place != resident.held:
                    self._held[tensor.name] = _Held(resident.held)
                self._held[tensor.name].parts.add(use.part if writes else None)
            if writes:
                self._writes(tensor, use, resident is not None)

    def end(self) -> None:
        """Raise RuntimeError if a tensor that leaves the network was not stored."""
        self._name = "the end"
        for tensor in self._tensors:
            if tensor.leaves:
                self._require(self._is_stored(tensor, None), f"{tensor.name} is not in main memory")

    def _regions(self) -> dict[str, Place]:
        """Return the lines of each role's slots."""
        rows = self._program.regions.tolist()
        roles = self._program.facts["tiling"]["tiles"]
        return {
            role: Place(self._pads[row[Reg.SCRATCHPAD]], row[Reg.BASE_LINE], row[Reg.SLOTS] * row[Reg.SLOT_LINES])
            for role, row in zip(roles, rows, strict=True)
        }

    def _reads(self, tensor: StepTensor, use: Use, stays: bool) -> None:
        """Check that an operand is in its scratchpad, or in main memory if the layer loads it."""
        region = region_of(self._program, use.role)
        loads = len(operations_of(self._program, region, OpKind.LOAD)) > 0
        if loads and (use.copies == 1 or not stays):
            self._require(self._is_stored(tensor, use.part), f"it loads {tensor.name}, which was not stored")
            return
        held = self._held.get(tensor.name)
        self._require(held is not None, f"it expects {tensor.name} in a scratchpad, where it is not")
        assert held is not None
        there = None in held.parts or use.part in held.parts or held.parts == set(range(len(tensor.writes)))
        self._require(there, f"it reads a part of {tensor.name} that was not written")
        self._inside(use.role, self._regions()[use.role], held.place)

    def _writes(self, tensor: StepTensor, use: Use, stays: bool) -> None:
        """Note that a result was stored. Check that all of it is, or that all of it stays."""
        region = region_of(self._program, use.role)
        stored, written = (
            set(self._program.ops[operations_of(self._program, region, kind), Op.TILE].tolist())
            for kind in (OpKind.STORE, OpKind.ACQUIRE)
        )
        if stored == written:
            self._stored.add((tensor.name, use.part))
        else:
            self._require(stays and not len(stored), f"a part of {tensor.name} is neither stored nor kept")
        if stays:
            self._require(is_whole(self._program, region), f"{tensor.name} does not stay as a whole")

    def _overwrite(self, kept: Mapping[str, Place]) -> None:
        """Forget the tensors that this layer's regions take lines of, except those that it uses in their place."""
        for name, held in list(self._held.items()):
            if kept.get(name) != held.place and any(region.meets(held.place) for region in self._regions().values()):
                del self._held[name]

    def _is_stored(self, tensor: StepTensor, part: int | None) -> bool:
        if not tensor.writes:
            return True
        parts = [part] if part is not None else [use.part for use in tensor.writes]
        return all((tensor.name, each) in self._stored for each in parts)

    def _inside(self, role: str, place: Place, held: Place) -> None:
        inside = place.pad == held.pad and held.base_line <= place.base_line and place.end <= held.end
        self._require(inside, f"its {role} does not lie where its tensor is kept")

    def _require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise RuntimeError(f"layer {self._name}: faulty placement: {otherwise}")
