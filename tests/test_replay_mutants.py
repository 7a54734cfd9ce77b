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
    """``old``, found once in ``file``, becomes ``new``. ``case`` of `replay_cases` differs then, in shadow mode or without."""

    name: str
    file: str
    old: str
    new: str
    case: int
    shadow: bool


#: The word that is left out, the case that differs then, and whether in shadow mode.
WORDS: dict[str, tuple[int, bool]] = {
    "stream_words-0": (-1, False),
    "_port_words-0": (-7, False),
    "_memory-0": (1044, False),
    "_memory-1": (1044, False),
    "_memory-2": (2690, True),
    "_pass-0": (365, False),
    "_pass-3": (1004, False),
    "_pass-4": (3074, False),
    "_bursts-0": (365, False),
    "_burst-0": (1044, False),
    "_burst-1": (1044, False),
    "_burst-2": (372, False),
    "_burst-3": (1044, False),
    "_burst-5": (1096, False),
    "_burst-6": (365, True),
    "_windows-1": (1096, True),
    "_windows-2": (365, False),
    "_buffers-0": (365, False),
    "_buffers-1": (365, False),
    "_buffers-2": (365, False),
    "_buffers-3": (1909, False),
    "waiting_words-0": (3074, False),
    "waiting_words-1": (365, False),
    "waiting_words-2": (587, True),
    "waiting_words-3": (2459, False),
    "waiting_words-4": (365, False),
    "_touch-0": (1044, False),
}
#: Words that say nothing that others do not say, and why.
SAID_TWICE = {
    "state_words-0": "Each entry of a write buffer says how far back its element is.",
    "_windows-0": "Moves keep the count in the tables; the streams name the elements beyond the window.",
    "_windows-3": "A port reads one scratchpad.",
    "_due_words-1": "The counts before it add up to it.",
    "_port_words-1": "The runs of the vectors add up to the count; a port joins equally many vectors in a whole layer.",
    "_linear-0": "The vectors of a region lie at one distance.",
    "_linear-1": "Elements due and places of tiles give the run, unless tiles end at other elements in the same places.",
    "_pixels-0": "The distance of pixels is one number in a whole layer.",
}
#: Words of which no case is known, among those that are small enough, in which they alone tell two blocks apart. All operations
#: or all streams left out are missed (`FAULTS`).
NO_CASE_KNOWN = {
    *("_pass-1", "_pass-2", "_burst-4", "_touch-1", "_due_words-0", "_port_words-2", "_pixels-1", "_tap-0", "_tap-1"),
    *(f"operation_words-{number}" for number in range(5)),
    *(f"_tile_words-{number}" for number in range(3)),
    *(f"_start_words-{number}" for number in range(6)),
}

FAULTS = [
    Fault(
        "bursts-of-a-dram-begun", "moves.py", "if moved and tables.scalars[c.SCALAR_HAS_DRAM]:", "if False:", 10_000_007, False
    ),
    Fault("streams-not-compared", "moves.py", "if not _equal(words, at, key, 0, streams):", "if False:", -1, False),
    Fault(
        "operations-not-compared", "moves.py", "return end == moves[move, r.MOVE_COUNTERS] - at and", "return True or", -1, False
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


def run_case(server: subprocess.Popen[str], case: int, shadow: bool, *edits: tuple[str, str, str]) -> tuple[int, str]:
    """Return the exit status of a case with edits (file, old text, new text), and what it prints."""
    assert server.stdin
    assert server.stdout
    server.stdin.write(json.dumps((edits, (case, shadow))) + "\n")
    server.stdin.flush()
    status, printed = json.loads(server.stdout.readline())
    return status, printed


@pytest.mark.slow
@pytest.mark.parametrize("case", sorted({case for case, _ in WORDS.values()} | {fault.case for fault in FAULTS}))
def test_without_a_fault_nothing_differs(server, case):
    """The modules are defined anew without a change, as one is with a fault."""
    edits = [(f"replay/{file}", "", "") for file in sorted({*replay_words.FILES, *(fault.file for fault in FAULTS)})]
    for shadow in (True, False):
        status, printed = run_case(server, case, shadow, *edits)
        assert status == 0, printed


@pytest.mark.slow
@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_is_left_out_is_missed(server, word):
    case, shadow = WORDS[word]
    status, printed = run_case(server, case, shadow, replay_words.edits()[word])
    assert status == 3, printed


def test_each_word_is_left_out_once():
    assert sorted([*WORDS, *SAID_TWICE, *NO_CASE_KNOWN]) == sorted(replay_words.edits())


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_seeded_fault_is_caught(server, fault):
    status, printed = run_case(server, fault.case, fault.shadow, (f"replay/{fault.file}", fault.old, fault.new))
    assert status == 3, printed


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_seeded_fault_changes_one_place_of_replay(fault):
    source = (replay_words.FOLDER / fault.file).read_text(encoding="utf-8")
    assert source.count(fault.old) == 1
    assert fault.new != fault.old


@pytest.mark.slow
def test_with_due_steps_in_the_state_equal_blocks_lead_to_different_states(server):
    """An element that a block offers may be due long after it, in a step that nothing in the block decides.

    With that step in the state, blocks that are equal in state and inputs end in different states, though no cell of a table
    differs. So the state names no due step, and the inputs name those within the block alone.
    """
    status, printed = run_case(server, -1, True, DUE_STEPS)
    assert status == 3
    assert "went otherwise than known" in printed
    assert run_case(server, -1, False, DUE_STEPS)[0] == 0
