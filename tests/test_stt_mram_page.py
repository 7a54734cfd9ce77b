"""The page of the study against a recorded run of it, and that run against what the code computes today."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from stt_mram_page import JOULES_AT, PAGE, recorded, rewritten

from simcore.studies.stt_mram.chips.energy import step_of
from simcore.studies.stt_mram.chips.findings import contribution_findings, net_findings
from simcore.studies.stt_mram.chips.formats import FORMATS, Format, Task
from simcore.studies.stt_mram.chips.made import NO_SPLIT, Split, Writes, contributions
from simcore.studies.stt_mram.chips.nets import net_tasks
from simcore.studies.stt_mram.chips.part import with_energy
from simcore.studies.stt_mram.gains import gain_findings
from simcore.studies.stt_mram.settings import NODE_NM, WORD_BITS, SttMramSettings
from simcore.studies.stt_mram.where.configuration import configuration_of
from simcore.studies.stt_mram.where.part import study_only
from simcore.studies.write_errors.training_runs import DataSource
from workloads.faults.device import MacroDevice
from workloads.networks.images import Image

DEVICE = MacroDevice(cell=SttMramSettings().cell, node_nm=NODE_NM, leakage_class="lop", word_bits=WORD_BITS)
DIGIT: Image = (1, 8, 8)
GAINS = ["write_energy_gain", "step_energy_gain", "relative_cycles"]


def bits_of(told: str) -> Split:
    """Return the split that a table tells, such as ``ifmap 5, filter 6``."""
    return Split({**NO_SPLIT.bits, **{pad: int(bits) for pad, bits in re.findall(r"(\w+) (\d+)", told)}})


def energies(task: Task, words: Format, split: Split, combined: list[str], image: Image) -> pd.DataFrame:
    """Return the energies of the chips that combine these, the reference first."""
    made = {parts: chip for chip, parts in contributions(words, Writes(DEVICE), split)}
    table = with_energy([made[parts] for parts in combined], step_of(task.setup(words).training, image), DEVICE)
    return table.assign(combines=combined).set_index("combines")[GAINS]


def test_the_tables_of_the_page_are_those_of_the_recorded_run() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert rewritten(page) == page


def test_the_page_says_what_the_recorded_run_found() -> None:
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    bf16, fixed16, masters = contribution_findings(recorded("accuracy_contributions"))
    assert bf16["reached"]
    assert fixed16["reached"]
    for told in (bf16, fixed16):
        assert f"{told['best']['write_energy_gain']:.2f} times" in page
        assert f"{told['best_guarded']['write_energy_gain']:.2f} times" in page
    assert f"{masters['best_guarded']['write_energy_gain']:.2f} times" in page
    assert "**More than 2 times less write energy is reached, with less than a point lost from both sets of seeds**" in page
    lost = bf16["upper_bits"]
    assert f"Of {lost['runs']} trainings on chips whose upper bits are written at it" in page
    whole = next(each for each in gain_findings(recorded("gain_ranges")) if each["scope"] == "system")
    assert f"The whole system gains at most {whole['greatest_gain']:.1f} times" in page


@pytest.mark.slow
@pytest.mark.parametrize("words", FORMATS[:2], ids=["bf16", "fixed16"])
def test_energies_of_the_recorded_chips_are_those_of_today(words: Format) -> None:
    table = recorded("accuracy_contributions")
    table = table[table["format"] == words.name].set_index("combines")
    split = bits_of(table.loc["baseline, errors", "bits_that_err"])
    some = ["reference", "accumulator", "baseline, errors", "guard, accumulator, errors", "baseline, array"]
    task = Task("small-cnn", DataSource(), 1)
    pd.testing.assert_frame_equal(energies(task, words, split, some, DIGIT), table.loc[some, GAINS], rtol=1e-9)


@pytest.mark.slow
def test_energies_of_the_larger_networks_are_those_of_today() -> None:
    rows = recorded("accuracy_nets")
    for told, task in zip(net_findings(rows), net_tasks(None), strict=True):
        assert (told["net"], told["epochs"]) == (task.net, task.epochs)
        found = energies(
            task, FORMATS[0], bits_of(told["bits_that_err"]), ["reference", "guard, accumulator, errors"], (1, 16, 16)
        )
        gains = rows[rows["net"] == task.net].iloc[[0, -1]][GAINS]
        assert found.to_numpy() == pytest.approx(gains.to_numpy(), rel=1e-9)


@pytest.mark.slow
def test_joules_of_a_named_configuration_are_those_of_today() -> None:
    settings = SttMramSettings(networks=("lenet5",), only=configuration_of(JOULES_AT))
    assert settings.only is not None
    found = study_only(settings.only, settings, None).tables["joules"]
    rows = recorded("joules")
    rows = rows[(rows["only"] == JOULES_AT) & (rows["network"] == "lenet5")].reset_index(drop=True)
    pd.testing.assert_frame_equal(found[rows.columns], rows, rtol=1e-9, check_dtype=False)
