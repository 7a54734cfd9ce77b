"""Saving of results so that they are complete or absent at every instant, and so that nobody else's files are touched."""

from simcore.saving.directory import Claim, Fill, results_directory
from simcore.saving.files import text_files

__all__ = ["Claim", "Fill", "results_directory", "text_files"]
