"""The compiled engine's shortcuts. Each leaves every table as it is, and can be switched off to see that it does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shortcuts:
    """coalesced_lines: find an element's lines by runs of words instead of word by word. idle_skipping: jump over cycles in
    which nothing changes. grants_at_once: grant a request that comes to an idle bank when it comes, past the arbiter's queues.
    equal_layers: give a layer that must go as one before it that one's Outcome."""

    coalesced_lines: bool = True
    idle_skipping: bool = True
    grants_at_once: bool = True
    equal_layers: bool = True
