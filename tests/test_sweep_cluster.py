"""A sweep on a Dask cluster: scheduler and workers are processes of their own, which are killed and restarted."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from simcore import sweep
from simcore.errors import InputError
from simcore.sweeps import cluster
from simcore.sweeps.log import logged

ROOT = Path(__file__).parents[1]
HAS_DASK = importlib.util.find_spec("distributed") is not None
needs_dask = pytest.mark.skipif(not HAS_DASK, reason="needs the extra sweep (distributed)")
SPACE: dict[str, Any] = {
    "networks": ["lenet5"],
    "systems": ["ideal-titan-xp"],
    "product": {"core_clock_hz": {"from": 1_000_000, "to": 4_000_000, "step": 10_000}},
}


def test_without_dask_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"a cluster needs the package distributed; pip install 'simcore\[sweep\]'"):
        sweep(SPACE, scheduler="tcp://127.0.0.1:1")


@contextmanager
def program(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of Dask's, in a process group of its own, which ends with the block."""
    command = [sys.executable, "-c", "from dask.__main__ import main; main()", *arguments]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env=environment, start_new_session=True, **quiet)
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def scheduler(file: Path) -> Any:
    """A scheduler on a free port, which it writes into the file."""
    file.unlink(missing_ok=True)
    return program(
        "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show", "--scheduler-file", str(file)
    )


def worker(file: Path) -> Any:
    return program("worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny", "--no-dashboard")


def wait_for(log: Path, points: int) -> None:
    until = time.monotonic() + 100
    while not log.exists() or log.read_bytes().count(b'"point"') < points:
        assert time.monotonic() < until, "the cluster does not get on"
        time.sleep(0.02)


@needs_dask
@pytest.mark.slow
def test_a_cluster_whose_worker_and_scheduler_are_killed_gives_the_table_of_a_serial_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cluster, "MOST_POINTS", 5)  # so that many batches are on their way
    place, out, found = tmp_path / "scheduler.json", tmp_path / "out", []

    def run() -> None:
        found.append(sweep(SPACE, out, scheduler=str(place)))

    with ExitStack() as stack:
        first = stack.enter_context(scheduler(place))
        killed = stack.enter_context(worker(place))
        stack.enter_context(worker(place))
        sweeping = threading.Thread(target=run)
        sweeping.start()
        wait_for(out / "log.jsonl", 20)
        end(killed)
        wait_for(out / "log.jsonl", 60)
        end(first)
        assert (out / "log.jsonl").read_bytes().count(b'"point"') < 301
        stack.enter_context(scheduler(place))
        stack.enter_context(worker(place))
        sweeping.join(100)
        assert not sweeping.is_alive()
    names = [answer.name for answer in logged(out / "log.jsonl")]
    assert len(names) == len(set(names)) == 301
    sweep(SPACE, tmp_path / "serial", jobs=1)
    assert (out / "points.parquet").read_bytes() == (tmp_path / "serial" / "points.parquet").read_bytes()
    assert found[0].counts["simulated"] == 301
    assert capfd.readouterr().err == "", "what Dask says of the lost scheduler is not for users"


@needs_dask
def test_a_scheduler_that_does_not_answer_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE_S", 0.3)
    with pytest.raises(InputError, match="no Dask scheduler answers") as caught:
        sweep(SPACE, scheduler=f"tcp://127.0.0.1:{free_port()}")
    assert "dask scheduler" in str(caught.value.hint)


@needs_dask
@pytest.mark.slow
def test_a_local_cluster_gives_the_table_of_a_serial_run(tmp_path: Path) -> None:
    space = {
        "networks": ["lenet5"],
        "run": {"layers": "c1"},
        "product": {"array.rows": [8, 16, 32], "technology.node_nm": [45, 32]},
    }
    spread = sweep(space, tmp_path / "spread", jobs=2, scheduler="local")
    sweep(space, tmp_path / "serial", jobs=1)
    assert (tmp_path / "spread" / "points.parquet").read_bytes() == (tmp_path / "serial" / "points.parquet").read_bytes()
    assert spread.counts["simulated"] == 6


@needs_dask
def test_a_worker_of_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Future:
        status = "finished"

        def result(self, timeout: float) -> tuple[str, list[Any]]:
            return "another version", []

    future = Future()
    monkeypatch.setattr(cluster._Cluster, "connected", lambda self: None)
    made = cluster._Cluster(None, "tcp://somewhere:8786", simulating_settings())
    made.running[future] = []
    with pytest.raises(InputError, match="a worker runs another version of simcore than this process"):
        made.answered(future)


def simulating_settings() -> Any:
    from simcore.sweeps.simulating import Settings

    return Settings()
