"""A cell of one's own in macros and systems, and the cells of the guide."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from math import exp
from pathlib import Path

import pytest
from cells_by_hand import overdrive_of, refined, tau_of
from test_cells import invoke, stated

from models.arrays.banks import macro_figures
from models.arrays.cells import memory_cell
from models.arrays.compare import iso_area
from models.arrays.macro import memory_macro
from models.arrays.write import WriteDesign, write_point
from models.cells.chain import directed_writes
from models.cells.storage import idle_flip_probability, junction_with, read_flip_probability
from models.junction.junction import Junction
from simcore.errors import InputError
from simcore.kinds.registry import machine_kind
from simcore.machine.bank_group import BanksOfMacros
from simcore.machine.machine import build_machine
from simcore.spec import System, load_system

GUIDE = (Path(__file__).parents[1] / "docs" / "stt-mram.md").read_text(encoding="utf-8")


# A cell of one's own in macros and systems


def own_cell(path: Path, **figures: object) -> str:
    """A description made of the 34.5 F2 cell: with half its pulse and energy, in its arrays."""
    cell = memory_cell("stt-34.5F2").described.model_dump(exclude_none=True)
    halved = {name: {**cell[name], "value": cell[name]["value"] / 2} for name in ("write_pulse_ns", "write_energy_pj")}
    told = cell | halved | {"write_error_rate": stated(0.1, 1000), "array": "stt-34.5F2"} | figures
    path.write_text(json.dumps(told))
    return str(path)


def test_a_cell_of_ones_own_lies_in_the_arrays_of_another_and_is_written_as_it_says(tmp_path):
    own, other = (memory_macro(cell, 2**20) for cell in (own_cell(tmp_path / "mine.yaml"), "stt-34.5F2"))
    assert (own.read_ns, own.read_pj, own.area_mm2, own.leakage_mw) == (
        other.read_ns,
        other.read_pj,
        other.area_mm2,
        other.leakage_mw,
    )
    assert own.write_ns == pytest.approx(other.write_ns - 2.5)
    assert own.write_pj == pytest.approx(other.write_pj - 128 * 0.126)
    # Half the pulse: the refined closed form at half of tau.
    half = refined(overdrive_of("stt-34.5F2"), tau_of("stt-34.5F2") / 2, 40 * 300 / 350)
    assert own.write.error_rate == pytest.approx(half, rel=5e-3)
    assert own.kind == "assumed"
    again = own.with_write(pulse_ns=5)
    assert again.write_ns == pytest.approx(other.write_ns)
    assert iso_area(memory_macro("sram", 2**20), own.cell.name).capacity_bytes > 2**21


def test_a_cell_of_ones_own_is_read_again_when_its_file_changes(tmp_path):
    path = own_cell(tmp_path / "mine.yaml")
    assert memory_cell(path).endurance_writes == 1e12
    own_cell(tmp_path / "mine.yaml", endurance_writes=1e15)
    assert (memory_cell(path).endurance_writes, memory_cell(path).endurance_kind) == (1e15, "given")


def test_a_system_of_a_cell_of_ones_own_takes_its_pulse_and_names_its_file(tmp_path):
    path = own_cell(tmp_path / "mine.yaml")
    system = load_system("train-stt-22nm", [f"scratchpads.ofmap.macro={path}"], of=System)
    timings = dict(zip(system.scratchpads, build_machine(system).timings, strict=True))
    assert timings["ifmap"].values["write_cycles"] - timings["ofmap"].values["write_cycles"] in (2, 3)
    assert machine_kind("systolic").input_files(system) == [Path(path)]
    by_name = load_system("train-stt-22nm", ["scratchpads.ofmap.macro=stt-34.5F2"], of=System)
    own, other = (
        macro_figures(BanksOfMacros.of(each, pad, pad.groups[0]))
        for each, pad in ((each, each.scratchpads["ofmap"]) for each in (system, by_name))
    )
    assert own.write_pj_per_byte == pytest.approx(other.write_pj_per_byte - 8 * 0.126)


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"array": None}, "mine.yaml: array: expected the cell in whose arrays the cell lies, got none"),
        ({"array": "sram"}, "got 'sram'"),
        ({"overdrive": stated(5.17)}, "mine.yaml: overdrive: stated as 5.17"),
    ],
)
def test_a_bad_cell_of_ones_own_is_refused(tmp_path, figures, told):
    with pytest.raises(InputError) as caught:
        memory_macro(own_cell(tmp_path / "mine.yaml", **figures), 2**20)
    assert told in str(caught.value)


# The guide


def test_the_guides_table_of_cells_is_what_follows_from_their_descriptions():
    row = r"^\| ([\d.]+) F2 \| ([\d.]+) / ([\d.]+) uA \| (.+) \| (.+) \| .+ \| (.+) \| (.+) \|$"
    rows = re.findall(row, GUIDE, flags=re.MULTILINE)
    assert len(rows) == 5
    for area, current, critical, overdrive, tau, rate, mean in rows:
        cell = memory_cell(f"stt-{area}F2").described
        write = directed_writes(cell)[0]
        assert float(current) == pytest.approx(cell.write_current_ua.value, rel=5e-3)
        assert float(critical) == pytest.approx(write.critical_current_ua, rel=5e-4)
        assert float(overdrive) == pytest.approx(write.overdrive, rel=5e-3)
        assert float(tau) == pytest.approx(cell.junction().tau(cell.write_pulse_ns.value), rel=5e-3)
        assert (float(rate), float(mean)) == pytest.approx((write.error_rate, write.mean_error_rate), rel=0.05)


def test_the_guides_table_of_stored_bits_is_that_of_the_formulas():
    rows = re.findall(r"^\| (\d+) \| ([\d.]+) uA \| ([\d.]+) \| (.+) \| (.+) \|$", GUIDE, flags=re.MULTILINE)
    assert len(rows) == 5
    cell = memory_cell("stt-34.5F2").described
    for stability, critical, share, per_read, per_ms in rows:
        junction = junction_with(cell, float(stability))
        assert float(critical) == pytest.approx(junction.critical_current_ua(), rel=1e-3)
        assert float(share) == pytest.approx(4.17 / junction.critical_current_ua(), rel=2e-3)
        assert float(per_read) == pytest.approx(read_flip_probability(cell, junction), rel=0.05)
        assert float(per_ms) == pytest.approx(idle_flip_probability(junction, 1e-3), rel=0.05)


def test_the_guides_cell_of_ones_own_is_sound(tmp_path):
    text = GUIDE[GUIDE.index("array: stt-34.5F2\n") :]
    path = tmp_path / "guide.yaml"
    path.write_text(text[: text.index("```")])
    assert invoke(path).exit_code == 0
    assert memory_macro(str(path), 2**20).write.pulse_ns == 5


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"thermal_stability": stated(1e9)}, "thermal_stability: expected a range within 1 to 400, got 9.901e+08 to 1.01e+09"),
        ({"write_pulse_ns": stated(5, 1e12)}, "write_pulse_ns: expected a range within 0.001 to 1e+06"),
        ({"overdrive_spread": stated(0.4)}, "overdrive_spread: expected a value below 0.3, got 0.4"),
        ({"retention_k": 0.1}, "retention_k: expected"),
    ],
)
def test_figures_far_from_any_cell_are_refused(tmp_path, figures, told):
    refused = invoke(own_cell(tmp_path / "mine.yaml", **figures))
    assert refused.exit_code == 2
    assert told in refused.stderr


def test_the_guides_sensitivities_are_those_of_the_formulas():
    for name, rate in (("stt-34.5F2", "2.8e-5"), ("stt-54F2", "1.0e-5")):
        assert f"{rate} ({float(name[4:-2]):g}" in GUIDE.replace("\n", " ")
        junction = replace(memory_cell(name).junction, current_asymmetry=2.0)
        to_ap, to_p = write_error_rates(name, junction)
        assert f"{to_ap:.1e}" == f"{float(rate):.1e}", "two digits, as the guide prints them"
        assert to_p < 1e-14
    at_work = 40 * 300 / 350
    share = 4.17 / directed_writes(memory_cell("stt-34.5F2").described)[0].critical_current_ua
    assert exp(-at_work * (1 - share)) == pytest.approx(1.3e-10, rel=0.03)
    assert "would flip 1.3e-10 in place of 2.8e-7" in GUIDE


def write_error_rates(name: str, junction: Junction) -> tuple[float, float]:
    point = write_point(memory_cell(name), design=WriteDesign(junction))
    return point.error_rate_p_to_ap, point.error_rate_ap_to_p
