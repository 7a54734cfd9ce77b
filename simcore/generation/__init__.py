"""Inference of language models: a text is read at once, then tokens are written one by one over a cache."""

from simcore.generation.order import GenerationOrder
from simcore.generation.result import Generation, generate, generate_as_ordered

__all__ = ["Generation", "GenerationOrder", "generate", "generate_as_ordered"]
