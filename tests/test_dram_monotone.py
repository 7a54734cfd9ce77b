"""A faster or larger DRAM never costs cycles. The exceptions are known, small and explained.

Each layer of LeNet-5 runs on its own machine. Every parameter is improved step by step.

With SRAM in the scratchpads one step costs cycles: a second rank. With the mapping RoBaRaCoCh the rank bits lie between column
and bank, so streams 8 KiB apart lie in two ranks, and a change of rank costs the data bus two cycles (nCS). A single rank keeps
both streams in different banks, between which the bus changes at no cost.

A queue of 32 reads out of which row hits are served first costs another layer 12 cycles: of bursts that the DMA hands over in the
order in which they are needed, younger ones overtake older ones.

With STT-MRAM, bursts that arrive earlier have their slow line writes closer together, and the array's reads wait behind them.
This is the mechanism that tests/test_monotone.py describes for `outstanding_bursts`. Two ranks cost cycles there too.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest

from simcore.engine import run_programs
from simcore.program.outcome import Cause, Outcome
from simcore.spec import load_system
from workloads.dataflow import lower_network
from workloads.networks import NETWORKS

DATAFLOWS = ("ws", "os", "is")
#: Each knob from worse to better.
KNOBS = {
    "standard": ("ddr3_1600k", "ddr4_2400r", "ddr4_3200aa"),
    "overrides.channel": (1, 2, 4),
    "overrides.rank": (1, 2),
    "overrides.nRCD": (30, 16, 8),
    "overrides.nCL": (30, 16, 8),
    "controller.refresh": ("all-bank", "none"),
    "controller.scheduler": ("fcfs", "frfcfs"),
    "controller.read_queue": (1, 4, 32),
    "controller.write_queue": (1, 4, 32),
}
SECOND_RANK = {"os f5", "os f6", "is f5", "is f6"}


@cache
def outcomes(base: str, bursts: int, dataflow: str, knob: str, value: object) -> dict[str, Outcome]:
    own = [f"dma.outstanding_bursts={bursts}", f"array.dataflow={dataflow}"]
    system = load_system(base, ["memory=ddr4_2400r", f"memory.{knob}={value}", *own])
    lowered = [program for _, program, _ in lower_network(NETWORKS["lenet5"](), system) if program is not None]
    return {program.name: run_programs(system, [program])[0] for program in lowered}


def costs(base: str, bursts: int, knob: str) -> dict[str, tuple[Outcome, Outcome]]:
    """The turns of a knob to the better that cost cycles: outcomes before and after, by dataflow and layer."""
    found = {}
    for dataflow in DATAFLOWS:
        for worse, better in pairwise(KNOBS[knob]):
            after = outcomes(base, bursts, dataflow, knob, better)
            for layer, before in outcomes(base, bursts, dataflow, knob, worse).items():
                if after[layer].cycles > before.cycles:
                    found[f"{dataflow} {layer}"] = before, after[layer]
    return found


#: Layers that wait for reads which younger ones overtook: that much at most.
OVERTAKEN = {("standard", "ws f5"), ("controller.scheduler", "ws f5"), ("controller.read_queue", "ws f5")}
OVERTAKEN_CYCLES = 12


@pytest.mark.slow
@pytest.mark.parametrize("knob", [knob for knob in KNOBS if knob != "overrides.rank"])
def test_a_better_dram_costs_nothing_in_front_of_sram_but_for_reads_that_are_overtaken(knob: str) -> None:
    found = costs("edge-sram", 32, knob)
    assert {(knob, layer) for layer in found} == {each for each in OVERTAKEN if each[0] == knob}
    assert all(after.cycles - before.cycles <= OVERTAKEN_CYCLES for before, after in found.values())


def test_reads_are_overtaken_only_in_a_deep_queue_out_of_which_row_hits_go_first() -> None:
    """The mechanism: with 4 reads in the queue, or with the oldest read first, that layer takes 12 cycles less.

    With the oldest read first DDR4 takes no longer than DDR3, either.
    """
    knobs = {"controller.read_queue": (4, 32), "controller.scheduler": ("fcfs",)}
    few, deep, oldest = (outcomes("edge-sram", 32, "ws", knob, value)["f5"] for knob, values in knobs.items() for value in values)
    assert few.cycles == oldest.cycles == deep.cycles - OVERTAKEN_CYCLES
    assert oldest.cycles <= outcomes("edge-sram", 32, "ws", "standard", "ddr3_1600k")["f5"].cycles < deep.cycles


@pytest.mark.slow
@pytest.mark.parametrize(("bursts", "most"), [(16, 1.052), (32, 1.15)])
def test_a_second_rank_costs_turns_of_the_data_bus(bursts: int, most: float) -> None:
    """With more bursts in flight the linear layers, whose bytes bind, have more transactions of both ranks in the queues."""
    found = costs("edge-sram", bursts, "overrides.rank")
    assert set(found) == SECOND_RANK
    for before, after in found.values():
        assert after.cycles < most * before.cycles
        waited = [outcome.stall_cycles[Cause.DRAM_WAIT].sum() for outcome in (before, after)]
        assert waited[1] - waited[0] >= 0.9 * (after.cycles - before.cycles)
        # As many rows are opened and hit: only the order of commands on the bus differs.
        assert before.dram is not None
        assert after.dram is not None
        assert (before.dram.banks.sum(axis=0) == after.dram.banks.sum(axis=0)).all()


@pytest.mark.slow
@pytest.mark.parametrize(("bursts", "of_a_rank", "of_others"), [(16, 1.04, 1.014), (32, 1.10, 1.13)])
def test_bursts_that_come_sooner_collide_more_with_slow_banks(bursts: int, of_a_rank: float, of_others: float) -> None:
    found = {(knob, name): pair for knob in KNOBS for name, pair in costs("edge-stt", bursts, knob).items()}
    assert ("standard", "ws f5") in found
    for (knob, _), (before, after) in found.items():
        assert after.cycles < (of_a_rank if knob == "overrides.rank" else of_others) * before.cycles
    grown = [
        pair[1].stall_cycles[Cause.DMA_COLLISION].sum() - pair[0].stall_cycles[Cause.DMA_COLLISION].sum()
        for (knob, _), pair in found.items()
        if knob != "overrides.rank"
    ]
    lost = [pair[1].cycles - pair[0].cycles for (knob, _), pair in found.items() if knob != "overrides.rank"]
    assert sum(grown) > 0.7 * sum(lost)
