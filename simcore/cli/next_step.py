"""The line after the tables of a run that says what to try next, as a command that can be copied."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from simcore.cli.options import RunOptions, SimulateOptions, WhyOptions
from simcore.kinds.advice import NextStep
from simcore.results import Results

#: Options of a run that a further command takes over. The others say where results go and how they are shown.
_TAKEN_OVER = (
    "system",
    "dataflow",
    "engine",
    "layers",
    "batch",
    "dim",
    "input",
    "skip_unsupported",
    "no_fusion",
    "training",
    "optimizer",
    "precision",
    "overrides",
    "no_limit",
)
#: The options that are named otherwise than their field.
_FLAGS = {"overrides": "--set"}
#: Names of layers that stand for themselves as a pattern and in a shell.
_PLAIN = re.compile(r"[\w./:+-]{1,60}", re.ASCII)


def next_line(results: Results, options: RunOptions) -> str:
    """Return what to try after the run: what the machine's kind says, or else a way to look closer."""
    step = results.kind.next_step(results) or _without_a_loss(options)
    return f"Next: {step.reason}: {shlex.join(['simcore', step.command, *_words(options, step)])}"


def _without_a_loss(options: RunOptions) -> NextStep:
    if options.report is None:
        return NextStep("figures of where the time goes", "run", ("--report", "report.html"))
    return NextStep("the accesses of each bank", "banks") if options.layers is None else NextStep("what each key saves", "why")


def _words(options: RunOptions, step: NextStep) -> Iterator[str]:
    """Yield the arguments of the step's command: those of the run that it takes, and its own."""
    taking = WhyOptions if step.command == "why" else SimulateOptions
    known = {*taking.__dataclass_fields__, "layers"}
    layer = step.layer if _PLAIN.fullmatch(step.layer) else ""
    yield options.network
    for name in _TAKEN_OVER:
        if name in known and not (name == "layers" and layer):
            yield from _given(options, name)
    if layer:
        yield from ("--layers", layer)
    yield from step.options


def _given(options: RunOptions, name: str) -> Iterator[str]:
    """Yield an option as it is written on the command line, nothing if it has its default."""
    value = getattr(options, name)
    if value == RunOptions.__dataclass_fields__[name].default:
        return
    flag = _FLAGS.get(name, f"--{name.replace('_', '-')}")
    for each in value if isinstance(value, list | tuple) else [value]:
        yield from (flag,) if each is True else (flag, str(each))
