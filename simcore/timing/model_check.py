"""The check of a user's bank timing: what is wrong, where, and the request that shows it.

The first step runs the model in plain Python on random traffic. The second step compiles it and compares it with plain Python,
call by call. A step runs only if the steps before it found nothing. Callers of ``check_timing`` may add steps (``simcore check``
adds both engines).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simcore.errors import InputError
from simcore.extensions.model_file import error_line
from simcore.timing.bank_timing import BankTiming, is_int64, location
from simcore.timing.model_traffic import ROWS, ModelBanks, ModelCall, ModelError, guarded, random_requests
from simcore.timing.time_limit import TimeUpError, time_limit

#: The delays with which the same request is made again, to see that a later request is never served earlier.
_DELAYS_CYCLES = (1, 7, 1000)

_TIMES = ("free_at", "done_at")


@dataclass(frozen=True)
class Problem:
    """One problem: the step that found it, what is wrong, where (``file:line``), and the request that shows it."""

    step: str
    message: str
    where: str
    shown_by: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" + (f"\n    {self.shown_by}" if self.shown_by else "")


@dataclass(frozen=True)
class Subject:
    """The input of a step: the model, how many requests to try, and the seed of the traffic."""

    timing: BankTiming
    requests: int
    seed: int


@dataclass(frozen=True)
class Report:
    """The outcome of a check: the steps that ran, in order, and what they found."""

    timing: BankTiming
    requests: int
    steps: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """True when no step found anything."""
        return not self.problems

    def __str__(self) -> str:
        if self.ok:
            return f"{self.timing!r}: no problem in {self.requests} requests ({', '.join(self.steps)})"
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        return "\n".join([f"{self.timing!r}: {count} ({self.steps[-1]})", *(str(problem) for problem in self.problems)])


#: A step: its name, and the function that looks for problems.
Step = tuple[str, Callable[[Subject], list[Problem]]]


def check_timing(timing: BankTiming, requests: int = 2000, seed: int = 0, further_steps: Sequence[Step] = ()) -> Report:
    """Check a model on random traffic, step by step, and stop after the first step that finds a problem."""
    subject = Subject(timing, requests, seed)
    names: list[str] = []
    for name, step in (*STEPS, *further_steps):
        names.append(name)
        problems = step(subject)
        if problems:
            return Report(timing, requests, tuple(names), tuple(problems))
    return Report(timing, requests, tuple(names), ())


def serve_location(timing: BankTiming) -> str:
    """Return where a model's serve is defined, as ``file:line``."""
    code = getattr(timing.serve, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else location(type(timing))


class _PlainRun:
    """A run of the model in plain Python on random traffic, which keeps the first example of each kind of problem."""

    step = "plain Python"

    def __init__(self, subject: Subject) -> None:
        self.timing = subject.timing
        self.params = guarded(subject.timing.params_array(), "params", read_only=True)
        self.group = ModelBanks.guarded(subject.timing)
        self.found: dict[str, Problem] = {}
        self._try_all(subject)

    def _try_all(self, subject: Subject) -> None:
        try:
            with time_limit():
                for request in random_requests(self.group, subject.requests, subject.seed):
                    self._try(request)
        except TimeUpError as error:
            self._note("time", str(error), request, where=self._line(error))

    def _note(self, kind: str, message: str, request: ModelCall, answer: object = None, where: str | None = None) -> None:
        if kind not in self.found:
            state = dict(zip(self.timing.bank_values, self.group.banks[request.bank].tolist(), strict=False))
            shown_by = f"{request}, bank state {state}" + (f", answered {_plain(answer)}" if answer is not None else "")
            self.found[kind] = Problem(self.step, message, where or serve_location(self.timing), shown_by)

    def _call(self, bank: Any, shared: Any, request: ModelCall, now: int, row: int) -> object:
        with np.errstate(all="raise"):
            return self.timing.serve(self.params, bank, shared, np.int64(now), request.op, row)  # type: ignore[arg-type]

    def _try(self, request: ModelCall) -> None:
        bank, shared = self.group.banks[request.bank].copy(), self.group.shared.copy()
        try:
            answer = self._call(bank, shared, request, request.now, request.row)
        except Exception as error:
            self._note(f"raised {type(error).__name__}", told(error), request, where=self._line(error))
            self.group.occupy(request, None)
            return
        times = self._sound_times(answer, request)
        self._counters_grow(request, bank)
        if times is not None:
            self._try_again(request, answer, times, bank, shared)
        self.group.banks[request.bank], self.group.shared = bank, shared
        self.group.occupy(request, times[0] if times else None)

    def _line(self, error: BaseException) -> str:
        file_name = serve_location(self.timing).rpartition(":")[0]
        return error_line(error, file_name)

    def _sound_times(self, answer: object, request: ModelCall) -> tuple[int, int] | None:
        """Return the answer as two integers, or None if it is anything else."""
        if not isinstance(answer, tuple) or len(answer) != 2:
            self._note("shape", f"expected (free_at, done_at), got {_plain(answer)}", request)
            return None
        for name, value in zip(_TIMES, answer, strict=True):
            if not is_int64(value):
                self._note("type", f"expected {name} to be a 64-bit integer, got {_plain(value)}", request, answer)
                return None
        free_at, done_at = int(answer[0]), int(answer[1])
        if free_at <= request.now:
            self._note("free_at", f"expected free_at > now = {request.now}, got {free_at}", request, answer)
        if done_at < request.now:
            self._note("done_at", f"expected done_at >= now = {request.now}, got {done_at}", request, answer)
        return free_at, done_at

    def _counters_grow(self, request: ModelCall, after: Any) -> None:
        """Note a counter that became smaller; ``after`` is the state of the request's bank after it."""
        before, first = self.group.banks[request.bank], len(self.timing.bank_state)
        for place, name in enumerate(self.timing.counters, first):
            if after[place] < before[place]:
                self._note("counter", f"counter '{name}' fell from {before[place]} to {after[place]}; it may only grow", request)

    def _try_again(self, request: ModelCall, answer: object, times: tuple[int, int], after: Any, shared_after: Any) -> None:
        """Make the same request again: at the same time, later, and to another row, each time from the state before it."""
        repeated, *state = self._repeat(request, request.now, request.row)
        if repeated is not None and (repeated != times or state != [after.tolist(), shared_after.tolist()]):
            text = f"the same request in the same state gave {repeated} the second time; serve may depend on its arguments alone"
            self._note("repeat", text, request, answer)
            return
        for delay in _DELAYS_CYCLES:
            later, *_ = self._repeat(request, request.now + delay, request.row)
            if later is not None and (later[0] < times[0] or later[1] < times[1]):
                text = f"a request {delay} cycles later was served earlier, {later}; times must not fall as now grows"
                self._note("monotone", text, request, answer)
            elif self.timing.time_invariant and later not in (None, (times[0] + delay, times[1] + delay)):
                text = f"time_invariant is True, but {delay} cycles later the answer was {later}, not as much later"
                self._note("time", text, request, answer)
        if not self.timing.uses_row:
            other, *state = self._repeat(request, request.now, (request.row + 1) % ROWS)
            if other is not None and (other != times or state != [after.tolist(), shared_after.tolist()]):
                text = f"uses_row is False, but row {(request.row + 1) % ROWS} instead of {request.row} gave {other}"
                self._note("row", text, request, answer)

    def _repeat(self, request: ModelCall, now: int, row: int) -> tuple[tuple[int, int] | None, Any, Any]:
        """Call serve from the state before the request; return (times, bank state, shared state), times None if unsound."""
        bank, shared = self.group.banks[request.bank].copy(), self.group.shared.copy()
        try:
            answer = self._call(bank, shared, request, now, row)
            times = self._sound_times(answer, ModelCall(request.index, request.bank, now, request.op, row))
        except Exception as error:
            self._note(f"raised {type(error).__name__}", told(error), request, where=self._line(error))
            times = None
        return times, bank.tolist(), shared.tolist()


def _plain(value: object) -> str:
    """Return a value as a user writes it: a numpy scalar without the name of its type, unless the type is the problem."""
    if isinstance(value, tuple):
        return f"({', '.join(_plain(item) for item in value)})"
    if isinstance(value, bool | np.bool_):
        return f"{value} (a bool)"
    if isinstance(value, float | np.floating):
        return f"{float(value)!r} (a float)"
    return str(int(value)) if isinstance(value, np.integer) else repr(value)


def told(error: BaseException) -> str:
    """Return what an exception in a model means for the model's author."""
    if isinstance(error, ModelError | TimeUpError):
        return str(error)
    if (isinstance(error, FloatingPointError) and "overflow" in str(error)) or isinstance(error, OverflowError):
        return f"a result does not fit in 64 bits ({error}); compiled code would silently wrap around"
    if isinstance(error, FloatingPointError):
        return f"{error}; a compiled model would stop here"
    if isinstance(error, IndexError):
        return f"{error}; compiled code would read or write memory that is not its own"
    return f"raised {type(error).__name__}: {error}"


def check_in_plain_python(subject: Subject) -> list[Problem]:
    """Check the contract of serve on each request: types, order of times, repeatability, and writes to state only."""
    return list(_PlainRun(subject).found.values())


def check_compiled(subject: Subject) -> list[Problem]:
    """Check that the compiled function gives the same answers and leaves the same state as plain Python with exact integers."""
    from simcore.timing.compiled import compile_serve  # numba is loaded only when a model is compiled

    step, timing = "compiled", subject.timing
    try:
        compiled = compile_serve(timing)
    except InputError as error:
        hint = f"; {error.hint}" if error.hint else ""
        return [Problem(step, f"{error.message}{hint}", error.where or serve_location(timing))]
    exact, machine = ModelBanks.guarded(timing, exact=True), ModelBanks.plain(timing)
    exact_params, params = guarded(timing.params_array(), "params", read_only=True, exact=True), timing.params_array()
    for request in random_requests(exact, subject.requests, subject.seed):
        place = request.bank
        wanted = timing.serve(exact_params, exact.banks[place], exact.shared, request.now, request.op, request.row)
        got = compiled(params, machine.banks[place], machine.shared, request.now, request.op, request.row)
        wanted_state = (exact.banks[place].tolist(), exact.shared.tolist())
        got_state = (
            machine.banks[place].tolist()[: len(timing.bank_values)],
            machine.shared.tolist()[: len(timing.shared_state)],
        )
        if tuple(wanted) != tuple(got) or wanted_state != got_state:
            message = (
                f"compiled code gives {_plain(tuple(got))} and leaves state {got_state}, "
                f"plain Python {_plain(tuple(wanted))} and {wanted_state}"
            )
            return [Problem(step, message, serve_location(timing), str(request))]
        exact.occupy(request, wanted[0])
    return []


STEPS: tuple[Step, ...] = (("plain Python", check_in_plain_python), ("compiled", check_compiled))
