"""The log of a pruning: how many filters of each convolution are alive in each epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from simcore.errors import InputError, did_you_mean
from workloads.network import Network
from workloads.pruning.content import network_digest
from workloads.pruning.groups import live_of_groups

#: The procedure that prunes before each epoch what the schedule says of it.
WHILE_TRAINING = "while-training"


@dataclass(frozen=True)
class PruningLog:
    """Live filters by epoch, of a network with this name and digest (`network_digest` of the network before pruning).

    ``procedure`` is that of the training, as `simcore train-pruned` names it; a schedule declares pruning while training.

    ``filters`` has the filters of every convolution that has filters of its own (a depthwise one has not), in the order of the
    network. ``live[e - 1]`` has, for the same layers, those with which epoch ``e`` trained.
    """

    network: str
    digest: str
    filters: Mapping[str, int]
    live: tuple[Mapping[str, int], ...]
    procedure: str = WHILE_TRAINING

    @property
    def epochs(self) -> int:
        """Return the number of epochs."""
        return len(self.live)

    def rows(self) -> Iterator[tuple[int, str, int, int]]:
        """Yield (epoch, layer, live filters, filters), epoch by epoch."""
        for epoch, live in enumerate(self.live, start=1):
            for layer, filters in self.filters.items():
                yield epoch, layer, live[layer], filters

    def distinct(self) -> tuple[tuple[Mapping[str, int], int], ...]:
        """Return the different networks, as live filters in the order in which they come, and the epochs that each is trained."""
        found: dict[tuple[int, ...], tuple[Mapping[str, int], int]] = {}
        for live in self.live:
            key = tuple(live[layer] for layer in self.filters)
            found[key] = (live, found[key][1] + 1 if key in found else 1)
        return tuple(found.values())


def checked_log(log: PruningLog, network: Network, where: str) -> PruningLog:
    """Return the log if it belongs to the network and can be one of its pruning.

    Raise InputError for the log of another network, layers that it lacks or that the network lacks, no epoch, counts that grow,
    and counts that the network cannot have (see :func:`~workloads.pruning.groups.live_of_groups`).
    """
    if not log.live:
        raise InputError("expected at least one epoch, got none", where)
    expected = live_of_groups(network, {})
    odd = [layer for layer in {**expected, **log.filters} if expected.get(layer) != log.filters.get(layer)]
    if log.digest != network_digest(network):
        raise InputError(f"is the log of another network ('{log.network}'), expected '{network.name}'", where)
    if odd:
        layer = odd[0]
        came = f"{log.filters[layer]} filters" if layer in log.filters else "none"
        wanted = f"{expected[layer]} filters" if layer in expected else "no such layer"
        raise InputError(f"layer '{layer}': expected {wanted}, got {came}", where)
    before: Mapping[str, int] = log.filters
    for epoch, live in enumerate(log.live, start=1):
        if live is before or live == before:
            continue
        _check_epoch(log, before, epoch, where)
        try:
            live_of_groups(network, live)
        except InputError as error:
            raise InputError(f"epoch {epoch}: {error.message}", where, error.hint) from None
        before = live
    return log


def _check_epoch(log: PruningLog, before: Mapping[str, int], epoch: int, where: str) -> None:
    """Raise InputError for a layer that is missing or unknown, and for one with more live filters than in the epoch before."""
    live = log.live[epoch - 1]
    for layer in {**log.filters, **live}:
        if layer not in live or layer not in log.filters:
            missing = f"expected live filters of '{layer}', got none"
            message = missing if layer in log.filters else f"live filters of '{layer}', which is no convolution of the network"
            hint = None if layer in log.filters else did_you_mean(str(layer), log.filters)
            raise InputError(f"epoch {epoch}: {message}", where, hint)
    for layer, count in live.items():
        if isinstance(count, bool) or not isinstance(count, int):
            raise InputError(f"epoch {epoch}: expected a number of live filters of '{layer}', got {count!r}", where)
        if count > before[layer]:
            message = f"epoch {epoch}: expected at most {before[layer]} live filters of '{layer}', as before, got {count}"
            raise InputError(message, where, "filters do not come back")
