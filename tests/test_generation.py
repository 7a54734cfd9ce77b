"""``generate`` and ``simcore run --prefill --decode``: steps, those between them, totals, files and bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_report import data_of
from typer.testing import CliRunner

from simcore import InputError, generate, simulate
from simcore.cli import app
from workloads.networks.language_models import language_model

MODEL = "llama-like-1-16-2-24-1-40"
IDEAL = "ideal-ddr4-2400"


@pytest.mark.slow
@pytest.mark.parametrize("system", ["edge-sram", IDEAL])
def test_each_step_is_the_run_of_its_network(system: str) -> None:
    found = generate(MODEL, system, prefill=5, decode=3, batch=2)
    model = language_model(MODEL)
    networks = [model.prefill(5, 2), *(model.step(cached, 2) for cached in (5, 6, 7))]
    runs = [simulate(network, system) for network in networks]
    assert [step.cycles for step in found.steps] == [run.cycles for run in runs]
    assert [step.macs for step in found.steps] == [network.macs() for network in networks]
    assert [(step.number, step.phase, step.tokens, step.cached_tokens, step.found) for step in found.steps] == [
        (0, "prefill", 5, 0, "simulated"),
        *((number, "decode", 1, 4 + number, "simulated") for number in (1, 2, 3)),
    ]
    assert found.last is not None
    assert found.last.layers.equals(runs[-1].layers)
    assert found.note is None


def test_totals_follow_from_the_steps() -> None:
    found = generate(MODEL, IDEAL, prefill=5, decode=4, batch=3)
    reading, *writing = found.steps
    time_s = sum(step.cycles for step in writing) / 1e9
    energy_j = sum(step.energy_pj for step in writing) / 1e12
    moved = sum(step.dram_read_bytes + step.dram_write_bytes for step in writing)
    expected = {
        "time_to_first_token_ns": reading.cycles,
        "prefill_tokens_per_s": 15e9 / reading.cycles,
        "prefill_energy_j": reading.energy_pj / 1e12,
        "decode_time_ns": time_s * 1e9,
        "time_per_token_ns": time_s * 1e9 / 4,
        "tokens_per_s": 12 / time_s,
        "energy_per_token_j": energy_j / 12,
        "step_dram_bytes": moved / 4,
        "generation_time_ns": reading.cycles + time_s * 1e9,
        "generation_energy_j": reading.energy_pj / 1e12 + energy_j,
    }
    assert found.totals == pytest.approx(expected, rel=1e-12)


def test_steps_between_simulated_ones_grow_evenly() -> None:
    every, some = (generate(MODEL, IDEAL, prefill=4, decode=8, every=n) for n in (1, 3))
    assert [step.found[0] for step in some.steps[1:]] == list("siisiiss")
    # Each token in the cache adds the same bytes and products to a step.
    for name in ("macs", "dram_read_bytes", "dram_write_bytes", "energy_pj", "cached_tokens"):
        assert [getattr(step, name) for step in some.steps] == pytest.approx([getattr(step, name) for step in every.steps]), name
    assert some.note == "4 of 8 decode steps were simulated; each of the other 4 lies between its neighbours"
    second = some.steps[1].cycles + (some.steps[4].cycles - some.steps[1].cycles) / 3
    assert some.steps[2].cycles == pytest.approx(second)


def test_a_text_that_is_only_read_has_no_rate_of_writing() -> None:
    found = generate(MODEL, IDEAL, prefill=3)
    assert (found.last, found.totals["tokens_per_s"], found.totals["energy_per_token_j"]) == (None, None, None)
    assert found.totals["generation_time_ns"] == found.steps[0].time_ns


@pytest.mark.slow
@pytest.mark.parametrize("system", ["edge-sram", "cloud-128x128-ws", "h100-sxm", IDEAL, "pim-dram-ddr4"])
def test_every_kind_of_machine_writes_tokens(system: str) -> None:
    found = generate(MODEL, system, prefill=4, decode=2)
    rows = {kind["op"]: kind for kind in found.layer_kinds(found.last)} if found.last else {}
    assert {"linear", "matmul", "softmax", "layer-norm", "embedding"} <= set(rows)
    assert sum(kind["cycles"] for kind in rows.values()) == found.steps[-1].cycles
    assert found.totals["tokens_per_s"] == pytest.approx(2e9 / sum(step.time_ns for step in found.steps[1:]))


@pytest.mark.parametrize(("steps", "told"), [(1, "seconds"), (2, "seconds"), (1001, "minutes")])
def test_a_run_that_takes_too_long_is_refused_before_it_begins(steps: int, told: str) -> None:
    """All 32 blocks are alike, and so are the products with weights of all steps: those of the first step take most time."""
    with pytest.raises(InputError, match=rf"takes about [0-9]+ {told}, the limit is 1 seconds"):
        generate("llama-7b", "edge-sram", prefill=512, decode=steps, limit_s=1)


def invoke(*arguments: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(app, ["run", *arguments])
    return found.exit_code, found.stdout, found.stderr


def test_the_command_prints_steps_and_rates_and_saves_them(tmp_path: Path) -> None:
    asked = (MODEL, "--prefill", "4", "--decode", "3", "--system", IDEAL)
    code, printed, _ = invoke(*asked, "--out", str(tmp_path / "run"))
    assert code == 0
    for told in ("Steps of", "Last decode step by kind of layer", "tokens per second", "joules per token", "time to first token"):
        assert told in printed
    code, printed, _ = invoke(*asked, "--json")
    found = generate(MODEL, IDEAL, prefill=4, decode=3)
    assert (code, json.loads(printed)) == (0, json.loads(json.dumps(found.to_json())))
    saved = json.loads((tmp_path / "run" / "results.json").read_text())
    assert saved["totals"] == found.to_json()["totals"]
    tables = {"steps", "totals", "prefill_layers", "decode_layers", "prefill_bounds", "decode_bounds"}
    assert {path.stem for path in (tmp_path / "run").glob("*.csv")} == tables
    code, printed, _ = invoke(*asked, "--quiet")
    assert (code, printed.count("\n")) == (0, 1)
    assert "tokens/s" in printed


def test_only_the_chosen_layers_of_each_step_run() -> None:
    chosen, whole = (generate(MODEL, IDEAL, prefill=4, decode=2, layers=layers) for layers in ("head,*scores", None))
    assert chosen.last is not None
    assert whole.last is not None
    for some, everything in ((chosen.prefill, whole.prefill), (chosen.last, whole.last)):
        layers = everything.layers.set_index("layer")["cycles"]
        ran = some.layers.set_index("layer")["cycles"]
        assert set(ran.index) == {name for name in layers.index if name == "head" or name.endswith("scores")}
        assert dict(ran) == dict(layers[ran.index])
    assert chosen.totals["decode_time_ns"] == sum(step.time_ns for step in chosen.steps[1:])
    assert chosen.to_json()["chosen_layers"] == "head,*scores"
    code, printed, _ = invoke(MODEL, "--prefill", "4", "--decode", "2", "--system", IDEAL, "--layers", "head,*scores")
    assert code == 0
    assert "Only layers that match 'head,*scores' ran" in printed


def test_an_estimate_holds_what_the_run_takes(tmp_path: Path) -> None:
    asked = (MODEL, "--prefill", "4", "--decode", "3", "--system", IDEAL)
    code, printed, _ = invoke(*asked, "--estimate", "--json", "--out", str(tmp_path / "run"))
    assert (code, list(tmp_path.iterdir())) == (0, [])
    size = json.loads(printed)
    found = generate(MODEL, IDEAL, prefill=4, decode=3)
    found.save(tmp_path / "run")
    written = sum(path.stat().st_size for path in (tmp_path / "run").iterdir())
    assert size["disk_bytes"]["least"] <= written <= size["disk_bytes"]["most"]
    model = language_model(MODEL)
    networks = [model.prefill(4), *(model.step(cached) for cached in (4, 5, 6))]
    assert size["layers"] == sum(len(network.instances()) for network in networks)
    several = json.loads(invoke(MODEL, "--prefill", "4", "--decode", "3", "--estimate", "--json")[1])
    least = json.loads(invoke(MODEL, "--prefill", "4", "--estimate", "--json", "--layers", "head")[1])
    assert (least["layers"], least["cycles"] < several["cycles"]) == (1, True)


def test_a_report_has_the_steps_and_both_runs(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    code, _, told = invoke(MODEL, "--prefill", "4", "--decode", "2", "--system", IDEAL, "--report", str(path))
    assert (code, told) == (0, "")
    prefill, step, tokens = data_of(path.read_text())["items"]
    assert (prefill["name"], step["name"], tokens["name"]) == ("prefill", "decode step 2", "tokens")
    found = generate(MODEL, IDEAL, prefill=4, decode=2)
    cycles = next(column for column in tokens["tables"][0]["columns"] if column["name"] == "cycles")
    assert cycles["cells"] == [step.cycles for step in found.steps]
    assert dict(tokens["findings"])["tokens_per_s"] == pytest.approx(found.totals["tokens_per_s"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("lenet5", "--prefill", "4"), "network: expected a language model"),
        ((MODEL, "--decode", "4"), "--prefill: expected --prefill N with --decode"),
        ((MODEL, "--prefill", "0"), "--prefill: expected an integer of at least 1, got 0"),
        ((MODEL, "--prefill", "4", "--decode", "-1"), "--decode: expected an integer from 0 to 65536, got -1"),
        ((MODEL, "--prefill", "4", "--decode", "4", "--decode-every", "0"), "--decode-every: expected an integer of at least 1"),
        (("gpt2", "--prefill", "1000", "--decode", "25"), "--decode: expected at most 1024 tokens, the positions of gpt2"),
        (("llama-7b", "--prefill", "2049"), "--decode: expected at most 2048 tokens, the positions of llama-7b"),
        ((MODEL, "--prefill", "4", "--training"), "--training: expected no --training with --prefill"),
        (("resnet18", "--decode", "3"), "network: expected a language model (gpt2, llama-3-8b, "),
        ((MODEL, "--prefill", "4", "--layers", "haed"), "network 'llama-like-1-16-2-24-1-40': no layer matches 'haed'"),
        ((MODEL, "--prefill", "4", "--timeline", "t.pftrace"), "--timeline: expected no --timeline with --prefill"),
        ((MODEL, "--prefill", "4", "--trace", "dram"), "--trace: expected no --trace with --prefill"),
        ((MODEL, "--prefill", "4", "--batch", "0"), "--batch: expected an integer from 1 to 65536, got 0"),
    ],
)
def test_bad_input_is_one_clear_line(arguments: tuple[str, ...], expected: str) -> None:
    code, printed, told = invoke(*arguments)
    assert (code, printed) == (2, "")
    assert told.startswith(f"simcore: {expected}")
    assert told.count("\n") == 1
