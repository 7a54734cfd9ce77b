"""The energy of one scratchpad divided by that of another, in closed form, as a function of the access rate."""

from __future__ import annotations

from models.arrays.macro import Macro
from models.junction.checks import at_least
from simcore.errors import InputError


def power_mw(macro: Macro, accesses_per_ns: float, write_share: float = 0.3, macros: int = 1) -> float:
    """Return the mean power in mW of ``macros`` equal macros that together serve ``accesses_per_ns`` word accesses per ns.

    The power is leakage + accesses x energy. ``write_share`` (0 to 1) of the accesses are writes.
    """
    rate = at_least("accesses_per_ns", accesses_per_ns, 0.0)
    return macros * macro.leakage_mw + rate * access_pj(macro, write_share)


def access_pj(macro: Macro, write_share: float = 0.3) -> float:
    """Return the mean energy of an access in pJ, where ``write_share`` (0 to 1) of all accesses are writes."""
    if not 0 <= write_share <= 1:
        raise InputError(f"expected a share from 0 to 1, got {write_share!r}", where="write_share")
    return (1 - write_share) * macro.read_pj + write_share * macro.write_pj


def energy_ratio(sram: Macro, mram: Macro, accesses_per_ns: float, write_share: float = 0.3, macros: int = 1) -> float:
    """Return the scratchpad energy of ``sram`` divided by that of ``mram``: R(a) = (P_S + a e_S) / (P_M + a e_M).

    P is the leakage of all ``macros``, e the mean energy of a word access, and a the accesses per ns. The formula makes these
    assumptions: both memories serve the same accesses, of the same word width, in the same time (for a slower memory, multiply P
    by its time over the other's); both leak all the time (no gating); and a write costs the same whichever bits flip. It leaves
    main memory out. Raise InputError for macros of different word widths, a negative rate or a share outside 0 to 1.
    """
    if sram.word_bits != mram.word_bits:
        raise InputError(f"expected macros of one word width, got {sram.word_bits} and {mram.word_bits} bits")
    return power_mw(sram, accesses_per_ns, write_share, macros) / power_mw(mram, accesses_per_ns, write_share, macros)
