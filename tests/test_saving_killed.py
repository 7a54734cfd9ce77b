"""After kill -9 at any step of a save, the directory, or a sibling that the next run restores, is whole.

The next run removes all other remains.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
@pytest.mark.parametrize("way", ["exchange", "aside"])
def test_a_save_killed_at_any_step_leaves_whole_results_and_nothing_that_the_next_does_not_clear(tmp_path, way):
    program = [sys.executable, str(Path(__file__).with_name("killed_while_saving.py")), str(tmp_path), way]
    done = subprocess.run(program, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    states = [tuple(line.split()) for line in done.stdout.splitlines()]
    replaced = [state for was_there, _, state in states if was_there == "True"]
    made = [state for was_there, _, state in states if was_there == "False"]
    # Killed early enough the old results stand, late enough the new ones do; the save has at least this many steps.
    assert (replaced[0], replaced[-1], made[0], made[-1]) == ("old", "new", "absent", "new")
    assert min(len(replaced), len(made)) > 20
    assert ("aside" in replaced) == (way == "aside")
