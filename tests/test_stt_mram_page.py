"""The page of the study against a recorded run of it, and that run against what the code computes today."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from stt_mram_page import JOULES_AT, PAGE, points, recorded, rewritten

from simcore.studies.stt_mram.chips.energy import step_of
from simcore.studies.stt_mram.chips.findings import contribution_findings, net_findings
from simcore.studies.stt_mram.chips.formats import FORMATS, Format, Task
from simcore.studies.stt_mram.chips.made import NO_SPLIT, Split, Writes, contributions
from simcore.studies.stt_mram.chips.nets import net_tasks
from simcore.studies.stt_mram.chips.part import with_energy, with_stays
from simcore.studies.stt_mram.gains import gain_findings
from simcore.studies.stt_mram.settings import NODE_NM, WORD_BITS, SttMramSettings
from simcore.studies.stt_mram.where.configuration import configuration_of
from simcore.studies.stt_mram.where.part import study_only
from simcore.studies.stt_mram.writes import write_findings
from simcore.studies.write_errors.training_runs import DataSource
from workloads.faults.device import MacroDevice
from workloads.networks.images import Image

DEVICE = MacroDevice(cell=SttMramSettings().cell, node_nm=NODE_NM, leakage_class="lop", word_bits=WORD_BITS)
DIGIT: Image = (1, 8, 8)
GAINS = [f"{of}{name}" for of in ("", "stays_") for name in ("write_energy_gain", "step_energy_gain", "relative_cycles")]


def bits_of(told: str) -> Split:
    """Return the split that a table tells, such as ``ifmap 5, filter 6``."""
    return Split({**NO_SPLIT.bits, **{pad: int(bits) for pad, bits in re.findall(r"(\w+) (\d+)", told)}})


def energies(task: Task, words: Format, split: Split, combined: list[str], image: Image) -> pd.DataFrame:
    """Return the energies of the chips that combine these, the reference first."""
    made = {parts: chip for chip, parts in contributions(words, Writes(DEVICE), split)}
    chips, step = [made[parts] for parts in combined], step_of(task.setup(words).training, image)
    table = with_stays(with_energy(chips, step, DEVICE), chips, step, DEVICE)
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


def page_in_one_line() -> str:
    return " ".join(PAGE.read_text(encoding="utf-8").split())


def test_the_page_says_what_chips_save_if_what_fits_stays() -> None:
    found = recorded("accuracy_contributions").set_index(["format", "combines"])
    gain, page = found["stays_write_energy_gain"], page_in_one_line()
    bf16, fixed16 = gain.loc["bf16"], gain.loc["fixed16"]
    three, guarded = "baseline, accumulator, errors", "guard, accumulator, errors"
    assert (
        f"Then an SRAM accumulator alone saves {bf16['accumulator']:.2f} times, with the cheapest write "
        f"{bf16['baseline, accumulator']:.2f}, with errors in low bits, too, {bf16[three]:.2f} (fixed16 {fixed16[three]:.2f}), "
        f"and guarded {bf16[guarded]:.2f} ({fixed16[guarded]:.2f})."
    ) in page
    row = found.loc[("bf16", "reference")]
    assert (
        f"the step writes {row['stays_write_uj']:.2f} uJ in place of {row['write_uj']:.2f} into them and takes "
        f"{row['stays_step_uj']:.0f} uJ in place of {row['step_uj']:.0f} in all"
    ) in page
    cheapest = 1 / found.loc[("bf16", "baseline"), "stays_step_energy_gain"]
    assert f"The cheapest write alone then takes {cheapest:.2f} times the energy of the whole step." in page


def test_the_page_counts_lost_trainings_by_their_seeds() -> None:
    bf16, fixed16, _ = contribution_findings(recorded("accuracy_contributions"))
    assert (bf16["upper_bits"]["lost"], bf16["upper_bits"]["lost_seeds"]) == (4, [4, 9])
    assert (fixed16["upper_bits"]["lost"], fixed16["upper_bits"]["lost_seeds"]) == (0, [])
    page = page_in_one_line()
    assert "four were lost. They are two events" in page
    assert f"and none of {fixed16['upper_bits']['runs']} trainings was lost" in page


@pytest.mark.slow
def test_the_page_says_which_error_rates_halve_the_write_energy() -> None:
    point = {(each["energy_of"], each["varied"]): each["point"] for each in write_findings(DEVICE.cell)}
    page = page_in_one_line()

    def rate(of: str, varied: str) -> str:
        return f"{point[of, varied]['target_error_rate']:.1e}".replace("e-0", "e-")

    both = point["cell", "both"]
    assert (
        f"Half of the nominal energy of the cells costs an error rate of {rate('cell', 'both')} if voltage and pulse both change "
        f"({both['voltage_v']:.3f} V, {both['pulse_ns']:.1f} ns), {rate('cell', 'voltage')} if only the voltage changes, and "
        f"{rate('cell', 'pulse')} if only the pulse changes."
    ) in page
    assert f"costs {rate('word', 'both')}, {rate('word', 'voltage')} and {rate('word', 'pulse')}." in page


def test_the_page_says_what_a_supply_that_stays_would_change() -> None:
    """Energy by V t in place of V^2 t. What a lower voltage saves in low bits, 1 - x^2 of their cells, becomes 1 - x."""
    writes, found = Writes(DEVICE), recorded("accuracy_contributions").set_index(["format", "combines"])["write_uj"]
    volts = [each.voltage_v for each in (writes.nominal, writes.cheapest, writes.low_voltage)]
    pulses = [each.pulse_ns for each in (writes.nominal, writes.cheapest)]
    (own, cheapest, low), (short, long) = ([float(each or 0) for each in found] for found in (volts, pulses))
    relative_v, relative_t = cheapest / own, long / short
    page = page_in_one_line()
    told = f"cost the cells {relative_v * relative_t:.2f} times as much instead of {relative_v**2 * relative_t:.2f}"
    assert told in page

    def gains(words: str) -> list[str]:
        pairs = (("reference", "voltage, errors"), ("accumulator", "accumulator, voltage, errors"))
        of = {parts: float(found[words, parts]) for pair in pairs for parts in pair}
        spent = [of[safe] - (of[safe] - of[lower]) / (1 + low / own) for safe, lower in pairs]
        return [f"{of['reference'] / each:.2f}" for each in spent]

    (alone, sram), (fixed_alone, fixed_sram) = gains("bf16"), gains("fixed16")
    assert f"would save {alone} times (fixed16 {fixed_alone}), and with an SRAM accumulator {sram} ({fixed_sram})" in page


def test_the_page_says_what_pulses_and_flips_of_stored_bits_cost() -> None:
    page, pulses = page_in_one_line(), recorded("pulses").set_index(["network", "pulse_ns"])
    cycles = [f"{pulses.loc[('lenet5', pulse), 'cycles']:,}" for pulse in (2, 5, 20)]
    assert f"takes {cycles[0]} cycles with a pulse of 2 ns, {cycles[1]} with 5 ns and {cycles[2]} with 20 ns" in page
    cycles = [f"{pulses.loc[('resnet18-32', pulse), 'cycles']:,}" for pulse in (2, 5, 20)]
    assert f"A step of resnet18-32 takes {cycles[0]}, {cycles[1]} and {cycles[2]}" in page
    stays = recorded("accuracy_stays").set_index(["reads_flip", "thermal_stability"])
    lost = {key: points(row["loss_mean_points"], row["loss_std_points"]) for key, row in stays.iterrows()}
    assert f"stability 45 loses {lost['0 to 1', 45]} points" in page
    assert f"stability 35 loses {lost['1 to 0', 35]} points" in page
    assert f"five lost {lost['1 to 0', 40]} points" in page
    assert stays.loc[("0 to 1", 40), "diverged"] == stays.loc[("0 to 1", 40), "runs"] == 5


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
