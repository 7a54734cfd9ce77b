"""The version of the code that decides results. A point that another version simulated is another point."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from simcore import __version__

_ROOT = Path(__file__).resolve().parents[2]
#: Rooms of simcore that only run, print or save what others simulate.
_DECIDE_NOTHING = {
    "cli",
    "compare",
    "estimate.py",
    "meanings",
    "processes",
    "pruning",
    "report",
    "saving",
    "serve",
    "studies",
    "sweeps",
    "why.py",
}
#: The rooms of workloads that train with torch, which no simulation does.
_TRAIN = {"learning", "faults"}
_SUFFIXES = {".py", ".yaml", ".csv", ".json", ".txt", ".npz"}


@lru_cache(maxsize=1)
def code_version() -> str:
    """Return a hash of this version's number and of every file of the installed packages that a result may depend on."""
    digest = hashlib.sha256(__version__.encode())
    for file in _files():
        digest.update(f"{file.relative_to(_ROOT).as_posix()} ".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _files() -> list[Path]:
    rooms = [*_rooms("simcore", _DECIDE_NOTHING), *_rooms("models", set()), *_rooms("workloads", _TRAIN)]
    found = [file for room in rooms for file in ([room] if room.is_file() else room.rglob("*"))]
    return sorted(file for file in found if file.suffix in _SUFFIXES and file.is_file())


def _rooms(package: str, without: set[str]) -> list[Path]:
    return [path for path in (_ROOT / package).iterdir() if path.name not in without]
