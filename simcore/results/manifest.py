"""The record of everything from which a result was made, so that it can be made again."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from simcore import __version__

PACKAGES = ("numpy", "numba", "simpy", "pandas", "pydantic")


@lru_cache(maxsize=1)
def versions() -> Mapping[str, str]:
    """Return the versions of Python and of the packages that take part in a result, without packages that are not installed."""
    found = {"simcore": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


@lru_cache(maxsize=1)
def git_revision() -> str | None:
    """Return the commit of simcore's checkout, with ``-dirty`` if tracked files differ; None without a checkout or git.

    The first answer holds for the process, because the process runs the code that it imported, whatever happens to the files
    later.
    """
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() or None


def input_hashes(paths: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of each input file, by the path as given."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(paths) if path.is_file()}


def build_manifest(
    *,
    kind: str,
    system: Mapping[str, Any],
    system_places: Mapping[str, str],
    network: str,
    batch: int,
    engine: str,
    shortcuts: Mapping[str, Any],
    inputs: Iterable[Path],
    overrides: Iterable[str],
    values_checked: bool = False,
) -> dict[str, Any]:
    """Return the manifest of a run as plain JSON values.

    ``system`` is the machine's complete spec after all overrides. ``system_places`` says where each of its keys was written; keys
    that are not in it have their defaults.
    """
    return {
        "network": network,
        "batch": batch,
        "kind": kind,
        "system": dict(system),
        "system_places": dict(system_places),
        "overrides": list(overrides),
        "engine": engine,
        "shortcuts": dict(shortcuts),
        "values_checked": values_checked,
        "seed": system.get("seed", 0),
        "versions": dict(versions()),
        "git_revision": git_revision(),
        "input_sha256": input_hashes(inputs),
    }
