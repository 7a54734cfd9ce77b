"""Whose code raised an exception: a user's file, or an installed package that extends simcore."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points

from simcore.extensions.installed import is_own
from simcore.extensions.model_file import USER_MODULE

#: The groups of entry points by which packages extend simcore, and what each holds.
GROUPS = {
    "simcore.bank_timing": "bank timing",
    "simcore.dataflow": "dataflow",
    "simcore.machine_kind": "machine kind",
    "simcore.micro_programs": "family of micro-programs",
}


def culprit(error: BaseException) -> tuple[str, str] | None:
    """Return where the innermost code that is not simcore's raised, as FILE:LINE, and whose code it is; None if there is none."""
    packages = {point.module.partition(".")[0]: point for point in _extensions()}
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        module = str(frame.f_globals.get("__name__", ""))
        point = packages.get(module.partition(".")[0])
        if module.startswith(USER_MODULE) or point is not None:
            return f"{frame.f_code.co_filename}:{line}", "this file" if point is None else _told(point)
    return None


def _extensions() -> Iterator[EntryPoint]:
    """Yield the entry points by which packages other than simcore extend it."""
    for group in GROUPS:
        yield from (point for point in entry_points(group=group) if not is_own(point.value))


def _told(point: EntryPoint) -> str:
    return f"the installed {GROUPS[point.group]} '{point.name}' ({point.value})"
