"""The energy and area of what computes and moves words on the chip: array, vector unit, DMA, and the wires to the scratchpads."""

from __future__ import annotations

from math import sqrt

from models.technology import Technology
from simcore.program.program import Port
from simcore.spec import System
from simcore.systolic.energy import LogicRates
from workloads.dataflow.registry import dataflow_named

#: Parts of the area that are no scratchpads.
LOGIC_PARTS = ("array", "vector_unit", "dma")

#: What neither the energies nor the areas hold, on every systolic machine.
NOT_COUNTED = (
    "the clock tree and all control",
    "the array's edge FIFOs and skew registers, and the scratchpads' write buffers",
    "energy of shifting held operands into the array",
    "area of the wires between parts",
    "leakage of the array, the vector unit and the DMA",
    "controllers and interfaces of main memory",
)


def logic_areas(system: System, technology: Technology) -> dict[str, float]:
    """Return the area of array, vector unit and DMA in mm2, as registers and arithmetic alone.

    A processing element holds a word of each operand and a partial sum, if folds overlap also the next fold's held word. A lane
    of the vector unit holds two operands and a result, as wide as partial sums. The DMA holds the bursts in flight.
    """
    words, register_mm2 = system.words, technology.register_bit.area_mm2
    mac_mm2 = technology.mac(_mac_bytes(system)).area_mm2
    held = max(words.ifmap_bytes, words.filter_bytes) if system.array.fold_overlap != "none" else 0
    element_bits = 8 * (words.ifmap_bytes + words.filter_bytes + words.psum_bytes + held)
    lane_bits = 3 * 8 * words.psum_bytes
    elements = system.array.rows * system.array.all_columns
    return {
        "array": elements * (mac_mm2 + element_bits * register_mm2),
        "vector_unit": system.vector_unit.lanes * (mac_mm2 + lane_bits * register_mm2),
        "dma": system.dma.outstanding_bursts * system.dma.burst_bytes * 8 * register_mm2,
    }


def logic_rates(system: System, technology: Technology, areas: dict[str, float]) -> LogicRates:
    """Return the energies of computing and moving. ``areas`` are those of all parts of the machine.

    A word crosses the chip over half the side of a square of the whole area (assumed). Raise InputError as ``dataflow_named``
    does.
    """
    mac, register_pj = technology.mac(_mac_bytes(system)), technology.register_bit.pj
    moved_bits, kept_bits = _element_bits(system)
    element_mm = sqrt(areas["array"] / (system.array.rows * system.array.all_columns))
    wire_pj = technology.wire_mm.pj
    return LogicRates(
        mac_pj=mac.pj,
        array_pj=(moved_bits + kept_bits) * register_pj + moved_bits * element_mm * wire_pj,
        vector_pj=mac.pj,
        dma_pj_per_byte=8 * register_pj,
        wire_pj_per_byte=8 * wire_pj * sqrt(sum(areas.values())) / 2,
    )


def logic_sources(system: System, technology: Technology) -> dict[str, str]:
    """Return the sources of these figures."""
    mac, register, wire = technology.mac(_mac_bytes(system)), technology.register_bit, technology.wire_mm
    return {
        "mac": f"{mac.kind}: {mac.source}",
        "array": f"{register.kind}: a register and a wire to the next element for each word that moves; {register.source}",
        "vector": "assumed: a multiply-accumulate for each word that the vector unit takes in",
        "dma": f"{register.kind}: a register for each bit of a burst; {register.source}",
        "wires": f"{wire.kind}: {wire.source}; over half the side of the machine's area (assumed)",
    }


def _mac_bytes(system: System) -> int:
    return max(system.words.ifmap_bytes, system.words.filter_bytes)


def _element_bits(system: System) -> tuple[int, int]:
    """Return the bits that a processing element passes on, and the bits that it keeps and changes, per multiply-accumulate."""
    words = system.words
    bits = {Port.IFMAP: 8 * words.ifmap_bytes, Port.FILTER: 8 * words.filter_bytes, Port.OUTPUT: 8 * words.psum_bytes}
    held = dataflow_named(system.array.dataflow).held
    return sum(bits[port] for port in bits if port is not held), bits[Port.OUTPUT] if held is Port.OUTPUT else 0
