"""U-Net (Ronneberger et al. 2015): an image is halved stage by stage, doubled again, and joined with what it was before."""

from __future__ import annotations

from itertools import product

from workloads.layers import Activation, Concat, Conv, ConvTransposePhase, Input, Phases, Pool
from workloads.network import Network, NetworkBuilder


def unet(batch: int = 1, classes: int = 2, *, side: int = 128, channels: int = 32, stages: int = 2) -> Network:
    """Return a U-Net for colour images: 1.592 G multiply-accumulates for a side of 128, 32 channels and two stages.

    Its convolutions keep the size of the image. ``stages`` must halve ``side`` without a remainder.
    """
    net = NetworkBuilder("unet")
    net.add(Input("image", (3, side, side)))
    before = []
    for stage in range(stages):
        before.append(_two_convolutions(net, f"down{stage}", channels << stage))
        net.add(Pool(f"pool{stage}", "max", (2, 2), (2, 2)))
    last = _two_convolutions(net, "bottom", channels << stages)
    for stage in reversed(range(stages)):
        up = _doubled(net, f"up{stage}", last, channels << stage, side >> stage)
        net.add(Concat(f"join{stage}", 0), [up, before[stage]])
        last = _two_convolutions(net, f"up{stage}", channels << stage)
    net.add(Conv("classes", classes, (1, 1), bias=True))
    return net.build(batch)


def _two_convolutions(net: NetworkBuilder, name: str, channels: int) -> str:
    for number in (1, 2):
        net.add(Conv(f"{name}.conv{number}", channels, (3, 3), padding=(1, 1), bias=True))
        net.add(Activation(f"{name}.relu{number}"))
    return f"{name}.relu2"


def _doubled(net: NetworkBuilder, name: str, source: str, channels: int, side: int) -> str:
    """Add a transposed convolution of 2x2 filters and stride 2 that gives ``channels`` of ``side`` rows and columns."""
    of, shape = Conv(f"{name}.of", 2 * channels, (2, 2), stride=(2, 2)), (channels, side, side)
    parts = [
        net.add(ConvTransposePhase(f"{name}.phase_{row}_{column}", of, shape, (row, column), bias=True), [source])
        for row, column in product((0, 1), (0, 1))
    ]
    return net.add(Phases(name, shape), parts)
