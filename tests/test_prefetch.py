"""``dma.prefetch: next-layer``: cycles by hand, each tile loaded once and into free lines, and what it may cost."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
from machines import PREFETCHING, draw_network, draw_system, network_of

import simcore.systolic.planned
from simcore import simulate
from simcore.engine import run_programs
from simcore.engine.reference.elements import elements_of
from simcore.errors import InputError
from simcore.program.outcome import Cause
from simcore.program.program import Op, OpKind, Port, Program, Reg
from simcore.results import Results
from simcore.spec import System, load_system, override_system
from workloads.dataflow import lower_network
from workloads.layers import Conv, Input, Linear
from workloads.network import Network, NetworkBuilder

AHEAD = "dma.prefetch=next-layer"
VECTORS = 300


def two_products() -> Network:
    """Two products with as many inputs, outputs and lanes, one filling of the array each, for 300 vectors."""
    net = NetworkBuilder("two")
    net.add(Input("input", (32,)))
    net.add(Linear("one", 32))
    net.add(Linear("two", 32))
    return net.build(VECTORS)


def programs(network: Network, system: System) -> list[Program]:
    return [program for _, program, _ in lower_network(network, system) if program is not None]


def stalls(results: Results, layer: str) -> list[int]:
    run = next(run for run in results.runs if run.name == layer)
    assert run.outcome is not None
    return [int(cycles) for cycles in run.outcome.stall_cycles.sum(axis=1)]


#: Main memory moves a burst of 64 bytes a cycle, so that it has time to spare while 300 vectors pass.
FAST = "memory.bytes_per_cycle=64"


def test_two_layers_by_hand():
    """The second layer's 1024 bytes of weights are 16 bursts, which main memory moves in a cycle each.

    Without prefetch the last burst is done 16 cycles after the layer began, plus 60 of latency. It is written into its lines in
    that cycle, 76, and the tile is resident in the next one, in which the port offers its first element. The element arrives a
    cycle later, so that the array makes its first step in cycle 78. With prefetch the tile is resident in cycle 0, and the first
    step comes in cycle 1. The first layer's weights leave their lines after 32 of its 394 steps, so its cycles stay as they are.
    """
    system = load_system("edge-sram", ["layer_results=scratchpads", FAST])
    alone, ahead = (simulate(two_products(), each) for each in (system, override_system(system, [AHEAD])))
    steps = 2 * 32 + 32 + VECTORS - 2
    assert [results.layers["compute_cycles"].tolist() for results in (alone, ahead)] == [[steps, steps]] * 2
    assert stalls(alone, "one") == stalls(ahead, "one")
    waits = [stalls(results, "two") for results in (alone, ahead)]
    assert [found.pop(Cause.FIRST_FILL) for found in waits] == [16 + 60 + 1 + 1, 1]
    assert waits[0] == waits[1]
    assert alone.cycles - ahead.cycles == 16 + 60 + 1
    image, weights, result = VECTORS * 32, 32 * 32, VECTORS * 32
    assert alone.layers["dram_read_bytes"].tolist() == [image + weights, weights]
    assert ahead.layers["dram_read_bytes"].tolist() == [image + 2 * weights, 0]
    assert ahead.layers["dram_write_bytes"].tolist() == [0, result]


def test_a_tensor_that_the_layer_before_writes_is_not_loaded_ahead():
    first, second = programs(two_products(), load_system("edge-sram", [AHEAD, FAST, "dma.outstanding_bursts=128"]))
    assert first.facts["ahead"].roles == ("filter",)
    found = second.ops[second.facts["ahead"].found]
    assert set(found[:, Op.REGION]) == {1}
    assert set(found[:, Op.KIND]) == {OpKind.ACQUIRE}
    assert second.ops[second.ops[:, Op.KIND] == OpKind.LOAD, Op.BYTES].sum() == VECTORS * 32


def test_a_layer_that_keeps_main_memory_busy_loads_nothing_ahead():
    """At 16 bytes a cycle main memory takes longer for the first layer's 20,224 bytes than the array for its 394 steps."""
    assert all("ahead" not in program.facts for program in programs(two_products(), load_system("edge-sram", [AHEAD])))


def fork() -> Network:
    net = NetworkBuilder("fork")
    net.add(Input("input", (4, 12, 12)))
    left = net.add(Conv("left", 8, kernel=3, padding=1))
    net.add(Conv("right", 8, kernel=1), ["input"])
    net.add(Conv("last", 8, kernel=1), [left])
    return net.build(2)


def test_a_run_of_some_layers_moves_what_these_layers_move_in_the_whole_run():
    system = load_system("edge-sram", [AHEAD])
    whole, some = (simulate(fork(), system, layers=layers) for layers in (None, "right"))
    row = whole.layers.set_index("layer").loc["right"]
    assert some.layers["dram_read_bytes"].tolist() == [row["dram_read_bytes"]]
    plain = simulate(fork(), "edge-sram").layers.set_index("layer")["dram_read_bytes"]
    assert whole.layers["dram_read_bytes"].sum() == plain.sum()
    assert whole.layers.set_index("layer").loc["left", "dram_read_bytes"] > plain["left"]


def test_a_plan_that_is_made_again_loads_ahead(monkeypatch):
    system = load_system("edge-sram", [AHEAD])
    first = simulate(fork(), system)
    monkeypatch.setattr(simcore.systolic.planned, "KEPT_BYTES", 0)
    again = simulate(fork(), system)
    for column in ("cycles", "dram_read_bytes"):
        assert again.layers[column].tolist() == first.layers[column].tolist()


@pytest.mark.slow
def test_values_are_those_of_the_layers():
    checked = simulate(
        fork(), "edge-sram", overrides=[AHEAD, "array.rows=8", "array.columns=8"], engine="simpy", check_values=True
    )
    assert set(checked.values.values()) == {"equal"}


def test_an_unknown_value_is_reported():
    with pytest.raises(InputError, match=r"dma.prefetch: expected 'none' or 'next-layer', got 'next'"):
        load_system("edge-sram", ["dma.prefetch=next"])


# Random networks and machines ---------------------------------------------------------------------------------------------------


def drawn(seed: int) -> tuple[Network, System, System]:
    """Return a network, and a machine without and with prefetch."""
    pick = random.Random(seed).choice
    system = draw_system(pick, PREFETCHING)
    return network_of(draw_network(pick)), override_system(system, ["dma.prefetch=none"]), system


SEEDS = range(40, 64)


def places(program: Program, ops: np.ndarray) -> list[tuple[int, int, int]]:
    """Return the scratchpad, the first and the end of the lines of the slots of some operations."""
    rows = program.regions[ops[:, Op.REGION]]
    begins = rows[:, Reg.BASE_LINE] + (ops[:, Op.SLOT] - rows[:, Reg.FIRST_SLOT]) * rows[:, Reg.SLOT_LINES]
    return list(zip(rows[:, Reg.SCRATCHPAD].tolist(), begins.tolist(), (begins + rows[:, Reg.SLOT_LINES]).tolist(), strict=True))


def meet(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return one[0] == other[0] and max(one[1], other[1]) < min(one[2], other[2])


def used_lines(program: Program, port: Port, after: int) -> set[tuple[int, int, int]]:
    """Return the slots that a port's elements need behind the first ``after`` of them: those that their tiles took last."""
    last = {int(op[Op.TILE]): op for op in program.ops if op[Op.KIND] != OpKind.STORE}
    tiles = {tile for number, element in enumerate(elements_of(program, port)) if number >= after for tile in element.tiles}
    return set(places(program, np.array([last[tile] for tile in tiles]).reshape(len(tiles), -1))) if tiles else set()


@pytest.mark.slow
def test_each_tile_is_loaded_once_into_lines_that_nothing_needs_any_more():
    loads_ahead = 0
    for seed in SEEDS:
        network, without, system = drawn(seed)
        plain, made = programs(network, without), programs(network, system)
        for kind in (OpKind.LOAD, OpKind.STORE):
            moved = [
                sorted(op[Op.BYTES] for program in each for op in program.ops.tolist() if op[Op.KIND] == kind)
                for each in (plain, made)
            ]
            assert moved[0] == moved[1]
        for before, program, following in zip(plain, made, made[1:], strict=False):
            if "ahead" not in program.facts:
                continue
            added = program.ops[program.ops[:, Op.REGION] >= len(before.regions)]
            loads_ahead += len(added)
            found = following.ops[following.facts["ahead"].found] if len(added) else added
            assert sorted(lines[:2] for lines in places(program, added)) == sorted(
                lines[:2] for lines in places(following, found)
            )
            for op, lines in zip(added, places(program, added), strict=True):
                for port in (Port.IFMAP, Port.FILTER, Port.PSUM, Port.OUTPUT):
                    after = int(op[Op.DEP_COUNT]) if port == op[Op.DEP_PORT] else 0
                    assert not any(meet(lines, other) for other in used_lines(before, port, after)), (seed, program.name)
    assert loads_ahead > 50


def with_free_banks(system: System) -> System:
    """Return a machine whose banks serve in one cycle, and so many requests at a time that none waits for another."""
    values = system.model_dump(mode="json", exclude_none=True)
    for pad in values["scratchpads"].values():
        pad.pop("bank_groups", None)
        pad["timing"], pad["ports_per_bank"] = {"model": "sram", "parameters": {"read_cycles": 1, "write_cycles": 1}}, 8
        pad["write_buffer"]["preemption"] = "none"
    return System.model_validate(values)


def cycles_more(seed: int, change: Callable[[System], System]) -> tuple[int, int]:
    """Return the cycles that prefetch adds to a network on a drawn machine with a change, and the cycles without prefetch."""
    network, *machines = drawn(seed)
    found = []
    for system in map(change, machines):
        found.append(sum(outcome.cycles for outcome in run_programs(system, programs(network, system))))
    return found[1] - found[0], found[0]


#: Networks that take more cycles, and why. A plan does not know how long a bank is busy, so that it is the same for all memories.
#: Each of these machines loses cycles at its banks, and none of them where banks are free.
COSTLY = {
    44: "the load that moved is written at 2 cycles a line, so the layer ends 17 cycles later. The next layer begins with this"
    " tile, and waits for another one instead, just as long",
    63: "one scratchpad for all, in which each line written takes 5 cycles: 21 tiles are written after the array has ended."
    " In the next layer they were written while it computed",
    1003: "one scratchpad for all: the loads that moved are written while the layer reads, and collide with its reads",
    1055: "one scratchpad for all: the next layer begins 14 cycles sooner, and its results are written while the tiles for which"
    " it then waits are written, too, with which they collide",
}


@pytest.mark.slow
def test_no_network_takes_more_cycles_where_banks_are_free():
    found = [cycles_more(seed, with_free_banks)[0] for seed in (*SEEDS, *COSTLY)]
    assert max(found) <= 0
    assert sum(more < 0 for more in found) >= len(found) / 3


@pytest.mark.slow
def test_cycles_become_fewer_but_where_banks_are_busy():
    found = {seed: cycles_more(seed, lambda system: system) for seed in (*SEEDS, *COSTLY)}
    assert {seed for seed, (more, _) in found.items() if more > 0} <= COSTLY.keys()
    assert all(more < cycles / 200 for more, cycles in found.values())
    drawn_ones = [found[seed][0] for seed in SEEDS]
    assert sum(drawn_ones) < 0
    assert sum(more < 0 for more in drawn_ones) > 3 * sum(more > 0 for more in drawn_ones)
