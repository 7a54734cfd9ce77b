"""Energy of a layer on a systolic machine: its counts times the energies of the technology table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from simcore.dram.energy import dram_energy, summed
from simcore.dram.tables import ResolvedDram
from simcore.program.outcome import Outcome
from simcore.program.program import Int64Array, Port
from simcore.results import LayerRun
from simcore.results.banks import BankName
from simcore.results.dram import nothing_done
from simcore.spec import GatingSpec
from simcore.systolic.own_counters import EventRates, event_parts


@dataclass(frozen=True)
class BankRates:
    """Costs of one bank: energy per line access, leakage, the part of the leakage that may not be cut off, and area.

    ``check_share`` is the number of check bits per bit of data, which accesses carry, too; ``corrected`` is the share of reads
    that write the word back. ``scrub_mw`` is the power of scrubs.
    """

    read_pj: float
    write_pj: float
    leakage_mw: float
    volatile_leakage_mw: float
    area_mm2: float
    check_share: float = 0.0
    corrected: float = 0.0
    scrub_mw: float = 0.0


@dataclass(frozen=True)
class LogicRates:
    """Energies of what computes and moves words on the chip.

    ``mac_pj`` and ``array_pj`` are per multiply-accumulate: the arithmetic, and the registers and wires of its processing
    element. ``vector_pj`` is per word that the vector unit takes in. The others are per byte that the DMA moves, and per byte
    that crosses the chip between a scratchpad and what uses it.
    """

    mac_pj: float = 0.0
    array_pj: float = 0.0
    vector_pj: float = 0.0
    dma_pj_per_byte: float = 0.0
    wire_pj_per_byte: float = 0.0


@dataclass(frozen=True)
class MemoryRates:
    """Energies of a main memory that is a latency and a bandwidth: per byte moved, and power while the machine runs.

    A power is None if it is not known.
    """

    read_pj_per_byte: float
    write_pj_per_byte: float
    background_mw: float | None = None
    refresh_mw: float | None = None


@dataclass(frozen=True)
class EnergyRates:
    """The energy of one unit of each count on a machine with scratchpads; ``banks`` are in the engines' order.

    ``areas`` has the area of each part of the machine in mm2. ``sources`` says where each number comes from, ``notes`` what a
    reader must know before trusting it, ``not_counted`` what is neither in the energy nor in the area. ``memory`` is None if the
    energy of main memory is not known or if main memory is a DRAM. ``dram`` is that DRAM, None if its table has no currents.
    ``events`` are the energies of what bank timings of the user's own count. ``leakage_class`` is hp, lop or lstp. ``gating``
    says how idle banks are cut off from power, None if they never are. ``protects`` says whether codes and scrubs are charged.
    """

    logic: LogicRates
    memory: MemoryRates | None
    banks: tuple[BankRates, ...]
    core_clock_hz: int
    areas: Mapping[str, float] = field(default_factory=dict)
    leakage_class: str = "lop"
    gating: GatingSpec | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    not_counted: tuple[str, ...] = ()
    dram: ResolvedDram | None = None
    events: tuple[EventRates, ...] = ()
    protects: bool = False

    @property
    def leakage_mw(self) -> float:
        """Leakage of all banks in mW, with none of them cut off."""
        return sum(bank.leakage_mw for bank in self.banks)

    @property
    def banks_mm2(self) -> float:
        """Area of all banks, in mm2."""
        return sum(bank.area_mm2 for bank in self.banks)

    @property
    def cycle_ns(self) -> float:
        """The time of a core cycle."""
        return 1e9 / self.core_clock_hz


def energy_parts(run: LayerRun, banks: Sequence[BankName], rates: EnergyRates) -> dict[str, float]:
    """Return a layer's energy by part in pJ. ``banks`` and the banks of ``rates`` are in the engines' order."""
    outcome, logic = run.outcome, rates.logic
    parts = {
        "mac_pj": run.macs * logic.mac_pj,
        "array_pj": run.macs * logic.array_pj,
        "vector_pj": vector_words(run) * logic.vector_pj,
    }
    for action, counts, costs in (
        ("read", outcome.reads if outcome else None, [bank.read_pj for bank in rates.banks]),
        ("write", outcome.writes if outcome else None, [bank.write_pj for bank in rates.banks]),
    ):
        parts.update(_scratchpad_parts(action, counts, costs, banks))
    lines = np.array([bank.line_bytes for bank in banks])
    crossed = 0 if outcome is None else int(((outcome.reads + outcome.writes) * lines).sum())
    parts["wires_pj"] = crossed * logic.wire_pj_per_byte
    parts["dma_pj"] = sum(_moved_bytes(outcome)) * logic.dma_pj_per_byte
    if rates.memory is not None:
        parts.update(_memory_parts(outcome, rates.memory, rates.cycle_ns))
    if rates.dram is not None:
        parts.update(_dram_parts(run, rates.dram))
    parts.update(event_parts(outcome, rates.events))
    parts.update(_protection_parts(outcome, rates))
    keeping = np.array([bank.scratchpad in run.facts.get("keeping", ()) for bank in banks], dtype=bool)
    parts["leakage_pj"] = 0.0 if outcome is None else leakage_pj(outcome, rates, keeping)
    return parts


def vector_words(run: LayerRun) -> int:
    """Return the words that the vector unit takes in.

    These are operands of its own layers, scores and sums of attention on chip, and results for the layers that joined this one.
    """
    own = run.per_port("port_words", Port.IFMAP) if run.facts.get("dataflow") == "vector" else 0
    return own + int(run.facts.get("vector_words", 0)) + int(run.facts.get("joined_words", 0))


def leakage_pj(outcome: Outcome, rates: EnergyRates, keeping: npt.NDArray[np.bool_]) -> float:
    """Return the leakage of all banks over a layer's cycles, in picojoules. A bank that is cut off leaks the gating's share.

    Banks of which ``keeping`` is true hold what a later layer needs. They are not cut off if they would lose it.
    """
    cycle_ns = rates.cycle_ns
    if rates.gating is None:
        return rates.leakage_mw * outcome.cycles * cycle_ns  # mW x ns = pJ
    accesses = outcome.reads + outcome.writes
    in_use = np.where((accesses > 0) | keeping, outcome.cycles, 0)
    serving = np.minimum(outcome.busy_cycles + accesses * rates.gating.wake_cycles, outcome.cycles)
    volatile_mw = np.array([bank.volatile_leakage_mw for bank in rates.banks])
    other_mw = np.array([bank.leakage_mw for bank in rates.banks]) - volatile_mw
    left = rates.gating.leakage_percent / 100
    awake = volatile_mw * in_use + other_mw * serving
    cut_off = volatile_mw * (outcome.cycles - in_use) + other_mw * (outcome.cycles - serving)
    return float((awake + left * cut_off).sum()) * cycle_ns


def _protection_parts(outcome: Outcome | None, rates: EnergyRates) -> dict[str, float]:
    """Return a layer's energy in pJ for check bits that are accessed and words that are corrected, and for scrubs."""
    if not rates.protects:
        return {}
    code_pj = scrub_mw = 0.0
    if outcome is not None:
        for reads, writes, bank in zip(outcome.reads.tolist(), outcome.writes.tolist(), rates.banks, strict=True):
            corrected_pj = (1 + bank.check_share) * bank.corrected * reads * bank.write_pj
            code_pj += bank.check_share * (reads * bank.read_pj + writes * bank.write_pj) + corrected_pj
            scrub_mw += bank.scrub_mw
    return {"code_pj": code_pj, "scrub_pj": 0.0 if outcome is None else scrub_mw * outcome.cycles * rates.cycle_ns}


def _moved_bytes(outcome: Outcome | None) -> tuple[int, int]:
    """Return the bytes that the DMA moved from main memory, and to it."""
    return (0, 0) if outcome is None else (int(outcome.dma_read_bytes.sum()), int(outcome.dma_write_bytes.sum()))


def _memory_parts(outcome: Outcome | None, memory: MemoryRates, cycle_ns: float) -> Mapping[str, float]:
    read, written = _moved_bytes(outcome)
    time_ns = 0.0 if outcome is None else outcome.cycles * cycle_ns
    parts = {"dram_pj": read * memory.read_pj_per_byte + written * memory.write_pj_per_byte}
    for name, power_mw in (("dram_refresh_pj", memory.refresh_mw), ("dram_background_pj", memory.background_mw)):
        if power_mw is not None:
            parts[name] = power_mw * time_ns
    return parts


def _dram_parts(run: LayerRun, dram: ResolvedDram) -> Mapping[str, float]:
    """Return the DRAM's energy from its currents for all ranks; that of the data lines only if the table describes them."""
    done = run.outcome.dram if run.outcome is not None else None
    counts = nothing_done(dram) if done is None else done
    spent = summed(dram_energy(dram, counts.commands, counts.open_cycles, counts.cycles))
    parts = {
        "dram_activate_pj": spent.activate_pj,
        "dram_read_pj": spent.read_pj,
        "dram_write_pj": spent.write_pj,
        "dram_refresh_pj": spent.refresh_pj,
        "dram_background_pj": spent.background_pj,
    }
    return parts if spent.io_pj is None else {**parts, "dram_io_pj": spent.io_pj}


def _scratchpad_parts(
    action: str, counts: Int64Array | None, costs: Sequence[float], banks: Sequence[BankName]
) -> Mapping[str, float]:
    spent = np.zeros(len(banks)) if counts is None else counts * np.asarray(costs)
    parts: dict[str, float] = {}
    for bank, cost in zip(banks, spent, strict=True):
        column = f"{bank.scratchpad}_{action}_pj"
        parts[column] = parts.get(column, 0.0) + float(cost)
    return parts
