"""Scratchpads that a System builds from macros have the macros' timing, energies, leakage and gating, worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from models.arrays.macro import memory_macro
from models.arrays.scratchpad import scratchpad_of
from simcore import simulate
from simcore.cli import app
from simcore.engine import run_traffic
from simcore.errors import InputError
from simcore.machine.machine import build_machine
from simcore.machine.traffic import bernoulli
from simcore.spec import System, load_system, override_system
from simcore.systolic.rates import energy_rates

KIB, MIB = 2**10, 2**20
PADS = ("ifmap", "filter", "ofmap", "accumulator")


def of_macros(cell: str, *more: str) -> System:
    """train-sram at 22 nm, every scratchpad of macros of this cell: 1 MiB in 16 banks, lines of 64 bytes."""
    cells = [f"scratchpads.{pad}.macro={cell}" for pad in PADS]
    return load_system("train-sram", ["technology.node_nm=22", *cells, *more])


def timing(system: System, pad: str = "ifmap") -> tuple[str, int, int]:
    machine = build_machine(system)
    found = machine.timings[machine.scratchpads[machine.scratchpad_index(pad)].groups[0]]
    return found.name, found.values["read_cycles"], found.values["write_cycles"]


def test_a_bank_takes_the_whole_cycles_of_its_macro():
    system = of_macros("stt-34.5F2")
    pad = system.scratchpads["ifmap"]
    macro = memory_macro("stt-34.5F2", pad.capacity_bytes // pad.banks, word_bits=8 * pad.line_bytes)
    assert timing(system) == ("SttMram", int(np.ceil(macro.read_ns)), int(np.ceil(macro.write_ns))) == ("SttMram", 2, 6)
    assert timing(of_macros("sram")) == ("Sram", 1, 1)
    # A core twice as fast waits twice the cycles; a shorter pulse fewer.
    assert timing(of_macros("stt-34.5F2", "core_clock_hz=2 GHz", "memory.clock_hz=1 GHz"))[1:] == (4, 11)
    assert timing(of_macros("stt-34.5F2", "scratchpads.ifmap.macro.pulse_ns=2.5"))[2] == 3


def test_energy_leakage_and_area_of_a_bank_are_its_macros():
    rates = energy_rates(of_macros("stt-34.5F2"))
    macro = memory_macro("stt-34.5F2", 64 * KIB, word_bits=512)
    ifmap = rates.banks[0]
    assert (ifmap.read_pj, ifmap.write_pj) == pytest.approx((macro.read_pj, macro.write_pj))
    assert (ifmap.leakage_mw, ifmap.volatile_leakage_mw) == (pytest.approx(macro.leakage_mw), 0)
    assert ifmap.area_mm2 == pytest.approx(macro.area_mm2)
    sram = energy_rates(of_macros("sram")).banks[0]
    assert sram.volatile_leakage_mw == sram.leakage_mw > 5 * ifmap.leakage_mw
    assert "stt-34.5F2" in " ".join(rates.sources)
    assert any("stability" in note for note in rates.notes)


def test_narrower_words_put_macros_side_by_side():
    rates = energy_rates(of_macros("sram", *(f"scratchpads.{pad}.macro.word_bits=128" for pad in PADS)))
    quarter = memory_macro("sram", 32 * KIB, word_bits=128)  # the smallest of the table: two banks share each
    assert rates.banks[0].read_pj == pytest.approx(4 * quarter.read_pj)
    assert rates.banks[0].leakage_mw == pytest.approx(4 / 2 * quarter.leakage_mw)
    assert [note.split(", because ")[0] for note in rates.notes if note[0].isdigit()] == [
        "4 macros side by side make a bank",  # of the lines of 64 bytes
        "2 banks share a macro but count as independent",
        "8 macros side by side make a bank",  # of the accumulator's, of 128
        "4 banks share a macro but count as independent",
    ]


def test_as_many_macros_in_a_bank_as_banks_share_them_are_still_no_row_of_the_table():
    made = scratchpad_of("sram", 512 * KIB, banks=16, line_bytes=32, clock_hz=10**9, word_bits=128)
    assert (made.macro.kind, made.macros_per_bank, made.figures.kind) == ("measured", 1, "assumed")
    assert [note[:14] for note in made.figures.notes[-2:]] == ["2 macros side ", "2 banks share "]


def test_voltage_and_pulse_set_the_energy_of_a_write_and_nothing_else():
    macro = memory_macro("stt-34.5F2", 64 * KIB, word_bits=512)
    relaxed = of_macros("stt-34.5F2", "scratchpads.ofmap.macro.voltage_v=1.0", "scratchpads.ofmap.macro.pulse_ns=4")
    names = [pad for pad, spec in relaxed.scratchpads.items() for _ in range(spec.banks)]
    rates = energy_rates(relaxed).banks[names.index("ofmap")]
    wanted = macro.with_write(voltage_v=1.0, pulse_ns=4)
    assert (rates.read_pj, rates.write_pj) == pytest.approx((macro.read_pj, wanted.write_pj))
    assert wanted.write_pj < 0.7 * macro.write_pj
    assert timing(relaxed, "ofmap") == ("SttMram", 2, 5)


def test_a_write_of_its_own_says_how_often_it_fails():
    macro = memory_macro("stt-34.5F2", 64 * KIB, word_bits=512).with_write(voltage_v=0.3)
    notes = energy_rates(of_macros("stt-34.5F2", "scratchpads.ofmap.macro.voltage_v=0.3")).notes
    assert macro.write is not None
    rate = macro.write.error_rate
    assert rate > 0.9
    told = [note for note in notes if "flip" in note]
    assert told == [
        f"stt-34.5F2 written at 0.3 V for 5 ns: {rate:.1e} of the bits that must flip do not flip, and writes are not retried"
    ]
    assert not any("flip" in note for note in energy_rates(of_macros("stt-34.5F2")).notes)


def test_a_line_may_lie_in_two_cells_by_bits():
    split = "{cell: stt-34.5F2, voltage_v: 1.0, beside: [{cell: sram, bits_percent: 25}]}"
    system = of_macros("sram", f"scratchpads.ofmap.macro={split}")
    names = [pad for pad, spec in system.scratchpads.items() for _ in range(spec.banks)]
    bank = energy_rates(system).banks[names.index("ofmap")]
    mram = memory_macro("stt-34.5F2", 48 * KIB, word_bits=384).with_write(voltage_v=1.0)
    sram = memory_macro("sram", 32 * KIB, word_bits=128)  # shared by two banks of 16 KiB
    assert bank.write_pj == pytest.approx(mram.write_pj + sram.write_pj)
    assert bank.read_pj == pytest.approx(mram.read_pj + sram.read_pj)
    assert bank.leakage_mw == pytest.approx(mram.leakage_mw + sram.leakage_mw / 2)
    assert bank.volatile_leakage_mw == pytest.approx(sram.leakage_mw / 2)
    assert timing(system, "ofmap") == ("SttMram", 2, 6)  # the slower of the two
    assert set(simulate("lenet5", system).banks["memory"]) == {"sram", "stt-34.5F2+sram"}


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["compiled", "simpy"])
def test_a_run_is_charged_with_its_macros_and_equal_in_both_engines(engine):
    results = simulate("lenet5", of_macros("stt-34.5F2", "technology.leakage_class=hp"), layers="c1", engine=engine)
    macro = memory_macro("stt-34.5F2", 32 * KIB, leakage_class="hp")  # hp is known of 128-bit words alone
    ifmap = results.banks.query("scratchpad == 'ifmap'")
    parts = dict(results.energy.itertuples(index=False))
    assert parts["ifmap_write"] == pytest.approx(4 * macro.write_pj * ifmap["writes"].sum())
    # Lines of 512 bits lie in 4 macros, those of the accumulator, 1024 bits, in 8; 2 and 4 banks share one. 1 ns a cycle.
    # The accumulator's second port adds a third of the leakage.
    assert parts["leakage"] == pytest.approx((3 * 4 / 2 + 4 / 3 * 8 / 4) * 16 * macro.leakage_mw * results.cycles)
    assert results.energy["energy_pj"].sum() == pytest.approx(results.layers["energy_pj"].sum())
    assert results.to_json()["leakage_class"] == "hp"
    timed = "timing={model: stt-mram, parameters: {read_cycles: 2, write_cycles: 6}}"
    named = load_system("train-sram", [f"scratchpads.{pad}.{timed}" for pad in PADS])
    assert results.cycles == simulate("lenet5", named, layers="c1").cycles


def test_banks_that_are_cut_off_leak_while_they_serve_and_wake_alone():
    plain = simulate("lenet5", of_macros("stt-34.5F2"), layers="c1")
    gating = "technology.gating={leakage_percent: 10, wake_cycles: 2}"
    gated = plain.rated(override_system(plain.system, [gating]))
    macro = memory_macro("stt-34.5F2", 64 * KIB, word_bits=512)
    assert (plain.to_json()["gating"], gated.to_json()["gating"]) == (None, {"leakage_percent": 10.0, "wake_cycles": 2})
    accesses = gated.banks["reads"] + gated.banks["writes"]
    awake = np.minimum(gated.banks["busy_cycles"] + 2 * accesses, gated.cycles)
    bank_mw = np.array([bank.leakage_mw for bank in gated.rates.banks])
    assert bank_mw[0] == pytest.approx(macro.leakage_mw)
    spent = (bank_mw * (awake + 0.1 * (gated.cycles - awake))).sum()
    assert dict(gated.energy.itertuples(index=False))["leakage"] == pytest.approx(spent)
    assert spent < 0.5 * dict(plain.energy.itertuples(index=False))["leakage"]
    # SRAM that is in use cannot be cut off; one that a layer leaves alone can.
    sram = simulate("lenet5", of_macros("sram", gating), layers="c1")
    touched = (sram.banks["reads"] + sram.banks["writes"] > 0).sum()
    assert 0 < touched < len(sram.banks)
    bank_mw = np.array([bank.leakage_mw for bank in sram.rates.banks])
    used = (sram.banks["reads"] + sram.banks["writes"] > 0).to_numpy()
    spent = sram.cycles * (bank_mw[used].sum() + 0.1 * bank_mw[~used].sum())
    assert dict(sram.energy.itertuples(index=False))["leakage"] == pytest.approx(spent)


def test_rating_again_changes_energies_alone_and_refuses_what_takes_other_cycles():
    lop = simulate("lenet5", of_macros("stt-34.5F2"), layers="c1")
    hp = lop.rated(of_macros("stt-34.5F2", "technology.leakage_class=hp"))
    assert hp.cycles == lop.cycles
    assert hp.rates.leakage_mw > 5 * lop.rates.leakage_mw
    again = simulate("lenet5", of_macros("stt-34.5F2", "technology.leakage_class=hp"), layers="c1")
    assert hp.energy.equals(again.energy)
    for other in (
        of_macros("sram"),
        of_macros("stt-34.5F2", "array.rows=16"),
        of_macros("stt-34.5F2", "scratchpads.ifmap.banks=4"),
    ):
        with pytest.raises(InputError, match="takes the same cycles"):
            lop.rated(other)


def test_a_run_with_a_user_timing_can_be_rated_again(tmp_path):
    own = tmp_path / "own.py"
    own.write_text("from models.memories import SttMram\n\n\nclass Mine(SttMram):\n    pass\n\n\nclass Other(Mine):\n    pass\n")
    ran = load_system("train-sram", [f"scratchpads.ofmap.timing={own}:Mine"])
    results = simulate("lenet5", ran, layers="c1")
    gated = results.rated(override_system(ran, ["technology.gating={leakage_percent: 0}"]))
    assert gated.energy["energy_pj"].sum() < results.energy["energy_pj"].sum()
    with pytest.raises(InputError, match="takes the same cycles"):
        results.rated(override_system(ran, [f"scratchpads.ofmap.timing={own}:Other"]))


def test_banks_numbered_otherwise_cannot_be_rated_again():
    system = of_macros("stt-34.5F2")
    turned = system.model_copy(update={"scratchpads": dict(reversed(system.scratchpads.items()))})
    with pytest.raises(InputError, match="takes the same cycles"):
        simulate("lenet5", system, layers="c1").rated(turned)


def test_the_closed_form_of_the_energy_ratio_holds_for_systems_of_macros():
    """As tests/test_energy_ratio.py, through the energies that a System itself has."""
    traffic = bernoulli(0.2, 0.3, 50_000, seed=3, banks=16, rows=MIB // 16 // 64)
    spent = []
    for cell in ("sram", "stt-34.5F2"):
        system = of_macros(cell)
        done, bank = run_traffic(system, "ifmap", traffic), energy_rates(system).banks[0]
        accesses = int(done.reads.sum()) * bank.read_pj + int(done.writes.sum()) * bank.write_pj
        spent.append(16 * bank.leakage_mw * int(done.done.max()) + accesses)
    sram, mram = (memory_macro(cell, 64 * KIB, word_bits=512) for cell in ("sram", "stt-34.5F2"))
    mean = [0.7 * macro.read_pj + 0.3 * macro.write_pj for macro in (sram, mram)]
    closed = (16 * sram.leakage_mw + 0.2 * mean[0]) / (16 * mram.leakage_mw + 0.2 * mean[1])
    assert spent[0] / spent[1] == pytest.approx(closed, rel=0.01)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("macro=stt-34F2", "scratchpads.ifmap.macro: no memory cell is called 'stt-34F2'; did you mean 'stt-34.5F2'?"),
        ("macro={cell: sram, pulse_ns: 3}", "sram is not written by a pulse"),
        ("macro={cell: sram, pulse: 3}", "unknown key 'pulse' in scratchpads.ifmap.macro; did you mean 'pulse_ns'?"),
        ("macro={cell: stt-40F2, pulse_ns: 0}", "scratchpads.ifmap.macro.pulse_ns: expected a number above 0, got 0"),
        ("macro={cell: stt-40F2, voltage_v: high}", "scratchpads.ifmap.macro.voltage_v: expected a number, got 'high'"),
        ("macro={cell: stt-40F2, beside: [{cell: sram, bits_percent: 100}]}", "expected a number below 100, got 100"),
        (
            "macro={cell: stt-40F2, beside: [{cell: sram, bits_percent: 1}]}",
            "expected a share of whole bits of a line of 512 bits",
        ),
        ("macro={cell: stt-40F2, beside: [{cell: sram, bits_percent: true}]}", "bits_percent: expected a number, got true"),
        ("capacity_bytes=1 GiB", "scratchpads.ifmap.macro (capacity): expected 32 KiB to 16,384 KiB for sram at 22 nm, lop"),
    ],
)
def test_macros_that_cannot_be_made_are_reported_in_one_line(override, message):
    with pytest.raises(InputError) as error:
        simulate("lenet5", of_macros("sram", f"scratchpads.ifmap.{override}"), layers="c1")
    assert message in str(error.value)


def test_the_file_and_line_of_a_macro_that_cannot_be_made(tmp_path):
    own = tmp_path / "own.yaml"
    groups = "    bank_groups:\n      - {banks: 8, macro: sram}\n      - {banks: 8, macro: srm}\n"
    own.write_text(f"extends: train-sram\ntechnology: {{node_nm: 22}}\nscratchpads:\n  ofmap:\n{groups}")
    shown = CliRunner().invoke(app, ["validate", str(own)])
    assert shown.exit_code == 2
    wanted = "own.yaml:7: scratchpads.ofmap.bank_groups.1.macro: no memory cell is called 'srm'; did you mean 'sram'?"
    assert wanted in shown.stderr
    own.write_text("extends: train-sram\nscratchpads:\n  ofmap: {macro: {cell: sram, voltage_v: 1.0}}\n")
    assert "own.yaml:3: scratchpads.ofmap.macro: sram is not" in CliRunner().invoke(app, ["validate", str(own)]).stderr


def test_the_system_of_the_guide_runs(tmp_path):
    guide = (Path(__file__).parents[1] / "docs" / "stt-mram.md").read_text(encoding="utf-8")
    own = tmp_path / "own.yaml"
    own.write_text(guide.split("```yaml\n")[1].split("```")[0])
    results = simulate("lenet5", own, layers="c1")
    assert set(results.banks["memory"]) == {"sram", "stt-34.5F2", "stt-34.5F2+sram"}
    assert results.to_json()["leakage_class"] == results.system.technology.leakage_class


def test_a_macro_a_timing_and_bank_groups_exclude_each_other(tmp_path):
    both = tmp_path / "both.yaml"
    both.write_text("extends: edge-sram\nscratchpads:\n  ifmap: {macro: sram, timing: sram}\n")
    with pytest.raises(InputError, match=r"both.yaml:3: scratchpads.ifmap: expected one of .* got timing and macro"):
        load_system(both)
    with pytest.raises(InputError, match=r"missing key 'cell' in scratchpads.ifmap.macro"):
        load_system("train-sram", ["scratchpads.ifmap.macro={pulse_ns: 3}"])
    # The later one of two files, or of the command line, counts.
    assert of_macros("sram", "scratchpads.ifmap.timing=stt-mram").scratchpads["ifmap"].macro is None
    groups = "scratchpads.ifmap.bank_groups=[{banks: 8, macro: sram}, {banks: 8, macro: {cell: stt-54F2}}]"
    grouped = of_macros("sram", groups)
    assert grouped.scratchpads["ifmap"].memory_of_banks == ("sram",) * 8 + ("stt-54F2",) * 8
    assert simulate("lenet5", grouped, layers="c1").cycles > 0


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{leakage_percent: true}", "leakage_percent: expected a number, got true"),
        ("{leakage_percent: .nan}", "leakage_percent: expected a finite number, got nan"),
        ("{leakage_percent: -1}", "leakage_percent: expected at least 0.0, got -1"),
        ("{leakage_percent: 101}", "leakage_percent: expected at most 100.0, got 101"),
        ("{wake_cycles: 1.5}", "wake_cycles: expected an integer, got 1.5"),
    ],
)
def test_an_impossible_gating_is_reported(value, message):
    with pytest.raises(InputError, match=f"technology.gating.{message}"):
        load_system("edge-sram", [f"technology.gating={value}"])


def test_the_technology_table_knows_one_leakage_class():
    with pytest.raises(InputError, match=r"technology.leakage_class: expected lop, the class of the table 'default', got hp"):
        simulate("lenet5", "edge-sram", overrides=["technology.leakage_class=hp"])


def test_lines_of_macros_wear_as_their_cells_do():
    split = "scratchpads.filter.macro={cell: sram, beside: [{cell: stt-75F2, bits_percent: 50}]}"
    results = simulate("lenet5", of_macros("stt-34.5F2", split, "scratchpads.ifmap.macro=sram"), layers="c1")
    endurance = results.wear.groupby("scratchpad")["endurance_writes"].first()
    assert (endurance["ifmap"], endurance["filter"], endurance["ofmap"]) == (np.inf, 1e6, 1e12)
    own = override_system(results.system, ["technology.endurance_writes=5e9"])
    assert results.rated(own).wear.groupby("scratchpad")["endurance_writes"].first()["filter"] == 5e9
