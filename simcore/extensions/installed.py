"""Extensions that installed packages offer by name, through entry points, so that the core need not import them."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution, entry_points
from pathlib import Path

from simcore.errors import InputError
from simcore.extensions.no_code import require_code


@cache
def offered(group: str, what: str) -> dict[str, str]:
    """Return name -> "module:attribute" of everything that installed packages, and this checkout, offer in an entry-point group.

    ``what`` says in errors what the group holds. Raise InputError if two packages offer the same name.
    """
    targets: dict[str, str] = {}
    for point in entry_points(group=group):
        if targets.setdefault(point.name, point.value) != point.value:
            both = f"{targets[point.name]} and {point.value}"
            raise InputError(f"two installed packages offer a {what} '{point.name}': {both}")
    return targets | _of_this_checkout(group)


def imported(name: str, target: str, what: str) -> object:
    """Return the object that "module:attribute" names. Raise InputError if it cannot be imported."""
    module, _, attribute = target.partition(":")
    if not is_own(target):
        require_code(f"the installed {what} '{name}' ({target})")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise InputError(f"the installed {what} '{name}' cannot be loaded from {target}: {error}") from error
    except Exception as error:
        message = f"the installed {what} '{name}' cannot be loaded from {target}: {type(error).__name__}: {error}"
        raise InputError(message) from error


def is_own(target: str) -> bool:
    """Return whether simcore itself offers this "module:attribute"."""
    return target in _own_targets()


@cache
def _own_targets() -> frozenset[str]:
    """Return every "module:attribute" that simcore itself offers."""
    try:
        installed = {point.value for point in distribution("simcore").entry_points}
    except PackageNotFoundError:
        installed = set()
    return frozenset(installed | {target for group in _checkout_groups().values() for target in group.values()})


def _of_this_checkout(group: str) -> dict[str, str]:
    """Return the entry points of one group of this checkout."""
    return dict(_checkout_groups().get(group, {}))


def _checkout_groups() -> dict[str, dict[str, str]]:
    """Return the entry points of the pyproject.toml beside this package, because a checkout that is not installed has none."""
    project = Path(__file__).resolve().parents[2] / "pyproject.toml"
    if not project.is_file():
        return {}
    table = tomllib.loads(project.read_text(encoding="utf-8")).get("project", {})
    if table.get("name") != "simcore":
        return {}
    return dict(table.get("entry-points", {}))
