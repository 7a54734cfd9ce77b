"""Tensors with sizes, and the gaps between their uses over which they may stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import is_

from workloads.dataflow.residency.lowerings import LayerSizes, Lowerings, RoleSize
from workloads.dataflow.residency.tensors import StepTensor, Use


@dataclass(frozen=True)
class SizedUse:
    """A use, whether it writes, and the size of the tensor in its layer."""

    use: Use
    writes: bool
    size: RoleSize

    @property
    def moved_bytes(self) -> int:
        """Return the bytes of this tensor that move if it does not stay, without those of interleaved ones."""
        return self.size.moved_bytes // self.use.copies


@dataclass(frozen=True)
class SizedTensor:
    """A tensor that may stay: its ``uses`` in order, those that write it first, and its ``words``."""

    name: str
    uses: tuple[SizedUse, ...]
    words: int
    leaves: bool

    @cached_property
    def writes(self) -> int:
        """Return how many of the uses write the tensor."""
        return sum(use.writes for use in self.uses)

    @cached_property
    def first_gap_ends(self) -> int:
        """Return the use with which the first gap ends: the first one behind all that write parts of the tensor."""
        last = max((index for index, use in enumerate(self.uses) if use.writes), default=0)
        return last + 1

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """The gaps between neighbouring uses. Until the last part of an assembled tensor is written, there is one gap."""
        ends = range(self.first_gap_ends, len(self.uses))
        return tuple(Gap(self, end - 1 if end > self.first_gap_ends else 0, end) for end in ends)

    def can_begin(self, index: int) -> bool:
        """Return whether the whole tensor is in its place when the use ends: it writes it, or reads all of it."""
        use = self.uses[index]
        alone = use.use.part is None and use.use.copies == 1
        return index == 0 if self.writes and index < self.first_gap_ends else alone and use.size.words == self.words


@dataclass(frozen=True)
class Gap:
    """The time from the use ``begin`` of a tensor to its use ``end``, over which it may stay in a scratchpad."""

    tensor: SizedTensor
    begin: int
    end: int

    @cached_property
    def saved_bytes(self) -> float:
        """Return the bytes that need not move: loads in this gap, and a part of the stores that no gap alone saves."""
        uses, loaded = self.tensor.uses, 0
        for use in uses[self.begin + 1 : self.end + 1]:
            loaded += 0 if use.writes else use.moved_bytes
        stored = 0 if self.tensor.leaves else sum(use.moved_bytes for use in uses if use.writes)
        return loaded + stored / len(self.tensor.gaps)

    @cached_property
    def layers(self) -> int:
        """Return for how many layers the tensor takes up room because of this gap."""
        return self.tensor.uses[self.end].use.at - self.tensor.uses[self.begin].use.at

    @cached_property
    def bytes(self) -> int:
        """Return the bytes of lines that the gap takes up."""
        uses = self.tensor.uses[self.begin : self.end + 1]
        parts = sum(use.size.bytes for use in uses if use.writes)
        return max(parts, *(use.size.bytes for use in uses))


class SizedTensors:
    """The tensors that may stay. One whose layers have the sizes that they had the time before is not made again."""

    def __init__(self, tensors: Sequence[StepTensor], given: Mapping[str, int]) -> None:
        """Begin with tensors without sizes. ``given`` has the words of those that the network gets, by name."""
        self._tensors, self._given = tensors, given
        self._made: dict[str, tuple[list[LayerSizes], SizedTensor | None]] = {}

    def of(self, lowerings: Lowerings) -> list[SizedTensor]:
        """Return the tensors that may stay, with the sizes that their layers say."""
        found = (self._sized(tensor, lowerings) for tensor in self._tensors)
        return [tensor for tensor in found if tensor is not None and len(tensor.uses) > 1]

    def _sized(self, tensor: StepTensor, lowerings: Lowerings) -> SizedTensor | None:
        sizes = [lowerings.sizes(use.at) for use in (*tensor.writes, *tensor.reads)]
        known, made = self._made.get(tensor.name, ([], None))
        if len(known) != len(sizes) or not all(map(is_, known, sizes)):
            made = _sized(tensor, lowerings, self._given.get(tensor.name))
            self._made[tensor.name] = sizes, made
        return made


def _sized(tensor: StepTensor, lowerings: Lowerings, given_words: int | None) -> SizedTensor | None:
    """Return a tensor with sizes, or None if a layer uses it twice or cannot write it into a scratchpad."""
    sizes = [lowerings.sizes(use.at).whole.get(use.role) for use in (*tensor.writes, *tensor.reads)]
    writes = [SizedUse(use, True, size) for use, size in zip(tensor.writes, sizes, strict=False) if size is not None]
    read_sizes = sizes[len(tensor.writes) :]
    reads = [SizedUse(use, False, size) for use, size in zip(tensor.reads, read_sizes, strict=True) if size is not None]
    positions = [use.at for use in (*tensor.writes, *tensor.reads)]
    if len(set(positions)) < len(positions) or len(writes) < len(tensor.writes) or not reads:
        return None
    word_bytes = (writes or reads)[0].size.word_bytes
    own = [use.size.words for use in writes] or [
        given_words or max((use.size.words for use in reads if use.use.copies == 1), default=0)
    ]
    fitting = [use for use in reads if use.size.word_bytes == word_bytes and _reads_no_more(use, own)]
    uses = sorted([*writes, *fitting], key=lambda use: use.use.at)
    if any(use.size.word_bytes != word_bytes for use in writes):
        return None
    return SizedTensor(tensor.name, tuple(uses), sum(own), tensor.leaves or len(fitting) < len(tensor.reads))


def _reads_no_more(read: SizedUse, own: list[int]) -> bool:
    """Return whether a layer reads the words that the tensor has, or some of them. ``own`` are the words of its parts."""
    use, words = read.use, read.size.words
    if use.copies > 1:
        return words == use.copies * sum(own)
    return words <= (sum(own) if use.part is None else own[use.part])
