"""What the figures of the study rest on, to be printed beside them."""

from __future__ import annotations

from models.arrays.cells import memory_cell
from models.arrays.table import SOURCE
from models.arrays.write import DEFAULT_DESIGN
from models.technology import energy_table
from simcore.studies.stt_mram.ratio_map import WRITE_SHARE
from simcore.studies.stt_mram.settings import BATCHES, CLAIMED_GAIN, NODE_NM, WORD_BITS, SttMramSettings
from simcore.studies.stt_mram.systems import OPTIMIZER
from simcore.studies.stt_mram.variants import GATED_LEAKAGE_PERCENT, PRESET


def assumptions(settings: SttMramSettings) -> tuple[str, ...]:
    """One sentence each."""
    cell, design = memory_cell(settings.cell), DEFAULT_DESIGN
    low, high = CLAIMED_GAIN
    technology = energy_table(node_nm=NODE_NM)
    return (
        f"macros: {SOURCE}; {NODE_NM} nm, {WORD_BITS}-bit words; between its capacities interpolated",
        f"STT-MRAM of the systems: {cell.name} ({cell.source})",
        "leakage is that of the named class of transistors at 350 K; NVSim counts none in STT-MRAM cells, and CACTI 7 gives 7.7 "
        "times less for the same SRAM at hp, 5 times more at lstp",
        f"write error rates: a junction of stability {design.junction.thermal_stability:g} that fails at "
        f"{design.nominal_error_rate:g} at the cell's nominal voltage and pulse (assumed: cell files name no junction)",
        "write energy of cells follows V^2 t; what the peripheral circuits take stays",
        f"R(a) counts {100 * WRITE_SHARE:g} % of the accesses as writes; equal accesses in equal time; leakage all the time",
        f"systems: {PRESET} at {NODE_NM} nm, all scratchpads of one cell, each bank of {WORD_BITS}-bit macros side by side; "
        f"inference and a training step ({OPTIMIZER}) in the preset's words; batches "
        + ", ".join(f"{name} {BATCHES[name]}" for name in settings.chosen_networks),
        "a result that fits stays in its scratchpad for the next layer (layer_results: scratchpads), not under placements",
        "equal area: the largest power of two times the SRAM's capacity, scratchpad by scratchpad; a gain is SRAM over STT-MRAM "
        "with the same class and gating",
        f"gated: an idle STT-MRAM bank leaks {GATED_LEAKAGE_PERCENT} %, an SRAM bank is cut off only through layers that never "
        "touch it",
        f"main memory is a latency and a bandwidth, charged {technology.dram_pj_per_byte:g} pJ a byte ({technology.dram.kind}: "
        f"{technology.dram.source}); a multiply-accumulate is charged alike in every class",
        "write pulses: the voltage is that at which the error rate stays the nominal one",
        f"the claimed range is a gain of {low:g} to {high:g} times; here it is looked for, never assumed",
    )
