"""``simcore why`` of other kinds of machine, and the command and its guide."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from bottlenecks import network
from command_line import invoke
from test_why import SLOW_PAD

from simcore import InputError
from simcore.kinds import MachineKind, kind_names, machine_kind
from simcore.spec import load_system
from simcore.systolic.remedies import COMPUTE
from simcore.why import why


def test_a_roofline_says_which_bound_takes_its_time() -> None:
    found = why("lenet5", "titan-xp")
    assert sum(finding.loss.cycles for finding in found.findings) == pytest.approx(found.results.cycles, rel=0.05)
    first = found.findings[0]
    bounds = found.results.tables()["bounds"]
    assert set(bounds["bound_by"]) >= {first.loss.cause}
    best = first.trials[0]
    assert best.change.key == {"memory": "memory.bytes_per_s", "compute": "peak_macs_per_s.four_bytes"}[first.loss.cause]
    assert best.saved_cycles > 0.4 * first.loss.cycles


def test_an_ideal_machine_behind_a_dram_wants_channels() -> None:
    found = why("lenet5", "ideal-ddr4-2400")
    assert [item.change.overrides for item in found.findings[0].trials] == [("memory.overrides.channel=2",)]


@pytest.mark.parametrize("name", kind_names())
def test_every_kind_of_simcore_says_where_its_time_goes(name: str) -> None:
    assert type(machine_kind(name)).losses is not MachineKind.losses


def test_a_kind_that_cannot_say_is_an_error() -> None:
    class Silent(MachineKind[Any, Any]):
        name = "silent"
        spec = macs_per_cycle = estimate = plan = run = property(lambda self: None)  # type: ignore[assignment]

    with pytest.raises(InputError, match="a machine of kind 'silent' cannot say why"):
        Silent().losses(None)  # type: ignore[arg-type]


def test_trials_that_take_too_long_are_refused() -> None:
    with pytest.raises(InputError, match=r"trying \d+ changes takes about"):
        why("lenet5", "edge-stt", limit_s=0.3)


@pytest.mark.slow
def test_progress_counts_the_trials() -> None:
    calls: list[tuple[int, int, str]] = []
    found = why(network(), load_system("edge-stt", SLOW_PAD), progress=lambda *call: calls.append(call))
    assert [done for done, _, _ in calls] == sorted(done for done, _, _ in calls)
    (total,) = {total for _, total, _ in calls}
    assert total <= found.simulated <= total + len(found.findings)


@pytest.fixture(scope="module")
def command() -> Sequence[str]:
    return ["why", "lenet5", "--system", "edge-stt", "--layer", "output", "--set", "scratchpads.ofmap.write_buffer.depth=2"]


@pytest.mark.slow
def test_the_command_prints_the_losses_and_their_changes(command: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    result = invoke(*command)
    assert result.exit_code == 0, result.output
    assert max(len(line) for line in result.stdout.splitlines()) <= 60
    told = " ".join(result.stdout.split())
    assert re.search(r"1\. \w+ in \w+: [\d,]+ cycles, ", told)
    assert "No cycle saved by " in told
    assert "changed systems were simulated" in told


@pytest.mark.slow
def test_the_json_holds_every_trial(command: Sequence[str]) -> None:
    found = json.loads(invoke(*command, "--json").stdout)
    assert list(found) == ["network", "system", "kind", "cycles", "compute_cycles", "says", "losses", "simulated_changes"]
    first = found["losses"][0]
    assert first["cycles"] == max(loss["cycles"] for loss in found["losses"] if loss["cause"] != COMPUTE)
    for change in first["changes"]:
        assert change["cycles"] + change["saved_cycles"] == found["cycles"]
    saved = [change["saved_cycles"] for change in first["changes"]]
    assert saved == sorted(saved, reverse=True)


def test_an_unknown_layer_is_one_error_line() -> None:
    result = invoke("why", "lenet5", "--layer", "nothing")
    assert result.exit_code == 2
    assert result.stderr.startswith("simcore: ")
    assert len(result.stderr.splitlines()) == 1


# The guide -----------------------------------------------------------------------------------------------------------------

GUIDE = (Path(__file__).parents[1] / "docs" / "bottlenecks.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("command", re.findall(r"^simcore (.*)$", GUIDE, flags=re.MULTILINE))
def test_commands_of_the_guide_run(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert invoke(*command.replace("resnet18", "lenet5").split()).exit_code == 0


@pytest.mark.slow
def test_python_of_the_guide_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)
    exec(compile(code, "bottlenecks.md", "exec"), {})
    assert capsys.readouterr().out.startswith("write_backpressure in ofmap")
