"""SIMDRAM: majority of three rows in Ambit's compute rows (Seshadri et al., MICRO 2017; Hajinazar et al., ASPLOS 2021).

The compute rows, their addresses and the steps of addition, subtraction and product are those of the micro-workloads of
CMU-SAFARI/MIMDRAM (b118d00): add 8n + 1, subtract 8n + 1, multiply 11n^2 - 5n - 1 operations for two operands of n bits.
Everything that a program needs it writes itself, so no row needs an initial state but the rows of constants.
"""

from __future__ import annotations

from models.pim.family import equal, family, multiply
from simcore.pim import ComputeRows, Line, Operands, Recorder

SOURCE = "SIMDRAM (ASPLOS 2021), by the micro-workloads of CMU-SAFARI/MIMDRAM b118d00"

ROWS = ComputeRows(
    plain=("T0", "T1", "T2", "T3"),
    inverting=("DCC0", "DCC1"),
    groups=(
        ("~DCC0", "T0"),
        ("~DCC1", "T1"),
        ("T2", "T3"),
        ("T0", "T3"),
        ("T0", "T1", "T2"),
        ("T1", "T2", "T3"),
        ("DCC0", "T1", "T2"),
        ("DCC1", "T0", "T3"),
    ),
)


def _rows(s: Recorder, names: str) -> tuple[Line, ...]:
    """Return word lines by their names: ``"DCC1 T0 T3"``."""
    return tuple(~s[name[1:]] if name[0] == "~" else s[name] for name in names.split())


def _pair(s: Recorder, a: Line, b: Line, third: Line) -> None:
    """Put two values and a constant into T0, T1 and T2."""
    s.aap(a, s["T0"])
    s.aap(b, s["T1"])
    s.aap(third, s["T2"])


def _and(s: Recorder, bits: tuple[Line, ...], out: Line) -> None:
    _pair(s, bits[0], bits[1], s.zero)
    s.aap(_rows(s, "T0 T1 T2"), out)


def _or(s: Recorder, bits: tuple[Line, ...], out: Line) -> None:
    _pair(s, bits[0], bits[1], s.one)
    s.aap(_rows(s, "T0 T1 T2"), out)


def _maj(s: Recorder, bits: tuple[Line, ...], out: Line) -> None:
    _pair(s, bits[0], bits[1], bits[2])
    s.aap(_rows(s, "T0 T1 T2"), out)


def _not(s: Recorder, bits: tuple[Line, ...], out: Line) -> None:
    s.aap(bits[0], ~s["DCC0"])
    s.aap(s["DCC0"], out)


def _xor(s: Recorder, bits: tuple[Line, ...], out: Line) -> None:
    """(not a and b) or (a and not b), in Ambit's order."""
    s.aap(bits[0], _rows(s, "~DCC0 T0"))
    s.aap(bits[1], _rows(s, "~DCC1 T1"))
    s.aap(s.zero, _rows(s, "T2 T3"))
    s.ap(_rows(s, "DCC0 T1 T2"))
    s.ap(_rows(s, "DCC1 T0 T3"))
    s.aap(s.one, s["T2"])
    s.aap(_rows(s, "T0 T1 T2"), out)


def _sum(s: Recorder, old: Line, out: Line) -> None:
    """Add what T0 and T1 hold, ``old``, and the carry in T2 and T3 (and DCC1), whose new value is left in DCC1."""
    s.aap(old, s["DCC1"])
    s.ap(_rows(s, "DCC1 T0 T3"))
    s.aap(~s["DCC1"], _rows(s, "T0 T3"))
    s.ap(_rows(s, "T0 T1 T2"))
    s.aap(old, s["T1"])
    s.aap(_rows(s, "T1 T2 T3"), out)


def _add(s: Recorder, operands: Operands) -> None:
    s.aap(s.zero, s["DCC1"])
    for a, b, out in zip(*operands.inputs, operands.out, strict=True):
        s.aap(s["DCC1"], _rows(s, "T0 T1 T2"))
        s.aap(a, _rows(s, "T2 T3"))
        _sum(s, b, out)


def _sub(s: Recorder, operands: Operands) -> None:
    """a + not b + 1. The carry lies in DCC0, because DCC1 complements b twice."""
    s.aap(s.one, s["DCC0"])
    for a, b, out in zip(*operands.inputs, operands.out, strict=True):
        s.aap(s["DCC0"], _rows(s, "T0 T1 T2"))
        s.aap(a, _rows(s, "T2 T3"))
        s.aap(b, ~s["DCC1"])
        s.aap(_rows(s, "DCC1 T0 T3"), s["DCC0"])
        s.aap(~s["DCC1"], _rows(s, "T0 T3"))
        s.ap(_rows(s, "T0 T1 T2"))
        s.aap(b, ~s["DCC1"])
        s.aap(_rows(s, "DCC1 T0 T3"), out)


def _less(s: Recorder, operands: Operands) -> None:
    """The complement of the carry of a + not b + 1. Of two sign bits, that of a counts as complemented, not that of b."""
    s.aap(s.one, s["T2"])
    pairs = list(zip(*operands.inputs, strict=True))
    for bit, (a, b) in enumerate(pairs):
        if operands.signed and bit == len(pairs) - 1:
            a, b = b, a
        s.aap(b, ~s["DCC0"])
        s.aap(a, s["T1"])
        s.ap(_rows(s, "DCC0 T1 T2"))
    s.aap(~s["DCC0"], operands.out[0])


def _select(s: Recorder, operands: Operands) -> None:
    """(choice and a) or (not choice and b)."""
    a, b, (choice,) = operands.inputs
    for first, second, out in zip(a, b, operands.out, strict=True):
        s.aap(choice, _rows(s, "~DCC0 T0"))
        s.aap(first, s["DCC1"])
        s.aap(second, s["T1"])
        s.aap(s.zero, _rows(s, "T2 T3"))
        s.ap(_rows(s, "DCC0 T1 T2"))
        s.ap(_rows(s, "DCC1 T0 T3"))
        s.aap(s.one, s["T2"])
        s.aap(_rows(s, "T0 T1 T2"), out)


class _Multiplier:
    """The steps of a product. The carry lies in DCC1."""

    def partial(self, s: Recorder, a: Line, b: Line, out: Line, *, inverted: bool) -> None:
        """Write ``a`` AND ``b``, or its complement if ``inverted``, into ``out``."""
        _pair(s, a, b, s.zero)
        if inverted:
            s.aap(_rows(s, "T0 T1 T2"), ~s["DCC0"])
            s.aap(s["DCC0"], out)
        else:
            s.aap(_rows(s, "T0 T1 T2"), out)

    def start(self, s: Recorder, carry: Line) -> None:
        s.aap(carry, s["DCC1"])

    def add_partial(self, s: Recorder, a: Line, b: Line, sums: tuple[Line, Line], *, bit: int, inverted: bool) -> None:
        """Add the partial product of ``a`` and ``b`` to ``sums[0]`` with the carry in DCC1; write the sum to ``sums[1]``."""
        _pair(s, a, b, s.zero)
        if inverted:
            s.aap(_rows(s, "T0 T1 T2"), ~s["DCC0"])
            s.aap(s["DCC0"], _rows(s, "T0 T1 T2"))
        else:
            s.ap(_rows(s, "T0 T1 T2"))
        s.aap(s["DCC1"], _rows(s, "T2 T3"))
        _sum(s, *sums)

    def finish(self, s: Recorder, out: Line, *, bits: int, inverted: bool) -> None:
        s.aap(~s["DCC1"] if inverted else s["DCC1"], out)


PROGRAMS = family(
    "simdram",
    (ROWS, SOURCE),
    bits={"and": _and, "or": _or, "xor": _xor, "not": _not, "maj": _maj},
    words={"add": _add, "sub": _sub, "less": _less, "equal": equal(_xor, _or, _not, counts_clear=True), "select": _select},
    product=multiply(_Multiplier(), clear_top=True),
)
