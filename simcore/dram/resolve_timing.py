"""Timings in cycles. The speed's replace the table's, the organisation's replace the speed's, and the user's replace all."""

from __future__ import annotations

from collections.abc import Mapping

from simcore.dram.expression import evaluate
from simcore.dram.standard import Standard
from simcore.errors import InputError, did_you_mean

#: The longest chain of timings that follow from each other. The tables that come with simcore need three.
_LONGEST_CHAIN = 20
_ALWAYS_NEEDED = ("nBL", "nCL", "nCWL")


def resolved_timing(standard: Standard, organisation: str, speed: str, overrides: Mapping[str, int]) -> dict[str, int]:
    """Return every declared timing that has a value, in cycles and in the order of the table's ``parameters``.

    Raise InputError for an undeclared timing, for one that depends on itself, and for negative or impossible values.
    """
    return _Timings(standard, organisation, speed, overrides).resolved()


class _Timings:
    def __init__(self, standard: Standard, organisation: str, speed: str, overrides: Mapping[str, int]) -> None:
        spec = standard.spec
        self.standard, self.organisation, self.speed = standard, organisation, speed
        self.tck_ps = spec.speeds[speed].tck_ps
        # Expression and place of each timing. A later source replaces an earlier one.
        self.given: dict[str, tuple[str, str]] = {}
        for path, timings in (
            (("timings",), spec.timings),
            (("speeds", speed, "timings"), spec.speeds[speed].timings),
            (("organisations", organisation, "timings"), spec.organisations[organisation].timings),
        ):
            for name, expression in timings.items():
                self.check_declared(name, ".".join(path), standard.where(*path, name))
                self.given[name] = (expression, standard.where(*path, name))
        counted = (*spec.levels[: spec.levels.index("bank") + 1], "row", "column")
        for name, value in overrides.items():
            if name not in counted:
                self.check_declared(name, "overrides", f"overrides.{name}", counted)
                self.given[name] = (str(value), f"overrides.{name}")
        self.done: dict[str, int] = {}
        self.under_way: list[str] = []

    def check_declared(self, name: str, inside: str, where: str | None, also: tuple[str, ...] = ()) -> None:
        known = [*self.standard.spec.parameters, *also]
        if name not in self.standard.spec.parameters:
            raise InputError(f"unknown timing '{name}' in {inside}", where, did_you_mean(name, known))

    def value_of(self, name: str) -> int:
        """Return the cycles of a timing, worked out once. Raise InputError for an unknown, missing or circular one."""
        if name in self.done:
            return self.done[name]
        expression, where = self.given.get(name, ("", ""))
        if name not in self.given:
            self.check_declared(name, f"the timing '{self.under_way[-1]}'", self.given[self.under_way[-1]][1])
            raise self.missing(name)
        if name in self.under_way:
            chain = " -> ".join((*self.under_way, name))
            raise InputError(f"{name}: expected no cycle of timings, got {chain}", where)
        if len(self.under_way) == _LONGEST_CHAIN:
            raise InputError(f"{name}: expected at most {_LONGEST_CHAIN} timings that follow from each other, got more", where)
        self.under_way.append(name)
        value = evaluate(expression, self.value_of, self.tck_ps, where)
        self.under_way.pop()
        if value < 0:
            raise InputError(f"{name}: expected at least 0 cycles, got {value}", where)
        self.done[name] = value
        return value

    def missing(self, name: str) -> InputError:
        message = f"timing '{name}' is missing: neither speed '{self.speed}' nor organisation '{self.organisation}' gives it"
        return InputError(message, self.standard.where("speeds", self.speed, "timings"))

    def resolved(self) -> dict[str, int]:
        """Return every timing that is given, in cycles. Raise InputError for missing ones and for a set that no DRAM can have."""
        for name in _ALWAYS_NEEDED:
            if name not in self.given:
                raise self.missing(name)
        found = {name: self.value_of(name) for name in self.standard.spec.parameters if name in self.given}
        self.check_possible(found)
        return found

    def check_possible(self, found: Mapping[str, int]) -> None:
        """Raise InputError for a burst of no cycles, and for other timings that contradict each other."""
        burst_length = self.standard.spec.burst_length
        if found["nBL"] < 1:
            raise InputError(f"nBL: expected at least 1 cycle for a burst of {burst_length}, got 0", self.given["nBL"][1])
        for short, short_name, long, long_name, why in (
            ("nRAS", "tRAS", "nRC", "tRC", "a row cycle holds its activation"),
            ("nRFC", "tRFC", "nREFI", "tREFI", "a refresh ends before the next begins"),
            ("nRFCpb", "tRFCpb", "nREFI", "tREFI", "a refresh ends before the next begins"),
        ):
            if short in found and long in found and found[short] > found[long]:
                message = f"{short} ({short_name}) is {found[short]} cycles and {long} ({long_name}) {found[long]}"
                raise InputError(f"{message}: expected {short_name} <= {long_name}, because {why}", self.given[short][1])
