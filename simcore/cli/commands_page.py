"""The reference of commands in Markdown: ``python -m simcore.cli.commands_page > docs/commands.md``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

import typer

from simcore.cli.app import app
from simcore.cli.dram import RUN

_INTRO = """\
# Commands

Every command with its arguments and options, as `simcore COMMAND --help` shows them. Written by
`python -m simcore.cli.commands_page`. The exit code is 0 for success, 1 if a timing rule is broken or a condition of `--fail-if`
is met, and 2 for bad input, which stderr explains. `simcore explain NAME` says what a printed name means. After
`simcore --install-completion` the shell (bash, zsh, fish, PowerShell) completes commands and options.
"""


def markdown() -> str:
    """Return the reference as the text of docs/commands.md. This imports the studies, whose options are their own."""
    root: Any = typer.main.get_command(app)
    return "\n".join([_INTRO, *_section(root, typer.Context(root, info_name="simcore"), 2)])


def _section(command: Any, context: Any, level: int) -> Iterator[str]:
    """Yield the parts of a command, and of those below it."""
    yield f"{'#' * level} {_words(context)}\n"
    yield from _paragraphs(command.help)
    if not hasattr(command, "list_commands"):
        yield f"```text\n{' '.join([_words(context), *command.collect_usage_pieces(context)])}\n```\n"
    yield from _options(command, context)
    yield from _paragraphs(command.epilog)
    if hasattr(command, "list_commands"):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            yield from _section(below, typer.Context(below, parent=context, info_name=name), min(level + 1, 4))


def _words(context: Any) -> str:
    """Return the command as it is typed: without the name of the one that is meant when no name is given."""
    return str(context.command_path).removesuffix(f" {RUN}")


def _paragraphs(text: str | None) -> Iterator[str]:
    r"""Yield the paragraphs of a help text. One that begins with \b keeps its lines."""
    for paragraph in re.split(r"\n\s*\n", cleandoc(text or "").strip()):
        kept, _, lines = paragraph.partition("\b\n")
        if lines:
            yield f"```text\n{cleandoc(lines)}\n```\n"
        elif kept:
            yield f"{_escaped(' '.join(kept.split()))}\n"


def _options(command: Any, context: Any) -> Iterator[str]:
    """Yield the table of arguments and options, if there are any."""
    known = [parameter for parameter in command.params if not parameter.hidden]
    if not known:
        return
    rows = [f"| {_name(each, context)} | {_escaped(each.help or '')} | {_default(each)} |" for each in known]
    yield "\n".join(["| argument or option | meaning | default |", "|---|---|---|", *rows]) + "\n"


def _name(parameter: Any, context: Any) -> str:
    """Return how the parameter is written, with its value."""
    if parameter.param_type_name == "argument":
        return _code(parameter.metavar or parameter.name.upper())
    value = "" if parameter.is_flag else f" {parameter.metavar or parameter.make_metavar(context)}"
    return ", ".join(_code(f"{word}{value}") for word in (*parameter.opts, *parameter.secondary_opts))


def _default(parameter: Any) -> str:
    """Return the value that holds if the parameter is not given; nothing for none and for a flag that is off."""
    if parameter.required:
        return "needed"
    value = parameter.default
    return "" if value is None or value is False or callable(value) else _code(str(value))


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def _escaped(text: str) -> str:
    """Return plain text whose signs mean nothing in Markdown, except in backticks."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([*<|\[])", r"\\\1", part) for part in parts)


if __name__ == "__main__":
    print(markdown(), end="")
