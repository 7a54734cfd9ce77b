"""Replay of blocks changes no cell of an Outcome, and each repeated block does what its simulation does (shadow mode).

More cases: ``python tests/replay_cases.py FIRST COUNT [shadow]``. Seeded faults: ``check_replay_mutants``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import replay_cases
from equality import Traces
from replay_cases import FIRST_PROGRAM, FIRST_WITH_DRAM, ReplayCase, case, replayed, small_blocks

from simcore import load_system, simulate
from simcore.engine import replay_choice
from simcore.engine.compiled.replay import blocks
from simcore.engine.compiled.replay.tables import DIFFERENCES
from simcore.engine.compiled.run import CompiledEngine
from simcore.engine.shortcuts import Shortcuts
from simcore.machine.line_writes import no_line_writes
from simcore.machine.machine import build_machine
from simcore.results import Results
from workloads.dataflow import lower_network
from workloads.load import load_network

#: A case in which many blocks are repeated, in several bins of the timeline.
REPEATING = 1020


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "count", "shadow"),
    [
        (0, 200, True),
        (200, 200, False),
        (FIRST_WITH_DRAM, 50, True),
        (FIRST_WITH_DRAM + 50, 50, False),
        (FIRST_PROGRAM, 350, False),
        (FIRST_PROGRAM + 350, 100, True),
    ],
    ids=["shadow", "plain", "shadow, with a DRAM", "plain, with a DRAM", "plain, of Programs", "shadow, of Programs"],
)
def test_replay_changes_no_cell(first, count, shadow, capsys):
    assert replay_cases.main(first, count, partial(replayed, shadow=shadow)) == 0
    repeated = int(capsys.readouterr().out.split(" blocks repeated")[0].split()[-1])
    assert repeated > 200


@pytest.mark.slow
def test_layers_whose_results_stay_and_whose_tiles_come_early_are_replayed():
    """Plans of results that stay and of the next layer's tiles take slots only when they are free, too."""
    keys = ["layer_results=scratchpads", "dma.prefetch=next-layer", "array.rows=8", "array.columns=8"]
    system = load_system("train-sram", keys)
    programs = [program for _, program, _ in lower_network(load_network("lenet5", 2), system) if program is not None]
    shortcuts = replace(case(REPEATING).shortcuts, equal_layers=False)
    found = [
        layer.hits
        for program in programs
        for layer in replayed(ReplayCase(build_machine(system), program, shortcuts, 16, 64, 1), shadow=False)
    ]
    assert sum("ahead" in program.facts for program in programs) >= 2
    assert sum(found) > 500


def test_a_tile_that_comes_goes_and_begins_to_come_back_within_a_block_is_not_there():
    layers = replayed(case(-26), shadow=False)
    assert all(layer.hits > 50 for layer in layers)


def test_blocks_are_repeated_across_bins_of_the_timeline():
    drawn = case(REPEATING)
    layers = replayed(drawn, shadow=False)
    assert len(drawn.program.bin_steps) > 4
    assert all(layer.hits > len(drawn.program.bin_steps) for layer in layers)


def test_without_the_switch_nothing_is_replayed():
    drawn = case(REPEATING)
    with small_blocks(drawn):
        off = CompiledEngine(drawn.machine, replace(drawn.shortcuts, block_replay=False))
        off.run(drawn.program)
        on = CompiledEngine(drawn.machine, drawn.shortcuts)
        on.run(drawn.program)
    assert off.block_replay.replayed == []
    assert len(on.block_replay.replayed) == 1


def test_a_layer_whose_accesses_are_traced_makes_them():
    """With a trace, of some cycles too, no block is repeated, and the trace is the same."""
    drawn, rows = case(REPEATING), []
    with small_blocks(drawn):
        for switch in (True, False):
            traces = Traces()
            engine = CompiledEngine(drawn.machine, replace(drawn.shortcuts, block_replay=switch), traced=traces.traced(5, 400))
            engine.run(drawn.program)
            rows.append(traces.rows())
            assert engine.block_replay.replayed == []
    assert rows[0] == rows[1]
    assert rows[0]


def results_of(switch: bool) -> tuple[Results, int]:
    """Return the results of LeNet5 in blocks of some steps, and how many of its blocks were repeated."""
    hits, end = [0], blocks.BlockReplay.end

    def noted(self, program, replay):
        as_known = end(self, program, replay)
        hits.append(self.replayed[-1].hits)
        return as_known

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay_choice, "WORTH_STEPS", 0)
        patch.setattr(blocks, "_FEWEST_STEPS", 0)
        patch.setattr(blocks, "_CREDIT", 1)
        patch.setattr(blocks, "_STEPS", 8)
        patch.setattr(blocks, "_WHOLE_STEPS", 8)
        patch.setattr(blocks.BlockReplay, "end", noted)
        return simulate("lenet5", "edge-stt", shortcuts=Shortcuts(block_replay=switch)), sum(hits)


def test_all_tables_and_timelines_of_a_network_are_the_same():
    """`simcore why`, reports and timelines read nothing else."""
    (plain, none), (found, hits) = results_of(False), results_of(True)
    tables = found.tables()
    assert [name for name, table in plain.tables().items() if not table.equals(tables[name])] == []
    assert none == 0
    assert hits > 20


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


def test_a_layer_with_a_block_that_went_otherwise_is_simulated_again(monkeypatch):
    """The layer is named in a warning. It begins again on the machine as it was, also the layer after it."""
    drawn, end = case(REPEATING), blocks.BlockReplay.end
    expected, writes = replay_cases.simulated(drawn, 2)

    def otherwise(self, program, replay):
        replay.memo[DIFFERENCES] += 1
        for rows in (engine.state.tables.servers, engine.state.tables.banks, engine.state.tables.pads):
            rows += 1
        return end(self, program, replay)

    monkeypatch.setattr(blocks.BlockReplay, "end", otherwise)
    lines = no_line_writes(drawn.machine)
    engine = CompiledEngine(drawn.machine, drawn.shortcuts, lines)
    with small_blocks(drawn):
        for outcome in expected:
            with pytest.warns(UserWarning, match=f"layer {drawn.program.name}: .* simulated again without replay"):
                assert engine.run(drawn.program).differences(outcome) == []
    assert np.array_equal(lines.flat, writes)


def test_short_layers_are_simulated():
    drawn = case(REPEATING)
    engine = CompiledEngine(drawn.machine, Shortcuts(block_replay=True))
    engine.run(drawn.program)
    assert engine.block_replay.replayed == []


@pytest.mark.parametrize(("name", "rows"), [("moves", 10), ("states", 10)])
def test_a_memo_that_is_full_is_forgotten(name, rows):
    drawn = replace(case(REPEATING), credit=1)
    expected, enough = run_with(drawn, {})
    found, short = run_with(drawn, {name: rows})
    assert found.differences(expected) == []
    assert rows <= enough.misses < short.misses
    assert 0 < short.hits < enough.hits


def run_with(drawn: ReplayCase, rows: dict[str, int]):
    """Return the Outcome of a layer in a memo with so many rows of some tables, and what was replayed."""
    engine = CompiledEngine(drawn.machine, drawn.shortcuts)
    with small_blocks(drawn):
        engine.run(drawn.program)
        room = engine.block_replay._room
        for name, count in rows.items():
            room[name] = np.empty((count, room[name].shape[1]), dtype=np.int64)
        other = CompiledEngine(drawn.machine, drawn.shortcuts)
        other.block_replay = engine.block_replay
        return other.run(drawn.program), engine.block_replay.replayed[-1]


def test_after_a_rest_blocks_are_repeated_again():
    """With a credit of few blocks replay rests soon, and comes back."""
    drawn = replace(case(486), credit=50)
    layer, *_ = replayed(drawn, shadow=False)
    assert layer.misses > layer.blocks // drawn.credit
    assert layer.hits > layer.misses
    assert layer.hits + layer.misses < layer.blocks - 1
