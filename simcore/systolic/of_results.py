"""The typed parts that only the results of a run on a systolic machine have."""

from __future__ import annotations

from simcore.errors import InputError
from simcore.results import Results
from simcore.spec import System
from simcore.systolic.energy import EnergyRates


def system_of(results: Results) -> System:
    """Return the System of the run. Raise InputError for a run on a machine of another kind."""
    if not isinstance(results.system, System):
        raise InputError(f"expected a run on a machine of kind 'systolic', got kind '{results.kind.name}'")
    return results.system


def rates_of(results: Results) -> EnergyRates:
    """Return the energy of one unit of each count. Raise InputError for a run on a machine of another kind."""
    if not isinstance(results.rates, EnergyRates):
        raise InputError(f"expected a run on a machine of kind 'systolic', got kind '{results.kind.name}'")
    return results.rates
