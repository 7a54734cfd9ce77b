"""Every error of a System file in one go, those too that other errors hide.

A rule about several keys is only checked where the keys themselves are right, and a machine is only built from a spec without
errors. So wrong values are replaced by those of a sound preset, and the rest is checked again. It is checked twice, with two
different sound values: an error that depends on the value that was put in is none of the file's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from simcore.errors import InputError, InputErrors
from simcore.kinds.kind import MachineKind
from simcore.reading.problems import Problem, located_problems
from simcore.reading.tree import Entry, Path, find, merge, plain
from simcore.spec.machine_spec import MachineSpec

#: How often wrong values are replaced. Each round replaces at least one more key, or the mapping around it.
_ROUNDS = 8
_AMOUNT = re.compile(r"([0-9]+)(\s*[A-Za-z/]+)")


class NoBaseError(InputError):
    """The file that a System file extends cannot be found."""


def all_errors(root: Entry, kind: MachineKind[Any, Any], sound: Entry | None, *, lacks_base: bool = False) -> list[InputError]:
    """Return every error in the tree of a system of this kind, each once.

    ``sound`` is the tree of a preset of the kind, or None if it has none; then errors behind others stay hidden. ``lacks_base``
    says that the file extends one that cannot be found, so that its missing keys are no errors.
    """
    if sound is None:
        return [problem.error for problem in _problems(root, kind)]
    standins = (sound, _other(sound))
    trees = [merge(standin, root) if lacks_base else root for standin in standins]
    found: dict[tuple[Path, str], InputError] = {}
    replaced: set[Path] = set()
    removed_from: set[Path] = set()
    for _ in range(_ROUNDS):
        first, second = (_problems(tree, kind) for tree in trees)
        in_both = {_told(problem) for problem in first} & {_told(problem) for problem in second}
        for problem in first:
            doubtful = problem.path in removed_from or problem.path[:-1] in removed_from
            if _told(problem) in in_both and not doubtful:
                found.setdefault(_told(problem), problem.error)
        blamed = _blamed((*first, *second), replaced)
        if not blamed or () in blamed:
            break
        replaced |= blamed
        removed_from |= {path[:-1] for path in blamed if find(sound, path)[1] < len(path) and find(root, path)[1] == len(path)}
        trees = [_replaced(tree, blamed, standin) for tree, standin in zip(trees, standins, strict=True)]
    return list(found.values())


def _told(problem: Problem) -> tuple[Path, str]:
    return problem.path, problem.error.message


def _problems(root: Entry, kind: MachineKind[Any, Any]) -> list[Problem]:
    """Return the errors in a tree, or if there are none those that only show when the machine is built."""
    spec = kind.spec
    try:
        system = spec.model_validate(plain(root.value))
    except ValidationError as error:
        return located_problems(error, spec, root)
    return build_problems(system, root, kind)


def build_problems(system: MachineSpec, root: Entry, kind: MachineKind[Any, Any]) -> list[Problem]:
    """Return the errors that only show when the machine of a spec without errors is built, with their places in its tree."""
    try:
        kind.build(system)
    except InputError as error:
        return [_placed(item, root) for item in (error.errors if isinstance(error, InputErrors) else (error,))]
    return []


def _placed(error: InputError, root: Entry) -> Problem:
    """Return an error about a key of the machine, which is its ``where``, with the line of the key."""
    named = (error.where or "").split(" ")[0].split(".")
    path: Path = tuple(int(step) if step.isdecimal() else step for step in named)
    place, depth = find(root, path)
    if depth == 0:
        return Problem((), error)
    return Problem(path[:depth], InputError(f"{error.where}: {error.message}", place.where, error.hint))


def _blamed(problems: Iterable[Problem], replaced: set[Path]) -> set[Path]:
    """Return the paths to replace next: those of the problems, or the mapping around a key that was replaced before."""
    found: set[Path] = set()
    for problem in problems:
        path = problem.path
        while path and path in replaced:
            path = path[:-1]
        found.add(path)
    return found


def _replaced(tree: Entry, paths: Iterable[Path], standin: Entry) -> Entry:
    for path in sorted(paths, key=len, reverse=True):
        tree = _with(tree, path, standin, 0)
    return tree


def _with(tree: Entry, path: Path, standin: Entry, depth: int) -> Entry:
    """Return the tree with the value at a path taken from ``standin``, or without the key if that has none."""
    if depth == len(path):
        return find(standin, path)[0]
    step, has_value = path[depth], find(standin, path)[1] == len(path)
    if isinstance(tree.value, list) and isinstance(step, int) and step < len(tree.value):
        items = [_with(item, path, standin, depth + 1) if index == step else item for index, item in enumerate(tree.value)]
        return Entry([*items], tree.where, tree.key_where)
    if not isinstance(tree.value, dict):
        return tree
    kept = dict(tree.value)
    key = str(step)
    if depth == len(path) - 1 and not has_value:
        kept.pop(key, None)
    elif key in kept:
        kept[key] = _with(kept[key], path, standin, depth + 1)
    elif has_value:
        kept[key] = find(standin, path[: depth + 1])[0]
    return Entry(kept, tree.where, tree.key_where)


def _other(tree: Entry) -> Entry:
    """Return a tree with other amounts: every number doubled, every flag turned."""
    value = tree.value
    if isinstance(value, dict):
        return Entry({key: _other(item) for key, item in value.items()}, tree.where, tree.key_where)
    if isinstance(value, list):
        return Entry([_other(item) for item in value], tree.where, tree.key_where)
    if isinstance(value, bool):
        return Entry(not value, tree.where, tree.key_where)
    if isinstance(value, int | float):
        return Entry(2 * value, tree.where, tree.key_where)
    amount = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    return tree if amount is None else Entry(f"{2 * int(amount[1])}{amount[2]}", tree.where, tree.key_where)
