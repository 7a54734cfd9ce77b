"""The version of the code that decides the cost of a step. What another version simulated is simulated again."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from simcore import __version__
from simcore.extensions.culprit import GROUPS
from simcore.extensions.installed import is_own, offered

_ROOT = Path(__file__).resolve().parents[2]
#: Rooms that only run, print or save what others simulate, or that train with torch.
_DECIDE_NOTHING = {"cli", "compare", "learning", "meanings", "saving", "studies"}
_SUFFIXES = (".py", ".yaml", ".csv")


@lru_cache(maxsize=1)
def code_version() -> str:
    """Return a digest of every file of simcore, models and workloads on which a simulated step can depend."""
    digest = hashlib.sha256(__version__.encode())
    for package in ("simcore", "models", "workloads"):
        for path in sorted((_ROOT / package).rglob("*")):
            if path.suffix in _SUFFIXES and not _DECIDE_NOTHING & set(path.relative_to(_ROOT).parts):
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def uses_foreign_packages(texts: str) -> bool:
    """Return whether a machine, described by its spec as text, may use what another installed package offers by entry point."""
    groups = {**GROUPS, "simcore.macros": "library of macros"}
    foreign = {name for group, what in groups.items() for name, target in offered(group, what).items() if not is_own(target)}
    return any(name in texts for name in foreign - {"default"}) or "default" in foreign
