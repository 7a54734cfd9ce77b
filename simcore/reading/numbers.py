"""Numbers in a user's texts, of a bounded length; and values as an error shows them."""

from __future__ import annotations

import re

#: The longest integer in decimal digits: beyond every quantity here, and far below what Python refuses to convert.
MAX_DIGITS = 40

#: The longest piece of a user's text that an error repeats.
SHOWN = 60

_WHOLE = re.compile(r"[+-]?[0-9]+")


def whole_number(text: str) -> int | None:
    """The integer that a text writes in decimal digits, with or without a sign; None where it is none, or one too long."""
    stripped = text.strip()
    if not _WHOLE.fullmatch(stripped) or len(stripped) > MAX_DIGITS:
        return None
    return int(stripped)


def is_too_long(number: int) -> bool:
    """Whether an integer has more digits than any quantity."""
    return bool(abs(number) >= 10**MAX_DIGITS)


def cut(text: str, longest: int = 200) -> str:
    """The text, or its beginning where it is long."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def shown(value: object) -> str:
    """The value as it was written, quoted if it is a text, and cut where it is long."""
    if isinstance(value, int) and not isinstance(value, bool) and is_too_long(value):
        return f"an integer of more than {MAX_DIGITS} digits"
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 4]}...{text[-1]}"
