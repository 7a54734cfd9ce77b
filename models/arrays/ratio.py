"""Energy of one scratchpad over another's in closed form, as a function of how often they are accessed."""

from __future__ import annotations

from models.arrays.macro import Macro
from models.junction.checks import at_least
from simcore.errors import InputError


def power_mw(macro: Macro, accesses_per_ns: float, write_share: float = 0.3, macros: int = 1) -> float:
    """Mean power of ``macros`` equal macros that share ``accesses_per_ns`` word accesses: leakage + accesses x energy, in mW."""
    rate = at_least("accesses_per_ns", accesses_per_ns, 0.0)
    return macros * macro.leakage_mw + rate * access_pj(macro, write_share)


def access_pj(macro: Macro, write_share: float = 0.3) -> float:
    """Mean energy of an access, ``write_share`` (0 to 1) of which are writes, in pJ."""
    if not 0 <= write_share <= 1:
        raise InputError(f"expected a share from 0 to 1, got {write_share!r}", where="write_share")
    return (1 - write_share) * macro.read_pj + write_share * macro.write_pj


def energy_ratio(sram: Macro, mram: Macro, accesses_per_ns: float, write_share: float = 0.3, macros: int = 1) -> float:
    """Scratchpad energy of ``sram`` over that of ``mram``: R(a) = (P_S + a e_S) / (P_M + a e_M).

    P is the leakage of all ``macros``, e the mean energy of a word access, a the accesses per ns. Assumes that both serve the
    same accesses, of the same word width, in the same time (a slower memory leaks for longer: multiply P by its time over the
    other's), leak all the time (no gating), and that a write costs the same whichever bits flip. Main memory is left out.
    Raises InputError for macros of different word widths, a negative rate or a share outside 0 to 1.
    """
    if sram.word_bits != mram.word_bits:
        raise InputError(f"expected macros of one word width, got {sram.word_bits} and {mram.word_bits} bits")
    return power_mw(sram, accesses_per_ns, write_share, macros) / power_mw(mram, accesses_per_ns, write_share, macros)
