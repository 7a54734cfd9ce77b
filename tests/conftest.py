"""Settings of hypothesis: the same cases in every run, or thousands of new ones with ``SIMCORE_HYPOTHESIS_PROFILE=deep``.

Tests that compile kernels in a folder of their own stand in the middle, where the second of two processes begins: it compiles
those while the first one compiles the kernels that all other tests share, instead of waiting for them. In each half files with
slow tests come first, so that what is left for the end is short and neither process waits for the other.

The objects that collecting the tests made live to the end, and a simulation in SimPy makes millions that die at once. Python
therefore searches for garbage more rarely, and not among the former.

Hundreds of tests start a process of simcore. Compiled modules are kept, as Python does by itself, even if the environment sets
PYTHONDONTWRITEBYTECODE: without them each process would compile all of simcore again, a quarter of its CPU time.

A terminal's width, which pytest-xdist hands to its processes, is forgotten: what is printed must not depend on it.
"""

import gc
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

_COMMON = {"deadline": None, "print_blob": True, "suppress_health_check": list(HealthCheck)}

settings.register_profile("ci", derandomize=True, database=None, **_COMMON)
settings.register_profile("deep", max_examples=2000, **_COMMON)
settings.load_profile(os.environ.get("SIMCORE_HYPOTHESIS_PROFILE", "ci"))

os.environ.pop("COLUMNS", None)
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the kernels with bounds checks into the middle, and in each half the files with slow tests first."""
    slow_files = {item.path for item in items if item.get_closest_marker("slow") is not None}
    own = [item for item in items if item.path.name == "test_bounds_checked.py"]
    others = [item for item in items if item.path.name != "test_bounds_checked.py"]
    halves = others[: len(others) // 2], others[len(others) // 2 :]
    first, second = (sorted(half, key=lambda item: _turn(item, slow_files)) for half in halves)
    items[:] = first + own + second


def _turn(item: pytest.Item, slow_files: set[Path]) -> int:
    """Return the place of a test's file in its half. What replays blocks compiles two kernels that most others need."""
    return 0 if item.path.name == "test_block_replay.py" else 1 if item.path in slow_files else 2


def pytest_collection_finish() -> None:
    """Let the garbage collector leave out what is alive now, and search when many objects have come."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
