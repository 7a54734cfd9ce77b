"""``why``: where the cycles of a run are lost, and what each change of one key saves, found by simulating it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simcore.errors import InputError
from simcore.kinds.advice import Change, Loss
from simcore.progress import OnProgress
from simcore.reading.overrides import Overrides
from simcore.results import Results
from simcore.run_time import LIMIT_S, in_words
from simcore.simulation import machine_for, network_for, simulate
from simcore.spec import MachineSpec, override_system

if TYPE_CHECKING:
    from workloads.network import Network

#: Losses below this share of the run are not looked into, unless none is larger; and at most so many waits are.
LEAST_SHARE, MOST_LOSSES = 0.01, 5
#: A larger value of a key must save this share of the run more than a smaller one to be shown in its place.
WORTH_MORE = 0.001


@dataclass(frozen=True)
class Trial:
    """A change and the run with it: its cycles, and how much larger the machine's area is (NaN if that is not counted)."""

    change: Change
    cycles: int
    saved_cycles: int
    more_area_mm2: float


@dataclass(frozen=True)
class Finding:
    """A loss and, for each key that was tried against it, its best trial, the one that saves most first.

    ``together`` is the run with all those changes at once that save cycles by themselves. It is None for fewer than two, and if
    the system refuses it.
    """

    loss: Loss
    trials: tuple[Trial, ...]
    together: Trial | None = None


@dataclass(frozen=True)
class Why:
    """The run, and its losses with the trials against them. ``simulated`` counts the runs of changed systems."""

    results: Results
    findings: tuple[Finding, ...]
    simulated: int


@dataclass
class _Bench:
    """Runs changed systems, each only once."""

    results: Results
    network: Network
    options: Mapping[str, Any]
    done: dict[tuple[str, ...], Trial | None] = field(default_factory=dict)

    def trial(self, change: Change) -> Trial | None:
        """Return the run with a change, or None if the machine or the network does not allow it."""
        if change.overrides not in self.done:
            self.done[change.overrides] = self._run(change)
        return self.done[change.overrides]

    def _run(self, change: Change) -> Trial | None:
        before = self.results
        try:
            system = override_system(before.system, change.overrides)
            after = simulate(self.network, system, **self.options)
        except InputError:
            return None
        more = sum(after.rates.areas.values()) - sum(before.rates.areas.values())
        return Trial(change, after.time_cycles, before.time_cycles - after.time_cycles, more if more else nan)


def why(
    network: Network | str | Path,
    system: MachineSpec | str | Path,
    *,
    overrides: Overrides = (),
    dataflow: str | None = None,
    layers: str | Sequence[str] | None = None,
    batch: int | None = None,
    training: str | None = None,
    limit_s: float | None = LIMIT_S,
    progress: OnProgress | None = None,
) -> Why:
    """Run a network, find where its cycles are lost, and try the keys that may save them, one key at a time.

    The arguments are those of ``simulate``. ``progress`` is called before each trial. Raise InputError as ``simulate`` does, for
    a kind of machine that cannot say where cycles are lost, and for trials that take longer than ``limit_s`` in all.
    """
    machine = machine_for(system, dataflow, overrides)
    graph = network_for(network, machine, batch, training)
    asked: dict[str, Any] = {"layers": layers, "limit_s": limit_s}
    results = simulate(graph, machine, **asked)
    kind = results.kind
    largest = worth_looking_into(kind.losses(results), results.time_cycles)
    planned = [(loss, list(kind.changes(results.system, loss))) for loss in largest]
    wanted = list(dict.fromkeys(change.overrides for _, changes in planned for change in changes))
    _refuse_too_long(len(wanted) * results.wall_s, len(wanted), limit_s)
    bench = _Bench(results, graph, asked)

    def tell(change: Change) -> None:
        if progress is not None:
            progress(len(bench.done), len(wanted), " ".join(change.overrides))

    findings = tuple(_finding(bench, loss, changes, tell) for loss, changes in planned)
    return Why(results, findings, len(bench.done))


def _finding(bench: _Bench, loss: Loss, changes: Sequence[Change], tell: Callable[[Change], None]) -> Finding:
    """Try the changes against a loss, each by itself, then all that save cycles at once."""
    trials = []
    for change in changes:
        tell(change)
        trials.append(bench.trial(change))
    ranked = _ranked([trial for trial in trials if trial is not None], bench.results.time_cycles)
    joint = joint_change([trial.change for trial in ranked if trial.saved_cycles > 0])
    return Finding(loss, ranked, None if joint is None else bench.trial(joint))


def worth_looking_into(losses: Sequence[Loss], cycles: int) -> list[Loss]:
    """Return the largest waits that take a noticeable share of the run, and the work; or else the first loss alone."""
    large = [loss for loss in losses if loss.cycles >= LEAST_SHARE * cycles]
    waits, work = [loss for loss in large if not loss.is_work], [loss for loss in large if loss.is_work]
    return [*waits[:MOST_LOSSES], *work] or list(losses[:1])


def joint_change(changes: Sequence[Change]) -> Change | None:
    """Return all changes as one, the best first, without those to keys below or above a key that changes already.

    Return None for fewer than two.
    """
    kept: list[Change] = []
    for change in changes:
        if not any(f"{change.key}.".startswith(f"{one.key}.") or f"{one.key}.".startswith(f"{change.key}.") for one in kept):
            kept.append(change)
    if len(kept) < 2:
        return None
    first, *others = kept
    beside = (*first.beside, *(text for change in others for text in change.overrides))
    return Change(first.key, first.value, first.was, tuple(dict.fromkeys(beside)))


def _ranked(trials: Sequence[Trial], cycles: int) -> tuple[Trial, ...]:
    """Return the best trial of each key, the one that saves most first; of equal ones, in the order in which they were tried."""
    best = [_best(list(same), cycles) for _, same in groupby(trials, key=lambda trial: trial.change.key)]
    return tuple(sorted(best, key=lambda trial: -trial.saved_cycles))


def _best(trials: Sequence[Trial], cycles: int) -> Trial:
    """Return the first of a key's trials, which come from the cheapest on, that saves about as much as any of them."""
    enough = max(trial.saved_cycles for trial in trials) - WORTH_MORE * cycles
    return next(trial for trial in trials if trial.saved_cycles >= enough)


def _refuse_too_long(seconds: float, runs: int, limit_s: float | None) -> None:
    if limit_s is not None and seconds > limit_s:
        message = f"trying {runs} changes takes about {in_words(seconds)}, the limit is {in_words(limit_s)}"
        hint = "choose layers with --layer, or lift the limit with --no-limit (in Python limit_s=None)"
        raise InputError(message, hint=hint)
