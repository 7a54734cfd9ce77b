"""One session of a sweep: it names points, has those simulated that its log does not hold, and writes down every answer."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from simcore.errors import InputError, raise_all
from simcore.kinds import kind_of
from simcore.progress import OnProgress
from simcore.reading.tree import plain
from simcore.saving.failures import refusals_of
from simcore.sweeps.folder import GO_ON, PROGRESS, SweepFolder
from simcore.sweeps.resolve import Point, Resolver
from simcore.sweeps.simulating import Answer, Settings, Task, failed
from simcore.sweeps.space import Choice, Space
from simcore.sweeps.wanted import wanted_choices
from simcore.sweeps.workers import Runner

#: Seconds between two states of progress in the sweep's directory.
TELL_S = 2.0


@dataclass
class Session:
    """What a session knows. ``choices`` has every point asked for so far, with its name, in order.

    ``simulates_here`` says that processes of this computer simulate, for which engines are compiled before they begin.
    """

    space: Space
    folder: SweepFolder
    run: Runner
    settings: Settings
    progress: OnProgress | None = None
    simulates_here: bool = True
    choices: list[tuple[str, Choice]] = field(default_factory=list)
    simulated: int = 0
    total: int = 0

    def __post_init__(self) -> None:
        self.resolver = Resolver(self.space.folder)
        self._told = 0.0
        self._loaded: set[tuple[str, str, bool]] = set()

    @property
    def done(self) -> Mapping[str, Answer]:
        """Return the answers of points that were simulated, now or earlier."""
        return self.folder.log.done

    @property
    def failed(self) -> Mapping[str, Answer]:
        """Return the answers of points that failed."""
        return self.folder.log.failed

    def ask(self, choices: Iterable[Choice]) -> list[str]:
        """Have these choices simulated if they are not known, and return their names.

        Raise InputError if the log cannot be written, and if no machine can be made of any point.
        """
        points: dict[str, Point] = {}
        broken: dict[str, InputError] = {}
        names = []
        for choice in choices:
            try:
                point = self.resolver.point(choice)
                points.setdefault(point.name, point)
                names.append(point.name)
            except InputError as error:
                names.append(unresolved_name(choice))
                broken[names[-1]] = error
            self.choices.append((names[-1], choice))
        if broken and not points and not self.done:
            raise_all([*{str(problem): problem for problem in broken.values()}.values()])
        new = [point for name, point in points.items() if not self.is_done(name)]
        self.total += len(new)
        for name, problem in broken.items():
            self.note(failed(name, str(problem)))
        if self.simulates_here:
            self.prepare(new)
        for answer in self.run(tasks_of(new)):
            self.simulated += 1
            self.note(answer)
            self.tell()
        return names

    def is_done(self, name: str) -> bool:
        """Return whether the log has everything that is wanted of a point."""
        known = self.done.get(name)
        return known is not None and (known.layers is not None or not self.settings.per_layer)

    def note(self, answer: Answer) -> None:
        """Write an answer down. Raise InputError if the system refuses it."""
        with refusals_of(self.folder.path, GO_ON):
            self.folder.log.add(answer)

    def prepare(self, points: Sequence[Point]) -> None:
        """Load each engine once, which compiles it if need be, so that not every process compiles it."""
        for point in points:
            order = point.order
            kind = kind_of(order.machine)
            key = kind.name, order.engine, kind.main_memory(order.machine) is not None
            if key not in self._loaded:
                self._loaded.add(key)
                kind.load(order.machine, order.engine)

    def tell(self) -> None:
        """Report progress, and keep its state in the directory."""
        if self.progress is not None:
            self.progress(self.simulated, self.total, f"{self.simulated:,} of {self.total:,} points")
        if time.monotonic() - self._told >= TELL_S or self.simulated == self.total:
            self._told = time.monotonic()
            self.folder.put_text(PROGRESS, json.dumps(self.state(), indent=2) + "\n")

    def state(self) -> dict[str, int]:
        """Return how far the sweep is: rows asked for, points among them that are done or failed, and this session's share."""
        names = {name for name, _ in self.choices}
        return {
            "rows": len(self.choices),
            "points": len(names),
            "done": sum(name in self.done for name in names),
            "failed": sum(name in self.failed for name in names),
            "simulated": self.simulated,
            "to_simulate": self.total,
        }


def unresolved_name(choice: Choice) -> str:
    """Return the name of a point that no machine or network could be made of: a hash of what it chose."""
    chosen = {key: plain(item.value) for key, item in choice.items()}
    return hashlib.sha256(json.dumps(["unresolved", chosen], default=str, sort_keys=True).encode()).hexdigest()[:24]


def tasks_of(points: Iterable[Point]) -> list[Task]:
    """Return the tasks of these points: those of one group together, in the order in which the groups first come."""
    groups: dict[str, list[Point]] = {}
    for point in points:
        groups.setdefault(point.group, []).append(point)
    found = []
    for group in groups.values():
        order = group[0].order
        machines = tuple((point.name, point.order.machine.model_dump_json(exclude_none=True)) for point in group)
        found.append(Task(order.network, order.machine.kind, order.engine, order.layers, machines))
    return found


def all_of(session: Session) -> None:
    """Ask for every point of a space whose conditions hold. Raise InputError as ``Session.ask`` does, and if there is none."""
    session.ask(wanted_choices(session.space, session.resolver))
    if not session.choices:
        conditions = "; ".join(condition.text for condition in session.space.conditions)
        raise InputError(f"no point of the space meets its conditions: {conditions}")
