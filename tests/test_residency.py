"""What stays in the scratchpads of a network: bytes by hand, a closed-form minimum, faulty placements."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from residency_cases import KEPT, lowered, minimum, moved

from simcore import simulate
from simcore.program.program import Op, OpKind, Program, Reg
from simcore.spec import System, load_system, override_system
from simcore.systolic.banks import bank_names
from simcore.systolic.energy import energy_parts
from simcore.systolic.rates import energy_rates
from workloads.dataflow import fusions
from workloads.dataflow.residency.check import StepCheck
from workloads.dataflow.residency.room import Room, Stay
from workloads.dataflow.residency.views import Place, operations_of, region_of
from workloads.layers import Activation, Conv, Input, Linear
from workloads.network import Network, NetworkBuilder
from workloads.training import training_step

WORDS = 512


# Three layers, by hand ---------------------------------------------------------------------------------------------------------


def three_functions() -> Network:
    """Three layers of the vector unit, which use no filters, so that the filters' scratchpad is free for what stays."""
    net = NetworkBuilder("three")
    net.add(Input("input", (WORDS,)))
    for name in ("one", "two", "three"):
        net.add(Activation(name, "tanh"))
    return net.build()


def beside_them(filter_bytes: int) -> System:
    """Return a machine whose other scratchpads are too small for a tensor of 512 bytes. All its banks hold 32-byte lines."""
    own = [f"scratchpads.{pad}.capacity_bytes=256" for pad in ("ifmap", "ofmap")]
    one_bank = [f"scratchpads.{pad}.banks=1" for pad in ("ifmap", "filter", "ofmap")]
    return load_system("edge-sram", [*own, *one_bank, f"scratchpads.filter.capacity_bytes={filter_bytes}", KEPT])


@pytest.mark.parametrize(
    ("filter_bytes", "tensors_moved"),
    [
        (2 * WORDS, 2),  # both results stay: the input comes in, the last result goes out
        (2 * WORDS - 32, 4),  # a line too few: while the second layer runs, only one of them has room
        (WORDS, 4),
        (WORDS - 32, 6),  # none has room
    ],
)
def test_a_line_decides_what_stays(filter_bytes, tensors_moved):
    assert moved(three_functions(), beside_them(filter_bytes)) == tensors_moved * WORDS


def test_writes_land_in_the_scratchpad_that_keeps_the_tensor():
    stored, kept = (simulate(three_functions(), beside_them(capacity)) for capacity in (WORDS - 32, 2 * WORDS))
    lines = WORDS // 32
    writes = [results.banks.groupby("scratchpad")["writes"].sum().to_dict() for results in (stored, kept)]
    # Each tensor is written by the DMA where it is read, and by the layer where it is written.
    assert writes[0] == {"ifmap": 3 * lines, "filter": 0, "ofmap": 3 * lines, "accumulator": 0}
    assert writes[1] == {"ifmap": lines, "filter": 2 * lines, "ofmap": lines, "accumulator": 0}
    worn = [results.wear.groupby("scratchpad")["writes"].sum().to_dict() for results in (stored, kept)]
    assert [each["filter"] for each in worn] == [0, 2 * lines]
    energy = [results.totals.set_index("metric")["value"] for results in (stored, kept)]
    assert energy[1]["filter_write_pj"] > energy[0]["filter_write_pj"] == 0
    assert energy[1]["dram_pj"] == pytest.approx(energy[0]["dram_pj"] / 3)


def test_sram_that_keeps_a_tensor_is_not_cut_off():
    """The second layer uses neither the filters' scratchpad, in which the first result waits, nor the accumulator."""
    net = NetworkBuilder("waiting")
    one = net.add(Activation("one", "tanh"), [net.add(Input("input", (WORDS,)))])
    net.add(Activation("two", "tanh"), [net.add(Input("other", (WORDS,)))])
    net.add(Activation("three", "exp"), [one])
    system = override_system(beside_them(WORDS), ["technology.gating.leakage_percent=0"])
    results = simulate(net.build(), system)
    leaks = dict.fromkeys(system.scratchpads, 0.0)
    for name, bank in zip(bank_names(system), energy_rates(system).banks, strict=True):
        leaks[name.scratchpad] += bank.leakage_mw
    two = next(run for run in results.runs if run.name == "two")
    assert two.outcome is not None
    in_two = leaks["ifmap"] + leaks["ofmap"] + leaks["filter"]
    assert results.banks.groupby("scratchpad")[["reads", "writes"]].sum().loc["filter"].tolist() == [WORDS // 32] * 2
    found = energy_parts(two, bank_names(system), energy_rates(system))["leakage_pj"]
    assert found == pytest.approx(in_two * two.outcome.cycles)  # mW x ns, a cycle being 1 ns


def three_products() -> Network:
    net = NetworkBuilder("three")
    net.add(Input("input", (1, 64)))
    for name in ("one", "two", "three"):
        net.add(Linear(name, 64))
    return net.build(4)


@pytest.mark.parametrize(("optimizer", "states"), [("sgd", 1), ("adam", 3)])
def test_the_passes_of_a_step_of_three_layers(optimizer, states):
    """Where all fits, the forward pass loads images and weights, the backward pass a label an image, the update moments."""
    step, weights = training_step(three_products(), optimizer=optimizer), 3 * 64 * 64
    results = simulate(step, load_system("edge-sram", [KEPT]))
    found = results.passes.set_index("pass")[["dram_read_bytes", "dram_write_bytes"]].T.to_dict("list")
    assert found == {
        "forward": [4 * 64 + weights, 0],
        "input_gradient": [4, 0],
        "weight_gradient": [0, 0],
        "update": [(states - 1) * weights, states * weights],
    }


def test_parts_of_a_gradient_become_one_tensor():
    """A convolution of stride 2 makes its input's gradient in four phases; the layer before reads it as one.

    The loss takes the channels of each of the 4 x 4 places as classes, so that an image has 16 labels.
    """
    net = NetworkBuilder("phases")
    net.add(Input("input", (2, 8, 8)))
    net.add(Conv("first", 4, kernel=3, padding=1))
    net.add(Conv("second", 4, kernel=3, stride=2, padding=1))
    step = training_step(net.build(2))
    assert len([each for each in step.instances() if "phase" in each.name]) == 4
    assert moved(step, load_system("edge-sram", [KEPT])) == minimum(step, 1, 1) == 2 * (2 * 64 + 16) + 2 * (4 * 18 + 4 * 36)


# Faulty placements --------------------------------------------------------------------------------------------------------------


def followed(network: Network, system: System, programs: dict[str, Program]) -> None:
    check = StepCheck(network, system, fusions(network))
    for name, program in programs.items():
        check.layer(name, program)
    check.end()


def at_lines_of(program: Program, role: str, place: Place, system: System) -> Program:
    """Return a Program in which a role's region lies somewhere else."""
    regions = program.regions.copy()
    row = regions[region_of(program, role)]
    row[Reg.SCRATCHPAD], row[Reg.BASE_LINE] = [str(name) for name in system.scratchpads].index(place.pad), place.base_line
    return replace(program, regions=regions)


def without(program: Program, role: str, kind: OpKind) -> Program:
    """Return a Program whose loads or stores of a role are acquisitions, which move nothing."""
    ops = program.ops.copy()
    ops[operations_of(program, region_of(program, role), kind), Op.KIND] = int(OpKind.ACQUIRE)
    return replace(program, ops=ops)


def test_a_faulty_placement_is_found():
    network, system = three_functions(), beside_them(2 * WORDS)
    good = lowered(network, system)
    followed(network, system, good)
    places = {name: dict(program.facts["placement"].residents) for name, program in good.items()}
    first, second = places["one"]["ofmap"].place, places["two"]["ofmap"].place
    assert first == places["two"]["ifmap"].place
    assert not first.meets(second)
    faults = {
        "take the same lines": {"two": at_lines_of(good["two"], "ofmap", first, system)},
        "does not lie where its tensor is kept": {"two": at_lines_of(good["two"], "ifmap", Place("ofmap", 0, 16), system)},
        "neither stored nor kept": {"three": without(good["three"], "ofmap", OpKind.STORE)},
        "which was not stored": {"three": lowered(network, beside_them(WORDS - 32))["three"]},
    }
    for text, changed in faults.items():
        with pytest.raises(RuntimeError, match=text):
            followed(network, system, {**good, **changed})


def test_a_tensor_that_was_written_over_is_missed():
    """The first result waits for the third layer; a fault lets the second layer work in its lines."""
    net = NetworkBuilder("over")
    net.add(Input("input", (WORDS,)))
    one = net.add(Activation("one", "tanh"))
    net.add(Activation("two", "tanh"), ["input"])
    net.add(Activation("three", "exp"), [one])
    network, system = net.build(), beside_them(2 * WORDS)
    good = lowered(network, system)
    followed(network, system, good)
    place = dict(good["three"].facts["placement"].residents)["ifmap"].place
    role = next(role for role in ("ifmap", "ofmap") if role not in dict(good["two"].facts["placement"].residents))
    with pytest.raises(RuntimeError, match="expects one in a scratchpad, where it is not"):
        followed(network, system, {**good, "two": at_lines_of(good["two"], role, place, system)})


def test_places_do_not_meet_and_leave_what_is_reserved():
    room = Room(beside_them(2 * WORDS), layers=4)
    none, half = np.zeros(4, dtype=np.int64), np.full(4, 16)
    low = room.place_for("filter", 20, 0, 1, none)
    assert low == Stay(0, 1, Place("filter", 12, 20))
    room.add(low)
    assert room.place_for("filter", 20, 1, 2, none) is None
    beside = room.place_for("filter", 12, 1, 2, none)
    assert beside == Stay(1, 2, Place("filter", 0, 12))
    assert room.place_for("filter", 12, 1, 2, half) is None
    assert room.place_for("filter", 16, 2, 3, half) == Stay(2, 3, Place("filter", 16, 16))
    assert room.working("filter", 0) == Place("filter", 0, 12)
    room.remove(low)
    assert room.working("filter", 0) == Place("filter", 0, 32)
