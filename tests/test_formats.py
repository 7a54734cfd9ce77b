"""What earlier versions wrote is read: sweeps and logs of prunings, in every form that there was (runs: test_results_load.py)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from simcore import Sweep, sweep
from simcore.report import item_saved_in, report_html
from simcore.sweeps.folder import _FORMAT
from simcore.sweeps.found import found_sweeps
from workloads.load import load_network
from workloads.pruning.log_file import read_log

GOLDEN = Path(__file__).parent / "golden"
SWEEPS = GOLDEN / "sweeps"
#: The space of the sweeps, as their README gives it.
SPACE = {
    "networks": ["lenet5"],
    "systems": ["h100-sxm", "ideal-ddr4-2400"],
    "product": {"run.batch": [1, 2]},
    "objectives": ["cycles", "energy_pj"],
}
FORMS = range(1, _FORMAT + 1)


def test_there_is_a_sweep_of_every_form() -> None:
    assert sorted(path.name for path in SWEEPS.glob("format-*")) == [f"format-{form}" for form in FORMS]


@pytest.mark.parametrize("form", FORMS)
def test_a_sweep_of_an_earlier_form_is_read(form: int) -> None:
    found = Sweep.load(SWEEPS / f"format-{form}")
    assert found.axes == ("network", "system", "run.batch")
    assert found.table[["system", "run.batch"]].values.tolist() == [
        [system, batch] for system in ("h100-sxm", "ideal-ddr4-2400") for batch in (1, 2)
    ]
    # LeNet-5 multiplies 416,520 times for an image (its layers by hand: 117,600 + 240,000 + 48,000 + 10,080 + 840).
    assert found.table["macs"].tolist() == [416_520, 833_040] * 2
    assert report_html([item_saved_in(SWEEPS / f"format-{form}")])
    assert [each.name for each in found_sweeps(SWEEPS / f"format-{form}")] == ["."]


@pytest.mark.parametrize("form", FORMS)
def test_a_sweep_of_an_earlier_form_goes_on_and_loses_nothing(form: int, tmp_path: Path) -> None:
    before = SWEEPS / f"format-{form}"
    copied = shutil.copytree(before, tmp_path / "sweep")
    found = sweep(SPACE, copied, jobs=1)
    assert len(found.table) == 4
    assert (copied / "log.jsonl").read_bytes().startswith((before / "log.jsonl").read_bytes())


def test_the_log_of_a_pruning_of_an_earlier_form_is_read() -> None:
    log = read_log(GOLDEN / "pruning" / "first.parquet", load_network("vgg8-32"))
    assert (log.network, log.epochs, log.procedure) == ("vgg8-32", 3, "while-training")
    # A ramp of three equal steps to half of 128 filters.
    assert [live["conv1_1"] for live in log.live] == [107, 85, 64]
