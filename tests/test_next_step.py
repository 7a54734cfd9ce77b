"""What `simcore run` says to try next: a command that runs, chosen by where the cycles went, on stderr alone."""

from __future__ import annotations

import shlex
from dataclasses import fields, replace
from types import SimpleNamespace

import pytest
from command_line import invoke
from made_up import made_up_results

from simcore import load_system, simulate
from simcore.cli.next_step import _FLAGS, _TAKEN_OVER, next_line
from simcore.cli.options import RunOptions, SimulateOptions
from simcore.kinds.advice import Change
from simcore.reading.overrides import SetOptions
from simcore.results import Results
from simcore.spec import System
from simcore.spec.allowed import first_allowed
from simcore.spec.load import preset_names
from simcore.systolic.next_step import limiting_key, next_step

RUN = RunOptions("lenet5")


def with_stalls(**share: float) -> Results:
    """Results of two layers with a thousand cycles each, of which the causes take these shares, all in the second layer."""
    results = made_up_results()
    counts = {f"stall_{cause}_cycles": 0 for cause in results.kind.causes}
    lost = {f"stall_{cause}_cycles": int(1000 * part) for cause, part in share.items()}
    first, second = ({**row, **counts} for row in results.layer_rows[:2])
    results.layer_rows = [first, {**second, **lost}]
    results.runs = (SimpleNamespace(outcome=SimpleNamespace(cycles=500)),) * 2
    return results


@pytest.mark.parametrize(
    ("stalls", "command", "reason"),
    [
        ({"write_backpressure": 0.4, "drain": 0.3}, "why", "write_backpressure takes 40.0 % of the cycles"),
        ({"read_conflict": 0.2, "dma_collision": 0.2, "drain": 0.3}, "banks", "banks collide in 40.0 % of the cycles"),
        ({"dram_wait": 0.2, "first_fill": 0.1, "read_latency": 0.25}, "run", "waits for main memory take 30.0 % of the cycles"),
        ({"drain": 0.3, "dram_wait": 0.2}, "why", "drain takes 30.0 % of the cycles"),
        ({"read_latency": 0.25}, "run", "read_latency takes 25.0 % of the cycles"),
        ({"read_latency": 0.15}, "run", "the array takes a step in 85.0 % of the cycles"),
    ],
)
def test_the_step_follows_the_group_of_causes_that_takes_most(stalls: dict[str, float], command: str, reason: str) -> None:
    results = with_stalls(**stalls)
    found = next_step(results)
    assert found is not None
    assert (found.command, found.reason) == (command, reason)
    assert found.layer == ("" if command == "run" else results.layer_rows[1]["layer"])


@pytest.mark.parametrize(
    ("bytes_per_cycle", "bursts", "moved", "key"),
    [
        # A burst of 64 bytes takes 64 + 4 cycles at 16 bytes per cycle: 17 bursts in flight move 16 bytes per cycle, 16 do not.
        (16, 17, 160_000, "memory.bytes_per_cycle"),
        (16, 16, 160_000, "dma.outstanding_bursts"),
        # 10,000 cycles are lost. 79,999 bytes at 16 per cycle explain less than half of them, 80,000 explain half.
        (16, 17, 79_999, "memory.latency_cycles"),
        (16, 17, 80_000, "memory.bytes_per_cycle"),
    ],
)
def test_what_limits_main_memory(bytes_per_cycle: int, bursts: int, moved: int, key: str) -> None:
    keys = {
        "memory.bytes_per_cycle": bytes_per_cycle,
        "memory.latency_cycles": 64,
        "memory.clock_hz": 10**9,
        "core_clock_hz": 10**9,
        "dma.outstanding_bursts": bursts,
        "dma.burst_bytes": 64,
    }
    system = load_system("edge-sram", keys)
    assert isinstance(system, System)
    assert limiting_key(system, moved, 10_000) == key


@pytest.mark.slow
@pytest.mark.parametrize("name", preset_names())
def test_what_is_proposed_runs_and_saves_time(name: str) -> None:
    results = simulate("lenet5", name)
    line = next_line(results, replace(RUN, system=name))
    program, command, *words = shlex.split(line.split(": ", 2)[2])
    assert (program, words[:1]) == ("simcore", ["lenet5"])
    if command == "run":
        changed = simulate("lenet5", name, overrides=SetOptions([word for word in words if "=" in word]))
        assert changed.time_cycles < results.time_cycles
    else:
        assert name in words


def test_the_command_takes_over_what_the_run_was_given() -> None:
    options = RunOptions(
        "a net.onnx", "my.yaml", layers="c*", batch=2, overrides=["a=1", "b=2"], quiet=True, training=True, dim=["seq=3"]
    )
    results = with_stalls(write_backpressure=0.5)
    layer = results.layer_rows[1]["layer"]
    assert next_line(results, options).endswith(
        f": simcore why 'a net.onnx' --system my.yaml --batch 2 --dim seq=3 --training --set a=1 --set b=2 --layers {layer}"
    )
    calm = with_stalls()
    assert " --layers 'c*' " in next_line(calm, options)


def test_a_layer_whose_name_is_a_pattern_is_not_named() -> None:
    results = with_stalls(write_backpressure=0.5)
    results.layer_rows[1]["layer"] = "conv[0]"
    assert next_line(results, RUN).endswith(": simcore why lenet5")


def test_every_option_of_a_run_is_taken_over_or_says_where_results_go() -> None:
    shown = {"network", "out", "overwrite", "plot", "json", "quiet"}
    assert {field.name for field in fields(SimulateOptions)} == shown | set(_TAKEN_OVER)
    for command in ("run", "banks"):
        helped = invoke(command, "--help").stdout
        for name in _TAKEN_OVER:
            assert _FLAGS.get(name, f"--{name.replace('_', '-')}") in helped


def test_without_a_loss_the_line_leads_to_a_report_and_further(monkeypatch: pytest.MonkeyPatch) -> None:
    results = with_stalls()
    monkeypatch.setattr(type(results.kind), "next_step", lambda self, results: None)
    assert next_line(results, RUN) == "Next: figures of where the time goes: simcore run lenet5 --report report.html"
    assert next_line(results, replace(RUN, report="a.html")).endswith(": simcore banks lenet5")


def test_the_line_is_on_stderr_after_tables_alone() -> None:
    shown = invoke("run", "lenet5", "--system", "ideal-titan-xp")
    line = "Next: main memory bounds 100.0 % of the time: simcore run lenet5 --system ideal-titan-xp --set "
    assert shown.stderr == f"{line}'memory.bytes_per_s=1095.4 GB/s'\n"
    assert "Next" not in shown.stdout
    for option in ("--quiet", "--json"):
        assert "Next" not in invoke("run", "lenet5", "--system", "ideal-titan-xp", option).output


def test_changes_that_the_system_refuses_are_passed_over() -> None:
    refused, allowed = Change("array.rows", "0", "32"), Change("array.rows", "64", "32")
    assert first_allowed(load_system("edge-sram"), [refused, allowed]) == allowed
    assert first_allowed(load_system("edge-sram"), [refused]) is None
