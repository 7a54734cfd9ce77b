"""Majority of three and of five rows, as in the in-DRAM adder of Ali, Jaiswal and Roy (TCAS-I 67, 2020).

A full addition is carry = MAJ3(a, b, c) and sum = MAJ5(a, b, c, not carry, not carry). It takes four operations: a copy of each
operand into a pair of rows, the MAJ3, whose second activation keeps the carry (in two rows) and its complement (in two more),
and the MAJ5. A partial product takes three: two copies, and the MAJ3 with a row of zeros. An n-bit product thus has 3n^2 + 4n(n
- 1) = 7n^2 - 4n operations. That published way to count needs rows in a state that the operations before have destroyed: a zero
beside every partial product, the carry of every row, and the place of its last carry. The operations that restore this state
are recorded as ``uncounted``; they make n^2 + 2(n - 1) more (one more for n = 1, where the high bit is cleared).

The rows, and what they hold while bit k of a row is added:

    A1 A2    two copies of the first operand's bit            Z         a zero beside a partial product (a one for OR)
    B1 B2    two copies of the second operand's bit           N1 N2     dual-contact rows: the complement of the new carry
    E1 E2    the carry into an even bit                       F1 F2     the carry into an odd bit
    P0       a data row: the partial product that is added next

MAJ3 of the first halves (A1, B1 and E1 or F1) is followed by the activation of four rows, N1 and N2 through their inverting word
lines and the other carry pair. MAJ5 takes the second halves with N1 and N2. That the decoder can raise four rows as a target and
five as a source at once is an assumption of the family.
"""

from __future__ import annotations

from models.pim.family import equal, family, multiply
from simcore.pim import ComputeRows, Line, Operands, Recorder

SOURCE = "MAJ3/MAJ5 adder of Ali, Jaiswal, Roy (TCAS-I 2020), from its row set; product 3n^2 + 4n(n-1) by composition"

_CARRIES = ("E", "F")

ROWS = ComputeRows(
    plain=("A1", "A2", "B1", "B2", "Z", "E1", "E2", "F1", "F2"),
    inverting=("N1", "N2"),
    groups=(
        ("A1", "A2"),
        ("B1", "B2"),
        ("E1", "E2"),
        ("A1", "B1", "Z"),
        ("A1", "N1", "E1"),
        ("A1", "B1", "E1"),
        ("A1", "B1", "F1"),
        ("~N1", "~N2", "E1", "E2"),
        ("~N1", "~N2", "F1", "F2"),
        ("A2", "B2", "E2", "N1", "N2"),
        ("A2", "B2", "F2", "N1", "N2"),
    ),
)


def _rows(s: Recorder, *names: str) -> tuple[Line, ...]:
    return tuple(~s[name[1:]] if name[0] == "~" else s[name] for name in names)


def _and_or(s: Recorder, a: Line, b: Line, constant: Line, out: Line) -> None:
    """Write MAJ3(a, b, constant) to a row."""
    s.aap(constant, s["Z"], uncounted=True)
    s.aap(a, s["A1"])
    s.aap(b, s["B1"])
    s.aap(_rows(s, "A1", "B1", "Z"), out)


def _and(s: Recorder, bits: tuple[Line, ...], out: Line) -> None:
    _and_or(s, bits[0], bits[1], s.zero, out)


def _or(s: Recorder, bits: tuple[Line, ...], out: Line) -> None:
    _and_or(s, bits[0], bits[1], s.one, out)


def _maj(s: Recorder, bits: tuple[Line, ...], out: Line) -> None:
    for source, row in zip(bits, ("A1", "B1", "Z"), strict=True):
        s.aap(source, s[row])
    s.aap(_rows(s, "A1", "B1", "Z"), out)


def _not(s: Recorder, bits: tuple[Line, ...], out: Line) -> None:
    s.aap(bits[0], ~s["N1"])
    s.aap(s["N1"], out)


def _carry_in(s: Recorder, value: Line) -> None:
    s.aap(value, _rows(s, "E1", "E2"), uncounted=True)


def _sum(s: Recorder, bit: int, out: Line) -> None:
    """Add the pairs A and B and the carry of an even or odd bit, and keep the carry for the next bit."""
    old, new = _CARRIES[bit % 2], _CARRIES[1 - bit % 2]
    s.aap(_rows(s, "A1", "B1", f"{old}1"), _rows(s, "~N1", "~N2", f"{new}1", f"{new}2"))
    s.aap(_rows(s, "A2", "B2", f"{old}2", "N1", "N2"), out)


def _xor(s: Recorder, bits: tuple[Line, ...], out: Line) -> None:
    """The sum without a carry."""
    _carry_in(s, s.zero)
    s.aap(bits[0], _rows(s, "A1", "A2"))
    s.aap(bits[1], _rows(s, "B1", "B2"))
    _sum(s, 0, out)


def _add(s: Recorder, operands: Operands) -> None:
    _carry_in(s, s.zero)
    for bit, (a, b, out) in enumerate(zip(*operands.inputs, operands.out, strict=True)):
        s.aap(a, _rows(s, "A1", "A2"))
        s.aap(b, _rows(s, "B1", "B2"))
        _sum(s, bit, out)


def _sub(s: Recorder, operands: Operands) -> None:
    """a + not b + 1, with one operation more for each bit, because b must be complemented."""
    _carry_in(s, s.one)
    for bit, (a, b, out) in enumerate(zip(*operands.inputs, operands.out, strict=True)):
        s.aap(a, _rows(s, "A1", "A2"))
        s.aap(b, ~s["N1"])
        s.aap(s["N1"], _rows(s, "B1", "B2"))
        _sum(s, bit, out)


def _less(s: Recorder, operands: Operands) -> None:
    """The complement of the carry of a + not b + 1. Of two sign bits, that of a counts as complemented, not that of b."""
    _carry_in(s, s.one)
    pairs = list(zip(*operands.inputs, strict=True))
    for bit, (a, b) in enumerate(pairs):
        if operands.signed and bit == len(pairs) - 1:
            a, b = b, a
        s.aap(a, s["A1"])
        s.aap(b, ~s["N1"])
        s.ap(_rows(s, "A1", "N1", "E1"))
    s.aap(~s["N1"], operands.out[0])


def _select(s: Recorder, operands: Operands) -> None:
    """(choice and a) or (not choice and b)."""
    a, b, (choice,) = operands.inputs
    (other,) = s.scratch("other")
    (one,) = s.scratch("one")
    (two,) = s.scratch("two")
    _not(s, (choice,), other)
    for first, second, out in zip(a, b, operands.out, strict=True):
        _and(s, (choice, first), one)
        _and(s, (other, second), two)
        _or(s, (one, two), out)


class _Multiplier:
    """The steps of a product. The carry lies in E1 and E2 before an even bit, in F1 and F2 before an odd one."""

    def partial(self, s: Recorder, a: Line, b: Line, out: Line, *, inverted: bool) -> None:
        """Write ``a`` AND ``b``, or its complement if ``inverted``, into ``out``."""
        if not inverted:
            _and(s, (a, b), out)
            return
        _and(s, (a, b), ~s["N1"])
        s.aap(s["N1"], out)

    def start(self, s: Recorder, carry: Line) -> None:
        _carry_in(s, carry)

    def add_partial(self, s: Recorder, a: Line, b: Line, sums: tuple[Line, Line], *, bit: int, inverted: bool) -> None:
        """Add the partial product of ``a`` and ``b`` to ``sums[0]`` with the carry of ``bit``; write the sum to ``sums[1]``."""
        old, new = sums
        (product,) = s.scratch("P")
        self.partial(s, a, b, product, inverted=inverted)
        s.aap(product, _rows(s, "A1", "A2"))
        s.aap(old, _rows(s, "B1", "B2"))
        _sum(s, bit, new)

    def finish(self, s: Recorder, out: Line, *, bits: int, inverted: bool) -> None:
        """Copy the last carry, that after ``bits`` bits, or its complement if ``inverted``, into ``out``."""
        carry = s[f"{_CARRIES[bits % 2]}1"]
        if inverted:
            s.aap(carry, ~s["N1"], uncounted=True)
            carry = s["N1"]
        s.aap(carry, out, uncounted=True)


PROGRAMS = family(
    "maj",
    (ROWS, SOURCE),
    bits={"and": _and, "or": _or, "xor": _xor, "not": _not, "maj": _maj},
    words={"add": _add, "sub": _sub, "less": _less, "equal": equal(_xor, _or, _not, counts_clear=False), "select": _select},
    product=multiply(_Multiplier(), clear_top=False),
)
