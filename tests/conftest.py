"""Settings of hypothesis: the same cases in every run, or thousands of new ones with ``SIMCORE_HYPOTHESIS_PROFILE=deep``.

One of two processes begins with replay of blocks, which compiles the kernels that most tests share. The other begins in the
middle, with DRAMs, whose kernels are others, instead of waiting. In each half files with slow tests come before the rest, so that
what is left for the end is short.

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


#: The files that each of two processes begins with, because they compile kernels.
FIRST_OF_ONE = ("test_block_replay.py",)
FIRST_OF_OTHER = ("test_dram_engines_equal.py", "test_pim_dram.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that compile first in their half, then those with slow tests, then the rest."""
    slow_files = {item.path for item in items if item.get_closest_marker("slow") is not None}
    other = [item for item in items if item.path.name in FIRST_OF_OTHER]
    rest = [item for item in items if item.path.name not in FIRST_OF_OTHER]
    middle = len(items) // 2
    halves = rest[:middle], other + rest[middle:]
    items[:] = [item for half in halves for item in sorted(half, key=lambda item: _turn(item, slow_files))]


def _turn(item: pytest.Item, slow_files: set[Path]) -> int:
    """Return the place of a test's file in its half."""
    return 0 if item.path.name in FIRST_OF_ONE + FIRST_OF_OTHER else 1 if item.path in slow_files else 2


def pytest_collection_finish() -> None:
    """Let the garbage collector leave out what is alive now, and search when many objects have come."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
