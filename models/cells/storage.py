"""What happens to a stored bit before its last use: heat flips it, and so do reads. And what a scrub with correction costs.

Both are events without memory. A flipped bit looks like any other, so rewriting a word does not help: a scrub needs a code that
finds the wrong bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import comb, expm1, inf, log1p, sqrt

from models.cells.description import OPERATING_K, STATED_AT_K, CellDescription
from models.junction.checks import at_least, between, positive
from models.junction.junction import Direction, Junction
from models.junction.thermal import read_disturb_probability, retention_s

#: A code that corrects one wrong bit and finds two: data bits of a word, and all of its bits.
DATA_BITS, CODE_BITS = 64, 72
#: Wrong bits per bit of two flips in a word: each of so many pairs leaves 2 of the word's bits wrong.
PAIRS = comb(CODE_BITS, 2) * 2 / CODE_BITS
#: The direction in which the read current flows, and so the flip that it can cause.
READ_DIRECTION: Direction = "p-to-ap"


def junction_with(cell: CellDescription, thermal_stability: float) -> Junction:
    """Return the cell's junction at work with another stability at 300 K, to which its critical current is in proportion."""
    stability = positive("thermal_stability", thermal_stability) * STATED_AT_K / OPERATING_K
    return replace(cell.junction(), thermal_stability=stability)


def idle_flip_probability(junction: Junction, stay_s: float) -> float:
    """Return the probability that a bit left alone for ``stay_s`` is wrong at the end.

    The bit flips to and fro at the rate 1 / retention in both directions, so the probability never exceeds one half.
    """
    return -expm1(-2 * at_least("stay_s", stay_s, 0.0) / retention_s(junction)) / 2


def read_flip_probability(cell: CellDescription, junction: Junction) -> float:
    """Return the probability that one read flips a parallel bit. It is 1 from the critical current on, where reads write."""
    overdrive = cell.read_current_ua.value / junction.critical_current_ua(READ_DIRECTION)
    return 1.0 if overdrive >= 1 else read_disturb_probability(junction, overdrive, cell.read_ns.value)


def check_share(cell: CellDescription, error_rate: float) -> float:
    """Return the check bits per bit of data that the cell needs whatever it stores, because one read flips too many bits."""
    needed = read_flip_probability(cell, cell.junction()) / 2 > error_rate
    return CODE_BITS / DATA_BITS - 1 if needed else 0.0


def left_by_code(cell: CellDescription, reads: float) -> float:
    """Return the share of bits that a code leaves wrong after so many reads of a word, of the flips that reads cause."""
    return reads * PAIRS * (read_flip_probability(cell, cell.junction()) / 2) ** 2


@dataclass(frozen=True)
class Stay:
    """How long the words of a memory stay until they are overwritten, and how often each is read meanwhile (both on average)."""

    seconds: float
    reads: float

    def __post_init__(self) -> None:
        positive("seconds", self.seconds)
        at_least("reads", self.reads, 0.0)


def stay_flips(cell: CellDescription, junction: Junction, stay: Stay) -> tuple[float, float]:
    """Return the probabilities that a stored 0 and a stored 1 are wrong at the end of a stay: heat in both, reads in a 0 (P)."""
    idle, per_read = idle_flip_probability(junction, stay.seconds), read_flip_probability(cell, junction)
    surely = 1.0 if stay.reads else 0.0
    by_reads = -expm1(stay.reads * log1p(-per_read)) if per_read < 1 else surely
    return idle + by_reads - 2 * idle * by_reads, idle


@dataclass(frozen=True)
class Protection:
    """How stored words are kept within an error rate: by nothing, by a code, or by a code and a scrub.

    ``period_s`` is the time between two scrubs of a word, infinite if none is needed. ``stored`` is the number of stored bits per
    bit of data: 1 without a code. ``corrected`` is the share of the words read that are wrong in one bit, and written back.
    ``error_rate`` is what remains, per bit and stay.
    """

    period_s: float
    stored: float
    corrected: float
    error_rate: float

    @property
    def name(self) -> str:
        """Return "none", "code" or "scrub"."""
        return "scrub" if self.period_s < inf else "code" if self.stored > 1 else "none"


def protection_for(cell: CellDescription, junction: Junction, stay: Stay, error_rate: float) -> Protection | None:
    """Return the least protection with which a bit is wrong at most at ``error_rate`` at the end of a stay, or None.

    With a code, each read corrects one wrong bit of its word and writes the word back. A stay S then has n reads that correct,
    its own and those of scrubs. Before each, a bit flips with p = h S / n + b: by heat, and by the read before. In a word of 72
    bits two wrong bits stay, comb(72, 2) p^2, and each leaves 2 of 72 bits wrong, so n 71 p^2 stay wrong: a square inequality in
    n. The least n that solves it sets the period of the scrubs, S / (n - reads). None solves it if reads alone flip too much.
    """
    between("error_rate", error_rate, 0.0, 1.0)
    flips = sum(stay_flips(cell, junction, stay)) / 2
    if flips <= error_rate:
        return Protection(inf, 1.0, 0.0, flips)
    reads = max(stay.reads, 1.0)
    by_heat, by_read = idle_flip_probability(junction, stay.seconds), read_flip_probability(cell, junction) / 2

    def coded(n: float) -> Protection:
        wrong = by_heat / n + by_read
        period_s = stay.seconds / (n - reads) if n > reads else inf
        return Protection(period_s, CODE_BITS / DATA_BITS, min(1.0, CODE_BITS * wrong), n * PAIRS * wrong**2)

    if coded(reads).error_rate <= error_rate:
        return coded(reads)
    half = error_rate / PAIRS / 2 - by_heat * by_read
    square = half**2 - (by_heat * by_read) ** 2
    if half <= 0 or square < 0:
        return None
    least = by_heat**2 / (half + sqrt(square))
    return coded(least) if least > reads else None
