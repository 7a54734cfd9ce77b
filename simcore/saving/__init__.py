"""Writing what a user asked for so that it is whole at every instant, and so that nothing of anybody else is touched."""

from simcore.saving.directory import Fill, results_directory
from simcore.saving.files import text_files

__all__ = ["Fill", "results_directory", "text_files"]
