"""The kernel that reads plain lines of a trace: ``CYCLE R|W HEX_ADDRESS``, comments and empty lines, in ASCII."""

from __future__ import annotations

from numba import int64

from simcore.dram.outcome import READ, WRITE
from simcore.dram.trace import LIMIT
from simcore.engine.compiled.dram.text_columns import LONGEST_LINE, NOT_PLAIN
from simcore.engine.compiled.jit import entry, inlined
from simcore.program.program import Int64Array

_TAB, _NEWLINE, _RETURN, _SPACE, _COMMENT, _R, _W = 9, 10, 13, 32, 35, 82, 87
_0, _9, _A, _F, _X, _LOWER = 48, 57, 97, 102, 120, 32
_NO_DIGIT = 16


@inlined
def _byte(text: Int64Array, at: int) -> int:
    """Return a byte of a text whose words hold eight bytes each, the first one lowest."""
    return (text[at >> 3] >> ((at & 7) << 3)) & 255


@inlined
def _is_blank(byte: int) -> bool:
    return byte in (_SPACE, _TAB)


@inlined
def _past_blanks(text: Int64Array, at: int) -> int:
    """Return the place of the next byte that is neither a space nor a tab."""
    while _is_blank(_byte(text, at)):
        at += 1
    return at


@inlined
def _line_end(text: Int64Array, at: int) -> int:
    """Return the place of the newline with which a line ends here, if it does, else NOT_PLAIN."""
    if _byte(text, at) == _RETURN:
        at += 1
    return at if _byte(text, at) == _NEWLINE else NOT_PLAIN


@inlined
def _digit(byte: int) -> int:
    """Return the value of a hexadecimal digit, or _NO_DIGIT."""
    if _0 <= byte <= _9:
        return byte - _0
    byte |= _LOWER
    return byte - _A + 10 if _A <= byte <= _F else _NO_DIGIT


@inlined
def _number(text: Int64Array, at: int, base: int) -> tuple[int, int]:
    """Return a number of at least one digit that is below LIMIT, and the place after it, or NOT_PLAIN in place of both."""
    value, first = 0, at
    while True:
        digit = _digit(_byte(text, at))
        if digit >= base:
            break
        value = value * base + digit
        if value >= LIMIT:
            return NOT_PLAIN, NOT_PLAIN
        at += 1
    if at == first:
        return NOT_PLAIN, NOT_PLAIN
    return value, at


@inlined
def _comment(text: Int64Array, at: int) -> int:
    """Return the place of the newline that ends a comment in ASCII, or NOT_PLAIN."""
    byte = _byte(text, at)
    while byte != _NEWLINE and byte != _RETURN and byte < 128:
        at += 1
        byte = _byte(text, at)
    return _line_end(text, at)


@inlined
def _request(text: Int64Array, at: int, earliest: Int64Array, write: Int64Array, address: Int64Array, found: int) -> int:
    """Read a request into row ``found``. Return the place of the newline that ends its line, or NOT_PLAIN."""
    cycle, at = _number(text, at, 10)
    if cycle == NOT_PLAIN or not _is_blank(_byte(text, at)):
        return NOT_PLAIN
    at = _past_blanks(text, at)
    kind = _byte(text, at)
    if (kind != _R and kind != _W) or not _is_blank(_byte(text, at + 1)):
        return NOT_PLAIN
    at = _past_blanks(text, at + 1)
    if _byte(text, at) == _0 and (_byte(text, at + 1) | _LOWER) == _X:
        at += 2
    place, at = _number(text, at, 16)
    if place == NOT_PLAIN:
        return NOT_PLAIN
    earliest[found], write[found], address[found] = cycle, WRITE if kind == _W else READ, place
    return _line_end(text, _past_blanks(text, at))


@entry(int64(int64[::1], int64, int64[::1], int64[::1], int64[::1]))
def read_lines(text: Int64Array, size: int, earliest: Int64Array, write: Int64Array, address: Int64Array) -> int:
    """Read all lines of the first ``size`` bytes, the last of which is a newline. Return the number of requests.

    Return NOT_PLAIN if any line is anything but a plain request, a comment or empty; the columns then hold nothing of use.
    """
    at, found = 0, 0
    while at < size:
        begin = at
        at = _past_blanks(text, at)
        byte = _byte(text, at)
        if byte == _COMMENT:
            at = _comment(text, at)
        elif byte in (_NEWLINE, _RETURN):
            at = _line_end(text, at)
        else:
            at = _request(text, at, earliest, write, address, found)
            found += 1
        if at == NOT_PLAIN or at - begin > LONGEST_LINE:
            return NOT_PLAIN
        at += 1
    return found
