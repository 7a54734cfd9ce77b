"""Stored bits of STT-MRAM banks in a run: how long words stay, the protection that keeps them, and what it takes.

``technology.stored_error_rate`` asks for it. Cycles do not change: scrubs use idle time of the banks, of which they may take
``MOST_BANK_PERCENT``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from models.arrays.cells import MemoryCell, memory_cell
from models.cells.storage import Protection, Stay, check_share, protection_for
from simcore.errors import InputError
from simcore.machine.bank_group import group_timing
from simcore.results import LayerRun
from simcore.results.wear import LineWear
from simcore.spec import BankGroup, System
from simcore.systolic.energy import BankRates, EnergyRates

KEY = "technology.stored_error_rate"
#: Scrubs take no cycles from the run, so they may take no more than this share of a bank's time.
MOST_BANK_PERCENT = 5.0


@dataclass(frozen=True)
class KeptPad:
    """How the words of a scratchpad's banks of one cell stay in a run, and what the run does with them.

    ``lines`` is the number of lines in use, ``banks`` that of banks, ``first_bank`` the index of the first of them in the
    engines' order, and ``access_s`` the time of a read and a write in a bank.
    """

    name: str
    cell: MemoryCell
    stay: Stay
    writes: int
    reads: int
    lines: int
    first_bank: int
    banks: int
    line_bytes: int
    access_s: float

    def bank_percent(self, protection: Protection) -> float:
        """Return the share of the banks' time that scrubs of the lines in use take."""
        return 100 * self.lines / self.banks * self.access_s / protection.period_s


def pads_of(system: System, runs: Sequence[LayerRun], line_wear: LineWear) -> list[KeptPad]:
    """Return, per scratchpad and group of STT-MRAM macros that the run writes, how its words stay.

    In a run that takes T, ``lines`` lines that hold something and ``writes`` writes give each written word T x lines / writes on
    average until it is overwritten, and so at least until its last use.
    """
    outcomes = [run.outcome for run in runs if run.outcome is not None]
    time_s = sum(outcome.cycles for outcome in outcomes) / system.core_clock_hz
    of_banks, found = line_wear.line_writes.of_banks(), []
    for name, group, first in _groups(system):
        cell = stored_cell(name, group)
        if cell is None:
            continue
        banks = slice(first, first + group.banks)
        writes = sum(int(lines.sum()) for lines in of_banks[banks])
        if not writes:
            continue
        reads = sum(int(outcome.reads[banks].sum()) for outcome in outcomes)
        lines = sum(int((lines > 0).sum()) for lines in of_banks[banks])
        timing, pad = group_timing(system, name, group).values, system.scratchpads[name]  # type: ignore[index]
        access_s = (timing["read_cycles"] + timing["write_cycles"]) / system.core_clock_hz
        stay = Stay(time_s * lines / writes, reads / writes)
        found.append(KeptPad(name, cell, stay, writes, reads, lines, first, group.banks, pad.line_bytes, access_s))
    return found


def _groups(system: System) -> Iterator[tuple[str, BankGroup, int]]:
    first = 0
    for name, pad in system.scratchpads.items():
        for group in pad.groups:
            yield name, group, first
            first += group.banks


def stored_cell(scratchpad: str, group: BankGroup) -> MemoryCell | None:
    """Return the cell of a group of STT-MRAM macros, None for any other group. Raise InputError for lines across two cells."""
    if group.macro is None:
        return None
    cells = [memory_cell(each.cell) for each in (group.macro, *group.macro.beside)]
    if all(cell.description is None for cell in cells):
        return None
    if len(cells) > 1:
        raise InputError(f"expected lines of one cell in {scratchpad}, got {group.macro.cells}", where=KEY)
    return cells[0]


def check_storage(system: System) -> None:
    """Raise InputError if the key is given and the bits of some STT-MRAM banks are not known, because they name no cell."""
    if system.technology.stored_error_rate is None:
        return
    for name, group, _ in _groups(system):
        stored_cell(name, group)
        if group.timing is not None and group_timing(system, name, group).technology != "sram":
            hint = f"scratchpads.{name}.macro: stt-34.5F2, technology.node_nm: 22"
            raise InputError(f"expected {name} of SRAM or of macros, got timing {group.timing.model}", where=KEY, hint=hint)


def surely_checked(system: System, scratchpad: str, group: BankGroup) -> float:
    """Return the check bits per bit of data for which a bank surely has room: those of a code if one read flips too much.

    A code that a run needs only because of many reads or long stays is charged with energy and leakage, but not with area.
    """
    wanted = system.technology.stored_error_rate
    cell = None if wanted is None else stored_cell(scratchpad, group)
    if wanted is None or cell is None:
        return 0.0
    return check_share(cell.described, wanted)


def protections(system: System, runs: Sequence[LayerRun], line_wear: LineWear | None) -> list[tuple[KeptPad, Protection]]:
    """Return what keeps each scratchpad of STT-MRAM macros within the key's rate in a run; nothing if the key is not given.

    Raise InputError where nothing does, and where scrubs would take more than ``MOST_BANK_PERCENT`` of the banks' time.
    """
    wanted = system.technology.stored_error_rate
    if wanted is None:
        return []
    if line_wear is None:
        raise InputError("this run did not count the writes of lines, so the stays of words are not known", where=KEY)
    found = []
    for pad in pads_of(system, runs, line_wear):
        protection = protection_for(pad.cell.described, pad.cell.junction, pad.stay, wanted)
        if protection is None or pad.bank_percent(protection) > MOST_BANK_PERCENT:
            raise _not_kept(pad, protection, wanted)
        found.append((pad, protection))
    return found


def _not_kept(pad: KeptPad, protection: Protection | None, wanted: float) -> InputError:
    stay = f"words of {pad.name} ({pad.cell.name}) stay {1e6 * pad.stay.seconds:.3g} us and are read {pad.stay.reads:.3g} times"
    hint = "a higher error rate, or a cell of higher thermal stability or lower read current"
    if protection is None:
        return InputError(f"{stay}; no code and scrub keeps {wanted:g} of their bits, because reads flip too many", KEY, hint)
    needed = f"{pad.bank_percent(protection):.3g} % of the banks' time"
    return InputError(f"{stay}; the scrubs that keep {wanted:g} take {needed}, more than {MOST_BANK_PERCENT:g} %", KEY, hint)


def protected_rates(system: System, rates: EnergyRates, found: Sequence[tuple[KeptPad, Protection]]) -> EnergyRates:
    """Return rates with what protection takes: check bits that leak, words that are corrected, and scrubs, all the time.

    A scrub reads each line in use with its check bits and writes it back.
    """
    banks = list(rates.banks)
    for pad, protection in found:
        for bank in range(pad.first_bank, pad.first_bank + pad.banks):
            banks[bank] = _with_protection(banks[bank], protection, pad.lines / pad.banks)
    return replace(rates, banks=tuple(banks), protects=system.technology.stored_error_rate is not None)


def _with_protection(bank: BankRates, protection: Protection, lines: float) -> BankRates:
    line_pj = (bank.read_pj + bank.write_pj) * protection.stored
    # pJ per s = 1e-9 mW
    scrub_mw = 1e-9 * lines * line_pj / protection.period_s
    leakage_mw = bank.leakage_mw * protection.stored
    checks, corrected = protection.stored - 1, protection.corrected
    return replace(bank, leakage_mw=leakage_mw, check_share=checks, corrected=corrected, scrub_mw=scrub_mw)
