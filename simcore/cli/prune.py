"""``simcore prune``: the cost of a training whose filters are pruned, against a dense one and one that is pruned at its end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simcore.cli import options
from simcore.errors import InputError

if TYPE_CHECKING:
    from simcore.pruning.order import PruneOrder


@dataclass(frozen=True)
class PruneOptions:
    """The options of ``simcore prune``."""

    network: options.NetworkArgument
    schedule: Annotated[
        str | None,
        typer.Option(
            "--schedule", metavar="FORM|FILE", help="Such as linear:0.5, cubic:0.8@0.2-0.8, one-shot:0.5@0.5, FILE.csv."
        ),
    ] = None
    epochs: Annotated[int | None, typer.Option("--epochs", metavar="N", help="Epochs of the training.")] = None
    samples: Annotated[int, typer.Option("--samples", metavar="N", help="Images of an epoch.")] = 50_000
    batch: Annotated[int, typer.Option("--batch", metavar="N", help="Images of a minibatch.")] = 128
    system: Annotated[
        str, typer.Option("--system", metavar="A,B,...", help="Machines to simulate, by name or file, comma separated.")
    ] = "edge-sram"
    log: Annotated[
        str | None, typer.Option("--log", metavar="FILE.parquet", help="Live filters of a real training, instead of a schedule.")
    ] = None
    round_filters: Annotated[
        int | None, typer.Option("--round-filters", metavar="8|16|32", help="Prune to multiples of so many filters.")
    ] = None
    exempt: Annotated[
        str | None, typer.Option("--exempt", metavar="PATTERN", help="Layers that keep all filters, such as 'conv1_*,conv2_1'.")
    ] = None
    retrain_epochs: Annotated[
        int, typer.Option("--retrain-epochs", metavar="N", help="Epochs of retraining in the train-prune-retrain procedure.")
    ] = 10
    every_nth_network: Annotated[
        int, typer.Option("--every-nth-network", metavar="N", help="Simulate every n-th distinct network, and mix the others.")
    ] = 1
    optimizer: Annotated[str, typer.Option("--optimizer", metavar="sgd|momentum|adam", help="Optimizer of the steps.")] = "sgd"
    overrides: options.SetOption = None
    out: options.OutOption = None
    overwrite: options.OverwriteOption = False
    json: options.JsonOption = False
    quiet: options.QuietOption = False
    no_limit: options.NoLimitOption = False


def prune_command(asked: PruneOptions) -> None:
    """Sum up the training, save it if asked for, and print tables, or one JSON object, or nothing but the sentences."""
    from simcore.cli.console import console, drawn, print_json, progress, telling_of_compiling
    from simcore.pruning.printed import printed_lines, printed_tables
    from simcore.pruning.result import PruneResult, prune
    from simcore.saving import results_directory

    order = _order(asked)
    wanted = not (asked.quiet or asked.json)
    with results_directory(asked.out, overwrite=asked.overwrite) as save:
        with progress(wanted) as on_progress, telling_of_compiling(wanted):
            result: PruneResult = prune(order, on_progress)
        save(partial(PruneResult.write_into, result))
    if asked.json:
        print_json(result.to_json())
        return
    out = console()
    for shown in () if asked.quiet else printed_tables(result):
        out.print(drawn(shown))
        out.print()
    for line in printed_lines(result):
        out.print(line, markup=False)


def _order(asked: PruneOptions) -> PruneOrder:
    """Return the order that the options describe. Raise InputError for options that do not."""
    from simcore.pruning.order import PruneOrder
    from simcore.reading.overrides import SetOptions
    from simcore.run_time import LIMIT_S
    from simcore.studies.form.asked import names_in

    if asked.batch < 1:
        raise InputError(f"expected a batch of at least 1 image, got {asked.batch}", "--batch")
    log: Path | None = options.file_named(asked.log, "--log")
    return PruneOrder(
        network=asked.network,
        samples=asked.samples,
        batch=asked.batch,
        systems=names_in(asked.system) or (),
        schedule=asked.schedule,
        log=log,
        epochs=asked.epochs,
        retrain_epochs=asked.retrain_epochs,
        round_filters=asked.round_filters,
        exempt=options.exempt_patterns(asked.exempt),
        every_nth=asked.every_nth_network,
        optimizer=asked.optimizer,
        overrides=SetOptions(asked.overrides or ()),
        limit_s=None if asked.no_limit else LIMIT_S,
    )
