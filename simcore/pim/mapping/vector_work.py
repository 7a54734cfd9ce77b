"""Work of the periphery of the banks: everything that is no dot product."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class VectorWork:
    """An operation on words: those it reads and writes, and the operations on a word that it takes, for all images.

    ``operation`` is the layer's op, or its function for an activation: "relu", "batch-norm", "pool", "add", ...
    """

    operation: str
    read_words: int
    written_words: int
    word_operations: int
