"""Sizes of words that the user asks for hold for quantised graphs, too."""

from __future__ import annotations

from simcore.reading.overrides import Overrides, and_also, keys_of

#: The key that says whose words a quantised graph's tensors have, and its value if the user gives others.
_KEY, _OWN = "words.of_quantised", "machine"


def with_own_words(overrides: Overrides) -> Overrides:
    """Return the overrides and, if one of them gives a size of words, one more that gives it to quantised tensors, too."""
    keys = keys_of(overrides)
    gives_sizes = any(key == "words" or key.startswith("words.") for key in keys)
    return and_also(overrides, _KEY, _OWN) if gives_sizes and _KEY not in keys else overrides
