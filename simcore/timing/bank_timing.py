"""Bank timing: one integer function, which a user can write, says how long a request keeps a bank of a scratchpad busy.

A model is a subclass of :class:`BankTiming`. Both engines run the same function: the reference engine as plain Python, the
compiled engine after ``simcore.timing.compiled.compile_serve``. docs/your-own-memory.md is the guide.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from simcore.errors import InputError, did_you_mean
from simcore.extensions.installed import imported, offered
from simcore.extensions.model_file import load_class
from simcore.program.program import Int64Array
from simcore.timing.counters import counters_declared_wrongly
from simcore.timing.helpers import helpers_wrong

#: The values of ``serve``'s argument ``op``.
READ, WRITE = 0, 1

#: Installed packages offer bank timings under this entry-point group.
ENTRY_POINT_GROUP = "simcore.bank_timing"

#: A bank state of this name starts as the bank's number within its scratchpad.
BANK_INDEX = "bank_index"

#: serve(params, bank, shared, now, op, row) -> (free_at, done_at)
Serve = Callable[[Int64Array, Int64Array, Int64Array, int, int, int], tuple[int, int]]

_SERVE_ARGUMENTS = ("params", "bank", "shared", "now", "op", "row")
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1


class BankTiming:
    """A frozen bank timing: named integer parameters, named integer state, and ``serve``.

    A subclass must define ``serve`` and may define these class attributes. The arrays that ``serve`` gets have the same order:

    - ``parameters``: name -> default. ``parameter_minimum``: name -> smallest allowed value (0 if not named).
    - ``bank_state``: name -> first value, one set per bank port; a state named ``bank_index`` starts as the bank's number.
    - ``shared_state``: name -> first value, one set shared by the banks of one bank group of one scratchpad.
    - ``counters``: name -> meaning. Counters follow the state in ``bank``, begin at 0, and ``serve`` adds to them. Tables show
      them per bank and layer.
    - ``event_energy``: counter -> name of the parameter that holds the energy of one event, which ends in ``_fj`` or ``_pj``.
    - ``uses_row``: False promises that answers do not depend on ``row``, which lets the engine skip more work.
    - ``time_invariant``: True promises that in the same state a later ``now`` gives the same answer, later by the same time.
    - ``technology``: the row of the technology table that gives area and energy ("sram", "stt-mram", ...).

    Raise InputError for a parameter that is unknown, not an integer or below its minimum, and for a class that breaks the rules.
    """

    parameters: ClassVar[Mapping[str, int]] = {}
    parameter_minimum: ClassVar[Mapping[str, int]] = {}
    bank_state: ClassVar[Mapping[str, int]] = {}
    shared_state: ClassVar[Mapping[str, int]] = {}
    counters: ClassVar[Mapping[str, str]] = {}
    event_energy: ClassVar[Mapping[str, str]] = {}
    uses_row: ClassVar[bool] = True
    time_invariant: ClassVar[bool] = False
    technology: ClassVar[str | None] = None

    values: Mapping[str, int]

    @staticmethod
    def serve(params: Int64Array, bank: Int64Array, shared: Int64Array, now: int, op: int, row: int) -> tuple[int, int]:
        """Serve a request granted in core cycle ``now`` and return two core cycles, (free_at, done_at).

        ``op`` is READ or WRITE, ``row`` the line's number within the bank. The bank can take its next request from ``free_at``
        on, which must be after ``now``. At ``done_at``, which must not be before ``now``, the data can be used or the write is
        over. The function may write only to ``bank`` and ``shared``.
        """
        raise NotImplementedError

    def __init__(self, **parameters: int) -> None:
        """Set the parameters, with defaults for those that are not given. Raise InputError as the class says."""
        declaration_problem = declared_wrongly(type(self))
        if declaration_problem is not None:
            raise InputError(declaration_problem, where=location(type(self)))
        for name, value in parameters.items():
            self._check_parameter(name, value)
        values = {name: int(parameters.get(name, default)) for name, default in self.parameters.items()}
        object.__setattr__(self, "values", values)

    def _check_parameter(self, name: str, value: object) -> None:
        where = f"{self.name}.{name}"
        if name not in self.parameters:
            raise InputError("no such parameter", where=where, hint=did_you_mean(name, self.parameters))
        if not is_int64(value):
            raise InputError(f"expected an integer, got {value!r}", where=where)
        minimum = self.parameter_minimum.get(name, 0)
        if int(value) < minimum:  # type: ignore[call-overload]
            raise InputError(f"expected at least {minimum}, got {value}", where=where)

    @property
    def name(self) -> str:
        """The class's name, for messages and tables."""
        return type(self).__name__

    @property
    def answers_alike(self) -> bool:
        """Whether every read gets the same answer, and every write too, because the timing uses no row and no time.

        Such a timing has no state and counts nothing.
        """
        return self.time_invariant and not self.uses_row and not self.bank_values and not self.shared_state

    @property
    def bank_values(self) -> tuple[str, ...]:
        """The names of the values in ``bank``: the state, then the counters."""
        return (*self.bank_state, *self.counters)

    @property
    def bank_state_size(self) -> int:
        """Number of values in one bank's state array, its counters included. It is at least 1, so that no array is empty."""
        return max(1, len(self.bank_values))

    @property
    def shared_state_size(self) -> int:
        """Number of values in a bank group's shared state array. It is at least 1."""
        return max(1, len(self.shared_state))

    def params_array(self) -> Int64Array:
        """Return the parameters in the order of their declaration. The array has at least one value and is never empty."""
        return _array(self.values.values())

    def initial_bank(self, bank_index: int) -> Int64Array:
        """Return a fresh state array for the bank with this number."""
        state = (bank_index if name == BANK_INDEX else first for name, first in self.bank_state.items())
        return _array([*state, *[0] * len(self.counters)])

    def initial_shared(self) -> Int64Array:
        """Return a fresh state array for one bank group."""
        return _array(self.shared_state.values())

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{self.name} is frozen: make a new one, {self.name}({name}=...)")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, BankTiming) and other.values == self.values

    def __hash__(self) -> int:
        return hash((type(self), tuple(self.values.items())))

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={value}' for name, value in self.values.items())})"


def broken_contract(timing: BankTiming) -> InputError:
    """Return the error for a timing that answered with a time in the past."""
    return InputError(
        f"{timing.name}.serve: expected free_at > now and done_at >= now, got earlier",
        where=location(type(timing)),
        hint="'simcore check' shows a request with which it happens",
    )


def undeclared_state(timing: BankTiming, array: str) -> InputError:
    """Return the error for a timing that keeps state in ``bank`` or ``shared`` without declaring it."""
    return InputError(
        f"{timing.name}.serve: expected no use of {array}[0], since {array}_state declares no values, got a write to it",
        where=location(type(timing)),
        hint=f"declare it: {array}_state = {{'name': 0}}",
    )


def is_int64(value: object) -> bool:
    """Return True for a Python or numpy integer (not a bool) that fits in 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        return False
    return _INT64_MIN <= int(value) <= _INT64_MAX


def _array(values: Any) -> Int64Array:
    return np.array(list(values) or [0], dtype=np.int64)


def location(cls: type) -> str:
    """Return where a class is defined, as ``file:line``, or its module and name if it has no file."""
    try:
        return f"{inspect.getsourcefile(cls)}:{inspect.getsourcelines(cls)[1]}"
    except (OSError, TypeError):
        return f"{cls.__module__}.{cls.__qualname__}"


def declared_wrongly(cls: type[BankTiming]) -> str | None:
    """Return what is wrong with a model's declaration, in one line, or None if it keeps the rules of BankTiming."""
    for attribute in ("parameters", "parameter_minimum", "bank_state", "shared_state"):
        table = getattr(cls, attribute)
        if not isinstance(table, Mapping):
            return f"{cls.__name__}.{attribute}: expected a mapping from name to integer, got {table!r}"
        for name, value in table.items():
            if not isinstance(name, str) or not is_int64(value):
                return f"{cls.__name__}.{attribute}: expected a name and an integer, got {name!r}: {value!r}"
    for name in cls.parameter_minimum:
        if name not in cls.parameters:
            return f"{cls.__name__}.parameter_minimum: '{name}' is not among parameters"
    for name, default in cls.parameters.items():
        if default < cls.parameter_minimum.get(name, 0):
            return f"{cls.__name__}.parameters: {name}={default} is below its minimum {cls.parameter_minimum.get(name, 0)}"
    return counters_declared_wrongly(cls) or _serve_declared_wrongly(cls)


def _serve_declared_wrongly(cls: type[BankTiming]) -> str | None:
    wanted = f"serve({', '.join(_SERVE_ARGUMENTS)})"
    if cls.serve is BankTiming.serve:
        return f"{cls.__name__} has no serve: expected a static method {wanted}"
    if not isinstance(inspect.getattr_static(cls, "serve"), staticmethod):
        return f"{cls.__name__}.serve: expected @staticmethod above it, with no self"
    if not inspect.isfunction(cls.serve):
        return f"{cls.__name__}.serve: expected a plain Python function, got {type(cls.serve).__name__}"
    found = _arguments(cls.serve)
    plain = all(item.kind is item.POSITIONAL_OR_KEYWORD and item.default is item.empty for item in found)
    if len(found) != len(_SERVE_ARGUMENTS) or not plain:
        return f"{cls.__name__}.serve: expected {wanted}, got serve({', '.join(str(item) for item in found)})"
    return helpers_wrong(cls.serve, cls.__name__) or _value_by_name(cls)


def _value_by_name(cls: type[BankTiming]) -> str | None:
    """Return what is wrong with a serve that holds the name of a value as text, which it can only use as an index."""
    for array, names in (
        ("params", cls.parameters),
        ("bank", (*cls.bank_state, *cls.counters)),
        ("shared", cls.shared_state),
    ):
        for position, name in enumerate(names):
            if name in cls.serve.__code__.co_consts:
                return f"{cls.__name__}.serve: expected {array} by position, got '{name}': {array}[{position}] is {name}"
    return None


@lru_cache(maxsize=64)
def _arguments(serve: Callable[..., object]) -> tuple[inspect.Parameter, ...]:
    return tuple(inspect.signature(serve).parameters.values())


def resolve_timing(model: str, parameters: Mapping[str, int] | None = None) -> BankTiming:
    """Return the timing that a System names: "FILE.py:Class", read again from disk, or the name of an installed model.

    Raise InputError if there is no such file, class, model or parameter, or if the class breaks the rules of BankTiming.
    """
    return timing_class(model)(**dict(parameters or {}))


def timing_class(model: str) -> type[BankTiming]:
    """Return the class that "FILE.py:Class" or an installed model's name stands for. Raise InputError as ``resolve_timing``."""
    if ":" in model or model.endswith(".py"):
        cls: object = load_class(model, BankTiming)
    else:
        targets = _installed()
        if model not in targets:
            hint = did_you_mean(model, targets) or "a model of your own is named FILE.py:Class"
            raise InputError(f"no bank timing is called '{model}'", hint=hint)
        cls = imported(model, targets[model], "bank timing")
    if not (isinstance(cls, type) and issubclass(cls, BankTiming)):
        raise InputError(f"expected a subclass of simcore.BankTiming, got {cls!r}", where=model)
    problem = declared_wrongly(cls)
    if problem is not None:
        raise InputError(problem, where=location(cls))
    return cls


def list_timings() -> dict[str, type[BankTiming]]:
    """Return the installed models, name -> class, sorted by name. Raise InputError for a model that cannot be imported."""
    return {name: timing_class(name) for name in sorted(_installed())}


def _installed() -> dict[str, str]:
    """Return name -> "module:Class" of every model that installed packages and this checkout offer."""
    return offered(ENTRY_POINT_GROUP, "bank timing")
