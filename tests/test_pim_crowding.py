"""How many subarrays of a bank compute at a time, and how long a run is expected to take before it is planned."""

from __future__ import annotations

import pytest

from simcore import simulate
from simcore.engine.shortcuts import Shortcuts
from simcore.kinds.runs import RunOrder
from simcore.pim.sequence import repeated
from simcore.pim_dram.crowding import alone_cycles, round_cycles
from simcore.pim_dram.machine import build_machine
from simcore.pim_dram.run import PhaseRuns, work_of
from simcore.pim_dram.run_time import run_estimate
from simcore.pim_dram.sequences import Sequences
from simcore.simulation import network_for
from simcore.spec import load_system

BITS = ("precision={weight_bits: 2, activation_bits: 2}",)


@pytest.mark.slow
@pytest.mark.parametrize("subarrays", [1, 2, 4, 16])
@pytest.mark.parametrize("more", [(), ("limits.tfaw=false",), ("operands=bus",)])
def test_the_closed_form_of_a_round_is_nearly_what_the_engine_finds(subarrays: int, more: tuple[str, ...]) -> None:
    machine = build_machine(load_system("pim-dram-ddr4", overrides=(*BITS, *more, f"active_subarrays={subarrays}")))
    made, rounds = Sequences(machine).round.sequence, 20
    found = PhaseRuns(machine, "compiled", Shortcuts()).outcome(
        work_of(machine, (repeated(made, rounds),) * machine.banks, subarrays)
    )
    expected = rounds * round_cycles(machine, made, machine.banks, subarrays)
    assert 0.99 * expected < found.cycles < 1.2 * expected


def test_a_round_alone_by_hand() -> None:
    machine = build_machine(load_system("pim-dram-ddr4", overrides=BITS))
    made = Sequences(machine).round.sequence
    # 28 operations of 62 cycles, 2 rows of operands that are held for 43 cycles and written, 4 of products that are held as long.
    operations = len(made.operations) - 6
    assert machine.tree_cycles == machine.operand_cycles == 43
    assert alone_cycles(machine, made) == operations * 62 + 2 * (19 + 43 + 20 + 19) + 4 * (19 + 43 + 19)


@pytest.mark.slow
def test_more_subarrays_compute_where_they_end_sooner() -> None:
    """One subarray of each bank leaves the bus of commands idle while the tree reads, so that more are faster."""
    options = ("limits.tfaw=false", *BITS)
    one, several = (simulate("alexnet", "pim-dram-ddr4", overrides=(*options, f"active_subarrays={n}")) for n in (1, 16))
    assert several.details["placed"].array.subarrays == 2
    assert several.cycles < 0.95 * one.cycles


def test_many_subarrays_are_expected_to_take_longer_to_simulate() -> None:
    seconds = []
    for subarrays in (1, 16):
        system = load_system("pim-dram-ddr4", overrides=(f"active_subarrays={subarrays}",))
        order = RunOrder(network_for("vgg16", system, None, None), None, "compiled", Shortcuts())
        seconds.append(run_estimate(build_machine(system), order).seconds)
    # VGG16 took 2.5 CPU seconds with one subarray of each bank at work, 27 with 16.
    assert 1 < seconds[0] < 4
    assert 15 < seconds[1] < 40
