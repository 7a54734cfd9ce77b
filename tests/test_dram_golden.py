"""Command streams and read latencies equal Ramulator 2.1's, command by command (provenance: golden/dram/STREAMS.md)."""

import pytest
from dram_golden import assert_equal_to_golden, golden_run, run_names

from simcore.engine.dram_traces import run_trace

# 57,560 and 40,653 cycles: seconds in the reference engine.
_LONG = ("bank_conflict",)


@pytest.mark.parametrize("name", run_names("1k") + [pytest.param(name, marks=pytest.mark.slow) for name in run_names("10k")])
def test_compiled_controller_issues_ramulators_commands(name: str) -> None:
    golden = golden_run(name)
    assert_equal_to_golden(run_trace(golden.dram, golden.trace, golden.controller, record_commands=True), golden)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in run_names("1k") if not any(pattern in name for pattern in _LONG)])
def test_reference_controller_issues_ramulators_commands(name: str) -> None:
    golden = golden_run(name)
    assert_equal_to_golden(run_trace(golden.dram, golden.trace, golden.controller, "simpy", record_commands=True), golden)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in run_names("1k") if any(pattern in name for pattern in _LONG)])
def test_reference_controller_issues_ramulators_commands_under_bank_conflicts(name: str) -> None:
    golden = golden_run(name)
    assert_equal_to_golden(run_trace(golden.dram, golden.trace, golden.controller, "simpy", record_commands=True), golden)


# The 10k runs: row hits and activations that Ramulator's statistics give.
@pytest.mark.parametrize(
    ("name", "activations", "hits"),
    [
        ("ram_ddr4_2400R.row_hit.10k", 327, 9673),
        ("ram_ddr4_2400R.seq_rd.10k", 86, 9914),
        ("ram_ddr4_2400R.rand_mix21.10k", 9995, 5),
    ],
)
def test_row_hits_and_activations_are_ramulators(name: str, activations: int, hits: int) -> None:
    golden = golden_run(name)
    outcome = run_trace(golden.dram, golden.trace, golden.controller)
    assert (outcome.counts["ACT"], outcome.row_hits) == (activations, hits)
