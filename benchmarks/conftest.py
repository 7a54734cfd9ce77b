"""Shared by the benchmarks: tables printed at the end of the session, and kernels compiled before anything is timed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmarks.fresh import run_simcore

#: Rows of each table, by its title; the first row is the header.
TABLES: dict[str, list[list[str]]] = {}


def add_row(title: str, **cells: object) -> None:
    """Add a row to the table of this title. Its columns are those of its first row."""
    TABLES.setdefault(title, [[name.replace("_", " ") for name in cells]]).append([str(cell) for cell in cells.values()])


def speed_cells(cycles: int, cpu_s: float, decimals: int = 2) -> dict[str, str]:
    """Return the cells of a row that say how fast a run was."""
    return {"cycles": f"{cycles:,}", "CPU_s": f"{cpu_s:.{decimals}f}", "cycles_per_CPU_s": f"{cycles / cpu_s:,.0f}"}


@pytest.fixture(scope="session")
def _warm_kernel() -> None:
    """Compile the kernels now if this checkout has not compiled them before."""
    run_simcore("run", "lenet5", "--quiet")
    run_simcore("run", "lenet5", "--system", "edge-sram-ddr4", "--quiet")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for title, rows in TABLES.items():
        terminalreporter.write_sep("-", title)
        for line in _aligned(rows):
            terminalreporter.write_line(line)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]
