"""Costs of training steps, kept on disk by content. A file is whole or absent, whatever ends a process.

The key of a step is a digest of everything on which its cost depends: the network's layers and batch, the optimiser, the whole
spec of the machine, the contents of the files that it names, and the code.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from simcore.kinds import kind_of
from simcore.pruning import simulating, step_cost
from simcore.pruning.foreign import uses_foreign_packages
from simcore.pruning.step_cost import StepCost
from simcore.results.manifest import input_hashes
from simcore.saving.cache_folder import NoCacheError, VersionFolders
from simcore.saving.kept_file import read_kept, write_kept
from simcore.saving.lock import is_still_named, try_lock
from simcore.spec import MachineSpec
from simcore.sweeps.code_version import code_version

if TYPE_CHECKING:
    from workloads.network import Network

MARK, SUFFIX, LOCKED = ".simcore-steps", ".step", ".lock"
#: How many versions of the code have their steps kept.
KEPT_FOLDERS = 4
_SAYS = "simcore keeps the costs of simulated training steps here and removes this folder when it is old\n"
_FOLDERS = VersionFolders("steps", MARK, _SAYS, (SUFFIX, LOCKED), KEPT_FOLDERS)
_BEGINS = b"simcore step 1\n"


def step_key(network: Network, machine: MachineSpec, optimizer: str) -> str | None:
    """Return the key of a training step, or None if it must not be kept.

    It must not if code of another package takes part, a layer of the user's own, or a Python file that the machine names. An edit
    of such code, or of what it imports, shows in no key.
    """
    from workloads.pruning.content import network_digest

    spec = json.dumps([machine.kind, machine.to_yaml_dict()], sort_keys=True, default=str)
    own_layers = all(type(network.layer(name)).__module__.startswith("workloads.") for name in network.order())
    own_kind = type(kind_of(machine)).__module__.startswith("simcore.")
    paths = kind_of(machine).input_files(machine)
    if not own_layers or not own_kind or uses_foreign_packages(spec) or any(path.suffix == ".py" for path in paths):
        return None
    parts = [network_digest(network), network.batch, optimizer, spec, sorted(input_hashes(paths).items())]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class StepStore:
    """A store of costs in the user's cache folder, as `simcore.engine.store.Store` describes one, with a lock for every key."""

    def __init__(self, folder: Path | None) -> None:
        """Keep costs in this folder of `steps_folder`. With None nothing is kept."""
        self.folder = folder

    def get(self, key: str) -> StepCost | None:
        """Return the cost of a key, or None if it is missing or damaged."""
        if self.folder is None:
            return None
        payload = read_kept(self.folder / f"{key}{SUFFIX}", _BEGINS, MARK)
        with suppress(ValueError, KeyError, TypeError, zlib.error):
            return None if payload is None else StepCost.from_bytes(zlib.decompress(payload))
        return None

    def put(self, key: str, value: StepCost) -> None:
        """Keep a cost. If the system refuses it, say so on stderr and go on."""
        if self.folder is None:
            return
        try:
            write_kept(self.folder / f"{key}{SUFFIX}", _BEGINS, zlib.compress(value.to_bytes()))
        except OSError as error:
            print(f"simcore: cannot keep a simulated step in '{self.folder}': {error.strerror or error}", file=sys.stderr)

    @contextmanager
    def alone(self, key: str) -> Iterator[bool]:
        """Yield True if this process alone may now simulate the step of a key, False if another process does at the moment.

        The system ends the claim of a process that was killed.
        """
        if self.folder is None:
            yield True
            return
        path = self.folder / f"{key}{LOCKED}"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        except OSError:  # ``put`` says why nothing can be kept
            yield True
            return
        try:
            if not try_lock(descriptor) or not is_still_named(descriptor, path):
                yield False
                return
            for left in self.folder.glob(f"{key}{SUFFIX}.*"):  # by a process that was killed while it wrote
                left.unlink(missing_ok=True)
            try:
                yield True
            finally:
                path.unlink(missing_ok=True)
        finally:
            os.close(descriptor)


def _version() -> str:
    """Return the version of the code that simulates steps and of that which says what is kept of them."""
    digest = hashlib.sha256(code_version().encode())
    for file in (step_cost.__file__, simulating.__file__, __file__):
        digest.update(Path(file).read_bytes())
    return digest.hexdigest()[:16]


def steps_folder() -> Path | None:
    """Return the folder in which this version of simcore keeps steps, or None, said once on stderr, if there is no safe one."""
    try:
        return _FOLDERS.of(_version())
    except NoCacheError as error:
        print(f"simcore: cannot keep simulated steps, so each run simulates them again: {error}", file=sys.stderr)
        return None
