"""Seeded faults in the replay of blocks are caught by plain simulation or by shadow mode, each in a case that is named with it.

Most leave one word out of the state or of the inputs that make a block's key; the others are faults of what a repeated block does
and of the machine's return to a known state. A fault is one edit of a module, run as plain Python. It fails if its text does not
occur exactly once, so edit it together with the engine.
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

ROOT = Path(__file__).parents[1]
REPLAY = Path("simcore", "engine", "compiled", "replay")


class Fault(NamedTuple):
    """``old``, found once in ``file``, becomes ``new``. ``case`` of `replay_cases` differs then, in shadow mode or without."""

    name: str
    file: str
    old: str
    new: str
    case: int
    shadow: bool


FAULTS = [
    Fault("memory-part", "state.py", "scalars[c.SCALAR_MEMORY_PART] = _word(replay, part)", "pass", 2988, True),
    Fault("clock-phase", "state.py", "    _word(replay, now * q % p)", "    pass", 621, True),
    Fault("bank-holder", "state.py", "left << 4 | servers[server, c.SERVER_PORT] if", "left << 4 if", 2988, True),
    Fault("burst-operation", "state.py", "queue | queues[queue, c.QUEUE_NEXT] - op << 4)", "queue | 1 << 4)", 1020, True),
    Fault("burst-number", "state.py", "_word(replay, started - bursts[burst, c.BURST_NUMBER])", "1", 1020, True),
    Fault(
        "burst-bytes",
        "state.py",
        "bursts[burst, c.BURST_BYTES] = _word(replay, bursts[burst, c.BURST_BYTES])",
        "pass",
        1020,
        True,
    ),
    Fault(
        "burst-done",
        "state.py",
        "bursts[burst, c.BURST_MEMORY_DONE] = now + _word(replay, bursts[burst, c.BURST_MEMORY_DONE] - now)",
        "pass",
        1020,
        True,
    ),
    Fault(
        "burst-ready",
        "state.py",
        "bundles[bundle, c.BUNDLE_READY] = now + _word(replay, max(bundles[bundle, c.BUNDLE_READY] - now, 0))",
        "pass",
        1020,
        True,
    ),
    Fault(
        "element-ready",
        "state.py",
        "bundles[element, c.BUNDLE_READY] = now + _word(replay, max(bundles[element, c.BUNDLE_READY] - now, 0))",
        "pass",
        1020,
        True,
    ),
    Fault(
        "entry-element",
        "state.py",
        "_word(replay, consumed - made // c.MADE_LINES)",
        "consumed - made // c.MADE_LINES",
        2988,
        True,
    ),
    Fault("entry-line", "state.py", "_word(replay, made % c.MADE_LINES)", "made % c.MADE_LINES", 1020, True),
    Fault("entry-done", "state.py", "            done = _word(replay, done)\n", "", 621, True),
    Fault(
        "waiting-where",
        "state.py",
        "found[at], found[at + 1] = bank << 1 | buffered, name",
        "found[at], found[at + 1] = buffered, name",
        621,
        True,
    ),
    Fault(
        "waiting-who",
        "state.py",
        "found[at], found[at + 1] = bank << 1 | buffered, name",
        "found[at], found[at + 1] = bank << 1 | buffered, 0",
        621,
        True,
    ),
    Fault("place", "streams.py", "(phase(tables, replay, region, slot, byte) if slot >= 0", "(0 if slot >= 0", 1020, True),
    Fault("loaded-tile", "moves.py", "tables.resident[ops[op, _TILE]] = ops[op, _SLOT]", "pass", 1020, False),
    Fault("burst-begun", "moves.py", "head, byte // size, left - byte", "head, 0, left - byte", 1020, False),
    Fault("consumed", "moves.py", "ports[port, c.PORT_CONSUMED] += due", "pass", 1020, False),
    Fault("timeline", "moves.py", "tables.busy[bank, bin_number] += change", "pass", 1020, False),
    Fault(
        "operations-not-compared", "moves.py", "return end == moves[move, r.MOVE_COUNTERS] - at and", "return True or", 1020, True
    ),
    Fault("streams-not-compared", "moves.py", "if not _equal(words, at, key, 0, streams):", "if False:", 2988, True),
    Fault("slot-writes", "state.py", "tables.slots[tables.line_slots[line], c.SLOT_WRITES] += 1", "pass", 621, True),
    Fault("in-flight", "state.py", "pads[pad, c.PAD_INFLIGHT_MIN] = min(pads[pad, c.PAD_INFLIGHT_MIN], done)", "pass", 621, True),
    Fault("bursts-left", "state.py", "op_states[head, c.OP_LEFT] -= queues[queue, c.QUEUE_BURSTS]", "pass", 1020, True),
]


@pytest.fixture(scope="module")
def server() -> Iterator[subprocess.Popen[str]]:
    """The process that runs cases with faults."""
    environment = os.environ | {
        "NUMBA_DISABLE_JIT": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
    }
    command = [sys.executable, "-P", str(ROOT / "tests" / "mutant_server.py"), "replay_cases"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def run_case(server: subprocess.Popen[str], case: int, shadow: bool, *edits: tuple[str, str, str]) -> tuple[int, str]:
    """Return the exit status of a case with edits (file, old text, new text), and what it prints."""
    assert server.stdin
    assert server.stdout
    server.stdin.write(json.dumps((edits, (case, 1, shadow))) + "\n")
    server.stdin.flush()
    status, printed = json.loads(server.stdout.readline())
    return status, printed


@pytest.mark.slow
@pytest.mark.parametrize("case", sorted({fault.case for fault in FAULTS}))
def test_without_a_fault_nothing_differs(server, case):
    """The modules are defined anew without a change, as one is with a fault."""
    status, printed = run_case(
        server, case, True, *((f"replay/{file}", "", "") for file in sorted({fault.file for fault in FAULTS}))
    )
    assert status == 0, printed


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_seeded_fault_is_caught(server, fault):
    status, printed = run_case(server, fault.case, fault.shadow, (f"replay/{fault.file}", fault.old, fault.new))
    assert status == 3, printed


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_seeded_fault_changes_one_place_of_replay(fault):
    source = (ROOT / REPLAY / fault.file).read_text(encoding="utf-8")
    assert source.count(fault.old) == 1
    assert fault.new != fault.old
