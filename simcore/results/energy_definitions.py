"""The meaning of the parts of the energy on a systolic machine: column -> text. All are in pJ."""

from __future__ import annotations

ENERGY = {
    "mac_pj": "macs x energy of one multiply-accumulate on words of the larger operand's size, at the process node.",
    "array_pj": "macs x energy of the registers and wires of a processing element, through which operands and partial sums pass.",
    "vector_pj": "Words that the vector unit takes in, for its own layers and for those that joined this layer, x energy of one "
    "multiply-accumulate.",
    "wires_pj": "Bytes of all line accesses, the DMA's included, x energy of a byte over half the side of the machine's area.",
    "dma_pj": "(dram_read_bytes + dram_write_bytes) x energy of a byte in the DMA's registers.",
    "dram_pj": "dram_read_bytes and dram_write_bytes x energy of a byte read or written, by memory.type, if main memory is a "
    "latency and a bandwidth; absent if memory.type is not given. Biases are parameters but move no bytes.",
    "dram_activate_pj": "ACT commands x energy of an activation with its precharge (docs/dram.md has the formulas). For a DRAM "
    "whose table has no currents these columns are absent, and energy_pj does not include main memory, as not_counted says.",
    "dram_read_pj": "RD commands x energy of a read in the chips.",
    "dram_write_pj": "WR commands x energy of a write in the chips.",
    "dram_refresh_pj": "REF commands x energy of a refresh. If main memory is a latency and a bandwidth: refresh power by "
    "memory.type x time.",
    "dram_background_pj": "Standby energy of the DRAM's chips over dram_cycles, which is higher while a bank is open. If main "
    "memory is a latency and a bandwidth: standby power with an open row, by memory.type, x time.",
    "dram_io_pj": "Energy of the drivers and termination of the DRAM's data lines; absent if its table does not describe them.",
    "leakage_pj": "Leakage power of all scratchpads x time (mW x ns = pJ). With technology.gating, idle banks are cut off.",
    "code_pj": "With technology.stored_error_rate: accesses to the check bits of scratchpads that need a code, x energy of their "
    "share of a line, and words written back because a read found a wrong bit. Their leakage is in leakage_pj.",
    "scrub_pj": "With technology.stored_error_rate: lines in use, read and written once a period of scrubs, x energy of both.",
    "energy_pj": "Sum of all parts of the energy. not_counted lists what is missing.",
}

WRITES_COUNT_ONCE = " A verified write counts once despite its retries; a preempted write counts once, less what was cut off."
