"""Commands in processes of their own, with the CPU seconds and the memory they took."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Fresh:
    """What a process printed on stdout, and its CPU seconds (user and system) from start to exit, its own children included."""

    output: str
    cpu_s: float

    @property
    def last_json(self) -> Any:
        """The last line of the output, which is JSON."""
        return json.loads(self.output.splitlines()[-1])

    @property
    def first_json(self) -> Any:
        """The JSON that stands before the last line."""
        return json.loads(self.output.rstrip().rpartition("\n")[0])


def children_cpu_s() -> float:
    """CPU seconds of all child processes that have ended; a timer for pytest-benchmark."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run_fresh(*command: str | Path, env: Mapping[str, str] | None = None) -> Fresh:
    """Run a command from the repository's root. Raises RuntimeError with what it wrote on stderr where it fails."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [str(part) for part in command], stdout=output, stderr=errors, cwd=ROOT, env={**os.environ, **(env or {})}
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))} ended with {process.returncode}: {errors.read()[-2000:]}")
        return Fresh(output.read(), usage.ru_utime + usage.ru_stime)


def run_simcore(*arguments: str | Path, env: Mapping[str, str] | None = None) -> Fresh:
    """Run ``simcore`` as a user does. One more line of JSON follows its output: ``{"peak_rss_bytes": n}``."""
    return run_fresh(sys.executable, "-m", "benchmarks.simcore_child", *arguments, env=env)
