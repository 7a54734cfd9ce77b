"""The timing of a bank group, which is the model that it names or that of the macros of which it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from simcore.errors import InputError
from simcore.extensions.installed import imported, offered
from simcore.spec import BankGroup, MacroSpec, ScratchpadSpec, System, TechnologySpec
from simcore.timing.bank_timing import BankTiming, resolve_timing, timing_class

#: Installed packages offer libraries of macros under this entry-point group. simcore uses the one named ``default``.
MACRO_GROUP = "simcore.macros"


@dataclass(frozen=True)
class BanksOfMacros:
    """The request to a library of macros: ``banks`` banks of ``bank_bytes`` each, with accesses of ``line_bytes``."""

    macro: MacroSpec
    banks: int
    bank_bytes: int
    line_bytes: int
    core_clock_hz: int
    technology: TechnologySpec

    @classmethod
    def of(cls, system: System, pad: ScratchpadSpec, group: BankGroup) -> BanksOfMacros:
        """Return the request of a scratchpad's bank group, which must have a macro."""
        assert group.macro is not None
        clock_hz, technology = system.core_clock_hz, system.technology
        return cls(group.macro, group.banks, pad.capacity_bytes // pad.banks, pad.line_bytes, clock_hz, technology)


def group_timing(system: System, scratchpad: str, group: BankGroup) -> BankTiming:
    """Return the timing of a scratchpad's bank group. A model with a parameter ``seed`` gets the System's unless it sets its own.

    Raise InputError for a timing that cannot be loaded and for macros that the library does not know.
    """
    try:
        if group.timing is None:
            return _macro_library()(BanksOfMacros.of(system, system.scratchpads[scratchpad], group))  # type: ignore[index]
        seeded = {"seed": system.seed} if "seed" in timing_class(group.timing.model).parameters else {}
        return resolve_timing(group.timing.model, {**seeded, **group.timing.parameters})
    except InputError as error:
        raise blamed(system, scratchpad, group, error) from None


def blamed(system: System, scratchpad: str, group: BankGroup, error: InputError) -> InputError:
    """Return an error about a group's banks with its key, or unchanged if it already names a place in a user's file."""
    if error.where is not None and ":" in error.where:
        return error
    groups = system.scratchpads[scratchpad].bank_groups  # type: ignore[index]
    within = "" if groups is None else f"bank_groups.{groups.index(group)}."
    key = "macro" if group.timing is None else "timing"
    inside = f" ({error.where})" if error.where else ""
    return InputError(error.message, f"scratchpads.{scratchpad}.{within}{key}{inside}", error.hint)


def _macro_library() -> Callable[[BanksOfMacros], BankTiming]:
    target = offered(MACRO_GROUP, "library of macros").get("default")
    if target is None:
        raise InputError(f"no installed package offers macros (entry point 'default' of {MACRO_GROUP})")
    return cast(Callable[[BanksOfMacros], BankTiming], imported("default", target, "library of macros"))
