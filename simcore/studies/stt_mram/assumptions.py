"""The assumptions behind the numbers of the study, which are printed with them."""

from __future__ import annotations

from models.arrays.cells import memory_cell
from models.arrays.table import SOURCE
from models.arrays.write import DEFAULT_DESIGN
from models.technology import energy_table
from simcore.spec import System, load_system
from simcore.spec.memory import SimpleMemorySpec
from simcore.studies.stt_mram.held import held_assumptions
from simcore.studies.stt_mram.ratio_map import WRITE_SHARE
from simcore.studies.stt_mram.settings import BATCHES, CLAIMED_GAIN, NODE_NM, TRAINED, TRAINING_BATCH, WORD_BITS, SttMramSettings
from simcore.studies.stt_mram.systems import OPTIMIZER
from simcore.studies.stt_mram.variants import GATED_LEAKAGE_PERCENT, PRESET


def assumptions(settings: SttMramSettings) -> tuple[str, ...]:
    """Return the assumptions, one sentence each."""
    cell = memory_cell(settings.cell)
    low, high = CLAIMED_GAIN
    system = load_system(PRESET, of=System)
    assert isinstance(system.memory, SimpleMemorySpec)
    assert system.memory.type is not None
    memory = energy_table(node_nm=NODE_NM).main_memory(system.memory.type)
    return (
        f"macros: {SOURCE}; {NODE_NM} nm, {WORD_BITS}-bit words; interpolated between the capacities of that source",
        f"STT-MRAM of the systems: {cell.name} ({cell.source})",
        "leakage is that of the named class of transistors at 350 K; NVSim counts none in STT-MRAM cells, and CACTI 7 gives 7.7 "
        "times less for the same SRAM at hp and 5 times more at lstp",
        f"write error rates: a junction of stability {cell.junction.thermal_stability:.3g} at {cell.junction.temperature_k:g} K "
        f"(assumed: cell files name no junction), which fails at {DEFAULT_DESIGN.nominal_error_rate(cell):.2g} at the cell's "
        "current and pulse; `simcore memory cell` shows what follows from the cell's figures and where they contradict",
        "the write energy of cells is proportional to V^2 t; the energy of the peripheral circuits does not change",
        f"R(a) counts {100 * WRITE_SHARE:g} % of the accesses as writes; both memories serve equal accesses in equal time and "
        "leak all the time",
        f"systems: {PRESET} at {NODE_NM} nm, all scratchpads of one cell, each bank of {WORD_BITS}-bit macros side by side; "
        f"inference (batches {', '.join(f'{name} {BATCHES[name]}' for name in settings.chosen_networks)}) and a training step "
        f"({OPTIMIZER}, {TRAINING_BATCH} images: {', '.join(TRAINED[name] for name in settings.chosen_networks)}) in the "
        "preset's words",
        "a tensor that fits stays in a scratchpad from use to use (layer_results: scratchpads), except with placements",
        "equal area: as many banks of the most whole KiB that fit into the SRAM's area, scratchpad by scratchpad; the figures of "
        "their macros lie between rows of the table; a gain is SRAM over STT-MRAM with the same class and gating",
        f"gated: an idle STT-MRAM bank leaks {GATED_LEAKAGE_PERCENT} %; an SRAM bank is cut off only during layers that never "
        "touch it",
        f"main memory is a latency and a bandwidth of type {system.memory.type}: {memory.read_pj_per_byte:g} pJ per byte read, "
        f"{memory.write_pj_per_byte:g} pJ per byte written, background and refresh while the system works ({memory.kind}: "
        f"{memory.source}); a multiply-accumulate takes the same energy in every class",
        *held_assumptions(settings.cell),
        "write pulses: for each pulse the voltage keeps the error budget",
        f"the claimed range is a gain of {low:g} to {high:g} times; the study looks for it and never assumes it",
    )
