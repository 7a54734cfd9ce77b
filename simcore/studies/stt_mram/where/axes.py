"""The axes of the map. Capacity, batch, array and clock change cycles and are simulated; the others change energies alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import ceil
from typing import Any

from models.technology import energy_table
from simcore.spec import System, load_system
from simcore.spec.memory import SimpleMemorySpec
from simcore.studies.stt_mram.settings import KIB, NODE_NM, TRAINING_BATCH, SttMramSettings
from simcore.studies.stt_mram.systems import PRESET_BYTES, Point
from simcore.studies.stt_mram.variants import ARRAY, CLOCK_MHZ, PRESET

#: Leakage of 1 MiB of SRAM at 22 nm in mW, by NVSim (models/data/memory_macros.csv) and by CACTI 7 (1ffd8df, cells and periphery
#: of ITRS hp and lstp). For the same memory the tools differ by these factors.
_NVSIM_MW, _CACTI_MW = {"hp": 1080.0, "lstp": 0.091041}, {"hp": 139.744, "lstp": 0.479828}
CACTI_FACTORS = {name: _CACTI_MW[name] / _NVSIM_MW[name] for name in _NVSIM_MW}


@dataclass(frozen=True)
class Leakage:
    """A point on the axis of leakage: a class, which also gives cycles and energies of accesses, and factors on its leakage."""

    name: str
    leakage_class: str
    sram_factor: float = 1.0
    mram_factor: float = 1.0


@dataclass(frozen=True)
class MainMemory:
    """A point on the axis of main memory: energies of a byte, and background and refresh of all its channels in mW."""

    name: str
    read_pj_per_byte: float
    write_pj_per_byte: float
    background_mw: float
    refresh_mw: float


#: From most to least. A factor scales SRAM and STT-MRAM, "-cacti-sram" only the SRAM, of which alone CACTI gives the leakage.
LEAKAGES = tuple(
    Leakage(*given)
    for given in (
        ("hp", "hp"),
        ("hp-0.36", "hp", 0.36, 0.36),
        ("hp-cacti", "hp", CACTI_FACTORS["hp"], CACTI_FACTORS["hp"]),
        ("hp-cacti-sram", "hp", CACTI_FACTORS["hp"], 1.0),
        ("lop", "lop"),
        ("lop-0.24", "lop", 0.24, 0.24),
        ("lop-0.06", "lop", 0.06, 0.06),
        ("lstp-cacti-sram", "lstp", CACTI_FACTORS["lstp"], 1.0),
        ("lstp", "lstp"),
    )
)
#: The leakage that is left in an idle bank, in percent of its own. 100 is a machine without gating.
RESIDUES_PERCENT = (100.0, 20.0, 10.0, 5.0, 0.0)
#: Types of main memory whose background and refresh are known, from least to most energy per byte.
MEMORY_TYPES = ("hbm2", "ddr4", "ddr3")
#: The often quoted 1300 pJ for 64 bits (Horowitz, ISSCC 2014), which has background and refresh within.
QUOTED = MainMemory("1300pJ", 162.5, 162.5, 0.0, 0.0)

#: The capacity at which batch, array and clock vary.
CENTRE_KIB = 16 * KIB
CAPACITIES_KIB, QUICK_CAPACITIES_KIB = (KIB, 4 * KIB, CENTRE_KIB, 32 * KIB), (KIB, 4 * KIB, CENTRE_KIB)
CLOCKS_MHZ, QUICK_CLOCKS_MHZ = (250, 500, CLOCK_MHZ, 2000), (500, CLOCK_MHZ)
BATCH_SIZES, QUICK_BATCH_SIZES = (1, 8, TRAINING_BATCH, 128), (TRAINING_BATCH,)
ARRAYS, QUICK_ARRAYS = (ARRAY, 64, 128), (ARRAY,)

#: The networks whose steps are simulated at every combination of batch, array and clock, because they take the least time.
JOINT_NETWORKS = ("lenet5", "alexnet")

#: What the preset is on each axis. A configuration departs from it.
NOMINAL: Mapping[str, Any] = {
    "leakage": "lop",
    "sram_kib": PRESET_BYTES // KIB,
    "clock_mhz": CLOCK_MHZ,
    "batch": TRAINING_BATCH,
    "array": ARRAY,
    "main_memory": "ddr4",
    "residue_percent": 100.0,
}


def points_of(settings: SttMramSettings, network: str) -> tuple[Point, ...]:
    """Return a network's simulated points: all capacities, and at one capacity the batches, arrays and clocks.

    The latter vary one axis at a time, and in a full study in every combination for the networks of ``JOINT_NETWORKS``.
    """
    quick = settings.quick
    capacities = QUICK_CAPACITIES_KIB if quick else CAPACITIES_KIB
    clocks, batches = (QUICK_CLOCKS_MHZ, QUICK_BATCH_SIZES) if quick else (CLOCKS_MHZ, BATCH_SIZES)
    found = [Point(sram_kib, TRAINING_BATCH) for sram_kib in capacities]
    found += [Point(CENTRE_KIB, TRAINING_BATCH, clock_mhz=clock_mhz) for clock_mhz in clocks]
    found += [Point(CENTRE_KIB, batch) for batch in batches]
    found += [Point(CENTRE_KIB, TRAINING_BATCH, array) for array in (QUICK_ARRAYS if quick else ARRAYS)]
    if not quick and network in JOINT_NETWORKS:
        found += [Point(CENTRE_KIB, *each) for each in product(BATCH_SIZES, ARRAYS, CLOCKS_MHZ)]
    return tuple(dict.fromkeys(found))


def main_memories() -> tuple[MainMemory, ...]:
    """Return the points on the axis of main memory, at the preset's bandwidth, from least to most energy per byte."""
    memory = load_system(PRESET, of=System).memory
    assert isinstance(memory, SimpleMemorySpec)
    table = energy_table(node_nm=NODE_NM)
    found = []
    for name in MEMORY_TYPES:
        figures = table.main_memory(name)
        channels = ceil(memory.bytes_per_cycle * memory.clock_hz / figures.channel_bytes_per_s)
        assert figures.background_mw is not None
        assert figures.refresh_mw is not None
        powers = (channels * figures.background_mw, channels * figures.refresh_mw)
        found.append(MainMemory(name, figures.read_pj_per_byte, figures.write_pj_per_byte, *powers))
    return (*found, QUOTED)
