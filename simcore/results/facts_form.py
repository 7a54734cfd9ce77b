"""The form of facts.json, checked when a saved run is read."""

from __future__ import annotations

from typing import Any

from simcore.errors import InputError

#: No count and no rate of a run is as large.
_MOST = 2**63
_NUMBER_OR_NONE = (int, float, type(None))
_FORM: dict[str, type | tuple[type, ...]] = {
    "network": str,
    "system": str,
    "kind": str,
    "engine": str,
    "layers": int,
    "causes": list,
    "cycles": int,
    "time_cycles": int,
    "computing_cycles": int,
    "said_time": str,
    "core_clock_hz": int,
    "peak_macs_per_cycle": _NUMBER_OR_NONE,
    "peak_memory_bytes_per_cycle": _NUMBER_OR_NONE,
    "banks": list,
    "says": list,
    "losses": list,
}
_BANK: dict[str, type | tuple[type, ...]] = {"scratchpad": str, "bank": int, "ports": int}
_LOSS: dict[str, type | tuple[type, ...]] = {"cause": str, "place": str, "cycles": int, "says": list, "is_work": bool}


def require_facts(found: Any, where: str) -> dict[str, Any]:
    """Return the facts if they have every key, of its type. Raise InputError otherwise. Keys beyond those are kept."""
    _require(found, _FORM, where, "")
    for number, bank in enumerate(found["banks"]):
        _require(bank, _BANK, where, f"banks.{number}.")
    for number, loss in enumerate(found["losses"]):
        _require(loss, _LOSS, where, f"losses.{number}.")
        _require_texts(loss["says"], where, f"losses.{number}.says")
    for name in ("causes", "says"):
        _require_texts(found[name], where, name)
    checked: dict[str, Any] = found
    return checked


def _require(found: Any, form: dict[str, type | tuple[type, ...]], where: str, above: str) -> None:
    if not isinstance(found, dict):
        raise InputError(f"expected an object in 'facts.json' at '{above}', got something else", where)
    for key, wanted in form.items():
        value = found.get(key)
        is_right = isinstance(value, wanted) and (key in found) and (wanted is bool or not isinstance(value, bool))
        if not is_right or (isinstance(value, int | float) and not abs(value) < _MOST):
            raise InputError(f"expected '{above}{key}' in 'facts.json', got {'another type' if key in found else 'none'}", where)


def _require_texts(found: Any, where: str, name: str) -> None:
    if not all(isinstance(text, str) for text in found):
        raise InputError(f"expected texts at '{name}' in 'facts.json', got something else", where)
