"""Replay of blocks changes no cell of an Outcome, and each repeated block does what its simulation does (shadow mode).

More cases: ``python tests/replay_cases.py FIRST COUNT shadow``. Seeded faults: ``test_replay_mutants``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import replay_cases
from replay_cases import case, replayed, small_blocks

from simcore.engine.compiled.run import CompiledEngine
from simcore.engine.shortcuts import Shortcuts

#: A case in which many blocks are repeated, in several bins of the timeline.
REPEATING = 1020


@pytest.mark.slow
@pytest.mark.parametrize("shadow", [True, False], ids=["shadow", "plain"])
def test_replay_changes_no_cell(shadow, capsys):
    assert replay_cases.main(0 if shadow else 200, 200, shadow) == 0
    repeated = int(capsys.readouterr().out.split(" blocks repeated")[0].split()[-1])
    assert repeated > 200


def test_blocks_are_repeated_across_bins_of_the_timeline():
    drawn = case(REPEATING)
    layers = replayed(drawn, shadow=False)
    assert len(drawn.program.bin_steps) > 4
    assert all(layer.hits > len(drawn.program.bin_steps) for layer in layers)


def test_without_the_switch_nothing_is_replayed():
    drawn = case(REPEATING)
    with small_blocks(drawn.steps, drawn.whole_steps):
        off = CompiledEngine(drawn.machine, replace(drawn.shortcuts, block_replay=False))
        off.run(drawn.program)
        on = CompiledEngine(drawn.machine, drawn.shortcuts)
        on.run(drawn.program)
    assert off.block_replay.replayed == []
    assert len(on.block_replay.replayed) == 1


def test_a_tile_that_is_loaded_while_resident_leaves_a_block_without_key():
    """The last operation of a queue is such a load in this case. A key without its end would lie before the array's begin."""
    layers = replayed(case(32022), shadow=True)
    assert all(layer.without_key > 0 for layer in layers)


@pytest.mark.slow
def test_a_move_that_began_more_operations_than_a_queue_still_has_reads_none_behind_it():
    """In plain Python, whose indices are checked."""
    script = [sys.executable, replay_cases.__file__, "61261", "1"]
    done = subprocess.run(script, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_short_layers_are_simulated():
    drawn = case(REPEATING)
    engine = CompiledEngine(drawn.machine, Shortcuts(block_replay=True))
    engine.run(drawn.program)
    assert engine.block_replay.replayed == []


@pytest.mark.parametrize(("name", "rows"), [("moves", 6), ("states", 9)])
def test_when_the_memo_is_full_the_rest_is_simulated(name, rows):
    drawn = case(REPEATING)
    engines = [CompiledEngine(drawn.machine, drawn.shortcuts) for _ in range(2)]
    with small_blocks(drawn.steps, drawn.whole_steps):
        expected = engines[0].run(drawn.program)
        engines[1].run(drawn.program)
        full = CompiledEngine(drawn.machine, drawn.shortcuts)
        full.block_replay = engines[1].block_replay
        room = full.block_replay._room
        room[name] = np.empty((rows, room[name].shape[1]), dtype=np.int64)
        found = full.run(drawn.program)
    assert found.differences(expected) == []
    enough, short = full.block_replay.replayed
    assert short.misses < rows <= enough.misses
    assert short.hits < enough.hits
