"""``simcore run --trace``: files that hold the trace, in an output directory that is whole or absent whatever happens."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from simcore.cli.app import app
from simcore.dram.trace import read_trace
from simcore.errors import InputError
from simcore.meanings.lookup import explain
from simcore.results import trace_files
from simcore.results.trace_files import TraceOrder
from simcore.simulation import simulate

ROOT = Path(__file__).parents[1]
RUN = ["run", "lenet5", "--system", "edge-sram-ddr4", "--layers", "f5,output", "--quiet"]
BOTH = ["--trace", "scratchpads", "--trace", "dram"]
FILES = {
    "scratchpad_trace.parquet",
    "dram_trace.parquet",
    "dram_trace.txt",
    "dram_trace.ramulator.txt",
    "dram_trace.dramsim3.txt",
}


def ran(*arguments: str) -> Any:
    return CliRunner().invoke(app, [*RUN, *arguments])


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("traced") / "out"
    done = ran(*BOTH, "--out", str(folder))
    assert done.exit_code == 0, done.output
    return folder


def test_the_files_and_the_manifest_name_the_traces(out: Path) -> None:
    names = {path.name for path in out.iterdir()}
    assert names >= FILES | {"results.json", "layers.csv"}
    rows = {name: pq.read_metadata(out / name).num_rows for name in FILES if name.endswith(".parquet")}
    assert min(rows.values()) > 50
    assert json.loads((out / "manifest.json").read_text())["traces"] == {"cycles": [0, None], "files": rows}
    assert set(json.loads((out / ".simcore-results").read_text())["files"]) == names


def test_the_scratchpads_trace_says_who_did_what_when(out: Path) -> None:
    trace = pd.read_parquet(out / "scratchpad_trace.parquet")
    assert trace.columns.tolist() == [
        "layer",
        "cycle",
        "scratchpad",
        "bank",
        "bank_port",
        "row",
        "port",
        "operation",
        "event",
        "arrived_cycle",
        "done_cycle",
        "free_cycle",
    ]
    banks = pd.read_csv(out / "banks.csv").set_index(["scratchpad", "bank"])
    granted = trace[trace["event"] == "granted"]
    counted = granted.groupby(["scratchpad", "bank", "operation"], observed=True).size()
    for operation, column in (("read", "reads"), ("write", "writes")):
        of_one = counted.xs(operation, level="operation").reindex(banks.index, fill_value=0)
        assert of_one.tolist() == banks[column].tolist()
    layers = pd.read_csv(out / "layers.csv").set_index("layer")
    assert trace["layer"].unique().tolist() == ["f5", "output"]
    starts = trace.groupby("layer", observed=True)["cycle"].min()
    assert (starts >= layers.loc[starts.index, "start_cycle"]).all()


def test_the_drams_trace_is_the_same_in_every_format(out: Path) -> None:
    trace = pd.read_parquet(out / "dram_trace.parquet")
    assert trace.columns.tolist() == ["layer", "cycle", "dram_cycle", "channel", "address", "operation", "answer"]
    read = read_trace(out / "dram_trace.txt")
    assert read.earliest.tolist() == trace["dram_cycle"].tolist()
    assert read.address.tolist() == trace["address"].tolist()
    assert (read.op == (trace["operation"] == "write")).all()
    operations, addresses, cycles = ((column.tolist()) for _, column in trace[["operation", "address", "dram_cycle"]].items())
    ramulator = [f"{'LD' if kind == 'read' else 'ST'} {address:#x}" for kind, address in zip(operations, addresses, strict=True)]
    assert (out / "dram_trace.ramulator.txt").read_text().splitlines() == ramulator
    dramsim3 = [f"{at:#x} {kind.upper()} {cycle}" for at, kind, cycle in zip(addresses, operations, cycles, strict=True)]
    assert (out / "dram_trace.dramsim3.txt").read_text().splitlines() == dramsim3


def test_simcore_dram_serves_the_trace_at_the_times_of_the_run(out: Path, tmp_path: Path) -> None:
    requests = tmp_path / "requests.csv"
    asked = ["dram", str(out / "dram_trace.txt"), "--standard", "ddr4_2400r", "--requests", str(requests), "--quiet"]
    assert CliRunner().invoke(app, asked).exit_code == 0
    assert pd.read_csv(requests)["arrive"].tolist() == pd.read_parquet(out / "dram_trace.parquet")["dram_cycle"].tolist()


@pytest.mark.slow
def test_row_groups_of_any_size_hold_the_same_rows(out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_files, "GROUP_ROWS", 16)
    assert ran(*BOTH, "--out", str(tmp_path / "small")).exit_code == 0
    for name in ("scratchpad_trace.parquet", "dram_trace.parquet"):
        metadata = pq.read_metadata(tmp_path / "small" / name)
        sizes = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
        assert set(sizes[:-1]) == {16}
        assert sum(sizes) == metadata.num_rows
        one, other = pd.read_parquet(out / name), pd.read_parquet(tmp_path / "small" / name)
        assert one.astype(object).equals(other.astype(object))


@pytest.mark.slow
def test_both_engines_write_equal_files(out: Path, tmp_path: Path) -> None:
    assert ran(*BOTH, "--engine", "simpy", "--out", str(tmp_path / "simpy")).exit_code == 0
    for name in FILES:
        assert (tmp_path / "simpy" / name).read_bytes() == (out / name).read_bytes()


def test_a_span_of_cycles_is_a_part_of_the_trace(out: Path, tmp_path: Path) -> None:
    assert ran("--trace", "dram", "--trace-cycles", "100:300", "--out", str(tmp_path / "span")).exit_code == 0
    assert {path.name for path in (tmp_path / "span").glob("*_trace.parquet")} == {"dram_trace.parquet"}
    whole, some = (pd.read_parquet(folder / "dram_trace.parquet") for folder in (out, tmp_path / "span"))
    assert some.astype(object).equals(whole[whole["cycle"].between(100, 299)].reset_index(drop=True).astype(object))


def test_python_writes_traces_into_a_folder(out: Path, tmp_path: Path) -> None:
    results = simulate("lenet5", "edge-sram-ddr4", layers="f5,output", trace=TraceOrder(tmp_path, ("dram",)))
    assert results.manifest["traces"]["files"] == {"dram_trace.parquet": len(pd.read_parquet(out / "dram_trace.parquet"))}
    assert (tmp_path / "dram_trace.txt").read_bytes() == (out / "dram_trace.txt").read_bytes()


# Bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--trace", "dram"], "--trace: expected --out DIR with --trace, because the trace is written there"),
        (["--trace", "drams", "--out", "OUT"], "no trace of 'drams'; did you mean 'dram'?"),
        (["--trace-cycles", "1:2"], "--trace-cycles 1:2: expected --trace scratchpads or --trace dram with it, got none"),
        (["--trace", "dram", "--trace-cycles", "5", "--out", "OUT"], "expected FIRST:END, such as 1000:2000, got '5'"),
        (["--trace", "dram", "--trace-cycles", "-1:5", "--out", "OUT"], "expected FIRST:END"),
        (["--trace", "dram", "--trace-cycles", "5:5", "--out", "OUT"], "of which the second is larger, got 5:5"),
        (["--system", "edge-sram", "--trace", "dram", "--out", "OUT"], "memory: main memory is a latency and a bandwidth"),
        (["--system", "titan-xp", "--trace", "scratchpads", "--out", "OUT"], "'roofline' has no scratchpads to trace"),
    ],
)
def test_what_cannot_be_traced_is_one_line_before_the_run(tmp_path: Path, arguments: list[str], message: str) -> None:
    given = [str(tmp_path / "out") if text == "OUT" else text for text in arguments]
    done = ran(*given)
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
    assert message in done.output
    assert list(tmp_path.iterdir()) == []


# Whole or absent


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let the second row group end in an error."""
    write, calls = trace_files._Table.write, iter(range(100))

    def broken(table: Any) -> None:
        if next(calls) == 1:
            raise error
        write(table)

    monkeypatch.setattr(trace_files, "GROUP_ROWS", 16)
    monkeypatch.setattr(trace_files._Table, "write", broken)


def test_a_full_disk_during_the_run_is_one_error_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, OSError(errno.ENOSPC, "No space left on device"))
    done = ran(*BOTH, "--out", str(tmp_path / "out"))
    assert done.exit_code == 2
    assert done.output == f"simcore: {tmp_path / 'out'}: cannot write here: No space left on device\n"
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_during_the_run_leaves_earlier_results_as_they_were(out: Path, tmp_path: Path, monkeypatch: Any) -> None:
    assert ran("--out", str(tmp_path / "out")).exit_code == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    failing(monkeypatch, KeyboardInterrupt())
    done = ran(*BOTH, "--out", str(tmp_path / "out"), "--overwrite")
    assert (done.exit_code, done.output) == (130, "simcore: interrupted\n")
    assert os.listdir(tmp_path) == ["out"]
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


SMALL_GROUPS = """
import os, signal, sys
from simcore.results import trace_files
from simcore.meanings.lookup import explain
trace_files.GROUP_ROWS = 16
{more}
from simcore.cli import main
main()
"""


def process(code: str, out: Path, limit: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SMALL_GROUPS.format(more=code), *RUN, *BOTH, "--out", str(out)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, preexec_fn=limit, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_file_that_the_system_lets_grow_no_further_is_one_error(tmp_path: Path) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

    done = process("import sys; sys.dont_write_bytecode = True", tmp_path / "out", limit)
    assert done.returncode == 2, done.stderr
    assert done.stderr == f"simcore: {tmp_path / 'out'}: cannot write here: File too large\n"
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
def test_a_run_killed_while_it_writes_a_trace_leaves_what_the_next_run_clears(tmp_path: Path) -> None:
    killed = """
write, calls = trace_files._Table.write, iter(range(100))
def kill(table):
    write(table)
    if next(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
trace_files._Table.write = kill
"""
    assert process(killed, tmp_path / "out").returncode == -signal.SIGKILL
    assert os.listdir(tmp_path) == [".out.simcore"]
    assert process("", tmp_path / "out").returncode == 0
    assert os.listdir(tmp_path) == ["out"]
    assert {path.name for path in (tmp_path / "out").iterdir()} >= FILES


def test_an_order_that_cannot_be_is_refused_in_python(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected traced cycles from 0 on, of which the second is larger, got -1:"):
        TraceOrder(tmp_path, ("dram",), first_cycle=-1)


def test_every_column_of_a_trace_is_explained(out: Path) -> None:
    for name in ("scratchpad_trace", "dram_trace"):
        for column in pq.read_schema(out / f"{name}.parquet").names:
            assert explain(column), column
