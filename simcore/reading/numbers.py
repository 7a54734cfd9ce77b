"""Numbers of bounded length in a user's texts, and values in the form in which an error or a sentence shows them."""

from __future__ import annotations

import re

#: The longest integer, in decimal digits. It is longer than every quantity here, and far below the length that Python refuses.
MAX_DIGITS = 40

#: The longest piece of a user's text that an error repeats.
SHOWN = 60

_WHOLE = re.compile(r"[+-]?[0-9]+")


def whole_number(text: str) -> int | None:
    """Return the integer that a text holds in decimal digits, with or without a sign; None if there is none or it is too long."""
    stripped = text.strip()
    if not _WHOLE.fullmatch(stripped) or len(stripped) > MAX_DIGITS:
        return None
    return int(stripped)


def is_too_long(number: int) -> bool:
    """Return whether an integer has more digits than any quantity."""
    return bool(abs(number) >= 10**MAX_DIGITS)


def cut(text: str, longest: int = 200) -> str:
    """Return the text, or its beginning if it is long."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def shown(value: object) -> str:
    """Return the value as it was written, in quotes if it is a text, and cut if it is long."""
    if isinstance(value, int) and not isinstance(value, bool) and is_too_long(value):
        return f"an integer of more than {MAX_DIGITS} digits"
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 4]}...{text[-1]}"


def counted(count: int, name: str) -> str:
    """Return a count with the name of what is counted: "1 bank", "2 banks", "3 passes"."""
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}{'es' if name.endswith('s') else 's'}"
