"""Systems whose STT-MRAM keeps an error rate: the voltage that process variation needs, codes and scrubs, by hand."""

from __future__ import annotations

import json
from math import comb, exp
from pathlib import Path

import numpy as np
import pytest
from cells_by_hand import mean_error_rate, nominal_error_rate
from test_cells import stated
from test_macro_banks import PADS, of_macros
from typer.testing import CliRunner

from models.arrays.cells import memory_cell
from models.arrays.macro import memory_macro
from models.arrays.write import DEFAULT_DESIGN, pulse_ns_for, varied_design, voltage_v_for
from models.cells.storage import read_flip_probability
from simcore import simulate
from simcore.cli import app
from simcore.errors import InputError
from simcore.results import Results
from simcore.spec import override_system
from simcore.systolic.rates import energy_rates
from simcore.systolic.storage import protections

CELL = "stt-34.5F2"
CODE = 72 / 64


# Process variation


@pytest.mark.parametrize("name", ["stt-34.5F2", "stt-40F2", "stt-54F2", "stt-14F2"])
def test_cells_that_vary_need_more_voltage_or_a_longer_pulse_for_the_same_mean_error_rate(name):
    cell, rate = memory_cell(name), nominal_error_rate(name)
    varied = varied_design(cell)
    voltage_v = voltage_v_for(cell, rate, cell.pulse_ns, varied)
    assert mean_error_rate(name, 0.05, voltage=voltage_v / cell.nominal_voltage_v) == pytest.approx(rate, rel=0.02)
    assert mean_error_rate(name, 0.05) > 1.5 * rate
    pulse_ns = pulse_ns_for(cell, rate, None, varied)
    assert mean_error_rate(name, 0.05, pulse=pulse_ns / cell.pulse_ns) == pytest.approx(rate, rel=0.02)
    # Cells that are equal need less: what the cell's own write fails at.
    assert voltage_v_for(cell, rate, cell.pulse_ns) == pytest.approx(cell.nominal_voltage_v, rel=1e-3)
    assert voltage_v > 1.02 * cell.nominal_voltage_v


def test_a_rate_below_that_of_the_weakest_cells_cannot_be_kept():
    cell = memory_cell("stt-75F2")
    with pytest.raises(InputError, match="no pulse keeps a mean write error rate of 1e-30, because the weakest cells"):
        pulse_ns_for(cell, 1e-30, None, varied_design(cell))


def test_a_system_writes_with_the_voltage_that_keeps_the_mean_error_rate():
    cell = memory_cell(CELL)
    asked = of_macros(CELL, *(f"scratchpads.{pad}.macro.write_error_rate=1e-9" for pad in PADS))
    bank, own = (energy_rates(system).banks[0] for system in (asked, of_macros(CELL)))
    voltage_v = voltage_v_for(cell, 1e-9, 5, varied_design(cell))
    more = (voltage_v / 1.235) ** 2 - 1  # of 0.252 pJ a bit, in a line of 512
    assert bank.write_pj - own.write_pj == pytest.approx(512 * 0.252 * more)
    assert bank.read_pj == own.read_pj
    told = [note for note in energy_rates(asked).notes if "do not flip" in note]
    assert told == [f"{CELL} written at {voltage_v:.4g} V for 5 ns: 1.0e-09 of the bits that must flip do not flip, and writes "
                    "are not retried"]  # fmt: skip
    short = override_system(asked, ["scratchpads.ifmap.macro.pulse_ns=2.5"])
    needed_v = voltage_v_for(cell, 1e-9, 2.5, varied_design(cell))
    assert energy_rates(short).banks[0].write_pj - own.write_pj == pytest.approx(512 * 0.252 * ((needed_v / 1.235) ** 2 / 2 - 1))


# Codes and scrubs


@pytest.fixture(scope="module")
def plain() -> Results:
    return simulate("lenet5", of_macros(CELL), layers="c1,s2,c3")


def kept(results: Results, rate: float, *more: str) -> Results:
    return results.rated(override_system(results.system, [f"technology.stored_error_rate={rate}", *more]))


def spent(results: Results) -> dict[str, float]:
    return dict(results.energy.itertuples(index=False))


def in_all(parts: dict[str, float], *ends: str) -> float:
    return sum(energy for part, energy in parts.items() if part.endswith(ends))


def test_without_the_key_nothing_is_charged(plain):
    assert not {"code", "scrub"} & set(spent(plain))
    sram = simulate("lenet5", of_macros("sram", "technology.stored_error_rate=1e-9"), layers="c1")
    bare = simulate("lenet5", of_macros("sram"), layers="c1")
    assert {part: energy for part, energy in spent(sram).items() if energy} == {
        part: energy for part, energy in spent(bare).items() if energy
    }


def test_a_code_adds_an_eighth_to_accesses_leakage_and_area(plain):
    results = kept(plain, 1e-9)
    before, after = spent(plain), spent(results)
    assert [found.name for _, found in protections(results.system, results.runs, results.line_wear)] == ["code"] * 4
    corrected = sum(  # each word that a read finds wrong in one of its 72 bits is written back
        CODE * found.corrected * pad.reads * before[f"{pad.name}_write"] / pad.writes
        for pad, found in protections(results.system, results.runs, results.line_wear)
    )
    flips = read_flip_probability(memory_cell(CELL).described, memory_cell(CELL).junction) / 2
    assert 0 < corrected < 1.01 * 72 * flips * CODE * in_all(before, "_read") * 2
    assert after["code"] == pytest.approx(in_all(before, "_read", "_write") / 8 + corrected)
    assert (after["scrub"], after["leakage"]) == (0, pytest.approx(before["leakage"] * CODE))
    assert results.rates.areas["ifmap"] == pytest.approx(plain.rates.areas["ifmap"] * CODE)
    same = set(before) - {"leakage", "wires"}  # a larger chip has longer wires
    assert {part: after[part] for part in same} == {part: before[part] for part in same}
    assert results.layers["energy_pj"].sum() == pytest.approx(sum(after.values()))
    columns = [name for name in results.layers if name.endswith("_pj") and name != "energy_pj"]
    assert results.layers[columns].sum(axis=1).tolist() == pytest.approx(results.layers["energy_pj"].tolist())


def test_bits_that_seldom_flip_need_no_code(plain):
    results = kept(plain, 1e-4)
    assert [found.name for _, found in protections(results.system, results.runs, results.line_wear)] == ["none"] * 4
    assert sum(spent(results).values()) == pytest.approx(sum(spent(plain).values()))
    assert results.rates.areas == plain.rates.areas


def relaxed(folder: Path, stability: float, read_ua: float) -> list[str]:
    """The 34.5 F2 cell with another stability, to which its critical current is in proportion, and another read current."""
    redundant = {"write_error_rate", "sense_voltage_v", "read_voltage_v", "access_voltage_v", "acknowledged"}
    cell = memory_cell(CELL).described.model_dump(exclude_none=True, exclude=redundant)
    cell |= {"array": CELL, "acknowledged": {"current_asymmetry": "for a test"}}
    cell |= {"thermal_stability": stated(stability), "read_current_ua": stated(read_ua)}
    (folder / "relaxed.yaml").write_text(json.dumps(cell))
    return [f"scratchpads.{pad}.macro={folder / 'relaxed.yaml'}" for pad in PADS]


def test_relaxed_retention_is_scrubbed_and_the_scrubs_are_charged(tmp_path):
    system = of_macros(CELL, *relaxed(tmp_path, 22, 0.05), "technology.stored_error_rate=1e-8")
    results = simulate("lenet5", system, layers="c1,s2,c3")
    found = {pad.name: (pad, protection) for pad, protection in protections(system, results.runs, results.line_wear)}
    pad, scrub = found["filter"]
    assert scrub.name == "scrub"
    # Lines in use, writes and reads are those of the tables of wear and banks.
    wear, banks = (table.query("scratchpad == 'filter'") for table in (results.wear, results.banks))
    lines, writes, reads = wear["written_lines"].sum(), wear["writes"].sum(), banks["reads"].sum()
    time_s = results.cycles * 1e-9
    stay_s = time_s * lines / writes
    # Bits flip once in exp(22 x 300 / 350) ns; in a word of 72 bits two wrong bits stay, each 2 / 72 of the word.
    corrections = max(reads / writes, 1) + stay_s / scrub.period_s
    wrong = stay_s / corrections * 1e9 * exp(-22 * 300 / 350)
    junction = memory_cell(str(tmp_path / "relaxed.yaml")).junction
    wrong += read_flip_probability(pad.cell.described, junction) / 2
    assert corrections * comb(72, 2) * wrong**2 * 2 / 72 == pytest.approx(1e-8, rel=1e-3)
    first = {name: 16 * at for at, name in enumerate(PADS)}
    power_pj_per_s = sum(
        each.lines / protection.period_s * CODE * (bank.read_pj + bank.write_pj)
        for name, (each, protection) in found.items()
        for bank in [results.rates.banks[first[name]]]
    )
    parts = spent(results)
    assert parts["scrub"] == pytest.approx(power_pj_per_s * time_s)
    assert parts["scrub"] > 0
    assert results.layers["energy_pj"].sum() == pytest.approx(sum(parts.values()))
    # A line is read for 2 cycles and written for 6; 16 banks share the lines.
    assert pad.bank_percent(scrub) == pytest.approx(100 * lines / 16 * 8e-9 / scrub.period_s)


@pytest.mark.parametrize(
    ("stability", "read_ua", "rate", "told"),
    [
        (30, 4.17, "1e-9", "no code and scrub keeps 1e-09 of their bits, because reads flip too many"),
        (22, 0.05, "2e-9", "of the banks' time, more than 5 %"),
    ],
)
def test_bits_that_cannot_be_kept_are_an_error(tmp_path, stability, read_ua, rate, told):
    system = of_macros(CELL, *relaxed(tmp_path, stability, read_ua), f"technology.stored_error_rate={rate}")
    results = simulate("lenet5", system, layers="c1,s2,c3")
    with pytest.raises(InputError) as caught:
        spent(results)
    assert told in str(caught.value)
    assert str(caught.value).startswith("technology.stored_error_rate: words of ")


def test_the_command_says_what_keeps_stored_bits():
    keys = ["technology.node_nm=22", "technology.stored_error_rate=1e-9", *(f"scratchpads.{pad}.macro={CELL}" for pad in PADS)]
    sets = [part for key in keys for part in ("--set", key)]
    shown = CliRunner().invoke(app, ["run", "lenet5", "--system", "train-sram", "--layers", "c1", *sets])
    assert shown.exit_code == 0, shown.output
    flat = " ".join(shown.stdout.split())
    assert f"Stored bits of ifmap ({CELL}): words stay" in flat
    assert "kept by a code of 72 bits for 64:" in flat
    assert "energy code, uJ" in flat


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (("technology.stored_error_rate=1",), "expected an error rate above 0 and below 1 such as 1e-9, got 1"),
        (("technology.stored_error_rate=low",), "expected an error rate above 0 and below 1 such as 1e-9, got low"),
        (("technology.stored_error=1e-9",), "did you mean 'stored_error_rate'"),
        (
            ("technology.stored_error_rate=1e-9", "scratchpads.ofmap.timing=stt-mram"),
            "technology.stored_error_rate: expected ofmap of SRAM or of macros, got timing stt-mram",
        ),
        (
            ("technology.stored_error_rate=1e-9", "scratchpads.ofmap.macro.beside=[{cell: sram, bits_percent: 25}]"),
            f"technology.stored_error_rate: expected lines of one cell in ofmap, got {CELL}+sram",
        ),
        (
            ("scratchpads.ofmap.macro={cell: stt-54F2, voltage_v: 1, write_error_rate: 1e-9}",),
            "scratchpads.ofmap.macro.write_error_rate: expected voltage_v or write_error_rate, got both",
        ),
        (("scratchpads.ofmap.macro={cell: sram, write_error_rate: 1e-9}",), "sram is not written by a pulse"),
        (("scratchpads.ofmap.macro.write_error_rate=0",), "expected an error rate above 0 and below 1 such as 1e-9, got 0"),
    ],
)
def test_what_cannot_be_asked_is_one_line(overrides, told):
    with pytest.raises(InputError) as caught:
        energy_rates(of_macros(CELL, *overrides))
    assert told in str(caught.value)


def test_the_cells_own_write_is_that_of_equal_cells():
    macro = memory_macro(CELL, 2**20)
    assert macro.write is not None
    assert macro.write.error_rate == pytest.approx(DEFAULT_DESIGN.nominal_error_rate(memory_cell(CELL)))
    assert np.isclose(memory_cell(CELL).described.overdrive_spread.value, 0.05)
