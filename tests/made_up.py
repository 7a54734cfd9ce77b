"""Outcomes and Results with random counts, for tests of the code that uses them."""

from __future__ import annotations

import numpy as np

from simcore.program.outcome import Cause, Outcome
from simcore.program.program import Port
from simcore.results import LayerRun, Results
from simcore.spec import System, load_system
from simcore.systolic.banks import bank_names
from simcore.systolic.energy import BankRates, EnergyRates, LogicRates, MemoryRates


def made_up_outcome(system: System, start_cycle: int, seed: int) -> Outcome:
    """Return an outcome of random counts that keeps an engine's promises: causes add up, and counts include those of the DMA."""
    random = np.random.default_rng(seed)
    banks = sum(pad.banks for pad in system.scratchpads.values())

    def counts(*shape: int, high: int = 50) -> np.ndarray:
        return random.integers(0, high, size=shape, dtype=np.int64)

    stalls = counts(len(Cause), len(Port)) * (random.random((len(Cause), len(Port))) < 0.4)
    compute = int(random.integers(100, 5000))
    cycles = compute + int(stalls.sum())
    starts = start_cycle + np.unique(random.integers(0, cycles, size=20, dtype=np.int64))
    starts[0] = start_cycle
    conflicts, busy = counts(banks, len(starts)), counts(banks, len(starts))
    dma_reads, dma_writes = counts(banks), counts(banks)
    pads = len(system.scratchpads)
    entries = random.multinomial(cycles, [0.4, 0.3, 0.2, 0.1], size=pads)
    return Outcome(
        start_cycle=start_cycle,
        cycles=cycles,
        compute_cycles=compute,
        stall_cycles=stalls,
        bank_stall_cycles=counts(banks, len(Cause), high=3),
        scratchpad_stall_cycles=counts(pads, len(Cause), high=9),
        wait_cycles=counts(pads, len(Port), len(Port), high=3),
        buffer_cycles=entries,
        reads=dma_reads + counts(banks),
        writes=dma_writes + counts(banks),
        dma_reads=dma_reads,
        dma_writes=dma_writes,
        forwarded_reads=counts(banks),
        preempted_writes=counts(banks),
        conflict_cycles=conflicts.sum(axis=1),
        busy_cycles=busy.sum(axis=1),
        conflict_timeline=conflicts,
        busy_timeline=busy,
        bin_start_cycles=starts,
        port_elements=counts(4),
        port_words=counts(4),
        port_lines=counts(4),
        dma_read_bytes=counts(3),
        dma_write_bytes=counts(3),
    )


def made_up_results(system: System | None = None) -> Results:
    """Return the results of three layers, the second of which is fused into the first."""
    machine = system or load_system("edge-sram")
    first = made_up_outcome(machine, 0, 1)
    last = made_up_outcome(machine, first.cycles, 2)
    runs = [
        LayerRun("conv1", "conv", 123_456, first, {"mapping_efficiency_percent": 25.0, "joined_words": 1000}),
        LayerRun("relu1", "activation", 0, None, {}, "conv1"),
        LayerRun("pool1", "pool", 0, last, {"dataflow": "vector"}),
    ]
    banks = len(bank_names(machine))
    rates = EnergyRates(
        LogicRates(mac_pj=0.5, array_pj=0.25, vector_pj=0.75, dma_pj_per_byte=0.1, wire_pj_per_byte=0.01),
        MemoryRates(20.0, 30.0, background_mw=5.0, refresh_mw=3.0),
        (BankRates(3.0, 7.0, 2.0 / banks, 2.0 / banks, 0.0),) * banks,
        10**9,
        areas={"ifmap": 1.0, "array": 2.0},
        not_counted=("the clock tree",),
    )
    return Results(machine, runs, rates, {"network": "made-up", "engine": "compiled"}, 0.25)
