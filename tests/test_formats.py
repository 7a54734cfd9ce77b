"""What earlier versions wrote is read: sweeps and logs of prunings, in every form that there was (runs: test_results_load.py)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from simcore import Sweep, sweep
from simcore.errors import InputError
from simcore.report import item_saved_in, report_html
from simcore.sweeps.folder import _FORMAT
from simcore.sweeps.found import found_sweeps
from workloads.load import load_network
from workloads.pruning.log_file import FORMAT as LOG_FORMAT
from workloads.pruning.log_file import READABLE, read_log

GOLDEN = Path(__file__).parent / "golden"
SWEEPS, LOGS = GOLDEN / "sweeps", GOLDEN / "pruning"
#: The space of the sweeps, as their README gives it.
SPACE = {
    "networks": ["lenet5"],
    "systems": ["h100-sxm", "ideal-ddr4-2400"],
    "product": {"run.batch": [1, 2]},
    "objectives": ["cycles", "energy_pj"],
}
FORMS, LOG_FORMS = range(1, _FORMAT + 1), READABLE


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


def test_there_is_a_log_of_a_pruning_in_every_form() -> None:
    assert LOG_FORMS[-1] == LOG_FORMAT
    assert sorted(path.name for path in LOGS.glob("*.parquet")) == [f"format-{form}.parquet" for form in LOG_FORMS]


@pytest.mark.parametrize("form", LOG_FORMS)
def test_the_log_of_a_pruning_of_an_earlier_form_is_read(form: int) -> None:
    log = read_log(LOGS / f"format-{form}.parquet", load_network("vgg8-32"))
    assert (log.network, log.epochs, log.procedure) == ("vgg8-32", 3, "while-training")
    # A ramp of three equal steps to half of 128 filters.
    assert [live["conv1_1"] for live in log.live] == [107, 85, 64]


@pytest.mark.parametrize(
    ("form", "shown"),
    [(3, "format 3"), (0, "format 0"), (True, "format True"), ("2", "format something else"), (None, "format so")],
)
def test_the_log_of_a_pruning_of_a_later_form_is_told(form: object, shown: str, tmp_path: Path) -> None:
    table = pq.read_table(LOGS / "format-2.parquet")
    ((key, said),) = [(key, json.loads(value)) for key, value in table.schema.metadata.items() if key != b"ARROW:schema"]
    assert said["format"] == 2
    changed = table.replace_schema_metadata({key: json.dumps({**said, "format": form}).encode()})
    pq.write_table(changed, tmp_path / "log.parquet")
    with pytest.raises(InputError, match=f"expected a log of live filters in format 1 or 2, got {shown}"):
        read_log(tmp_path / "log.parquet", load_network("vgg8-32"))
