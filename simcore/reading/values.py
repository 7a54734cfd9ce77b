"""The kinds of values in a System (counts, bytes, Hz, word sizes), and how a spec reports a broken rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from simcore.errors import InputError
from simcore.reading.keys import Written
from simcore.reading.numbers import shown
from simcore.reading.units import parse_bytes_per_s, parse_frequency_hz, parse_macs_per_s, parse_size_bytes

# These bounds keep every product of two values inside int64, and reject typing slips.
MAX_COUNT = 2**20
MAX_SIZE_BYTES = 2**40
MAX_FREQUENCY_HZ = 10**12
MAX_RATE_PER_S = 10**18
MAX_WRITES = 1e30
#: The start of the tag of a model in a union, which no user's key can be mistaken for.
TAG = "\0model "


class Spec(BaseModel):
    """Base of all specs: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Broken(NamedTuple):
    """A rule that does not hold: the path of the wrong value, relative to the model, and what is wrong with it."""

    path: tuple[str | int, ...]
    message: str
    hint: str | None = None


def raise_broken(broken: Sequence[Broken]) -> None:
    """Report all broken rules to pydantic. Do nothing if there are none."""
    if broken:
        text = "; ".join(rule.message for rule in broken)
        raise PydanticCustomError("rules", "{text}", {"text": text, "broken": [tuple(rule) for rule in broken]})


def _quantity(parse: Callable[[object], int]) -> Callable[[object], int]:
    def parsed(value: object) -> int:
        """Return ``parse(value)``; its InputError becomes an error of this field."""
        try:
            return parse(value)
        except InputError as error:
            raise_broken([Broken((), error.message, error.hint)])
            raise

    return parsed


def _number_of_writes(value: object) -> object:
    # YAML 1.1 reads 1e12 as text, because its numbers with an exponent must have a point and a sign.
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else 0.0
    except (ValueError, OverflowError):
        number = 0.0
    if not 0 < number <= MAX_WRITES:
        told = "a mapping or a list" if isinstance(value, dict | list) else shown(value).strip("'").lower()
        raise_broken([Broken((), f"expected a number of writes above 0 such as 1e12, at most {MAX_WRITES:g}, got {told}")])
    return number


def _error_rate(value: object) -> object:
    # As for writes, YAML 1.1 reads 1e-9 as text.
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else 0.0
    except (ValueError, OverflowError):
        number = 0.0
    if not 0 < number < 1:
        told = "a mapping or a list" if isinstance(value, dict | list) else shown(value).strip("'").lower()
        raise_broken([Broken((), f"expected an error rate above 0 and below 1 such as 1e-9, got {told}")])
    return number


def number_of(told: str) -> BeforeValidator:
    """Return a validator for a literal of numbers, which refuses true: it equals 1, and pydantic matches a literal by equality.

    ``told`` says which numbers are expected.
    """

    def not_true(value: object) -> object:
        if isinstance(value, bool):
            raise_broken([Broken((), f"expected {told}, got {str(value).lower()}")])
        return value

    return BeforeValidator(not_true)


Count = Annotated[int, Field(strict=True, ge=1, le=MAX_COUNT)]
CountOrNone = Annotated[int, Field(strict=True, ge=0, le=MAX_COUNT)]
Integer = Annotated[int, Field(strict=True, ge=-(2**63), le=2**63 - 1)]
Flag = Annotated[bool, Field(strict=True)]
Text = Annotated[str, Field(strict=True)]
Percent = Annotated[float, Field(strict=True, ge=0, le=100, allow_inf_nan=False)]
PositiveNumber = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
SizeBytes = Annotated[
    int,
    BeforeValidator(_quantity(parse_size_bytes)),
    Field(strict=True, ge=1, le=MAX_SIZE_BYTES),
    Written("a size such as `64 KiB`, or a number of bytes", "bytes"),
]
FrequencyHz = Annotated[
    int,
    BeforeValidator(_quantity(parse_frequency_hz)),
    Field(strict=True, ge=1, le=MAX_FREQUENCY_HZ),
    Written("a frequency such as `1 GHz`, or a number of Hz", "Hz"),
]
BytesPerSecond = Annotated[
    int,
    BeforeValidator(_quantity(parse_bytes_per_s)),
    Field(strict=True, ge=1, le=MAX_RATE_PER_S),
    Written("a bandwidth such as `480 GB/s`, or a number of bytes per second", "bytes/s"),
]
MacsPerSecond = Annotated[
    int,
    BeforeValidator(_quantity(parse_macs_per_s)),
    Field(strict=True, ge=1, le=MAX_RATE_PER_S),
    Written("a rate such as `6 TMAC/s`, or a number of multiply-accumulates per second", "MAC/s"),
]
Writes = Annotated[float, BeforeValidator(_number_of_writes), Written("a number above 0, such as `1e12`", "writes")]
ErrorRate = Annotated[float, BeforeValidator(_error_rate), Written("a number above 0 and below 1, such as `1e-9`", "per bit")]
WordBytes = Annotated[Literal[1, 2, 4, 8], number_of("1, 2, 4 or 8"), Written("1, 2, 4 or 8", "bytes")]
