"""Seeded faults in the replay of blocks are caught by plain simulation or by shadow mode, each in a case named with it.

Each word of a block's key is left out once (``replay_words``). The other faults are edits of what a repeated block does and of
the machine's return to a known state. A fault is run as plain Python, whose indices are checked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import replay_words

ROOT = Path(__file__).parents[1]


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
    "_tap-1": (-6, True),
    "_touch-0": (1044, False),
    "_touch-1": (-7, True),
    "_memory-0": (1044, False),
    "_memory-1": (1044, False),
    "_memory-2": (2690, True),
    "_pass-0": (365, False),
    "_pass-2": (1004, False),
    "_pass-3": (3074, False),
    "_bursts-0": (365, False),
    "_burst-0": (1044, False),
    "_burst-1": (1044, False),
    "_burst-2": (372, False),
    "_burst-3": (1044, False),
    "_burst-5": (1096, False),
    "_burst-6": (365, True),
    "_windows-1": (1096, True),
    "_windows-2": (365, False),
    "_windows-3": (-5, False),
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
    "_tile_words-2": (-12, True),
    "_start_words-1": (-8, True),
    "_start_words-2": (-13, True),
}
#: Words of which no case is known in which they alone tell two blocks apart, and why such a case is rare.
NO_CASE_KNOWN = {
    "_windows-0": "The words of the window's elements follow, and the streams name the elements behind the window.",
    "_pass-1": "Between its watermarks a buffer has the same entries seldom both while it fills and while it drains.",
    "_burst-4": "A burst on its way brings a tile that the block names, whose words give its place, unless loads run far ahead.",
    "_linear-1": "Tiles begin at places that the words name, so that it says only where the one before ends.",
    "_pixels-0": "The distance of two taps gives it, unless all of the first one is padding.",
    "_tap-0": "Elements of padding are alike, and the number of all elements is known.",
    "_tile_words-1": "Bursts on their way name their operation, and loads seldom come in another order.",
    "_start_words-0": "An operation waits for as many elements of one port as another one for those of another port.",
    "_start_words-3": "A plan displaces a tile only when all that is in it was consumed.",
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


@pytest.fixture(scope="module")
def server() -> Iterator[subprocess.Popen[str]]:
    """The process that runs cases with faults."""
    environment = os.environ | {
        "NUMBA_DISABLE_JIT": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
    }
    command = [sys.executable, "-P", str(ROOT / "tests" / "mutant_server.py"), "replay_mutant_cases"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def run_case(server: subprocess.Popen[str], case: int, shadow: bool | int, *edits: tuple[str, str, str]) -> tuple[int, str]:
    """Return the exit status of a case with edits (file, old text, new text), and what it prints."""
    assert server.stdin
    assert server.stdout
    server.stdin.write(json.dumps((edits, (case, shadow))) + "\n")
    server.stdin.flush()
    status, printed = json.loads(server.stdout.readline())
    return status, printed


@pytest.mark.parametrize("case", sorted({case for case, _ in WORDS.values()} | {fault.case for fault in FAULTS}))
def test_without_a_fault_nothing_differs(server, case):
    """The modules are defined anew without a change, as one is with a fault."""
    edits = [(f"replay/{file}", "", "") for file in sorted({*replay_words.FILES, *(fault.file for fault in FAULTS)})]
    for shadow in (True, False):
        status, printed = run_case(server, case, shadow, *edits)
        assert status == 0, printed


@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_is_left_out_is_missed(server, word):
    case, shadow = WORDS[word]
    status, printed = run_case(server, case, shadow, replay_words.edits()[word])
    assert status == 3, printed


def test_each_word_is_left_out_once():
    assert sorted([*WORDS, *NO_CASE_KNOWN]) == sorted(replay_words.edits())


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_seeded_fault_is_caught(server, fault):
    edits = [ONE_BUCKET] if fault.one_bucket else []
    status, printed = run_case(server, fault.case, fault.shadow, *edits, (f"replay/{fault.file}", fault.old, fault.new))
    assert status == 3, printed


def test_with_one_hash_for_all_nothing_differs(server):
    status, printed = run_case(server, -13, False, ONE_BUCKET)
    assert status == 0, printed


def test_a_fault_is_seen_in_an_ordinary_run(server):
    """One repeated block in so many is compared there. Then the layer is simulated again, so that no cell differs."""
    fault = next(fault for fault in FAULTS if fault.name == "operations-not-compared")
    status, printed = run_case(server, fault.case, 3, (f"replay/{fault.file}", fault.old, fault.new))
    assert status == 3
    assert "went otherwise" in printed


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_seeded_fault_changes_one_place_of_replay(fault):
    source = (replay_words.FOLDER / fault.file).read_text(encoding="utf-8")
    assert source.count(fault.old) == 1
    assert fault.new != fault.old


def test_with_due_steps_in_the_state_equal_blocks_lead_to_different_states(server):
    """An element that a block offers may be due long after it, in a step that nothing in the block decides.

    With that step in the state, blocks that are equal in state and inputs end in different states, though no cell of a table
    differs. So the state names no due step, and the inputs name those within the block alone.
    """
    status, printed = run_case(server, -1, True, DUE_STEPS)
    assert status == 3
    assert "went otherwise" in printed
    assert run_case(server, -1, False, DUE_STEPS)[0] == 0
