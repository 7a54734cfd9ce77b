"""The results of a run: tidy pandas tables, a manifest, and the formats in which they are saved."""

from simcore.results.record import LayerRun
from simcore.results.results import Results
from simcore.results.saved import TABLES

__all__ = ["TABLES", "LayerRun", "Results"]
