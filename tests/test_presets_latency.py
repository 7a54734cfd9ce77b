"""Every preset has enough bursts in flight to cover its main memory's latency, with a margin for the lines that are written."""

from __future__ import annotations

import pytest

from simcore.dram.statistics import open_row_read_cycles, peak_bytes_per_cycle
from simcore.spec import SimpleMemorySpec
from simcore.spec.load import load_system
from simcore.spec.presets import preset_names
from simcore.spec.system import System

#: A burst is outstanding also while its lines are written to their banks, which takes some cycles more.
MARGIN = 1.25
SYSTOLIC = [name for name in preset_names() if isinstance(load_system(name), System)]


def test_presets_of_both_forms_of_main_memory_are_checked() -> None:
    forms = {type(load_system(name).memory) for name in SYSTOLIC}
    assert len(forms) == 2
    assert {"edge-sram", "train-sram", "cloud-128x128-ws", "tpu-v3-core", "scale-sim-32x32-ws", "edge-stt-ddr4"} <= set(SYSTOLIC)


@pytest.mark.parametrize("name", SYSTOLIC)
def test_bursts_in_flight_cover_the_latency_of_every_preset(name: str) -> None:
    system = load_system(name)
    memory = system.memory
    if isinstance(memory, SimpleMemorySpec):
        in_flight = memory.latency_cycles * memory.bytes_per_cycle
    else:
        dram = memory.resolved()
        in_flight = open_row_read_cycles(dram) * peak_bytes_per_cycle(dram)
    assert system.dma.outstanding_bursts * system.dma.burst_bytes >= MARGIN * in_flight
