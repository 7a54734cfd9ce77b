"""Seeded faults in the compiled engine are caught: each mutant differs from the reference engine on a fixed set of small cases.

A mutant is one edit of a module, run as plain Python (nothing is compiled). A mutant fails if its text does not occur exactly
once, so edit it together with the engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from mutant_process import Run, assert_one_place, serving


class Mutant(NamedTuple):
    """``old``, found once in ``file``, becomes ``new``."""

    name: str
    file: str
    old: str
    new: str


MUTANTS = [
    Mutant("the arbiter takes the youngest of one port", "banks.py", "if key < least:", "if key <= least:"),
    Mutant(
        "round robin begins at the port granted last",
        "banks.py",
        "key = (key - banks[bank, c.BANK_LAST_PORT] - 1) % _PORTS",
        "key = (key - banks[bank, c.BANK_LAST_PORT]) % _PORTS",
    ),
    Mutant("draining goes on at the low watermark", "write_buffer.py", "<= pads[pad, c.PAD_LOW]", "< pads[pad, c.PAD_LOW]"),
    Mutant("draining begins above the high watermark", "write_buffer.py", ">= pads[pad, c.PAD_HIGH]", "> pads[pad, c.PAD_HIGH]"),
    Mutant(
        "a write is preempted while draining",
        "banks.py",
        "if pads[pad, c.PAD_PREEMPTION] and not pads[pad, c.PAD_DRAINING] and",
        "if pads[pad, c.PAD_PREEMPTION] and",
    ),
    Mutant(
        "a restarted write resumes",
        "preemption.py",
        "if pads[pad, c.PAD_PREEMPTION] == RESUME:",
        "if pads[pad, c.PAD_PREEMPTION]:",
    ),
    Mutant(
        "a resumed write holds its bank for a cycle more",
        "preemption.py",
        "requests[request, c.REQUEST_LEFT_FREE] = left",
        "requests[request, c.REQUEST_LEFT_FREE] = left + 1",
    ),
    Mutant("buffered writes retire a cycle late", "write_buffer.py", "if done > now:", "if done >= now:"),
    Mutant(
        "the write buffer answers for a row of another bank",
        "write_buffer.py",
        "if requests[entry, c.REQUEST_BANK] == bank and requests[entry, c.REQUEST_ROW] == row:",
        "if requests[entry, c.REQUEST_ROW] == row:",
    ),
    Mutant("the write buffer is one entry short", "array.py", "> pads[pad, c.PAD_DEPTH]", ">= pads[pad, c.PAD_DEPTH]"),
    Mutant(
        "a window credit is lost",
        "kernel.py",
        "ports[port, c.PORT_IN_WINDOW] < window:",
        "ports[port, c.PORT_IN_WINDOW] < max(1, window - 1):",
    ),
    Mutant(
        "partial sums are read before they are written",
        "ports.py",
        "ports[_OUTPUT, c.PORT_CONSUMED] < after + ports[port, c.PORT_NUMBER] + 1:",
        "ports[_OUTPUT, c.PORT_CONSUMED] < after + ports[port, c.PORT_NUMBER]:",
    ),
    Mutant("a stall behind a write is a read conflict", "ports.py", "_WRITE_CONFLICT if holder", "_READ_CONFLICT if holder"),
    Mutant("the DMA serves the first queue, whatever is needed first", "dma.py", "if needed < least:", "if least == c.FAR:"),
    Mutant("of operations needed for one step the DMA serves the last queue's", "dma.py", "needed < least:", "needed <= least:"),
    Mutant(
        "a slot is released with one line still in the write buffer",
        "dma.py",
        "slots[slot, c.SLOT_WRITES] > 0",
        "slots[slot, c.SLOT_WRITES] > 1",
    ),
    Mutant(
        "main memory's clock ratio is upside down",
        "dma.py",
        "scalars[c.SCALAR_MEMORY_LATENCY], p, q)",
        "scalars[c.SCALAR_MEMORY_LATENCY], q, p)",
    ),
    Mutant("a burst that ends within a cycle is done a cycle early", "dma.py", "(1 if part > 0 else 0)", "0"),
    Mutant("the part of a cycle that a burst needs is lost", "dma.py", "part %= rate", "part = 0"),
    Mutant(
        "an idle memory keeps the part of a cycle that the last burst took", "dma.py", "free, part = comes, 0", "free = comes"
    ),
    Mutant(
        "the DMA starts an operation only when all bytes of the one before are in bursts",
        "dma.py",
        "queues[queue, c.QUEUE_LEFT] < scalars[c.SCALAR_DMA_BYTES] and",
        "queues[queue, c.QUEUE_LEFT] == 0 and",
    ),
    Mutant("the DMA starts no burst for the last bytes of a cycle", "dma.py", "while left > 0 and", "while left >= 64 and"),
    Mutant(
        "the timeline's next bin begins a step late",
        "kernel.py",
        "step >= bin_steps[scalars[c.SCALAR_BIN] + 1]",
        "step > bin_steps[scalars[c.SCALAR_BIN] + 1]",
    ),
    Mutant(
        "the column right of the ifmap is not padding",
        "lines.py",
        "column < 0 or column >= width:",
        "column < 0 or column > width:",
    ),
    Mutant(
        "idle cycles are skipped past a bank that becomes free",
        "idle.py",
        "soonest = min(soonest, servers[server, c.SERVER_FREE_AT])",
        "pass",
    ),
    Mutant(
        "a moved tile is written in its old slot once more",
        "line_writes_kernel.py",
        "<= position[MADE] + pos",
        "< position[MADE] + pos",
    ),
    Mutant(
        "moves of tiles are taken queue by queue",
        "line_writes.py",
        'np.argsort(op_states[found, c.OP_STARTED], kind="stable")',
        ":",
    ),
    Mutant("a move between segments that are alike is passed over", "line_writes_kernel.py", "<= next_move", "< c.FAR"),
    Mutant(
        "segments are alike whatever they write",
        "line_writes_kernel.py",
        "column not in (_DUE, _AFTER_WRITE)",
        "column == _COUNT",
    ),
    Mutant(
        "a line wider than a burst is written once",
        "line_writes_kernel.py",
        "range(0, ops[op, _BYTES], burst_bytes)",
        "range(0, ops[op, _BYTES], max(burst_bytes, line_bytes))",
    ),
    Mutant(
        "a full write buffer never waits for its own writes",
        "stalls.py",
        "if cause == _WRITE_BACKPRESSURE and",
        "if cause != _WRITE_BACKPRESSURE and",
    ),
    Mutant("the waits of the array's reads are the DMA's", "stalls.py", "c.REQUEST_PORT] == _DMA", "c.REQUEST_PORT] != _DMA"),
    Mutant("results count in the write buffer a cycle early", "array.py", "pad, now + 1)", "pad, now)"),
    Mutant("a write that is done counts in the write buffer", "kernel.py", "count_buffered(tables, pad, now)", "pass"),
]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Runs the fixed cases with faults."""
    with serving("mutant_cases") as runs:
        yield runs


def test_without_a_fault_the_engines_agree_on_every_case(run):
    """The modules are defined anew without a change, as one is with a fault."""
    status, printed = run(*((file, "", "") for file in sorted({mutant.file for mutant in MUTANTS})))
    assert status == 0, printed


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_a_seeded_fault_is_caught(run, mutant):
    status, printed = run((mutant.file, mutant.old, mutant.new))
    assert status == 3, printed


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_a_seeded_fault_changes_one_place_of_the_engine(mutant):
    assert_one_place(mutant.file, mutant.old, mutant.new)
