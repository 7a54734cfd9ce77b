"""The changes of a System that the table of remedies proposes for a loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from simcore.kinds.advice import Change, Loss
from simcore.spec import System
from simcore.spec.memory import DramMemorySpec
from simcore.systolic.remedies import EACH, HERE, REMEDIES, Remedy
from simcore.timing.bank_timing import resolve_timing

#: The end of the names of a timing's parameters that count cycles.
_CYCLES = "_cycles"


def changes(system: System, loss: Loss) -> list[Change]:
    """Return the changes to try, key by key; the values of a key from the cheapest on. The system may refuse some of them."""
    found = [change for remedy in REMEDIES.get(loss.cause, ()) for change in _proposed(system, remedy, loss.place)]
    return list(dict.fromkeys(found))


def _proposed(system: System, remedy: Remedy, place: str) -> Iterator[Change]:
    for key in _keys(system, remedy.key, place):
        is_given, value = _value(system, key)
        if is_given and key.endswith(".timing.parameters"):
            yield from _faster(system, key, remedy)
        elif is_given:
            for proposed in remedy.values(value):
                yield Change(key, _text(proposed), _text(value))


def _keys(system: System, key: str, place: str) -> Sequence[str]:
    if EACH in key:
        return [key.replace(EACH, name) for name in system.scratchpads]
    return [key.replace(HERE, place)] if place in system.scratchpads or HERE not in key else []


def _value(system: System, key: str) -> tuple[bool, Any]:
    """Return whether the system has the key, and its value."""
    if key == "memory.overrides.channel":
        return (True, system.memory.resolved().counts[0]) if isinstance(system.memory, DramMemorySpec) else (False, None)
    found: Any = system
    for step in key.split("."):
        found = found.get(step) if isinstance(found, dict) else getattr(found, step, None)
    if key.endswith(".timing"):
        return True, None if found is None else found.model
    if key.endswith(".parameters"):
        return found is not None, found
    return found is not None, found


def _faster(system: System, key: str, remedy: Remedy) -> Iterator[Change]:
    """Yield the changes of those parameters of a scratchpad's timing that count cycles."""
    spec = system.scratchpads[key.split(".")[1]].timing  # type: ignore[index]
    assert spec is not None
    timing = resolve_timing(spec.model, spec.parameters)
    for name, value in zip(timing.parameters, timing.params_array().tolist(), strict=True):
        if name.endswith(_CYCLES):
            for proposed in remedy.values(value):
                yield Change(f"{key}.{name}", _text(proposed), _text(value))


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
