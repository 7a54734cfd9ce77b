"""What a run found: tidy pandas tables, a manifest, and the forms they are saved in."""

from simcore.results.energy import BankRates, EnergyRates
from simcore.results.record import LayerRun
from simcore.results.results import TABLES, Results

__all__ = ["TABLES", "BankRates", "EnergyRates", "LayerRun", "Results"]
