"""The description of a study for the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simcore.progress import OnProgress
from simcore.studies.form.asked import Asked

if TYPE_CHECKING:
    from simcore.results.printed import PrintedTable
    from simcore.studies.form.result import StudyResult


@dataclass(frozen=True)
class Study:
    """One study. Making this object imports nothing heavy; ``run`` and ``printed`` import what they need.

    ``summary`` is the study's help text, ``quick`` that of ``--quick`` and ``seeds`` that of ``--seeds``. ``seeds`` is None for a
    study without random draws, which has no such option.

    ``options`` is a frozen dataclass of the study's own options. Each field is annotated with its ``typer.Option`` and has a
    default. ``run`` takes an instance of it. ``printed`` returns the tables in the form for a terminal.
    """

    name: str
    summary: str
    quick: str
    seeds: str | None
    options: type[Any]
    run: Callable[[Any, Asked, OnProgress | None], StudyResult]
    printed: Callable[[StudyResult], Iterable[PrintedTable]]
