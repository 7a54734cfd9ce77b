"""An estimate rejects traces that would take too long, and an empty trace gets a warning."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from simcore.cli import app


def run(tmp_path: Path, lines: str, *options: str) -> tuple[int, str]:
    path = tmp_path / "a.trace"
    path.write_text(lines)
    result = CliRunner().invoke(app, ["dram", str(path), "--standard", "ddr4_2400r", "--quiet", *options])
    return result.exit_code, result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cycle", "refreshes", "time"), [(2**48 - 1, "30,059,267,056", "100 minutes"), (10**14, "10,679,196,924", "36 minutes")]
)
def test_a_trace_line_at_a_cycle_beyond_reason_is_refused(cycle: int, refreshes: str, time: str, tmp_path: Path) -> None:
    says = (
        f"simcore: simulating 2 requests and about {refreshes} refreshes up to cycle {cycle + 2:,} (engine 'compiled') "
        f"takes about {time}, the limit is 10 minutes; "
        "check the cycles of the trace, choose --no-refresh, or lift the limit with --no-limit\n"
    )
    assert run(tmp_path, f"0 R 0\n{cycle} W 40\n") == (2, says)


def test_without_refreshes_idle_cycles_cost_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, f"0 R 0\n{2**48 - 1} W 40\n", "--no-refresh")[0] == 0


def test_the_limit_can_be_lifted(tmp_path: Path) -> None:
    lines = "0 R 0\n30000000 R 40\n"
    code, told = run(tmp_path, lines.replace("30000000", "30000000000"), "--engine", "simpy")
    assert (code, "takes about 36 minutes, the limit is 10 minutes" in told) == (2, True)
    assert run(tmp_path, lines, "--no-limit")[0] == 0


def test_an_empty_trace_is_reported_of(tmp_path: Path) -> None:
    code, told = run(tmp_path, "# nothing\n")
    assert (code, told) == (0, f"{tmp_path}/a.trace: warning: it holds no request at all\n")
