"""The files in the guide to one's own dataflow and layer are written out and run as the guide says."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simcore import simulate
from simcore.cli import app

GUIDE = Path(__file__).parents[1] / "docs" / "your-own-dataflow-and-layer.md"


@pytest.fixture
def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.slow
def test_the_dataflow_runs(blocks: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("turned.py").write_text(blocks[0])
    command = re.search(r"simcore (run lenet5 --dataflow .*--check-values)", GUIDE.read_text(encoding="utf-8"))
    assert command is not None
    found = CliRunner().invoke(app, [*command[1].split(), "--layers", "output,f6"])
    assert found.exit_code == 0, found.output
    assert simulate("lenet5", dataflow="turned.py:TURNED", layers="c1").layers["cycles"].iloc[0] > 0


def test_the_layer_runs(blocks: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "square.py").write_text(blocks[1])
    (tmp_path / "use.py").write_text(blocks[2])
    made = runpy.run_path(str(tmp_path / "use.py"))
    sys.modules.pop("square")
    trained = made["results"].layers.set_index("layer")
    assert (trained.loc[["square", "square.input_gradient"], "cycles"] > 0).all()
    inference = simulate(made["builder"].build(), "edge-sram").layers.set_index("layer")
    assert inference.loc["square", "fused_into"] == "conv"
