"""One placement drives both the accuracy run and the machine: cycles and energies of a training step with placed tensors."""

from __future__ import annotations

from pathlib import Path

import pytest

from simcore import load_system, simulate
from simcore.errors import InputError
from simcore.machine.machine import build_machine
from simcore.studies.stt_mram.placed_step import simulate_placed_step
from workloads.faults.device import MacroDevice
from workloads.faults.placed_system import placed_system
from workloads.faults.placement import SRAM, PlacedBits, Placement, Storage
from workloads.learning.network import network_for
from workloads.training import training_step

PADS = ("ifmap", "filter", "ofmap", "accumulator")
DEVICE = MacroDevice()
SAFE = Storage(voltage_v=1.235, pulse_ns=5)
WORD_BITS = 16
STEP = training_step(network_for("small-cnn", (1, 8, 8), 10, batch=8), optimizer="momentum")
SYSTEM = load_system("train-sram")


def placed(*parts: PlacedBits, safe: Storage = SAFE) -> Placement:
    return Placement("tried", safe, parts)


def run(placement: Placement):
    return simulate_placed_step(STEP, SYSTEM, placement, DEVICE, WORD_BITS)


@pytest.fixture(scope="module")
def safe_step():
    return run(placed())


@pytest.mark.slow
@pytest.mark.parametrize(("safe", "cell"), [(SAFE, "stt-34.5F2"), (SRAM, "sram")])
def test_one_storage_for_all_is_one_run_of_one_machine(safe, cell):
    whole = load_system("train-sram", ["technology.node_nm=22", *(f"scratchpads.{pad}.macro={cell}" for pad in PADS)])
    expected, found = simulate(STEP, whole), run(placed(safe=safe))
    assert len(found.parts) > 3
    assert found.cycles == expected.cycles
    assert dict(found.energy.itertuples(index=False)) == pytest.approx(dict(expected.energy.itertuples(index=False)))
    assert found.energy_pj == pytest.approx(expected.energy["energy_pj"].sum())


def test_a_lower_voltage_takes_its_tensors_write_energy_and_no_cycle(safe_step):
    low = Storage(voltage_v=1.0, pulse_ns=5)
    found = run(placed(PlacedBits("errors", low)))
    assert found.cycles == safe_step.cycles
    for mine, theirs in zip(found.parts, safe_step.parts, strict=True):
        held = [mine.system.scratchpads[pad].macro.voltage_v for pad in PADS]
        changed = mine.energy["energy_pj"] != theirs.energy["energy_pj"]
        assert changed.any() == (1.0 in held and mine.banks["writes"].sum() > 0)
    assert found.part_pj("_write") < 0.95 * safe_step.part_pj("_write")
    assert found.part_pj("_read") == pytest.approx(safe_step.part_pj("_read"))


@pytest.mark.slow
def test_a_shorter_pulse_takes_fewer_cycles_too(safe_step):
    short = Storage(voltage_v=1.235, pulse_ns=2)
    found = run(placed(safe=short))
    assert found.cycles < safe_step.cycles
    assert found.stall_cycles("write_backpressure") < safe_step.stall_cycles("write_backpressure")
    assert run(placed(*(PlacedBits(tensor, short) for tensor in ("activations", "weights", "errors")))).cycles >= found.cycles


def test_bits_in_two_memories_lie_side_by_side_in_every_line():
    half = placed(PlacedBits("errors", SRAM, 12), PlacedBits("errors", Storage(overdrive=3.0, pulse_ns=5), 0, 7))
    machine = placed_system(SYSTEM, half, {"ifmap": "errors", "filter": "weights"}, DEVICE, WORD_BITS)
    macro = machine.scratchpads["ifmap"].macro
    assert (macro.cell, macro.voltage_v) == ("stt-34.5F2", pytest.approx(DEVICE.voltage_v(3.0)))
    assert [(part.cell, part.voltage_v, part.bits_percent) for part in macro.beside] == [
        ("stt-34.5F2", 1.235, 25.0),
        ("sram", None, 25.0),
    ]
    assert machine.scratchpads["filter"].macro.voltage_v == machine.scratchpads["ofmap"].macro.voltage_v == 1.235
    assert len({timing.name for timing in build_machine(machine).timings}) == 1


@pytest.mark.slow
def test_the_guides_example_runs(capsys):
    guide = (Path(__file__).parents[1] / "docs" / "write-errors.md").read_text(encoding="utf-8")
    told: dict[str, object] = {}
    exec(guide.split("```python\n")[1].split("```")[0], told)
    safe = simulate_placed_step(told["step"], SYSTEM, placed(), DEVICE, WORD_BITS)
    assert told["placed"].cycles == safe.cycles
    assert told["placed"].part_pj("_write") < safe.part_pj("_write")
    assert str(safe.cycles) in capsys.readouterr().out


def test_what_cannot_be_simulated_is_reported():
    with pytest.raises(InputError, match="got only an error rate"):
        run(placed(PlacedBits("weights", Storage(error_rate=1e-3))))
    with pytest.raises(InputError, match="got a unified one"):
        simulate_placed_step(STEP, load_system("edge-unified"), placed(), DEVICE, WORD_BITS)
    with pytest.raises(InputError, match="expected scratchpads that keep their roles"):
        simulate_placed_step(STEP, load_system("train-sram", ["layer_results=scratchpads"]), placed(), DEVICE, WORD_BITS)
    with pytest.raises(InputError, match="expected layers that load their own tiles alone"):
        simulate_placed_step(STEP, load_system("train-sram", ["dma.prefetch=next-layer"]), placed(), DEVICE, WORD_BITS)
