"""The commands under ``simcore study``: one for each study of the registry, imported only when it is asked for."""

from __future__ import annotations

from typing import Any

import typer

from simcore.cli.group import Group
from simcore.cli.guard import guarded
from simcore.cli.options import taking
from simcore.cli.studying import options_of, study_command
from simcore.errors import InputError
from simcore.studies.form.study import Study
from simcore.studies.registry import STUDIES, load_study


class StudyGroup(Group):
    """A group with a command for each study. A study that cannot be imported has a command that says why."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the studies, none of which this imports."""
        return list(STUDIES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the study of that name and return its command, or None if there is no such study."""
        if cmd_name not in STUDIES:
            return None
        made = typer.Typer(rich_markup_mode=None)
        made.callback()(lambda: None)
        try:
            add_study(made, load_study(cmd_name))
        except InputError as error:
            _add_broken(made, cmd_name, error)
        group: Any = typer.main.get_command(made)
        return group.commands[cmd_name]


study_app = typer.Typer(
    cls=StudyGroup, help="Run a study: many runs, and tables made of them.", no_args_is_help=True, rich_markup_mode=None
)


@study_app.callback()
def _study() -> None:
    """Run a study: many runs, and tables made of them."""


def add_study(app: typer.Typer, study: Study) -> None:
    """Make a study a command of ``app``."""

    @guarded
    @taking(options_of(study))
    def command(given: Any) -> None:
        study_command(study, given)

    app.command(study.name, help=study.summary)(command)


def _add_broken(app: typer.Typer, name: str, error: InputError) -> None:
    """Make the error of a study a command of ``app``, which takes any options and raises it."""

    @guarded
    def command() -> None:
        raise error

    app.command(name, help=str(error), context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(command)
