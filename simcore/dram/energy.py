"""Energy of a DRAM from its datasheet currents: VDD x current x time, where the time includes the clock period.

The terms per chip follow Micron's power calculation (TN-41-01) and DRAMsim3, with the factor tCK that DRAMsim3 leaves out:

    activate and precharge   VDD (IDD0 tRC - IDD3N tRAS - IDD2N (tRC - tRAS))   each ACT with its precharge
    read, write              VDD (IDD4R - IDD3N) tBurst, VDD (IDD4W - IDD3N) tBurst
    refresh                  VDD (IDD5B - IDD3N) tRFC
    background               VDD IDD3N while a bank of the rank is open or refreshed, VDD IDD2N otherwise

If a table has both IPP0 and IPP3N, VPP (IPP0 - IPP3N) tRC joins the activation and VPP IPP3N the background. IPP0 alone is not
used, because it cannot be split. The IDD currents do not include the data lines; `io_pj` holds the energy of their drivers and
termination. The DRAM never enters power-down or self-refresh.
"""

from __future__ import annotations

from dataclasses import dataclass

from simcore.dram.tables import IntArray, Interface, ResolvedDram
from simcore.errors import InputError

_NEEDED = ("IDD0", "IDD2N", "IDD3N", "IDD4R", "IDD4W", "IDD5B")


@dataclass(frozen=True, slots=True)
class CommandEnergy:
    """The energy of single events in one chip in pJ; background is per clock cycle. ``chips_per_rank`` chips act together."""

    activate_pj: float
    read_pj: float
    write_pj: float
    refresh_pj: float
    refresh_bank_pj: float
    active_cycle_pj: float
    idle_cycle_pj: float
    chips_per_rank: float
    io_pj_per_bit: float | None  # None: the table does not describe the data lines


@dataclass(frozen=True, slots=True)
class DramEnergy:
    """Energy in pJ of one rank (all its chips) or of several ranks together. ``io_pj`` is None if unknown."""

    activate_pj: float
    read_pj: float
    write_pj: float
    refresh_pj: float
    background_pj: float
    io_pj: float | None

    @property
    def chips_pj(self) -> float:
        """Return the energy through the chips' VDD (and VPP) pins, which is everything but the data lines."""
        return self.activate_pj + self.read_pj + self.write_pj + self.refresh_pj + self.background_pj

    @property
    def total_pj(self) -> float:
        """Return the energy of the chips and, if known, of the data lines."""
        return self.chips_pj + (self.io_pj or 0.0)


def command_energy(dram: ResolvedDram) -> CommandEnergy:
    """Return the energy of each command and each cycle in one chip.

    Raise InputError if the table has no currents, lacks one of them, or has values that make a term negative.
    """
    currents = dram.currents
    if currents is None:
        raise InputError(f"{dram.name}: no currents, so no energy", hint="a preset may name a set of 'currents'")
    missing = [name for name in _NEEDED if name not in currents.milliamperes]
    if missing:
        raise InputError(f"{dram.name}: missing {', '.join(missing)} in currents '{currents.name}'")
    ma, tck_ns = currents.milliamperes, dram.tck_ps / 1000
    ras, rc = dram.timing["nRAS"], dram.timing["nRC"]

    def supply_pj(current_cycles: float) -> float:
        return currents.supply_v * current_cycles * tck_ns  # V x mA x ns = pJ

    pump_standby = ma.get("IPP3N") if "IPP0" in ma else None
    pump_activate = 0.0 if pump_standby is None else currents.pump_v * (ma["IPP0"] - pump_standby) * rc * tck_ns
    pump_cycle = 0.0 if pump_standby is None else currents.pump_v * pump_standby * tck_ns
    refresh = supply_pj((ma["IDD5B"] - ma["IDD3N"]) * dram.timing.get("nRFC", 0))
    found = CommandEnergy(
        activate_pj=supply_pj(ma["IDD0"] * rc - ma["IDD3N"] * ras - ma["IDD2N"] * (rc - ras)) + pump_activate,
        read_pj=supply_pj((ma["IDD4R"] - ma["IDD3N"]) * dram.burst_cycles),
        write_pj=supply_pj((ma["IDD4W"] - ma["IDD3N"]) * dram.burst_cycles),
        refresh_pj=refresh,
        # No per-bank refresh current is published for these parts, so a bank takes its share of the refresh of all banks.
        refresh_bank_pj=refresh / banks_per_rank(dram),
        active_cycle_pj=supply_pj(ma["IDD3N"]) + pump_cycle,
        idle_cycle_pj=supply_pj(ma["IDD2N"]) + pump_cycle,
        chips_per_rank=dram.channel_width_bits / currents.width_bits,
        io_pj_per_bit=None if dram.interface is None else io_pj_per_bit(dram.interface, dram.tck_ps),
    )
    for term in ("activate_pj", "read_pj", "write_pj", "refresh_pj"):
        if getattr(found, term) < 0:
            message = f"{dram.name}: currents '{currents.name}' make {term} negative ({getattr(found, term):g} pJ)"
            raise InputError(message, hint="is a standby current larger than the operating current above it?")
    return found


def io_pj_per_bit(interface: Interface, tck_ps: int) -> float:
    """Return the mean energy of one bit in driver and termination over half a clock cycle, with as many ones as zeros."""
    ohm, bit_ns = interface.driver_ohm + interface.termination_ohm, tck_ps / 2000
    if interface.termination == "supply":
        return 0.5 * interface.supply_v**2 / ohm * bit_ns * 1000
    return (interface.supply_v / 2) ** 2 / ohm * bit_ns * 1000


def banks_per_rank(dram: ResolvedDram) -> int:
    """Return the number of banks under one rank (pseudo-channel)."""
    banks = 1
    for level in range(dram.rank_level + 1, dram.bank_level + 1):
        banks *= dram.counts[level]
    return banks


def rank_energy(dram: ResolvedDram, counts: IntArray, open_cycles: int, cycles: int) -> DramEnergy:
    """Return the energy of one rank that issued ``counts`` of each command (in the order of ``dram.commands``) in ``cycles``.

    ``open_cycles`` is the number of cycles in which at least one bank was open. Raise InputError as `command_energy` does.
    """
    each = command_energy(dram)
    chips = each.chips_per_rank
    activates, reads, writes = (int((counts * flag).sum()) for flag in (dram.opens, dram.reads, dram.writes))
    whole = dram.refreshes * (dram.command_level < dram.bank_level)
    refreshes, bank_refreshes = int((counts * whole).sum()), int((counts * (dram.refreshes - whole)).sum())
    # The refresh term counts current above IDD3N, so the background of a rank in refresh is that of an open rank.
    active = min(cycles, open_cycles + refreshes * dram.timing.get("nRFC", 0))
    bits = (reads + writes) * dram.transaction_bytes * 8
    return DramEnergy(
        activate_pj=activates * each.activate_pj * chips,
        read_pj=reads * each.read_pj * chips,
        write_pj=writes * each.write_pj * chips,
        refresh_pj=(refreshes * each.refresh_pj + bank_refreshes * each.refresh_bank_pj) * chips,
        background_pj=(active * each.active_cycle_pj + (cycles - active) * each.idle_cycle_pj) * chips,
        io_pj=None if each.io_pj_per_bit is None else bits * each.io_pj_per_bit,
    )


def dram_energy(dram: ResolvedDram, counts: IntArray, open_cycles: IntArray, cycles: int) -> tuple[DramEnergy, ...]:
    """Return the energy of every rank. ``counts`` is [ranks, commands], ``open_cycles`` [ranks], as in `DramOutcome`."""
    return tuple(rank_energy(dram, row, int(opened), cycles) for row, opened in zip(counts, open_cycles, strict=True))


def summed(ranks: tuple[DramEnergy, ...]) -> DramEnergy:
    """Return the sum over all ranks."""
    io = [rank.io_pj for rank in ranks if rank.io_pj is not None]
    return DramEnergy(
        sum(rank.activate_pj for rank in ranks),
        sum(rank.read_pj for rank in ranks),
        sum(rank.write_pj for rank in ranks),
        sum(rank.refresh_pj for rank in ranks),
        sum(rank.background_pj for rank in ranks),
        sum(io) if io else None,
    )
