"""The sizes of words that a graph itself gives its tensors, as a quantised one does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simcore.errors import InputError

#: Attributes of a graph's node: bytes of a word of the layer's result, and of its weights.
RESULT, WEIGHTS = "word_bytes", "weight_bytes"
#: The sizes that a word can have.
SIZES = (1, 2, 4, 8)


@dataclass(frozen=True)
class LayerWords:
    """Bytes of a word of each of a layer's tensors. None stands for a tensor that has the machine's own words.

    ``operands`` are the results of other layers that it reads, in order.
    """

    operands: tuple[int | None, ...]
    weights: int | None
    result: int | None


def layer_words(node: Mapping[str, Any], producers: Sequence[Mapping[str, Any]]) -> LayerWords | None:
    """Return the words of a layer, or None if all of its tensors have the machine's own."""
    operands = tuple(producer.get(RESULT) for producer in producers)
    found = LayerWords(operands, node.get(WEIGHTS), node.get(RESULT))
    return None if {*operands, found.weights, found.result} == {None} else found


def checked_sizes(node: Mapping[str, Any], name: str, where: str) -> dict[str, int]:
    """Return the sizes that a node gives. Raise InputError for one that no word has."""
    found = {key: node[key] for key in (RESULT, WEIGHTS) if node.get(key) is not None}
    for key, size in found.items():
        if size not in SIZES or isinstance(size, bool):
            raise InputError(f"layer '{name}': expected {key} of 1, 2, 4 or 8, got {size!r}", where=where)
    return found
