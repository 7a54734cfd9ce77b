"""Arguments and options that several commands share."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

from simcore.errors import InputError

if TYPE_CHECKING:
    from workloads.network import Network

T = TypeVar("T")

NetworkArgument = Annotated[str, typer.Argument(metavar="NETWORK|FILE.onnx|FILE.csv", help="A network, by name or from a file.")]
NetworkOrModuleArgument = Annotated[
    str,
    typer.Argument(
        metavar="NETWORK|FILE.onnx|FILE.csv|FILE.py:NAME",
        help="A network, by name or from a file. A Python file, whose function NAME makes a PyTorch module, is executed.",
    ),
]
SystemOption = Annotated[
    str,
    typer.Option(
        "--system", metavar="NAME|FILE.yaml|FILE.cfg", help="The machine to simulate. Python files that it names are executed."
    ),
]
DataflowOption = Annotated[
    str | None, typer.Option("--dataflow", metavar="NAME|FILE.py:NAME", help="The dataflow, instead of the system's own.")
]
EngineOption = Annotated[
    str | None,
    typer.Option("--engine", metavar="NAME", help="An engine of the machine's kind ('simcore list kinds'); default: its first."),
]
DramEngineOption = Annotated[str, typer.Option("--engine", metavar="compiled|simpy", help="Both give the same tables.")]
LayersOption = Annotated[
    str | None, typer.Option("--layers", metavar="PATTERN", help="Simulate only these layers, such as 'layer1*,fc'.")
]
LayerOption = Annotated[
    str | None, typer.Option("--layer", "--layers", metavar="PATTERN", help="Look only at these layers, such as 'layer1*,fc'.")
]
BatchOption = Annotated[int | None, typer.Option("--batch", metavar="N", help="Number of images in the batch.")]
DimOption = Annotated[
    list[str] | None,
    typer.Option("--dim", metavar="NAME=N", help="Size of an axis that an ONNX file leaves open, such as seq=128. Repeatable."),
]
InputOption = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="SHAPE[:TYPE]",
        help="Shape of an argument of a PyTorch module, such as 1x3x224x224 or 1x128:int64. One for each argument.",
    ),
]
SkipUnsupportedOption = Annotated[
    bool, typer.Option("--skip-unsupported", help="Leave out operators of an ONNX file for which there is no layer.")
]
NoFusionOption = Annotated[
    bool, typer.Option("--no-fusion", help="Leave norms and functions that an ONNX file has as several nodes as they are.")
]
PrefillOption = Annotated[
    int | None, typer.Option("--prefill", metavar="N", help="Run a language model that first reads a text of N tokens at once.")
]
DecodeOption = Annotated[
    int | None,
    typer.Option("--decode", metavar="N", help="Then write in N steps of a token each, over the cache of keys and values."),
]
DecodeEveryOption = Annotated[
    int | None,
    typer.Option("--decode-every", metavar="N", help="Simulate every n-th decode step; the others lie between. Default: all."),
]
TrainingOption = Annotated[bool, typer.Option("--training", help="Simulate one training step on the batch, not inference.")]
OptimizerOption = Annotated[
    str | None,
    typer.Option("--optimizer", metavar="sgd|momentum|adam", help="Optimizer of the training step. Default: sgd."),
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the system. May be repeated.")
]
NodeOption = Annotated[int, typer.Option("--node", metavar="45|32|22", help="Process node in nm.")]
LeakageClassOption = Annotated[str, typer.Option("--class", metavar="hp|lop|lstp", help="Leakage class of the transistors.")]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Save all tables in this directory.")]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace the --out directory if it holds results of simcore and nothing else.")
]
PlotOption = Annotated[bool, typer.Option("--plot", help="Draw figures of the run into the folder figures of --out, as SVG.")]
ReportOption = Annotated[
    str | None, typer.Option("--report", metavar="FILE.html", help="Write the run as one HTML page of figures and tables.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
CheckValuesOption = Annotated[
    bool,
    typer.Option("--check-values", help="Multiply random numbers and compare with numpy (systolic: with --engine simpy)."),
]
TraceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--trace",
        metavar="scratchpads|dram",
        help="Write every access of the scratchpads or of the DRAM to --out. May be repeated.",
    ),
]
TraceCyclesOption = Annotated[
    str | None, typer.Option("--trace-cycles", metavar="FIRST:END", help="Trace core cycles FIRST up to, not with, END only.")
]
TimelineOption = Annotated[
    str | None,
    typer.Option(
        "--timeline", metavar="FILE.pftrace", help="Write what array, ports, banks, DMA and DRAM do, for ui.perfetto.dev."
    ),
]
TimelineCyclesOption = Annotated[
    str | None, typer.Option("--cycles", metavar="FIRST:END", help="Timeline of core cycles FIRST up to, not with, END only.")
]
EstimateOption = Annotated[
    bool, typer.Option("--estimate", help="Simulate nothing; say how long it will take, and how much memory and disk.")
]
PrecisionOption = Annotated[
    str | None,
    typer.Option("--precision", metavar="N|NxM", help="Bits of weights and activations, for DRAM that multiplies (pim-dram)."),
]
CommandsOption = Annotated[
    str | None,
    typer.Option("--commands", metavar="FILE", help="Write the commands of a DRAM that multiplies to this CSV file; .gz gzips."),
]
NoLimitOption = Annotated[bool, typer.Option("--no-limit", help="Run even if the estimate exceeds the limit of one hour.")]
NoMinutesLimitOption = Annotated[
    bool, typer.Option("--no-limit", help="Run however long it takes; the default limit is ten minutes, by estimate.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Print no progress bar and no tables.")]


def optimizer_of(training: bool, optimizer: str | None) -> str | None:
    """Return the optimiser of the training step, or None for inference. Raise InputError for an optimiser without training."""
    if optimizer is not None and not training:
        raise InputError("expected --training with --optimizer, got none")
    return (optimizer or "sgd") if training else None


def network_asked(options: SimulateOptions | WhyOptions) -> str | Network:
    """Return the network's name or file or, where options say how to read it, the network that was read.

    Raise InputError for sizes that are not NAME=N.
    """
    if not (options.dim or options.input or options.skip_unsupported or options.no_fusion):
        return options.network
    from workloads.load import load_network

    dims = {}
    for text in options.dim or ():
        name, _, size = text.rpartition("=")
        if not name or not size.isascii() or not size.isdigit() or len(size) > 10:
            raise InputError(f"expected NAME=N with a size of at least 1, got '{text[:80]}'", "--dim")
        dims[name] = int(size)
    return load_network(
        options.network,
        options.batch,
        dims=dims,
        skip_unsupported=options.skip_unsupported,
        fusion=not options.no_fusion,
        inputs=options.input or (),
    )


def file_named(text: str | None, option: str) -> Path | None:
    """Return the file that an option names, or None. Raise InputError for a folder's name, whose slash a Path would drop."""
    if text is not None and text.endswith(("/", os.sep)):
        raise InputError(f"expected a file, got the folder '{text}'", f"{option} {text}")
    return None if text is None else Path(text)


def exempt_patterns(text: str | None) -> tuple[str, ...]:
    """Return the patterns of ``--exempt A,B``, none without the option. Raise InputError if it is given and names no layer."""
    patterns = tuple(name.strip() for name in (text or "").split(",") if name.strip())
    if text is not None and not patterns:
        raise InputError("expected names or patterns of layers, got none", "--exempt")
    return patterns


@dataclass(frozen=True)
class SimulateOptions:
    """The options of every command that simulates a network."""

    network: NetworkOrModuleArgument
    system: SystemOption = "edge-sram"
    dataflow: DataflowOption = None
    engine: EngineOption = None
    layers: LayersOption = None
    batch: BatchOption = None
    dim: DimOption = None
    input: InputOption = None
    skip_unsupported: SkipUnsupportedOption = False
    no_fusion: NoFusionOption = False
    training: TrainingOption = False
    optimizer: OptimizerOption = None
    precision: PrecisionOption = None
    overrides: SetOption = None
    out: OutOption = None
    overwrite: OverwriteOption = False
    plot: PlotOption = False
    json: JsonOption = False
    quiet: QuietOption = False
    no_limit: NoLimitOption = False


@dataclass(frozen=True)
class RunOptions(SimulateOptions):
    """The options of ``simcore run``."""

    check_values: CheckValuesOption = False
    trace: TraceOption = None
    trace_cycles: TraceCyclesOption = None
    report: ReportOption = None
    timeline: TimelineOption = None
    cycles: TimelineCyclesOption = None
    commands: CommandsOption = None
    estimate: EstimateOption = False
    prefill: PrefillOption = None
    decode: DecodeOption = None
    decode_every: DecodeEveryOption = None


@dataclass(frozen=True)
class WhyOptions:
    """The options of ``simcore why``."""

    network: NetworkOrModuleArgument
    system: SystemOption = "edge-sram"
    dataflow: DataflowOption = None
    layer: LayerOption = None
    batch: BatchOption = None
    dim: DimOption = None
    input: InputOption = None
    skip_unsupported: SkipUnsupportedOption = False
    no_fusion: NoFusionOption = False
    training: TrainingOption = False
    optimizer: OptimizerOption = None
    precision: PrecisionOption = None
    overrides: SetOption = None
    report: ReportOption = None
    json: JsonOption = False
    no_limit: NoLimitOption = False


def taking(options: type[T]) -> Callable[[Callable[[T], None]], Callable[..., None]]:
    """Turn a function of one options dataclass into a command: each field becomes a parameter with its option and default."""
    hints = get_type_hints(options, include_extras=True)
    signature = inspect.signature(options)
    parameters = [
        parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in signature.parameters.items()
    ]

    def decorate(function: Callable[[T], None]) -> Callable[..., None]:
        """Return the command that takes the dataclass's fields as options and calls ``function`` with the dataclass."""

        def command(**given: Any) -> None:
            function(options(**given))

        command.__name__, command.__doc__ = function.__name__, function.__doc__
        command.__annotations__ = hints
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return command

    return decorate
