"""The guides for users of SCALE-Sim, Ramulator, ONNX and PyTorch: what they show runs as printed, and prints what they show."""

from __future__ import annotations

import csv
import importlib.util
import re
import sys
from pathlib import Path

import pytest
from printed_pages import DOCS, run_page, runs_in

from simcore import simulate

GOLDEN = Path(__file__).parent / "golden"
needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs the extra train (torch)")
PAGES = ["from-scale-sim.md", "from-ramulator.md", pytest.param("from-onnx-and-pytorch.md", marks=needs_torch)]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:You are using the legacy TorchScript")
@pytest.mark.parametrize("page", PAGES)
def test_the_guides_commands_and_code_print_what_they_show(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        assert run_page(page, tmp_path) == runs_in(page) > 1
    finally:
        sys.modules.pop("net", None)


def test_what_the_guide_says_of_scale_sim_is_what_it_reported() -> None:
    said = (DOCS / "from-scale-sim.md").read_text(encoding="utf-8")
    with (GOLDEN / "scalesim" / "runs.csv").open(newline="") as file:
        asked = {
            "layer": "sc_10x10x8_3x3_16",
            "dataflow": "ws",
            "array_h": "32",
            "array_w": "32",
            "mode": "CALC",
            "ifmap_kb": "64",
        }
        row = next(row for row in csv.DictReader(file) if asked.items() <= row.items())
    assert f"{float(row['Total Cycles']):.0f} total cycles and {float(row['Mapping Efficiency %'])} % mapping efficiency" in said


def test_the_columns_that_the_guide_names_are_columns() -> None:
    said = (DOCS / "from-scale-sim.md").read_text(encoding="utf-8")
    table = said[said.index("| SCALE-Sim | here |") : said.index("`BANDWIDTH_REPORT`")]
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)", table))
    assert len(named) > 8
    assert named <= set(simulate("lenet5").layers.columns)
