"""Seeded faults in the replay of blocks are caught by plain simulation or by shadow mode, each in a case named with it.

Each word of a block's key is left out once (``replay_words``). The other faults are edits of what a repeated block does and of
the machine's return to a known state. A fault is run as plain Python, whose indices are checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
import replay_words
from mutant_process import Run, assert_one_place, serving


class Fault(NamedTuple):
    """``old``, found once in ``file``, becomes ``new``. ``case`` of `replay_cases` differs then, in shadow mode or without.

    With ``one_bucket`` all states and all moves have the same hash.
    """

    name: str
    file: str
    old: str
    new: str
    case: int
    shadow: bool
    one_bucket: bool = False


#: The word that is left out, the case that differs then, and whether in shadow mode.
WORDS: dict[str, tuple[int, bool]] = {
    "stream_words-0": (-1, False),
    "_due_words-0": (-4, True),
    "_port_words-0": (-2, False),
    "_port_words-1": (-8, True),
    "_linear-0": (-3, True),
    "_linear-1": (-20, False),
    "_pixels-0": (-25, False),
    "_tap-0": (-24, False),
    "_tap-1": (-6, True),
    "_touch-0": (1044, False),
    "_touch-1": (-7, True),
    "_memory-0": (1044, False),
    "_memory-1": (1044, False),
    "_memory-2": (2690, True),
    "_pass-0": (365, False),
    "_pass-1": (-18, False),
    "_pass-2": (1004, False),
    "_pass-3": (3074, False),
    "_bursts-0": (-13, False),
    "_burst-0": (1044, False),
    "_burst-1": (1044, False),
    "_burst-2": (372, False),
    "_burst-3": (1044, False),
    "_burst-4": (-19, False),
    "_burst-5": (1096, False),
    "_burst-6": (365, True),
    "_windows-0": (1096, True),
    "_windows-1": (365, False),
    "_windows-2": (-5, False),
    "_buffers-0": (365, False),
    "_buffers-1": (365, False),
    "_buffers-2": (365, False),
    "_buffers-3": (1909, False),
    "waiting_words-0": (3074, False),
    "waiting_words-1": (365, False),
    "waiting_words-2": (587, True),
    "waiting_words-3": (2459, False),
    "waiting_words-4": (365, False),
    "operation_words-0": (-9, True),
    "operation_words-1": (-10, True),
    "operation_words-2": (-11, True),
    "operation_words-3": (-13, True),
    "_tile_words-0": (-14, True),
    "_tile_words-1": (-21, False),
    "_tile_words-2": (-12, True),
    "_start_words-0": (-22, False),
    "_start_words-1": (-8, True),
    "_start_words-2": (-13, True),
    "_start_words-3": (-23, False),
}

FAULTS = [
    Fault(
        "bursts-of-a-dram-begun", "moves.py", "if moved and tables.scalars[c.SCALAR_HAS_DRAM]:", "if False:", 10_000_007, False
    ),
    Fault("streams-not-compared", "moves.py", "if not _equal(words, at, key, 0, streams):", "if False:", -1, False),
    Fault(
        "operations-not-compared", "moves.py", "return end == moves[move, r.MOVE_COUNTERS] - at and", "return True or", -1, False
    ),
    Fault("state-not-compared", "moves.py", "moves[move, r.MOVE_STATE] != replay.memo[r.STATE] or ", "", -13, False, True),
    Fault("words-not-compared", "moves.py", " and _equal(words, at, found, 0, count)", "", -13, False, True),
    Fault(
        "frames-stay",
        "kernel.py",
        "    memo[r.FRAMES] = shifted(tables, memo[r.FRAMES], moves[move, r.MOVE_SHIFT], 1)\n",
        "",
        -15,
        False,
    ),
    Fault(
        "displaced-tile",
        "moves.py",
        "            resident[slots[slot, c.SLOT_HOLDER]] = c.NONE\n",
        "            pass\n",
        -16,
        False,
    ),
    Fault("loaded-tile", "moves.py", "tables.resident[ops[op, _TILE]] = ops[op, _SLOT]", "pass", -1, False),
    Fault("tile-on-its-way", "moves.py", "        if op_states[op, c.OP_DONE]:\n", "        if True:\n", -26, False),
    Fault("outputs-at-start", "moves.py", "replay.streams[_OUTPUT, r.CONSUMED]", "0", -28, False),
    Fault(
        "frames-not-compared",
        "moves.py",
        "moves[move, r.MOVE_ONLY] != c.NONE and moves[move, r.MOVE_ONLY] != replay.memo[r.FRAMES]",
        "False",
        -27,
        False,
    ),
    Fault("burst-begun", "moves.py", "head, byte // size, left - byte", "head, 0, left - byte", 1044, False),
    Fault("consumed", "moves.py", "ports[port, c.PORT_CONSUMED] += due", "pass", 365, False),
    Fault("timeline-busy", "moves.py", "tables.busy[bank, bin_number] += change", "pass", 365, False),
    Fault("timeline-conflict", "moves.py", "tables.conflict[bank, bin_number] += change", "pass", 365, False),
    Fault(
        "counters-unshifted",
        "moves.py",
        "counter_in(tables, moves[move, r.MOVE_FRAMES], words[pair])",
        "words[pair]",
        1044,
        False,
    ),
    Fault("bin-begin", "kernel.py", "tables.bin_start_cycles[bin_number] = scalars[c.SCALAR_NOW]", "pass", 365, False),
    Fault(
        "buffers-before-rest",
        "kernel.py",
        "    _count_buffered(tables)\n    memo[r.FRAMES]",
        "    memo[r.FRAMES]",
        4200552,
        False,
    ),
    Fault("slot-writes", "state.py", "tables.slots[tables.line_slots[line], c.SLOT_WRITES] += 1", "pass", 1909, False),
    Fault(
        "in-flight", "state.py", "pads[pad, c.PAD_INFLIGHT_MIN] = min(pads[pad, c.PAD_INFLIGHT_MIN], done)", "pass", 365, False
    ),
    Fault("bursts-left", "state.py", "op_states[head, c.OP_LEFT] -= queues[queue, c.QUEUE_BURSTS]", "pass", 1044, False),
    Fault("posted", "state.py", "        tables.posted[i] = entry\n", "", 365, False),
]

#: All states and all moves have the same hash, so that words alone tell them apart.
ONE_BUCKET = (
    "replay/tables.py",
    "MOST_MOVES, BUCKETS = 1 << 21, 1 << 14, 1 << 14, 1 << 12",
    "MOST_MOVES, BUCKETS = 1 << 21, 1 << 14, 1 << 14, 1",
)

#: Notes in the state, too, in how many steps from now the elements of the windows are due, as far ahead as that may be.
DUE_STEPS = (
    "replay/state.py",
    "            number += 1\n            if number == segments[s, _COUNT]:",
    "            number += 1\n            _word(replay, bundles[element, c.BUNDLE_DUE] - tables.scalars[c.SCALAR_STEP])\n"
    "            if number == segments[s, _COUNT]:",
)


#: Notes in the state, too, how many elements the windows hold.
WINDOW_COUNTS = (
    "replay/state.py",
    "        count = ports[port, c.PORT_IN_WINDOW]\n",
    "        count = _word(replay, ports[port, c.PORT_IN_WINDOW])\n",
)


#: Fails where an operation takes a slot before another one that took it is done, or while a result for it waits to be made.
_START = "            scalars[c.SCALAR_EVENTS] += 1\n            scalars[c.SCALAR_DMA_EVENTS] += 1\n"
TAKEN_EARLY = (
    "dma.py",
    _START,
    "            for other in range(ops.shape[0] if ops[op, _KIND] != _STORE else 0):\n"
    "                assert ops[other, _SLOT] != slot or not op_states[other, c.OP_STARTED] or op_states[other, c.OP_DONE]\n"
    "            for line in range(scalars[c.SCALAR_OUTPUT_LINES] if ops[op, _KIND] != _STORE else 0):\n"
    "                assert tables.output_places[c.OUTPUT_SLOT, line] != slot\n" + _START,
)


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Runs a case with edits: ``run(edit, ..., arguments=[case, shadow])``."""
    with serving("replay_mutant_cases") as runs:
        yield runs


@pytest.mark.parametrize("case", sorted({case for case, _ in WORDS.values()} | {fault.case for fault in FAULTS}))
def test_without_a_fault_nothing_differs(run, case):
    """The modules are defined anew without a change, as one is with a fault."""
    edits = [(f"replay/{file}", "", "") for file in sorted({*replay_words.FILES, *(fault.file for fault in FAULTS)})]
    for shadow in (True, False):
        status, printed = run(*edits, arguments=[case, shadow])
        assert status == 0, printed


@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_is_left_out_is_missed(run, word):
    case, shadow = WORDS[word]
    status, printed = run(replay_words.edits()[word], arguments=[case, shadow])
    assert status == 3, printed


def test_each_word_is_left_out_once():
    assert sorted(WORDS) == sorted(replay_words.edits())


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_seeded_fault_is_caught(run, fault):
    edits = [ONE_BUCKET] if fault.one_bucket else []
    status, printed = run(*edits, (f"replay/{fault.file}", fault.old, fault.new), arguments=[fault.case, fault.shadow])
    assert status == 3, printed


def test_with_one_hash_for_all_nothing_differs(run):
    status, printed = run(ONE_BUCKET, arguments=[-13, False])
    assert status == 0, printed


def test_a_fault_is_seen_in_an_ordinary_run(run):
    """One repeated block in so many is compared there. Then the layer is simulated again, so that no cell differs."""
    fault = next(fault for fault in FAULTS if fault.name == "operations-not-compared")
    status, printed = run((f"replay/{fault.file}", fault.old, fault.new), arguments=[fault.case, 3])
    assert status == 3
    assert "went otherwise" in printed


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_seeded_fault_changes_one_place_of_replay(fault):
    assert_one_place(f"replay/{fault.file}", fault.old, fault.new)


def test_with_due_steps_in_the_state_equal_blocks_lead_to_different_states(run):
    """An element that a block offers may be due long after it, in a step that nothing in the block decides.

    With that step in the state, blocks that are equal in state and inputs end in different states, though no cell of a table
    differs. So the state names no due step, and the inputs name those within the block alone.
    """
    status, printed = run(DUE_STEPS, arguments=[-1, True])
    assert status == 3
    assert "went otherwise" in printed
    assert run(DUE_STEPS, arguments=[-1, False])[0] == 0


@pytest.mark.parametrize("case", [-1, -13, -15, -18, -23, 365, 1044, 3074])
def test_the_number_of_elements_in_a_window_follows_from_other_words(run, case):
    """As many blocks are repeated with it."""
    assert run(WINDOW_COUNTS, arguments=[case, False]) == run(arguments=[case, False])


@pytest.mark.parametrize("case", sorted({case for case, _ in WORDS.values() if case >= 0}))
def test_in_a_plan_an_operation_takes_a_slot_when_it_is_free(run, case):
    """Replay relies on it (`_start` in moves.py). Cases by hand may do otherwise, as that with swapped slots does."""
    status, printed = run(TAKEN_EARLY, arguments=[case, True])
    assert status == 0, printed


def test_an_operation_that_takes_a_slot_early_is_found(run):
    assert run(TAKEN_EARLY, arguments=[-12, True])[0] == 3


@pytest.mark.parametrize("edit", [DUE_STEPS, WINDOW_COUNTS, TAKEN_EARLY], ids=["due steps", "window counts", "taken early"])
def test_what_is_added_changes_one_place_of_replay(edit):
    assert_one_place(*edit)
