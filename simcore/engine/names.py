"""The engines by name."""

from __future__ import annotations

from simcore.errors import InputError, did_you_mean

#: The compiled engine is fast, the SimPy one defines the meaning.
ENGINES = ("compiled", "simpy")


def check_engine(engine: str) -> None:
    """Raise InputError for an engine that is not one of `ENGINES`."""
    if engine not in ENGINES:
        raise InputError(f"no engine named {engine!r}", hint=did_you_mean(engine, ENGINES))
