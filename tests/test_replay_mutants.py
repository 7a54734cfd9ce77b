"""Seeded faults in the replay of blocks are caught by plain simulation or by shadow mode, each in a case that is named with it.

Most leave one word out of the state or of the inputs that make a block's key; the others are faults of what a hit does and of the
machine's return to a known state. A fault is one edit of a module, run as plain Python. It fails if its text does not occur
exactly once, so edit it together with the engine.
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
    """``old``, found once in ``file``, becomes ``new``. ``case`` of `replay_cases` differs then."""

    name: str
    file: str
    old: str
    new: str
    case: int


FAULTS = [
    # Words of the state that are left out.
    Fault(
        "memory-free", "state.py", "scalars[c.SCALAR_MEMORY_FREE] = now * q // p + _word(replay, free - now * q // p)", "pass", 0
    ),
    Fault("memory-part", "state.py", "scalars[c.SCALAR_MEMORY_PART] = _word(replay, part)", "pass", 0),
    Fault("clock-phase", "state.py", "    _word(replay, now * q % p)", "    pass", 0),
    Fault("posted", "state.py", "scalars[c.SCALAR_POSTED] = _word(replay, scalars[c.SCALAR_POSTED])", "pass", 0),
    Fault("posted-where", "state.py", "_word(replay, scalars[c.SCALAR_POSTED_PAD] if scalars[c.SCALAR_POSTED] else 0)", "0", 0),
    Fault("draining", "state.py", "pads[pad, c.PAD_DRAINING] = _word(replay, pads[pad, c.PAD_DRAINING])", "pass", 0),
    Fault(
        "bank-free",
        "state.py",
        "word = _word(replay, left << 4 | servers[server, c.SERVER_PORT] if left > 0 else 0)",
        "continue",
        0,
    ),
    Fault("bank-holder", "state.py", "left << 4 | servers[server, c.SERVER_PORT] if", "left << 4 if", 0),
    Fault("last-port", "state.py", "banks[bank, c.BANK_LAST_PORT] = _word(replay, banks[bank, c.BANK_LAST_PORT])", "pass", 0),
    Fault("burst-operation", "state.py", "queue | queues[queue, c.QUEUE_NEXT] - op << 4)", "queue | 1 << 4)", 0),
    Fault("burst-number", "state.py", "_word(replay, started - bursts[burst, c.BURST_NUMBER])", "1", 0),
    Fault("burst-bytes", "state.py", "bursts[burst, c.BURST_BYTES] = _word(replay, bursts[burst, c.BURST_BYTES])", "pass", 0),
    Fault(
        "burst-done",
        "state.py",
        "bursts[burst, c.BURST_MEMORY_DONE] = now + _word(replay, bursts[burst, c.BURST_MEMORY_DONE] - now)",
        "pass",
        0,
    ),
    Fault(
        "burst-place",
        "state.py",
        "_word(replay, ops[op, _REGION] << 40 | phase(tables, replay, ops[op, _REGION], ops[op, _SLOT], number * size))",
        "pass",
        0,
    ),
    Fault(
        "burst-ready",
        "state.py",
        "bundles[bundle, c.BUNDLE_READY] = now + _word(replay, max(bundles[bundle, c.BUNDLE_READY] - now, 0))",
        "pass",
        0,
    ),
    Fault(
        "burst-ungranted",
        "state.py",
        "bundles[bundle, c.BUNDLE_UNGRANTED] = _word(replay, bundles[bundle, c.BUNDLE_UNGRANTED])",
        "pass",
        0,
    ),
    Fault(
        "window", "state.py", "count = _word(replay, ports[port, c.PORT_IN_WINDOW])", "count = ports[port, c.PORT_IN_WINDOW]", 0
    ),
    Fault(
        "element-ready",
        "state.py",
        "bundles[element, c.BUNDLE_READY] = now + _word(replay, max(bundles[element, c.BUNDLE_READY] - now, 0))",
        "pass",
        0,
    ),
    Fault(
        "element-ungranted",
        "state.py",
        "bundles[element, c.BUNDLE_UNGRANTED] = _word(replay, bundles[element, c.BUNDLE_UNGRANTED])",
        "pass",
        0,
    ),
    Fault(
        "element-where", "state.py", "bundles[element, c.BUNDLE_PAD] = _word(replay, bundles[element, c.BUNDLE_PAD])", "pass", 0
    ),
    # This is no word that is missing, but one too many: when an element beyond the block is due is not among the block's inputs.
    # So equal states and inputs were seen to lead to different states, as long as states held such times without a bound.
    Fault(
        "due-without-bound",
        "state.py",
        "bundles[element, c.BUNDLE_DUE] = segments[s, _DUE]",
        "bundles[element, c.BUNDLE_DUE] = tables.scalars[c.SCALAR_STEP] + _word(replay, segments[s, _DUE] + number * "
        "segments[s, _DUE_STRIDE] - tables.scalars[c.SCALAR_STEP]) if True else segments[s, _DUE]",
        0,
    ),
    Fault("entry-element", "state.py", "_word(replay, consumed - made // c.MADE_LINES)", "consumed - made // c.MADE_LINES", 0),
    Fault("entry-line", "state.py", "_word(replay, made % c.MADE_LINES)", "made % c.MADE_LINES", 0),
    Fault("entry-done", "state.py", "            done = _word(replay, done)\n", "", 0),
    Fault(
        "waiting-where",
        "state.py",
        "found[at], found[at + 1] = bank << 1 | buffered, name",
        "found[at], found[at + 1] = buffered, name",
        0,
    ),
    Fault(
        "waiting-who",
        "state.py",
        "found[at], found[at + 1] = bank << 1 | buffered, name",
        "found[at], found[at + 1] = bank << 1 | buffered, 0",
        0,
    ),
    Fault("waiting-since", "state.py", "if asked else 0", "if False else 0", 0),
    Fault("outputs-back", "state.py", "memo[r.BACK] = max(memo[r.BACK], back)", "pass", 0),
    # Words of the streams.
    Fault("due", "streams.py", "key[at] = first | count << 20 |", "key[at] = count << 20 |", 0),
    Fault("due-stride", "streams.py", "| (stride if count > 1 else 0) << 40", "", 0),
    Fault("due-elements", "streams.py", "key[at] = -1 - due", "key[at] = -1", 0),
    Fault("lanes", "streams.py", "key[at] = segments[s, _LANES] | ", "key[at] = ", 0),
    Fault(
        "waits-for-results", "streams.py", "key[at + 2] = min(waits, replay.streams[_OUTPUT, r.DUE] + 1) + (1 << 30)", "pass", 0
    ),
    Fault("vector-stride", "streams.py", "    key[at] = stride\n", "    key[at] = 0\n", 0),
    Fault("tile-number", "streams.py", "key[at] = number << 40 | (", "key[at] = (", 0),
    Fault("place", "streams.py", "(phase(tables, replay, region, slot, byte) if slot >= 0", "(0 if slot >= 0", 0),
    Fault("residence", "streams.py", "1 << 39 | byte", "phase(tables, replay, region, 0, byte)", 0),
    Fault("from-partial-sums", "streams.py", "byte - memo[r.ORIGIN] if", "0 if", 0),
    Fault("padding", "streams.py", "run | left << 20 | inside << 40", "run", 0),
    Fault("pixel-step", "streams.py", "key[at] = geometry[_STRIDE_W] * channels", "key[at] = 0", 0),
    Fault("outputs-buffered", "streams.py", "    replay.key[at] = memo[r.BACK]", "    replay.key[at] = 0", 0),
    # Words of the operations.
    Fault("bytes-left", "operations.py", "key[at] = min(before[queue, r.LEFT], reach)", "key[at] = 0", 0),
    Fault("operation-bytes", "operations.py", "ops[op, _REGION] << 4, left", "ops[op, _REGION] << 4, 0", 0),
    Fault("operation-kind", "operations.py", "ops[op, _KIND] | ops[op, _REGION] << 4, left", "0, left", 0),
    Fault("need", "operations.py", "key[at + 2] = _rank(tables, replay, begin, ops[op, _NEEDED])", "key[at + 2] = 0", 0),
    Fault("operation-place", "operations.py", "byte) if known < moved else c.NONE", "byte) if False else c.NONE", 0),
    Fault("brings-tile", "operations.py", "key[at], key[at + 1] = -6 - number, back", "key[at], key[at + 1] = 0, back", 0),
    Fault("brought-by", "operations.py", "key[at], key[at + 1] = -6 - number, back", "key[at], key[at + 1] = -6 - number, 0", 0),
    Fault(
        "brought-where",
        "operations.py",
        "key[at + 2] = phase(tables, replay, ops[op, _REGION], ops[op, _SLOT], 0)",
        "key[at + 2] = 0",
        0,
    ),
    Fault("waits-for-port", "operations.py", "key[at] |= min(left, replay.streams[port, r.DUE] + 1) << 4", "pass", 0),
    Fault(
        "waits-for-operation", "operations.py", "queue + _QUEUES * (replay.before[queue, r.NEXT] - awaited + (1 << 30))", "0", 0
    ),
    Fault("takes-slot", "operations.py", "key[at + 2] |= 1 << number", "pass", 0),
    # What a hit does.
    Fault(
        "outputs-at-start",
        "moves.py",
        "replay.streams[_OUTPUT, r.CONSUMED] + (words[i] >> 4)",
        "replay.streams[_OUTPUT, r.CONSUMED]",
        0,
    ),
    Fault("old-tile-stays", "moves.py", "resident[slots[slot, c.SLOT_HOLDER]] = c.NONE", "pass", 0),
    Fault("holder", "moves.py", "slots[slot, c.SLOT_HOLDER] = tile", "pass", 0),
    Fault("loaded-tile", "moves.py", "tables.resident[ops[op, _TILE]] = ops[op, _SLOT]", "pass", 0),
    Fault("burst-begun", "moves.py", "head, byte // size, left - byte", "head, 0, left - byte", 0),
    Fault("consumed", "moves.py", "ports[port, c.PORT_CONSUMED] += due", "pass", 0),
    Fault("timeline", "moves.py", "tables.busy[bank, bin_number] += change", "pass", 0),
    Fault("uses", "moves.py", "words[pair + 1] * moves[move, r.MOVE_USES]", "words[pair + 1]", 0),
    Fault("operations-not-compared", "moves.py", "return end == moves[move, r.MOVE_COUNTERS] - at and", "return True or", 0),
    Fault("streams-not-compared", "moves.py", "if not _equal(words, at, key, 0, streams):", "if False:", 0),
    Fault("state-not-compared", "moves.py", "if moves[move, r.MOVE_STATE] != replay.memo[r.STATE] or", "if", 0),
    # The return to a known state.
    Fault("slot-writes", "state.py", "tables.slots[tables.line_slots[line], c.SLOT_WRITES] += 1", "pass", 0),
    Fault("in-flight", "state.py", "pads[pad, c.PAD_INFLIGHT_MIN] = min(pads[pad, c.PAD_INFLIGHT_MIN], done)", "pass", 0),
    Fault("granted-rows", "state.py", "requests[row, c.REQUEST_GRANTED] = 0", "pass", 0),
    Fault("bursts-left", "state.py", "op_states[head, c.OP_LEFT] -= queues[queue, c.QUEUE_BURSTS]", "pass", 0),
    Fault(
        "window-head",
        "state.py",
        "ports[port, c.PORT_HEAD_DUE] = segments[s, _DUE] + number * segments[s, _DUE_STRIDE] if count else c.FAR",
        "pass",
        0,
    ),
    Fault("bin-begins", "kernel.py", "tables.bin_start_cycles[bin_number] = scalars[c.SCALAR_NOW]", "pass", 0),
    Fault("buffered-cycles", "kernel.py", "tables.counters[place] += now - pads[pad, c.PAD_COUNTED]", "pass", 0),
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


def run_case(server: subprocess.Popen[str], case: int, *edits: tuple[str, str, str]) -> tuple[int, str]:
    """Return the exit status of a case in shadow mode with edits (file, old text, new text), and what it prints."""
    assert server.stdin
    assert server.stdout
    server.stdin.write(json.dumps((edits, (case, 1, True))) + "\n")
    server.stdin.flush()
    status, printed = json.loads(server.stdout.readline())
    return status, printed


@pytest.mark.slow
@pytest.mark.parametrize("case", sorted({fault.case for fault in FAULTS}))
def test_without_a_fault_nothing_differs(server, case):
    """The modules are defined anew without a change, as one is with a fault."""
    status, printed = run_case(server, case, *((f"replay/{file}", "", "") for file in sorted({fault.file for fault in FAULTS})))
    assert status == 0, printed


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_seeded_fault_is_caught(server, fault):
    status, printed = run_case(server, fault.case, (f"replay/{fault.file}", fault.old, fault.new))
    assert status == 3, printed


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_seeded_fault_changes_one_place_of_replay(fault):
    source = (ROOT / REPLAY / fault.file).read_text(encoding="utf-8")
    assert source.count(fault.old) == 1
    assert fault.new != fault.old
