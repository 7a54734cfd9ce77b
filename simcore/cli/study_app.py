"""The commands under ``simcore study``, one for each study of the registry."""

from __future__ import annotations

from typing import Any

import typer

from simcore.cli.guard import guarded
from simcore.cli.options import taking
from simcore.cli.studying import options_of, study_command
from simcore.studies.form.study import Study
from simcore.studies.registry import STUDIES, load_study

study_app = typer.Typer(help="Run a study: many runs, and tables made of them.", no_args_is_help=True, rich_markup_mode=None)


@study_app.callback()
def _study() -> None:
    """Run a study: many runs, and tables made of them."""


def add_study(app: typer.Typer, study: Study) -> None:
    """Add a study as a command of ``app``."""

    @guarded
    @taking(options_of(study))
    def command(given: Any) -> None:
        study_command(study, given)

    app.command(study.name, help=study.summary)(command)


for _name in STUDIES:
    add_study(study_app, load_study(_name))
