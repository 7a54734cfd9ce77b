"""Bank timings that come with simcore: SRAM, STT-MRAM, and STT-MRAM that verifies and retries its writes.

Cycles are core cycles; the defaults hold at 1 GHz, where a cycle is 1 ns. A hybrid scratchpad needs no timing of its own: give
its bank groups different timings in the System. The figures come from runs of NVSim (SEAL-UCSB/NVSim 6334d00, 22 nm,
low-operating-power roadmap, 128-bit words) and from its cell files. Each default says whether it is measured, derived or assumed.
"""

from __future__ import annotations

from simcore.program.program import Int64Array
from simcore.timing.bank_timing import WRITE, BankTiming


class Sram(BankTiming):
    """SRAM takes a request every cycle. A read delivers its data after ``read_cycles``, a write ends after ``write_cycles``.

    Both defaults are 1 cycle: NVSim gives 0.14 ns (32 KiB) to 0.76 ns (1 MiB) for a read and 0.13 to 0.54 ns for a write
    (measured).
    """

    parameters = {"read_cycles": 1, "write_cycles": 1}
    parameter_minimum = {"read_cycles": 1, "write_cycles": 1}
    uses_row = False
    time_invariant = True
    technology = "sram"

    @staticmethod
    def serve(params: Int64Array, bank: Int64Array, shared: Int64Array, now: int, op: int, row: int) -> tuple[int, int]:
        """The bank is free in the next cycle, whatever the latency, because it is pipelined."""
        cycles = params[1] if op == WRITE else params[0]
        return now + 1, now + cycles


class SttMram(BankTiming):
    """STT-MRAM has its own occupancy and its own latency for reads and for writes.

    ``read_cycles`` and ``write_cycles`` are the occupancy of the bank. ``read_latency_cycles`` and ``write_latency_cycles`` are
    the time until the data are available or the write is over; 0 (the default) means as long as the occupancy. ``pipelined`` = 1
    frees the bank after the occupancy even if the access goes on (its sense amplifiers or write drivers are latched); 0 holds the
    bank until the access is over.

    A write takes 10 cycles by default: the 10 ns pulse of NVSim's sample_STTRAM.cell. Decoding and wires (0.1 to 0.5 ns in
    NVSim's arrays, measured) are hidden behind the previous access (assumed). A read takes 2: 1.8 to 2.0 ns at 32 KiB to 1 MiB
    (measured, rounded).
    """

    parameters = {"read_cycles": 2, "write_cycles": 10, "read_latency_cycles": 0, "write_latency_cycles": 0, "pipelined": 0}
    parameter_minimum = {"read_cycles": 1, "write_cycles": 1}
    uses_row = False
    time_invariant = True
    technology = "stt-mram"

    @staticmethod
    def serve(params: Int64Array, bank: Int64Array, shared: Int64Array, now: int, op: int, row: int) -> tuple[int, int]:
        """The bank is free after the occupancy; if it is not pipelined, also not before the access is over."""
        kind = 1 if op == WRITE else 0
        occupancy = params[kind]
        latency = params[2 + kind]
        if latency == 0:
            latency = occupancy
        if params[4] == 0:
            occupancy = max(occupancy, latency)
        return now + occupancy, now + latency


class SttMramVerify(BankTiming):
    """STT-MRAM that reads back each write and repeats it until it is right, with at most ``max_attempts`` attempts.

    An attempt takes ``write_cycles + read_cycles`` and fails with probability ``failures_per_million / 1e6``. The bank is held
    through all attempts. A hash of (seed, bank, number of the draw) decides which attempts fail, so a run repeats exactly, in
    both engines.

    By default a read takes 2 and a write 10 cycles, as in SttMram. 512 failures per million follow from a line of 64 bytes with a
    write error rate of 1e-6 per bit (derived), a rate that several papers report (NVMExplorer's survey of fabricated cells). The
    limit of 8 attempts is assumed.
    """

    parameters = {"read_cycles": 2, "write_cycles": 10, "failures_per_million": 512, "max_attempts": 8, "seed": 0}
    parameter_minimum = {"read_cycles": 1, "write_cycles": 1, "max_attempts": 1}
    bank_state = {"bank_index": 0, "draws": 0}
    uses_row = False
    time_invariant = True
    technology = "stt-mram"

    @staticmethod
    def serve(params: Int64Array, bank: Int64Array, shared: Int64Array, now: int, op: int, row: int) -> tuple[int, int]:
        """A read takes ``read_cycles``; a write takes as many attempts as the hash draws."""
        if op != WRITE:
            return now + params[0], now + params[0]
        attempts = 1
        while attempts < params[3]:
            # Multiply and xor-shift on 31 bits: no product reaches 2**63, so Python and int64 agree without wrapping.
            mixed = 0
            for word in (params[4], bank[0], bank[1]):
                mixed = ((mixed ^ word ^ (word >> 31)) + 0x3504F333) & 0x7FFFFFFF
                mixed = ((mixed ^ (mixed >> 15)) * 0x5DB3D743) & 0x7FFFFFFF
                mixed = ((mixed ^ (mixed >> 12)) * 0x52A7FA9D) & 0x7FFFFFFF
                mixed = mixed ^ (mixed >> 15)
            bank[1] += 1
            if (mixed * 1_000_000) >> 31 >= params[2]:
                break
            attempts += 1
        cycles = attempts * (params[0] + params[1])
        return now + cycles, now + cycles
