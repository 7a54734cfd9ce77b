"""Main memory's bandwidth is a rational number of bytes per cycle, which it delivers exactly, whatever the burst size.

The layer of most tests loads tiles and does nothing else. Its bytes come back to back from cycle 0 on, because the DMA starts in
each cycle at least as many bytes as main memory moves in a cycle.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from simcore.engine import run_programs
from simcore.engine.reference.clock import PhaseClock
from simcore.engine.reference.memory import MemoryPort, SimpleMemoryProcess
from simcore.errors import InputError
from simcore.machine.machine import SimpleMemory, build_machine
from simcore.program.outcome import Cause
from simcore.program.program import OP_COLUMNS, SEG_COLUMNS, Op, OpKind, Port, Program, Reg
from simcore.program.segments import Segments
from simcore.reading.rates import parse_bytes_per_cycle
from simcore.spec import SimpleMemorySpec, System, load_system, override_system

LATENCY = 20
ENGINES = pytest.mark.parametrize("engine", ["compiled", "simpy"])
#: A scratchpad in which every line has a bank, so that no burst waits there.
PAD: dict[str, Any] = {"capacity_bytes": "64 KiB", "banks": 64, "line_bytes": 64, "ports_per_bank": 8, "timing": "sram"}


def machine(bytes_per_cycle: object, burst_bytes: int, bursts: int = 4096, clock: str = "1 GHz", core: str = "1 GHz") -> System:
    """A machine whose DMA may have all bursts outstanding at once."""
    return System.model_validate(
        {
            "name": "bandwidth",
            "core_clock_hz": core,
            "array": {"rows": 1, "columns": 1, "dataflow": "os", "partial_sums": "ofmap"},
            "scratchpads": {"unified": PAD},
            "dma": {"burst_bytes": burst_bytes, "outstanding_bursts": bursts},
            "memory": {"clock_hz": clock, "latency_cycles": LATENCY, "bytes_per_cycle": bytes_per_cycle},
        }
    )


def loads(tile_bytes: list[int]) -> Program:
    """A layer that loads tiles one after another. Its one step needs none of them."""
    lines = max(tile_bytes) // 64 + 1
    region = np.zeros((1, len(Reg)), dtype=np.int64)
    region[0, [Reg.SLOT_LINES, Reg.SLOTS, Reg.WORD_BYTES, Reg.TILES]] = lines, len(tile_bytes), 1, len(tile_bytes)
    ops = np.zeros((len(tile_bytes), OP_COLUMNS), dtype=np.int64)
    ops[:, Op.KIND], ops[:, Op.DEP_PORT], ops[:, Op.DEP_OP] = OpKind.LOAD, -1, -1
    ops[:, Op.TILE] = ops[:, Op.SLOT] = np.arange(len(tile_bytes))
    ops[:, Op.BYTES] = tile_bytes
    ops[:, Op.ADDRESS] = np.cumsum(tile_bytes) - tile_bytes
    queue_start = np.array([0] + [len(ops)] * 5, dtype=np.int64)
    none = np.zeros((0, SEG_COLUMNS), dtype=np.int64)
    return Program(
        name="loads", dataflow="vector", steps=1, segments=Segments.of_rows([none] * 4), geometry=np.ones(18, dtype=np.int64),
        regions=region, ops=ops, queue_start=queue_start, tiles=len(tile_bytes), slots=len(tile_bytes),
    )  # fmt: skip


def cycles_of_loads(system: System, tile_bytes: list[int], engine: str) -> int:
    """The cycles from the first burst to the arrival of the last, without the cycle in which its lines are then written."""
    (outcome,) = run_programs(system, [loads(tile_bytes)], engine)
    assert outcome.stall_cycles[Cause.DRAIN, Port.DMA] == outcome.cycles - 1
    return outcome.cycles - 1


@ENGINES
@pytest.mark.parametrize("burst_bytes", [64, 256, 512, 1024, 4096])
def test_478_bytes_per_cycle_are_delivered_with_any_burst_size(engine: str, burst_bytes: int) -> None:
    """47,800 bytes take 100 cycles. One byte less takes as many, one byte more takes another cycle."""
    system = machine(478, burst_bytes)
    for count, transfer in ((47_799, 100), (47_800, 100), (47_801, 101)):
        assert cycles_of_loads(system, [count], engine) == transfer + LATENCY


@ENGINES
@pytest.mark.parametrize("rate", ["4787/10", 478.7, "1/3", "64/63", "7", "22500/47"])
def test_bytes_back_to_back_take_the_ceiling_of_their_exact_time(engine: str, rate: object) -> None:
    """n bytes at p/q bytes per cycle take ceil(n q / p) cycles, in one tile or in many odd ones. Sums of ceilings are more."""
    exact = parse_bytes_per_cycle(rate)
    system = machine(rate, 64)
    for tiles in ([1000], [130, 1, 64, 65, 127, 33, 500], [1, 1, 1, 1, 1, 1, 1], [1], [2], [3]):
        assert cycles_of_loads(system, tiles, engine) == ceil(sum(tiles) / exact) + LATENCY


@ENGINES
def test_a_rate_of_a_slower_clock_is_exact_too(engine: str) -> None:
    """At 940 MHz, 450 GB/s are 22500/47 bytes per cycle; a core at 470 MHz sees memory cycle k in cycle ceil(k / 2)."""
    system = machine("450 GB/s", 256, clock="940 MHz", core="470 MHz")
    assert isinstance(system.memory, SimpleMemorySpec)
    assert system.memory.bytes_per_cycle == Fraction(22500, 47)
    for count in (22_500, 22_501, 45_000, 50_000):
        transfer = ceil(Fraction(count * 47, 22_500))
        assert cycles_of_loads(system, [count], engine) == ceil(Fraction(transfer + LATENCY, 2))


class Burst:
    """A request of some bytes to the reference engine's memory."""

    def __init__(self, size: int) -> None:
        self.address, self.bytes, self.memory_done, self.is_store = 0, size, -1, False


def test_an_idle_memory_saves_up_no_bandwidth() -> None:
    """At 10 bytes per cycle 15 bytes of cycle 1 end at 2.5. 5 bytes that come in cycle 2 end at 3, in what is left of the cycle.

    The memory then rests. Bytes of cycle 8 begin in 8, although nothing was moved in five cycles.
    """
    clock, port = PhaseClock(), MemoryPort()
    memory = SimpleMemoryProcess(clock, SimpleMemory(LATENCY, Fraction(10)), (1, 1), port)
    sent = {1: Burst(15), 2: Burst(5), 8: Burst(1), 9: Burst(11)}
    for cycle, burst in sent.items():
        clock.run(until=cycle)
        memory.inbox.append(burst)
    clock.run(until=11)
    assert [burst.memory_done - LATENCY for burst in sent.values()] == [3, 3, 9, 11]
    assert port.free_at == Fraction(101, 10)


@ENGINES
def test_as_many_bursts_start_in_a_cycle_as_main_memory_can_move(engine: str) -> None:
    """64 bursts of 64 bytes at 64 bursts a cycle arrive in one cycle. With 63 places the last begins when one is over."""
    assert cycles_of_loads(machine(4096, 64), [4096], engine) == 1 + LATENCY
    # A burst of cycle 0 arrives in 1 + L, is written, and is over in 2 + L, when the last one starts.
    assert cycles_of_loads(machine(4096, 64, bursts=63), [4096], engine) == 2 + LATENCY + 1 + LATENCY


def test_with_a_dram_the_bursts_that_may_start_follow_its_data_buses() -> None:
    """HBM2: eight channels of two pseudo-channels, 32 bytes in two cycles each: 256 bytes per DRAM cycle."""
    hbm = load_system("edge-sram", ["memory=hbm2_2000", "memory.overrides.channel=8", "core_clock_hz=1 GHz"])
    assert build_machine(hbm).dma_bytes_per_cycle == 256
    assert build_machine(override_system(hbm, ["core_clock_hz=500 MHz"])).dma_bytes_per_cycle == 512


@pytest.mark.slow
@ENGINES
def test_small_bursts_reach_a_drams_bandwidth(engine: str) -> None:
    """1920 bursts of 32 bytes, 16 of which may start in a cycle of a 500 MHz core. One start a cycle would take 1920 cycles."""
    sets = ["memory=hbm2_2000", "memory.overrides.channel=8", "core_clock_hz=500 MHz", "dma.burst_bytes=32"]
    assert cycles_of_loads(override_system(machine(64, 64), sets), [61_440], engine) < 400


# What a System may say --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rate"),
    [("16", Fraction(16)), ("478.7", Fraction(4787, 10)), ("4787/10", Fraction(4787, 10)), ("450 GB/s", Fraction(450)),
     ("0.01", Fraction(1, 100)), ("1048576", Fraction(2**20)), ("12.8 GB/s", Fraction(64, 5))],
)  # fmt: skip
def test_a_system_takes_integers_decimals_fractions_and_bytes_per_second(text: str, rate: Fraction) -> None:
    system = load_system("edge-sram", [f"memory.bytes_per_cycle={text}"])
    assert isinstance(system.memory, SimpleMemorySpec)
    assert system.memory.bytes_per_cycle == rate
    assert System.model_validate(yaml.safe_load(yaml.safe_dump(system.to_yaml_dict()))) == system


_FORMS = "expected bytes per cycle such as 16, 478.7, '4787/10' or '450 GB/s'"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0", "expected at least 0.01 bytes per cycle, got 0"),
        ("2000000", "expected at most 1048576 bytes per cycle, got 2000000"),
        ("-1", f"{_FORMS}, got -1"),
        ("true", f"{_FORMS}, got True"),
        ("fast", f"{_FORMS}, got 'fast'"),
        ("1/0", f"{_FORMS}, got '1/0'"),
        (".inf", f"{_FORMS}, got inf"),
        ("1/3000000", "expected at least 0.01 bytes per cycle, got '1/3000000'"),
        (
            "1.00000001",
            "expected a fraction of whole bytes in at most 1000000 cycles, got 1.00000001; round it to a fraction such as 1",
        ),
        ("450 GBit/s", f"{_FORMS}, got '450 GBit/s'"),
    ],
)
def test_other_bandwidths_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load_system("edge-sram", [f"memory.bytes_per_cycle={text}"])
    assert str(caught.value) == f"overrides: memory.bytes_per_cycle={text}: memory.bytes_per_cycle: {message}"


@given(st.fractions(min_value=Fraction(1, 100), max_value=2**20, max_denominator=10**6))
def test_a_written_rate_is_the_same_rate_when_it_is_read(rate: Fraction) -> None:
    assert parse_bytes_per_cycle(f"{rate.numerator}/{rate.denominator}") == rate
