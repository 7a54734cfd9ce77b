"""The order for the cost of a pruned training, checked before anything is simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simcore.errors import InputError, did_you_mean
from simcore.pruning.training import Training
from simcore.reading.overrides import Overrides
from simcore.run_time import LIMIT_S
from simcore.simulation import machine_for
from simcore.spec import MachineSpec

if TYPE_CHECKING:
    from workloads.network import Network
    from workloads.pruning.log import PruningLog


@dataclass(frozen=True, kw_only=True)
class PruneOrder:
    """What to sum up: a network, by name, file or as a Network, pruned by a schedule or as a log says, on some systems.

    ``schedule`` is a text that docs/pruning.md describes, and needs ``epochs``. ``log`` is a Parquet file of live filters, or the
    log itself. One of both is given. ``round_filters`` prunes to multiples, ``exempt`` are patterns of layers that keep all
    filters, ``every_nth`` simulates only some networks. ``overrides`` change keys of every system. A step whose estimate exceeds
    ``limit_s`` seconds is an error.
    """

    network: str | Path | Network
    samples: int
    batch: int
    systems: Sequence[str | Path | MachineSpec] = ("edge-sram",)
    schedule: str | None = None
    log: str | Path | PruningLog | None = None
    epochs: int | None = None
    retrain_epochs: int = 10
    round_filters: int | None = None
    exempt: Sequence[str] = ()
    every_nth: int = 1
    optimizer: str = "sgd"
    overrides: Overrides = ()
    limit_s: float | None = LIMIT_S

    def training(self) -> Training:
        """Return the training. Raise InputError for a network, schedule, log or number that cannot be used."""
        from workloads.load import load_network
        from workloads.network import Network
        from workloads.training import OPTIMIZERS

        given = self.network
        network = given.with_batch(self.batch) if isinstance(given, Network) else load_network(given, self.batch)
        if self.optimizer not in OPTIMIZERS:
            hint = did_you_mean(self.optimizer, OPTIMIZERS)
            raise InputError(f"expected one of {', '.join(OPTIMIZERS)}, got {self.optimizer!r}", "optimizer", hint)
        return Training(
            network=network,
            log=self._log_of(network),
            samples=self.samples,
            retrain_epochs=self.retrain_epochs,
            every_nth=self.every_nth,
        )

    def machines(self) -> list[MachineSpec]:
        """Return the machines. Raise InputError for none, for one named twice, and for one that cannot be built."""
        machines = [machine_for(system, None, self.overrides) for system in self.systems]
        names = [machine.name for machine in machines]
        if not names or len(set(names)) < len(names):
            raise InputError(f"expected different systems, got {', '.join(names) or 'none'}", "--system")
        return machines

    def _log_of(self, network: Network) -> PruningLog:
        from workloads.pruning import PruningLog, checked_log, declared_log, schedule_from
        from workloads.pruning.log import WHILE_TRAINING

        if (self.schedule is None) == (self.log is None):
            got = "none" if self.schedule is None else "both"
            raise InputError(
                f"expected a schedule or a log of live filters, got {got}", hint="--schedule linear:0.5 --epochs 200"
            )
        if self.log is None:
            assert self.schedule is not None
            if self.epochs is None:
                raise InputError("expected the epochs of the training with a schedule, got none", "--epochs")
            return declared_log(
                network, schedule_from(self.schedule), self.epochs, exempt=self.exempt, multiple=self.round_filters
            )
        if self.round_filters is not None or self.exempt:
            raise InputError("a log says how many filters are alive: round and exempt them in the training", "--log")
        if isinstance(self.log, PruningLog):
            found = checked_log(self.log, network, "log")
        else:
            from workloads.pruning.log_file import read_log

            found = read_log(self.log, network)
        if found.procedure != WHILE_TRAINING:
            where, hint = "log" if isinstance(self.log, PruningLog) else str(self.log), "train with --procedure while-training"
            raise InputError(f"expected the log of a training that prunes meanwhile, got one of '{found.procedure}'", where, hint)
        if self.epochs not in (None, found.epochs):
            raise InputError(f"expected the {found.epochs} epochs of the log, got {self.epochs}", "--epochs")
        return found
