"""A study as the command line finds it."""

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

    ``summary`` is what ``--help`` says of it, ``quick`` what it says of ``--quick``. ``seeds`` is what it says of ``--seeds``;
    None for a study that draws nothing at random, which has no such option.

    ``options`` is a frozen dataclass of the study's own options: each field is annotated with its ``typer.Option`` and has a
    default. ``run`` takes an instance of it. ``printed`` gives the tables as a terminal shows them.
    """

    name: str
    summary: str
    quick: str
    seeds: str | None
    options: type[Any]
    run: Callable[[Any, Asked, OnProgress | None], StudyResult]
    printed: Callable[[StudyResult], Iterable[PrintedTable]]
