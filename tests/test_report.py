"""A report is one small file that loads nothing, whatever the names in it are."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import invoke, printed_json
from made_up import made_up_results
from report_runs import HOSTILE, run_of_layers

from simcore import simulate, sweep
from simcore.errors import InputError
from simcore.report import item_saved_in, report_html, write_report
from simcore.report.build import MOST_BYTES
from simcore.report.columns import column_object
from simcore.report.page import packed
from simcore.results import Results
from simcore.results.heatmap import bank_heat_map
from simcore.saving.mark import write_mark


def data_of(page: str) -> Any:
    found = re.search(r'<script type="text/plain" id="data">([A-Za-z0-9+/=]*)</script>', page)
    assert found is not None
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


def cells_of(column: dict[str, Any], rows: int) -> list[Any]:
    return [column["all"]] * rows if "all" in column else column["cells"]


def test_the_policy_allows_only_the_style_and_the_script_of_the_page() -> None:
    page = report_html([made_up_results()])
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1])  # type: ignore[index]
    assert policy.startswith("default-src 'none'; ")
    for tag, source in (("style", "style-src"), ("script", "script-src")):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert len(inside) == 1
        digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert f"{source} 'sha256-{digest}'" in policy
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", page)
    assert not re.findall(r"""\son[a-z]+=["']""", page.partition("<style>")[0])


def test_the_tables_in_the_page_are_those_of_the_run() -> None:
    results = made_up_results()
    item = data_of(report_html([results]))["items"][0]
    layers = {column["name"]: cells_of(column, 3) for column in item["layers"]["columns"]}
    assert layers["layer"] == ["conv1", "relu1", "pool1"]
    assert layers["cycles"] == results.layers["cycles"].tolist()
    assert layers["start_cycle"][1] is None
    tables = {table["name"]: table for table in item["tables"]}
    banks = {column["name"]: cells_of(column, tables["banks"]["rows"]) for column in tables["banks"]["columns"]}
    assert banks["conflict_cycles"] == results.banks["conflict_cycles"].tolist()
    assert {metric: value for metric, value, _ in item["totals"]["metrics"]}["cycles"] == results.cycles


def test_the_map_of_the_run_is_that_of_the_results() -> None:
    results = made_up_results()
    whole = data_of(report_html([results]))["items"][0]["heat"]["whole"]
    for what in ("conflict", "busy"):
        steps = np.frombuffer(base64.b64decode(whole[what]["steps"]), np.uint8)
        banks = results.facts["banks"]
        ports = np.array([bank["ports"] for bank in banks])[:, None] if what == "busy" else 1
        expected = bank_heat_map(results.runs, len(banks), whole["columns"], what) / ports  # type: ignore[arg-type]
        shares = steps.reshape(expected.shape) / 255 * whole[what]["most"]
        # half a step of rounding, and a whole one where a small share is shown as the least step
        assert np.abs(shares - expected).max() <= whole[what]["most"] / 255 + 1e-6
        assert (shares > 0).tolist() == (expected > 0).tolist()


@pytest.mark.slow
@pytest.mark.parametrize("system", ["edge-sram-ddr4", "ideal-ddr4-2400", "h100-sxm", "pim-dram-feasibility"])
def test_a_saved_run_of_each_kind_gives_the_page_of_the_run_itself(system: str, tmp_path: Path) -> None:
    results = simulate("lenet5", system, layers="c1,s2")
    assert report_html([item_saved_in(results.save(tmp_path / "run"))]) == report_html([results])


@pytest.mark.parametrize("name", HOSTILE)
def test_names_never_become_markup(name: str) -> None:
    results = run_of_layers([name, "conv"], network=name)
    page = report_html([results, results], [name, "other"])
    assert page.count("<script") == 2  # the data and our own
    assert page.count("</script>") == 2
    assert "<img" not in page.partition("<style>")[0] + page.rpartition("</style>")[2].partition("<script>")[0]
    layers = data_of(page)["items"][0]["layers"]["columns"][0]["cells"]
    assert layers[0] == name[:2000]


@pytest.mark.slow
def test_ten_thousand_layers_fit() -> None:
    page = report_html([run_of_layers([f"{HOSTILE[0]}{number}" for number in range(10_000)])])
    assert len(page.encode()) <= MOST_BYTES
    item = data_of(page)["items"][0]
    assert item["layers"]["kept"] == 10_000
    assert item["heat"]["whole"]["cycles"] == item["facts"]["cycles"]
    assert item["heat"]["left_out"] + len(item["heat"]["layers"]) == 10_000


def test_two_runs_are_compared_in_the_page() -> None:
    runs = [simulate("lenet5", system) for system in ("edge-sram", "edge-stt")]
    found = data_of(report_html(runs))
    assert [item["name"] for item in found["items"]] == ["edge-sram", "edge-stt"]
    assert found["comparison"]["says"][0][0].startswith("lenet5: edge-stt takes")


def save_study(folder: Path, tables: object) -> Path:
    (folder / "figures").mkdir(parents=True)
    (folder / "figures" / "time.svg").write_text(
        "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><script>window.harmed=parent.harmed=1</script></svg>"
    )
    found = {"tables": tables, "conclusions": ["It is <b>so</b>."], "findings": {"a": {"b": 2}}, "settings": {"quick": True}}
    (folder / "results.json").write_text(json.dumps(found))
    (folder / "index.md").write_text("# My study: tables and figures\n\n- [time.svg](figures/time.svg): the time\n")
    write_mark(folder)
    return folder


def test_a_study_shows_its_conclusions_tables_and_figures(tmp_path: Path) -> None:
    page = report_html([item_saved_in(save_study(tmp_path / "study", {"times": [{"x": 1, "y": "<i>"}, {"x": 2.5, "y": None}]}))])
    item = data_of(page)["items"][0]
    assert item["title"] == "My study"
    assert item["conclusions"] == ["It is <b>so</b>."]
    assert item["figures"][0]["caption"] == "the time"
    assert [column["cells"] for column in item["tables"][0]["columns"]] == [[1, 2.5], ["<i>", None]]
    assert item["findings"] == [["a.b", 2]]
    assert "It is &lt;b&gt;so&lt;/b&gt;." in page
    assert page.count("<script") == 2


@pytest.mark.slow
def test_a_sweep_shows_its_points_and_its_front(tmp_path: Path) -> None:
    found = sweep({"networks": ["lenet5"], "systems": ["edge-sram", "edge-stt"]}, tmp_path / "sweep", jobs=1)
    item = data_of(report_html([item_saved_in(tmp_path / "sweep")]))["items"][0]
    tables = {table["name"]: table for table in item["tables"]}
    points = {column["name"]: cells_of(column, 2) for column in tables["points"]["columns"]}
    assert points["cycles"] == found.table["cycles"].tolist()
    assert tables["pareto front"]["rows"] == len(found.pareto)
    assert item["conclusions"][0] == "2 points, of which 0 failed."


@pytest.mark.parametrize("tables", [None, [], {"a": 3}, {"a": [3]}])
def test_a_study_without_tables_is_an_error(tables: object, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"in 'results\.json'|of 'results\.json'"):
        item_saved_in(save_study(tmp_path / "study", tables))


def test_a_report_replaces_only_a_report(tmp_path: Path) -> None:
    other = tmp_path / "thesis.html"
    other.write_text("mine\n")
    with pytest.raises(InputError, match="did not write"):
        write_report(other, [made_up_results()])
    assert other.read_text() == "mine\n"
    ours = write_report(tmp_path / "report.html", [made_up_results()])
    before = ours.read_bytes()
    assert write_report(ours, [made_up_results()]).read_bytes() == before


def test_no_runs_and_too_many_are_errors() -> None:
    with pytest.raises(InputError, match="got none"):
        report_html([])
    with pytest.raises(InputError, match="at most 64"):
        report_html([made_up_results()] * 65)


def test_values_of_cells_are_plain() -> None:
    column = column_object("x", [1, 2.5, float("nan"), float("inf"), None], {})
    assert column == {"name": "x", "unit": "", "text": "", "number": True, "cells": [1, 2.5, None, None, None]}
    assert column_object("x", [3, 3], {})["all"] == 3
    assert "all" not in column_object("x", [1, True], {})
    assert column_object("x", [2**60], {})["all"] == str(2**60)


@pytest.mark.slow
def test_the_commands_write_reports(tmp_path: Path) -> None:
    one, two = tmp_path / "one.html", tmp_path / "two.html"
    assert invoke("run", "lenet5", "--quiet", "--report", str(one), "--out", str(tmp_path / "run")).exit_code == 0
    result = invoke("report", str(tmp_path / "run"), "lenet5@edge-stt", "--out", str(two))
    assert result.exit_code == 0
    assert f"{two.stat().st_size:,} bytes" in result.stderr
    assert [item["name"] for item in data_of(two.read_text())["items"]] == ["run", "lenet5@edge-stt"]
    loaded = Results.load(tmp_path / "run")
    assert data_of(one.read_text())["items"][0]["facts"]["cycles"] == loaded.cycles


@pytest.mark.slow
def test_the_trials_of_why_stand_below_their_losses(tmp_path: Path) -> None:
    path = tmp_path / "why.html"
    told = printed_json("why", "lenet5", "--system", "edge-stt", "--layer", "f6", "--report", str(path))
    losses = {(loss["cause"], loss["place"] or ""): loss for loss in data_of(path.read_text())["items"][0]["losses"]}
    assert any(loss["changes"] for loss in told["losses"])
    for loss in told["losses"]:
        shown = losses[loss["cause"], loss["place"] or ""]["trials"]
        trials = [*loss["changes"], *([loss["together"]] if loss["together"] else [])]
        columns = {column["name"]: cells_of(column, shown["rows"]) for column in shown["columns"]}
        assert columns["change"] == [" ".join(trial["set"]) for trial in trials]
        assert columns["saved"] == [trial["saved_cycles"] for trial in trials]


@pytest.mark.parametrize("arguments", [["nothing"], ["lenet5@edge-sram", "--out", "no/such/folder/r.html"], ["a", "--out", "x/"]])
def test_bad_reports_are_errors(arguments: list[str]) -> None:
    result = invoke("report", *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("simcore: ")


def test_a_number_that_json_does_not_know_is_one_error() -> None:
    """A manifest that was changed by hand may hold 1e999, which Python reads as infinite."""
    with pytest.raises(InputError, match="expected finite numbers"):
        packed({"cycles": float("inf")})
