"""The compiled engine's shortcuts. None of them changes a table, and each can be switched off to prove this."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shortcuts:
    """Switches of the shortcuts, all on by default.

    ``coalesced_lines`` finds an element's lines by runs of words instead of word by word. ``idle_skipping`` jumps over cycles in
    which nothing changes. ``grants_at_once`` grants a request to an idle bank on arrival, past the arbiter's queues.
    ``equal_layers`` gives a layer the Outcome of an earlier layer that must run in the same way. ``block_replay`` repeats blocks
    of array steps that must run as earlier ones of the layer did. ``pim_replay`` repeats stretches of micro-programs in DRAM that
    must run as earlier ones did.
    """

    coalesced_lines: bool = True
    idle_skipping: bool = True
    grants_at_once: bool = True
    equal_layers: bool = True
    block_replay: bool = True
    pim_replay: bool = True
