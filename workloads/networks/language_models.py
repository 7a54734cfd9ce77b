"""Language models: decoders that write a text token by token, over a cache of the keys and values of the tokens so far."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from simcore.errors import InputError, did_you_mean
from workloads.network import Network
from workloads.networks.transformers import (
    GPT2_POSITIONS,
    LLAMA_7B,
    LLAMA_VOCABULARY,
    Passage,
    Sizes,
    gpt2_passage,
    llama_passage,
)


@dataclass(frozen=True)
class LanguageModel:
    """A decoder of ``positions`` tokens at most. ``passage`` makes its network over a passage, for a batch of sequences."""

    name: str
    positions: int
    passage: Callable[[Passage, int], Network]

    def prefill(self, tokens: int, batch: int = 1) -> Network:
        """Return the network that reads a text of so many tokens at once. Its head gives the values of the last token alone."""
        return self.passage(Passage(tokens, last_only=True), batch)

    def step(self, cached: int, batch: int = 1) -> Network:
        """Return the network that reads one more token behind ``cached`` ones and gives the values of the next."""
        return self.passage(Passage(1, cached), batch)


def _llama(name: str, sizes: Sizes, vocabulary: int = LLAMA_VOCABULARY, positions: int = 2048) -> LanguageModel:
    return LanguageModel(name, positions, partial(llama_passage, name, sizes, vocabulary))


#: Models by name. Llama 7B: Touvron et al. 2023, table 2, with the hidden width, vocabulary and positions of its published
#: configuration. Llama 3 8B: Dubey et al. 2024, table 3, with the vocabulary and positions of its published configuration.
LANGUAGE_MODELS: dict[str, LanguageModel] = {
    "gpt2": LanguageModel("gpt2", GPT2_POSITIONS, gpt2_passage),
    "llama-3-8b": _llama("llama-3-8b", Sizes(32, 4096, 32, 14336, 8, bias=False), 128256, 8192),
    "llama-7b": _llama("llama-7b", LLAMA_7B),
    "llama-like": _llama("llama-like", LLAMA_7B),
}

#: llama-like-BLOCKS-WIDTH-HEADS-HIDDEN[-SHARED[-VOCABULARY]]
_SIZED = re.compile(r"llama-like((?:-[0-9]{1,7}){4,6})")
#: Rotated positions need no table, so a model of the user's own sizes has only a limit for typing errors.
_MOST_POSITIONS = 1 << 20


def sized_model(name: str) -> LanguageModel | None:
    """Return the decoder of a name such as ``llama-like-22-2048-32-5632-4-32000``, or None if the name has another form.

    The numbers are blocks, width, heads, hidden width, heads of keys and values (default: as many as heads) and vocabulary
    (default: 32000). Raise InputError for sizes that give no decoder.
    """
    match = _SIZED.fullmatch(name)
    if match is None:
        return None
    numbers = [int(number) for number in match[1][1:].split("-")]
    blocks, width, heads, hidden = numbers[:4]
    shared, vocabulary = [*numbers[4:], *(heads, LLAMA_VOCABULARY)[len(numbers) - 4 :]]
    if min(*numbers, shared) < 1 or width % heads or heads % shared:
        expected = "expected sizes of at least 1, a width that divides into the heads, and heads that divide among shared ones"
        hint = "llama-like-BLOCKS-WIDTH-HEADS-HIDDEN[-SHARED[-VOCABULARY]]"
        raise InputError(f"{expected}, got '{name}'", where="network", hint=hint)
    return _llama(name, Sizes(blocks, width, heads, hidden, shared, bias=False), vocabulary, _MOST_POSITIONS)


def language_model(name: str) -> LanguageModel:
    """Return the language model of that name. Raise InputError, with the models there are, for any other network."""
    found = LANGUAGE_MODELS.get(name) or sized_model(name)
    if found is None:
        known = ", ".join(LANGUAGE_MODELS)
        hint = did_you_mean(name, LANGUAGE_MODELS)
        raise InputError(
            f"expected a language model ({known} or llama-like-BLOCKS-WIDTH-HEADS-HIDDEN), got '{name[:80]}'", "network", hint
        )
    return found
