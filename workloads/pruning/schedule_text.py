"""Schedules from the text that a user types, such as ``linear:0.5``, ``cubic:0.8@0.2-0.8`` or ``every:n=15,x=160,until=150``."""

from __future__ import annotations

import re
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from simcore.errors import InputError, did_you_mean
from simcore.reading.numbers import cut, whole_number
from workloads.pruning.schedule import Ramp, Schedule, cubic, every_epochs, linear, one_shot, per_epoch

#: The forms of a schedule, for help and errors.
FORMS = (
    *("linear:F[@A-B][,every=N]", "cubic:F[@A-B][,every=N]", "one-shot:F@T", "per-epoch:F[,until=N]"),
    *("every:n=N,x=FILTERS,until=EPOCH", "FILE.csv", "FILE.yaml"),
)
#: The names that begin a form.
NAMES = ("linear", "cubic", "one-shot", "per-epoch", "every")

#: As many digits as a computer prints of a fraction. A larger power of ten would take minutes to write out.
_DECIMAL = re.compile(r"[0-9]{0,9}\.?[0-9]{0,30}(e-?[0-9]{1,2})?", re.IGNORECASE)


def schedule_from(text: str) -> Schedule:
    """Return the schedule that a text declares; docs/pruning.md lists the forms. Raise InputError for any other text or file."""
    if Path(text).suffix.lower() in (".csv", ".yaml", ".yml"):
        from workloads.pruning.schedule_table import table_schedule

        return Schedule(text, table_schedule(text))
    name, _, rest = text.partition(":")
    if name not in NAMES:
        hint = did_you_mean(name, NAMES) if name else None
        raise InputError(f"expected one of {', '.join(FORMS)}, got '{cut(text)}'", "schedule", hint)
    target, options = _split(name, rest)
    if name in ("linear", "cubic"):
        known = _known(name, options, ("every",))
        ramp = _ramp(name, target, known.get("every", 1))
        return Schedule(text, (linear if name == "linear" else cubic)(ramp))
    if name == "one-shot":
        _known(name, options, ())
        fraction, _, time = target.partition("@")
        return Schedule(text, one_shot(_pruned(name, fraction), _fraction(name, time, "a time of the training from 0 to 1")))
    if name == "per-epoch":
        return Schedule(text, per_epoch(_pruned(name, target), _known(name, options, ("until",)).get("until")))
    counts = _known(name, options, ("n", "x", "until"))
    for needed in ("n", "x", "until"):
        if needed not in counts:
            raise _wrong(name, f"{needed}=NUMBER", "none")
    return Schedule(text, every_epochs(counts["n"], counts["x"], counts["until"]))


def _split(name: str, rest: str) -> tuple[str, dict[str, str]]:
    """Return what stands before the options, and the options by name."""
    parts = rest.split(",")
    first = "" if name == "every" else parts.pop(0)
    options: dict[str, str] = {}
    for part in parts:
        key, given, value = part.partition("=")
        if not given or key in options:
            raise _wrong(name, "options such as every=10, each once", f"'{cut(part)}'")
        options[key] = value
    return first, options


def _known(name: str, options: dict[str, str], known: tuple[str, ...]) -> dict[str, int]:
    """Return the options as counts. Raise InputError for one that the schedule does not have, and for one below 1."""
    found = {}
    for key, text in options.items():
        if key not in known:
            raise InputError(f"'{name}' has no option '{cut(key)}'", "schedule", did_you_mean(key, known))
        value = whole_number(text)
        if value is None or value < 1:
            raise _wrong(name, f"{key} to be an integer >= 1", f"'{cut(text)}'")
        found[key] = value
    return found


def _ramp(name: str, target: str, every: int) -> Ramp:
    fraction, at, span = target.partition("@")
    if not at:
        return Ramp(_pruned(name, fraction), every=every)
    begin, _, end = span.partition("-")
    first, last = (_fraction(name, time, "two times of the training such as 0.2-0.8") for time in (begin, end))
    if first >= last:
        raise _wrong(name, "a ramp whose first time is the smaller", f"'{span}'")
    return Ramp(_pruned(name, fraction), first, last, every)


def _pruned(name: str, text: str) -> Fraction:
    """Return a pruned fraction. Raise InputError unless it is at least 0 and below 1."""
    value = _fraction(name, text, "a pruned fraction of at least 0 and below 1")
    if value >= 1:
        raise _wrong(name, "less than 100 % pruned, as a fraction below 1", f"'{cut(text)}'")
    return value


def _fraction(name: str, text: str, expected: str) -> Fraction:
    fraction = decimal(text)
    if fraction is None or fraction > 1:
        raise _wrong(name, expected, f"'{cut(text)}'")
    return fraction


def decimal(text: str) -> Fraction | None:
    """Return the number, at least 0, that a text holds in decimal digits; None if it holds none or one that is too long."""
    if not _DECIMAL.fullmatch(text):
        return None
    with suppress(ValueError):
        return Fraction(text)
    return None


def _wrong(name: str, expected: str, got: str) -> InputError:
    return InputError(f"expected {expected}, got {got}", f"schedule '{name}'")
