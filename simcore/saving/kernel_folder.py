"""The folder that keeps compiled kernels from run to run. It holds native code that this process will run.

If there is no safe folder, `NoCacheError` says why, and each run compiles the kernels.
"""

from __future__ import annotations

from pathlib import Path

from simcore.saving.cache_folder import UNFINISHED, NoCacheError, VersionFolders

__all__ = ["KEPT_FOLDERS", "MARK", "SUFFIX", "UNFINISHED", "NoCacheError", "kernel_folder"]

MARK = ".simcore-kernels"
#: The ending of the names of kernels.
SUFFIX = ".kernel"
#: How many versions are kept. The engine and each file of bank timings have versions of their own.
KEPT_FOLDERS = 16
_SAYS = "simcore keeps compiled kernels here and removes this folder when it is old\n"
_FOLDERS = VersionFolders("kernels", MARK, _SAYS, (SUFFIX,), KEPT_FOLDERS)


def kernel_folder(version: str) -> Path:
    """Return the folder of one version's kernels, and make it if it is missing. Raise NoCacheError if no folder is safe."""
    return _FOLDERS.of(version)
