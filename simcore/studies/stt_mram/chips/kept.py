"""Training runs that are kept on disk by content, so that a study that was ended goes on where it was."""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import models
import workloads
from simcore.saving.cache_folder import NoCacheError, VersionFolders
from simcore.saving.kept_file import read_kept, write_kept
from simcore.sweeps.code_version import code_version
from workloads.faults.word_memory import WriteCounts
from workloads.learning.setup import Trained

MARK, SUFFIX = ".simcore-trainings", ".training"
_SAYS = "simcore keeps the results of training runs here and removes this folder when it is old\n"
_FOLDERS = VersionFolders("trainings", MARK, _SAYS, (SUFFIX,), 4)
_BEGINS = b"simcore training 1\n"


def kept_training(key: str) -> Trained | None:
    """Return the result of a training run that was kept under this key, or None."""
    folder = _folder()
    payload = None if folder is None else read_kept(folder / f"{key}{SUFFIX}", _BEGINS, MARK)
    with suppress(ValueError, KeyError, TypeError):
        if payload is not None:
            told = json.loads(payload)
            writes = {pad: WriteCounts(**counts) for pad, counts in told.pop("writes").items()}
            return Trained(**told, writes=writes)
    return None


def keep_training(key: str, trained: Trained) -> None:
    """Keep the result of a training run. If the system refuses it, say so on stderr and go on."""
    folder = _folder()
    if folder is None:
        return
    try:
        write_kept(folder / f"{key}{SUFFIX}", _BEGINS, json.dumps(asdict(trained)).encode())
    except OSError as error:
        print(f"simcore: cannot keep a training run in '{folder}': {error.strerror or error}", file=sys.stderr)


@lru_cache(maxsize=1)
def _folder() -> Path | None:
    try:
        return _FOLDERS.of(_version())
    except NoCacheError as error:
        print(f"simcore: cannot keep training runs, so each study trains them again: {error}", file=sys.stderr)
        return None


def _version() -> str:
    """Return a hash of the code on which a training run depends: what plans steps, and what trains."""
    digest = hashlib.sha256(code_version().encode())
    rooms = [Path(str(package.__file__)).parent for package in (models, workloads)]
    for file in sorted(path for room in rooms for path in room.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
