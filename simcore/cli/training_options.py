"""The options of ``simcore train-pruned``, apart from its work, so that other commands start without it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from simcore.cli import options

NetworkArgument = Annotated[
    str, typer.Argument(metavar="NETWORK", help="Network to train: vgg-like, small-cnn, vgg16-32, resnet18-32, ..., or a file.")
]
ExemptOption = Annotated[
    str | None, typer.Option("--exempt", metavar="PATTERN", help="Layers that keep all filters, such as 'conv1_*,conv2_1'.")
]


@dataclass(frozen=True)
class TrainPrunedOptions:
    """The options of ``simcore train-pruned``."""

    network: NetworkArgument
    schedule: Annotated[
        str, typer.Option("--schedule", metavar="SCHEDULE", help="linear:F[@A-B], cubic:F, one-shot:F@T, ..., or a table.")
    ] = "linear:0.5@0.2-0.8"
    ranking: Annotated[
        str,
        typer.Option("--ranking", metavar="l1|mean-activation|random|FILE.py:NAME", help="Lowest ranks are pruned first."),
    ] = "l1"
    procedure: Annotated[
        str,
        typer.Option("--procedure", metavar="while-training|prune-retrain|iterative", help="When filters are pruned."),
    ] = "while-training"
    scope: Annotated[
        str, typer.Option("--scope", metavar="layer|global", help="Whether each layer loses the fraction, or all together.")
    ] = "layer"
    exempt: ExemptOption = None
    round_filters: Annotated[
        int | None, typer.Option("--round-filters", metavar="8|16|32", help="Layers keep multiples of so many filters.")
    ] = None
    data: Annotated[
        str,
        typer.Option("--data", metavar="digits|cifar10:DIR|cifar100:DIR|imagenet[-SIDE]:DIR", help="Images to train on."),
    ] = "digits"
    images: Annotated[
        int | None, typer.Option("--images", metavar="N", help="Use only the first N training and test images.")
    ] = None
    width: Annotated[float, typer.Option("--width", metavar="SHARE", help="Share of the filters to begin with.")] = 1.0
    epochs: Annotated[int, typer.Option("--epochs", metavar="N", help="Epochs of the training.")] = 20
    retrain_epochs: Annotated[
        int, typer.Option("--retrain-epochs", metavar="N", help="Epochs of retraining (prune-retrain, iterative).")
    ] = 10
    rounds: Annotated[int, typer.Option("--rounds", metavar="N", help="Steps of pruning (iterative).")] = 5
    batch: Annotated[int, typer.Option("--batch", metavar="N", help="Images in a minibatch.")] = 64
    learning_rate: Annotated[
        float, typer.Option("--learning-rate", metavar="RATE", help="Learning rate at first; it falls linearly to 0.")
    ] = 0.05
    momentum: Annotated[float, typer.Option("--momentum", metavar="SHARE", help="Momentum.")] = 0.9
    weight_decay: Annotated[float, typer.Option("--weight-decay", metavar="RATE", help="Weight decay.")] = 5e-4
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="First seed.")] = 0
    seeds: Annotated[int, typer.Option("--seeds", metavar="N", help="Number of runs, each with the next seed.")] = 1
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Keep checkpoints, logs of live filters and results there.")
    ] = None
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoints in --out.")] = False
    overwrite: options.OverwriteOption = False
    json: options.JsonOption = False
    quiet: options.QuietOption = False
