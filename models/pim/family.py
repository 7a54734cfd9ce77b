"""What the families of micro-programs share: the order of the steps of a product, of a comparison and of bitwise operations.

A family gives the steps. ``multiply`` composes a product of ``n`` by ``m`` bits from them: the partial products of the first bit
of b, then for each further bit of b a ripple addition of the next partial products.

Signed products follow Baugh and Wooley (1973): a partial product with exactly one sign bit is complemented, and the constant
2^(n-1) + 2^(m-1) + 2^(n+m-1) is added. Its first term turns the highest bit of the first row into the plain partial product with
a carry of its complement, its second is the carry into the last row, its third complements the highest bit of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from simcore.pim import ComputeRows, Line, MicroProgram, Operands, Recorder

Step = Callable[[Recorder, Operands], None]
#: A step for one bit: the bits of all inputs, and the row of the result.
BitStep = Callable[[Recorder, tuple[Line, ...], Line], None]


class Multiplier(Protocol):
    """The steps of a product in one family. A carry lies in a place that the family chooses."""

    def partial(self, s: Recorder, a: Line, b: Line, out: Line, *, inverted: bool) -> None:
        """Write ``a and b`` (or its complement) to a data row."""

    def start(self, s: Recorder, carry: Line) -> None:
        """Set the carry of a row to a constant."""

    def add_partial(self, s: Recorder, a: Line, b: Line, sums: tuple[Line, Line], *, bit: int, inverted: bool) -> None:
        """Add ``a and b`` (or its complement) as bit number ``bit`` of its row to the first of ``sums`` and to the carry.

        Write the sum to the second of ``sums``, and keep the new carry.
        """

    def finish(self, s: Recorder, out: Line, *, bits: int, inverted: bool) -> None:
        """Write the carry (or its complement) of a row of so many bits to a data row."""


def multiply(steps: Multiplier, clear_top: bool) -> Step:
    """Return the program of a product. With ``clear_top`` the bit above the first row is a written zero, else row ``zero``."""

    def record(s: Recorder, operands: Operands) -> None:
        """Record the product of the two inputs, partial product by partial product."""
        (a, b), out, signed = operands.inputs, operands.out, operands.signed
        n, m = len(a), len(b)
        if signed and m == 1:
            _negative_or_zero(s, steps, a, b[0], out)
            return
        for k in range(n):
            steps.partial(s, a[k], b[0], out[k], inverted=False)
        top = s.zero
        if signed:
            steps.partial(s, a[n - 1], b[0], out[n], inverted=True)
            top = out[n]
        elif clear_top or m == 1:
            s.aap(s.zero, out[n], uncounted=not clear_top)
            top = out[n]
        for j in range(1, m):
            last = j == m - 1
            steps.start(s, s.one if signed and last else s.zero)
            for k in range(n):
                old = top if j == 1 and k == n - 1 else out[j + k]
                inverted = signed and ((k == n - 1) != last)
                steps.add_partial(s, a[k], b[j], (old, out[j + k]), bit=k, inverted=inverted)
            steps.finish(s, out[j + n], bits=n, inverted=signed and last)

    return record


def _negative_or_zero(s: Recorder, steps: Multiplier, a: tuple[Line, ...], b: Line, out: tuple[Line, ...]) -> None:
    """Write -a if b (a sign bit alone, which is worth -1) is one, else 0: the complement of ``a and b``, plus one."""
    steps.start(s, s.one)
    for k in range(len(a) + 1):
        steps.add_partial(s, a[min(k, len(a) - 1)], b, (s.zero, out[k]), bit=k, inverted=True)


def bitwise(step: BitStep) -> Step:
    """Return the program that does a step for each bit: it takes the bits of all inputs, and the row of the result."""

    def record(s: Recorder, operands: Operands) -> None:
        for *bits, out in zip(*operands.inputs, operands.out, strict=True):
            step(s, tuple(bits), out)

    return record


def equal(xor: BitStep, any_of: BitStep, complement: BitStep, *, counts_clear: bool) -> Step:
    """Return the program that says whether two words are equal: the complement of the disjunction of all differences.

    ``counts_clear`` says whether the published count has the operation that clears the disjunction.
    """

    def record(s: Recorder, operands: Operands) -> None:
        """Record the comparison: the bits that differ are joined by OR, bit by bit."""
        (found,) = s.scratch("found")
        (differs,) = s.scratch("differs")
        s.aap(s.zero, found, uncounted=not counts_clear)
        for a, b in zip(*operands.inputs, strict=True):
            xor(s, (a, b), differs)
            any_of(s, (differs, found), s.out[0])
            s.aap(s.out[0], found)
        complement(s, (found,), s.out[0])

    return record


def family(
    name: str, rows_and_source: tuple[ComputeRows, str], *, bits: Mapping[str, BitStep], words: Mapping[str, Step], product: Step
) -> dict[str, MicroProgram]:
    """Return a family's micro-programs by operation: ``bits`` work bit by bit, ``words`` along a carry, ``product`` is "mul"."""
    rows, source = rows_and_source
    records = {operation: bitwise(step) for operation, step in bits.items()} | dict(words) | {"mul": product}
    return {
        operation: MicroProgram(f"{name}-{operation}", operation, rows, record, signed=True, source=source)
        for operation, record in records.items()
    }
