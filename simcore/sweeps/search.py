"""A search of a space with several objectives, by Optuna. It needs no state of its own: a session asks for the same points again,
and the log answers those that it holds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from simcore.errors import InputError
from simcore.sweeps.objectives import DEFAULT
from simcore.sweeps.pareto import WORK
from simcore.sweeps.session import Session
from simcore.sweeps.space import Axis, Choice, Search
from simcore.sweeps.wanted import meets

#: How many proposals that break a condition are passed over for each trial before the search gives up.
MOST_REFUSED = 20


def explore(session: Session, search: Search) -> None:
    """Search each work of the space by itself: every network with its batch, layers and optimiser.

    Raise InputError without Optuna (extra ``sweep``), for a space with nothing to search, and if hardly any proposal meets the
    conditions.
    """
    optuna = _optuna()
    groups = session.space.groups
    work = [index for index, group in enumerate(groups) if any(axis.key in WORK for axis in group)]
    free = [index for index in range(len(groups)) if index not in work]
    if not free:
        raise InputError(
            "search: expected axes besides network and run options, got none", "search", "product: {array.rows: [8, 16]}"
        )
    for fixed in product(*(range(session.space.sizes[index]) for index in work)):
        _Search(session, search, dict(zip(work, fixed, strict=True)), free, optuna).run()


class _Search:
    """The search of one work. ``fixed`` has the index of each group of axes that is part of the work."""

    def __init__(self, session: Session, search: Search, fixed: dict[int, int], free: list[int], optuna: Any) -> None:
        self.session, self.search, self.fixed, self.free, self.optuna = session, search, fixed, free, optuna
        self.objectives = session.space.objectives or DEFAULT
        directions = ["minimize" if each.goal == "min" else "maximize" for each in self.objectives]
        self.study = optuna.create_study(sampler=_sampler(optuna, search), directions=directions)
        self.refused = 0

    def run(self) -> None:
        """Propose points, a number of them at a time, until there are as many trials as wanted."""
        left = self.search.trials
        while left > 0:
            asked = list(self.proposals(min(left, self.search.at_once)))
            names = self.session.ask(choice for _, choice in asked)
            for (trial, _), name in zip(asked, names, strict=True):
                self.tell(trial, name)
            left -= len(asked)

    def proposals(self, count: int) -> Iterator[tuple[Any, Choice]]:
        """Yield so many trials whose points meet the conditions, each with its choice."""
        while count:
            trial = self.study.ask()
            choice = self.choice(trial)
            if meets(choice, self.session.space, self.session.resolver):
                count -= 1
                yield trial, choice
                continue
            self.study.tell(trial, state=self.optuna.trial.TrialState.FAIL)
            self.refused += 1
            if self.refused > MOST_REFUSED * self.search.trials:
                raise InputError(f"search: of {self.refused:,} proposals hardly any meets the conditions", "search")

    def choice(self, trial: Any) -> Choice:
        """Return the choice that a trial proposes. Values are proposed by their position, so that their order means something."""
        indices = dict(self.fixed)
        for index in self.free:
            group = self.session.space.groups[index]
            indices[index] = trial.suggest_int(_title(group), 0, len(group[0].values) - 1)
        return self.session.space.choice(tuple(indices[index] for index in range(len(self.session.space.groups))))

    def tell(self, trial: Any, name: str) -> None:
        """Tell the study what became of a point. One that failed, or lacks an objective, tells it nothing."""
        answer = self.session.done.get(name)
        values = None if answer is None else [answer.metrics.get(each.metric) for each in self.objectives]
        if values is None or None in values:
            self.require_known(answer is not None, values)
            self.study.tell(trial, state=self.optuna.trial.TrialState.FAIL)
        else:
            self.study.tell(trial, values)

    def require_known(self, simulated: bool, values: list[Any] | None) -> None:
        """Raise InputError if a simulated point lacks an objective, which all others then lack, too."""
        if simulated and values is not None:
            missing = next(each.metric for each, value in zip(self.objectives, values, strict=True) if value is None)
            raise InputError(f"search: a point has no '{missing}' to compare", "objectives", "name others: objectives: [cycles]")


def _title(group: tuple[Axis, ...]) -> str:
    return " & ".join(axis.key for axis in group)


def _sampler(optuna: Any, search: Search) -> Any:
    if search.sampler == "random":
        return optuna.samplers.RandomSampler(seed=search.seed)
    if search.sampler == "tpe":
        return optuna.samplers.TPESampler(seed=search.seed, multivariate=False)
    return optuna.samplers.NSGAIISampler(seed=search.seed, population_size=max(2, search.at_once))


def _optuna() -> Any:
    """Return Optuna, silenced. Raise InputError, which names the extra, if it is not installed."""
    try:
        import optuna
    except ImportError as error:
        raise InputError("a search needs the package optuna", "search", "pip install 'simcore[sweep]'") from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
