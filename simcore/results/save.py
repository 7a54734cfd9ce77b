"""Writing a results directory: whole or absent."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from simcore.errors import InputError

#: The file by which a directory is known to hold results of simcore.
MARKER = "results.json"


def check_destination(directory: Path, *, overwrite: bool = False) -> None:
    """Raise InputError if results cannot be written to ``directory``; ask before a long run, not after it."""
    parent = directory.absolute().parent
    if not parent.is_dir():
        raise InputError("cannot write results here: the parent is not a directory", where=str(directory))
    _probe(parent, directory)
    if not directory.exists() or (directory.is_dir() and not any(directory.iterdir())):
        return
    if not directory.is_dir() or not (directory / MARKER).is_file():
        raise InputError("exists and holds something other than results of simcore; choose another name", where=str(directory))
    if not overwrite:
        raise InputError("already holds results", where=str(directory), hint="choose another name, or pass --overwrite")


def _probe(parent: Path, directory: Path) -> None:
    try:
        with tempfile.NamedTemporaryFile(dir=parent, prefix=".simcore-"):
            pass
    except OSError as error:
        raise InputError(f"cannot write results here: {error.strerror}", where=str(directory)) from None


def write_whole(directory: Path, fill: Callable[[Path], None], *, overwrite: bool = False) -> Path:
    """Let ``fill`` write into a temporary directory beside ``directory``, then rename it; a failure leaves nothing behind."""
    check_destination(directory, overwrite=overwrite)
    target = directory.absolute()
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        fill(temporary)
        temporary.chmod(0o755)
        _replace(temporary, target)
    except OSError as error:
        raise InputError(f"cannot write results here: {error.strerror}", where=str(directory)) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def _replace(new: Path, target: Path) -> None:
    """Rename ``new`` to ``target``; what was there is moved aside first and comes back if the rename fails."""
    if not target.exists():
        new.rename(target)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
    old = target.rename(aside / "results")
    try:
        new.rename(target)
    except OSError:
        with suppress(OSError):
            old.rename(target)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
