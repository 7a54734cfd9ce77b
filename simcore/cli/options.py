"""Arguments and options that several commands share."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from simcore.errors import InputError

T = TypeVar("T")

NetworkArgument = Annotated[str, typer.Argument(metavar="NETWORK|FILE.onnx|FILE.csv", help="A network by name or from a file.")]
SystemOption = Annotated[str, typer.Option("--system", metavar="NAME|FILE.yaml|FILE.cfg", help="The machine.")]
DataflowOption = Annotated[str | None, typer.Option("--dataflow", metavar="NAME|FILE.py:NAME", help="Overrides the system's.")]
EngineOption = Annotated[
    str | None, typer.Option("--engine", metavar="compiled|simpy", help="Both give the same tables; compiled unless given.")
]
LayersOption = Annotated[str | None, typer.Option("--layers", metavar="PATTERN", help="Only these layers: 'layer1*,fc'.")]
BatchOption = Annotated[int | None, typer.Option("--batch", metavar="N", help="Images at once.")]
TrainingOption = Annotated[bool, typer.Option("--training", help="Run one training step on the batch, not inference.")]
OptimizerOption = Annotated[
    str | None, typer.Option("--optimizer", metavar="sgd|momentum|adam", help="Of the weight update; sgd unless given.")
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the system; may repeat.")
]
NodeOption = Annotated[int, typer.Option("--node", metavar="45|32|22", help="Process node, in nm.")]
LeakageClassOption = Annotated[str, typer.Option("--class", metavar="hp|lop|lstp", help="Leakage class of the transistors.")]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Save all tables here.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace earlier results in --out.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
CheckValuesOption = Annotated[
    bool, typer.Option("--check-values", help="With --engine simpy: PEs multiply drawn numbers, compared with numpy's product.")
]
NoLimitOption = Annotated[bool, typer.Option("--no-limit", help="Run however long it takes; otherwise an hour by estimate.")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="No progress bar, no tables.")]


def file_named(text: str | None, option: str) -> Path | None:
    """The file that an option names, if it was given. Raises InputError for a folder's name, whose slash a Path forgets."""
    if text is not None and text.endswith(("/", os.sep)):
        raise InputError(f"expected a file, got the folder '{text}'", f"{option} {text}")
    return None if text is None else Path(text)


@dataclass(frozen=True)
class SimulateOptions:
    """What every command that simulates a network can be asked for."""

    network: NetworkArgument
    system: SystemOption = "edge-sram"
    dataflow: DataflowOption = None
    engine: EngineOption = None
    layers: LayersOption = None
    batch: BatchOption = None
    training: TrainingOption = False
    optimizer: OptimizerOption = None
    overrides: SetOption = None
    out: OutOption = None
    overwrite: OverwriteOption = False
    json: JsonOption = False
    quiet: QuietOption = False
    no_limit: NoLimitOption = False


@dataclass(frozen=True)
class RunOptions(SimulateOptions):
    """What ``simcore run`` can be asked for."""

    check_values: CheckValuesOption = False


def taking(options: type[T]) -> Callable[[Callable[[T], None]], Callable[..., None]]:
    """Turn a function of one options dataclass into a command: each field becomes a parameter with its option and default."""
    hints = get_type_hints(options, include_extras=True)
    signature = inspect.signature(options)
    parameters = [
        parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in signature.parameters.items()
    ]

    def decorate(function: Callable[[T], None]) -> Callable[..., None]:
        def command(**given: Any) -> None:
            function(options(**given))

        command.__name__, command.__doc__ = function.__name__, function.__doc__
        command.__annotations__ = hints
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return command

    return decorate
