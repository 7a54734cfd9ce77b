"""Placements: their error rates and energies, their files, and their faults."""

import math
from pathlib import Path

import numpy as np
import pytest
from cells_by_hand import nominal_error_rate
from write_device import DecadePerTenth

from models.arrays.macro import memory_macro
from models.arrays.write import WriteDesign
from models.junction.junction import Junction
from simcore.errors import InputError
from simcore.studies.write_errors.candidate_placements import Candidates
from simcore.studies.write_errors.placement_runs import Tolerance, candidates
from simcore.studies.write_errors.plan import quick_plan
from workloads.faults.device import MacroDevice
from workloads.faults.placement import SRAM, PlacedBits, Placement, Storage
from workloads.faults.placement_file import load_placement, placement_from_yaml
from workloads.learning.setup import TrainingSetup

DEVICE = DecadePerTenth()
SAFE = Storage(voltage_v=0.9, pulse_ns=10)


def test_bits_that_no_part_names_are_safe() -> None:
    writes = Placement("safe", SAFE).resolve(8, DEVICE)["weights"]
    assert np.allclose(writes.error_rates, [[1e-9, 1e-10]] * 8)
    assert writes.pj_per_word == pytest.approx(8 * (0.81 + 0.1))
    assert writes.sram_bits == 0


def test_each_part_sets_its_bits_of_its_tensor_alone() -> None:
    relaxed = Storage(voltage_v=0.3, pulse_ns=10)
    placement = Placement("mixed", SAFE, (PlacedBits("errors", relaxed, 0, 3), PlacedBits("errors", SRAM, 6)))
    writes = placement.resolve(8, DEVICE)
    assert np.allclose(writes["errors"].error_rates[:, 0], [1e-3] * 4 + [1e-9] * 2 + [0] * 2)
    assert np.allclose(writes["errors"].error_rates[:, 1], [1e-4] * 4 + [1e-10] * 2 + [0] * 2)
    assert writes["errors"].pj_per_word == pytest.approx(4 * 0.19 + 2 * 0.91 + 2 * 0.05)
    assert writes["errors"].sram_bits == 2
    assert (writes["errors"].pulse_ns, writes["activations"].pulse_ns) == (10, 10)
    assert writes["activations"].pj_per_word == pytest.approx(8 * 0.91)


def test_an_overdrive_is_a_voltage_by_the_device() -> None:
    by_voltage, by_overdrive = Storage(voltage_v=0.5, pulse_ns=10), Storage(overdrive=1.0, pulse_ns=10)
    assert by_overdrive.rates(DEVICE) == by_voltage.rates(DEVICE)
    assert by_overdrive.pj_per_bit(DEVICE) == by_voltage.pj_per_bit(DEVICE)


def test_a_plain_error_rate_has_an_energy_only_where_one_is_given() -> None:
    assert Storage(error_rate=1e-3).rates(DEVICE) == (1e-3, 1e-3)
    assert Storage(error_rate=(1e-3, 1e-4)).rates(DEVICE) == (1e-3, 1e-4)
    assert math.isnan(Storage(error_rate=1e-3).pj_per_bit(DEVICE))
    assert Storage(error_rate=1e-3, write_pj_per_bit=0.2).pj_per_bit(DEVICE) == 0.2


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"voltage_v": 0.5},
        {"pulse_ns": 10},
        {"voltage_v": 0.5, "overdrive": 2, "pulse_ns": 10},
        {"voltage_v": 0.5, "pulse_ns": 10, "error_rate": 0.1},
        {"voltage_v": 0.5, "pulse_ns": 10, "write_pj_per_bit": 0.1},
        {"voltage_v": -0.5, "pulse_ns": 10},
        {"voltage_v": float("nan"), "pulse_ns": 10},
        {"memory": "sram", "error_rate": 0.1},
        {"memory": "dram", "error_rate": 0.1},
    ],
)
def test_storages_that_contradict_themselves_are_reported(given: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Storage(**given)  # type: ignore[arg-type]


def test_bits_placed_twice_or_beyond_the_word_are_reported() -> None:
    twice = Placement("twice", SAFE, (PlacedBits("weights", SRAM, 0, 3), PlacedBits("weights", SRAM, 3, 4)))
    with pytest.raises(InputError, match="bit 3 of weights is placed twice"):
        twice.resolve(8, DEVICE)
    with pytest.raises(InputError, match="0 to 7"):
        Placement("long", SAFE, (PlacedBits("weights", SRAM, 8, 11),)).resolve(8, DEVICE)
    with pytest.raises(InputError, match="LOW"):
        PlacedBits("weights", SRAM, 4, 3)


YAML = """\
name: low bits relaxed
safe: {voltage_v: 0.9, pulse_ns: 10}
parts:
  - {tensor: activations, bits: 0-7, memory: mram, overdrive: 1.2, pulse_ns: 10}
  - {tensor: errors, bits: 12-, memory: sram}
  - {tensor: errors, bits: 3, memory: mram, error_rate: 1e-3}
  - tensor: weights
    memory: mram
    error_rate: [1.0e-4, 1.0e-5]
    write_pj_per_bit: 0.2
"""


def test_a_placement_is_read_from_yaml(tmp_path: Path) -> None:
    path = tmp_path / "low.yaml"
    path.write_text(YAML, encoding="utf-8")
    assert load_placement(path) == Placement(
        "low bits relaxed",
        SAFE,
        (
            PlacedBits("activations", Storage(overdrive=1.2, pulse_ns=10), 0, 7),
            PlacedBits("errors", SRAM, 12),
            PlacedBits("errors", Storage(error_rate=1e-3), 3, 3),
            PlacedBits("weights", Storage(error_rate=(1e-4, 1e-5), write_pj_per_bit=0.2)),
        ),
    )


def test_what_a_placement_writes_as_yaml_reads_back_the_same() -> None:
    import yaml

    placement = placement_from_yaml(YAML, "low.yaml", "low")
    assert placement_from_yaml(yaml.safe_dump(placement.to_dict()), "again.yaml", "again") == placement


def test_the_placement_in_the_guide_is_one() -> None:
    guide = (Path(__file__).parents[1] / "docs" / "write-errors.md").read_text(encoding="utf-8")
    example = guide.split("```yaml\n")[1].split("```")[0]
    placement = placement_from_yaml(example, "docs/write-errors.md", "guide")
    assert len(placement.parts) == 4
    assert placement.parts[2].storage == Storage(overdrive=2.5, pulse_ns=4)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("overdrive: 1.2", "overdriv: 1.2", r"p.yaml:4: unknown key 'overdriv'; did you mean 'overdrive'"),
        ("tensor: errors, bits: 12-", "tensor: error, bits: 12-", r"p.yaml:5: tensor: no tensor is called 'error'; did you mean"),
        ("bits: 0-7", "bits: 7-0", r"p.yaml:4: bits: expected bits LOW-HIGH"),
        ("bits: 0-7", "bits: low", r"p.yaml:4: expected bits such as"),
        ("error_rate: 1e-3", "error_rate: 2", r"p.yaml:6: error_rate: expected a rate from 0 to 1"),
        ("error_rate: 1e-3", "error_rate: [1, 1, 1]", r"p.yaml:6: error_rate: expected a number, or two"),
        ("pulse_ns: 10}\nparts", "pulse_ns: fast}\nparts", r"p.yaml:2: pulse_ns: expected a number, got 'fast'"),
        ("memory: sram", "memory: flash", r"p.yaml:5: memory: no memory is called 'flash'"),
        ("safe: {voltage_v: 0.9, pulse_ns: 10}\n", "", r"p.yaml:1: expected the key 'safe'"),
        ("    memory: mram\n", "", r"p.yaml:7: expected the key 'memory'"),
    ],
)
def test_mistakes_in_yaml_are_reported_with_their_line(old: str, new: str, message: str) -> None:
    assert old in YAML
    with pytest.raises(InputError, match=message):
        placement_from_yaml(YAML.replace(old, new, 1), "p.yaml", "p")


def test_candidates_are_written_no_worse_than_asked() -> None:
    made = Candidates(DEVICE, 8)
    for rate in (1e-9, 1e-3, 0.1):
        storage = made.written(rate)
        assert 0.97 * rate < max(storage.rates(DEVICE)) <= rate


def test_candidates_keep_the_bits_they_name_safe() -> None:
    made = Candidates(DEVICE, 8)
    low = made.low_bits(0.75, 0.1, made.safe.safe, "safe").resolve(8, DEVICE)["errors"].error_rates.max(axis=1)
    assert (low[:6] > 0.09).all()
    assert (low[6:] < 1.1e-9).all()
    graded = made.graded("g", {"errors": 1e-3}, {"errors": 5}, 0.1).resolve(8, DEVICE)
    highest = graded["errors"].error_rates.max(axis=1)
    assert (highest[:5] > 0.09).all()
    assert ((highest[5:] > 9e-4) & (highest[5:] <= 1e-3)).all()
    assert (graded["weights"].error_rates < 1.1e-9).all()


def test_a_tensor_that_tolerates_nothing_in_all_bits_still_has_its_words_split() -> None:
    """The 7 fraction bits of every bf16 word err, however little its tensor tolerates in all 16 bits."""
    plan = quick_plan(TrainingSetup())
    none = Tolerance({"activations": 0.0, "weights": 0.0, "errors": 1e-3}, {"activations": 3, "weights": 0, "errors": 7})
    made = Candidates(DEVICE, 16)
    found = {placement.name: placement.resolve(16, DEVICE) for placement in candidates(plan, made, none)}
    assert plan.sweeps[0].setup.word == "bf16"
    for tensor, writes in found["low bits 1e-01, rest safe"].items():
        highest = writes.error_rates.max(axis=1)
        assert (highest[:7] > 0.09).all(), tensor
        assert (highest[7:] < 1.1e-9).all(), tensor
    split = {tensor: writes.error_rates.max(axis=1) for tensor, writes in found["by tensor and bit"].items()}
    assert [int((split[tensor] > 0.09).sum()) for tensor in ("activations", "weights", "errors")] == [3, 0, 7]
    assert (split["activations"][3:] < 1.1e-9).all()
    assert ((split["errors"][7:] > 9e-4) & (split["errors"][7:] <= 1e-3)).all()
    assert (found["by tensor"]["activations"].error_rates < 1.1e-9).all()


def test_a_shorter_pulse_keeps_the_voltage_and_cuts_the_energy() -> None:
    made = Candidates(DEVICE, 8)
    for rate in (1e-5, 1e-3, 0.1):
        storage = made.written_short(rate)
        assert storage.voltage_v == made.safe.safe.voltage_v
        assert 0.97 * rate < max(storage.rates(DEVICE)) <= rate
    writes = made.by_tensor_short("short", {"errors": 1e-3}).resolve(8, DEVICE)
    # 3 decades of 0.9 a nanosecond: 3.34 ns.
    assert (writes["errors"].pulse_ns, writes["weights"].pulse_ns) == (3.34, 10)
    assert writes["errors"].pj_per_word == pytest.approx(8 * (0.81 * 0.334 + 0.1))
    assert {writes.pulse_ns for writes in made.uniform_short(1e-3).resolve(8, DEVICE).values()} == {3.34}


def test_the_macro_device_is_the_macro_and_its_cell() -> None:
    design = WriteDesign(Junction(current_asymmetry=1.2))
    device = MacroDevice("stt-54F2", 32, "lop", 2**18, 256, design)
    macro = memory_macro("stt-54F2", 2**18, node_nm=32, word_bits=256, design=design)
    written = macro.with_write(voltage_v=0.9, pulse_ns=6.0, design=design)
    assert device.write_pj_per_bit(0.9, 6.0) == written.write_pj / 256
    assert device.error_rates(0.9, 6.0) == (written.write.error_rate_p_to_ap, written.write.error_rate_ap_to_p)
    assert device.error_rates(0.9, 6.0)[0] > device.error_rates(0.9, 6.0)[1], "P->AP needs more current"
    sram = memory_macro("sram", 2**18, node_nm=32, word_bits=256)
    assert device.sram_pj_per_bit == sram.write_pj / 256
    for rate in (1e-8, 1e-4, 0.1):
        assert max(device.error_rates(device.voltage_for(rate, 6.0), 6.0)) == pytest.approx(rate, rel=1e-3)
        assert max(device.error_rates(1.1, device.pulse_for(rate, 1.1))) == pytest.approx(rate, rel=1e-3)
    for direction, overdrive in (("p-to-ap", 2 / 1.2**0.5), ("ap-to-p", 2 * 1.2**0.5)):
        assert design.overdrive(macro.cell, device.voltage_v(2.0), direction) == pytest.approx(overdrive)


def test_safe_is_the_cells_nominal_write() -> None:
    device = MacroDevice()
    assert device.write_pj_per_bit(1.235, 5.0) * 128 == pytest.approx(42.462), "the row of the table of macros"
    made = Candidates(device, 16)
    assert made.safe.safe == Storage(voltage_v=1.235, pulse_ns=5.0)
    assert max(made.safe.safe.rates(device)) == pytest.approx(nominal_error_rate("stt-34.5F2"), rel=5e-3)
    for rate in (1e-5, 1e-2):
        assert 0.98 * rate < max(made.written(rate).rates(device)) <= rate
        assert 0.93 * rate < max(made.written_short(rate).rates(device)) <= rate


def test_the_assumptions_name_cell_node_class_capacity_junction_and_source() -> None:
    told = " ".join(MacroDevice(leakage_class="hp", capacity_bytes=2**18).assumptions)
    for part in (
        "stt-34.5F2",
        "256 KiB",
        "22 nm",
        "hp",
        "128-bit",
        "junction assumed",
        "stability 34.3 at 350 K",
        "overdrive 3.29",
        "1.8e-09",
        "NVSim 6334d00",
    ):
        assert part in told, part


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cell": "stt-34F2"}, "did you mean 'stt-34.5F2'"),
        ({"cell": "sram"}, "sram is not written by a pulse"),
        ({"node_nm": 28}, "expected one of 22, 32, 45"),
        ({"leakage_class": "low"}, "expected one of hp, lop, lstp"),
        ({"capacity_bytes": 2**10}, "expected 32 KiB to"),
    ],
)
def test_a_device_that_no_table_holds_is_reported(given: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        MacroDevice(**given)  # type: ignore[arg-type]
