"""MobileNetV2 (Sandler et al. 2018) for ImageNet."""

from __future__ import annotations

from workloads.layers import Activation, Add, BatchNorm, Conv, Dropout, Flatten, GlobalPool, Input, Linear
from workloads.network import Network, NetworkBuilder
from workloads.networks.images import IMAGENET

#: Table 2 of the paper: expansion, channels, blocks and first stride of each stage.
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def mobilenet_v2(batch: int = 1, classes: int = 1000) -> Network:
    """Return MobileNetV2 for 3x224x224 images: 0.301 G multiply-accumulates and 3.50 M parameters, as torchvision's."""
    net = NetworkBuilder("mobilenet-v2")
    net.add(Input("image", IMAGENET))
    channels = 32
    last = _convolution(net, "first", channels, 3, stride=2)
    for stage, (expansion, width, blocks, stride) in enumerate(STAGES, start=1):
        for block in range(blocks):
            name, step = f"stage{stage}.{block}", stride if block == 0 else 1
            made = _inverted(net, name, channels, width, expansion, step)
            last = net.add(Add(f"{name}.add"), [last, made]) if step == 1 and channels == width else made
            channels = width
    _convolution(net, "last", 1280, 1)
    net.add(GlobalPool("pool"))
    net.add(Flatten("flatten"))
    net.add(Dropout("dropout"))
    net.add(Linear("classifier", classes))
    return net.build(batch)


def _inverted(net: NetworkBuilder, name: str, channels: int, width: int, expansion: int, stride: int) -> str:
    """Add an expansion, a depthwise convolution and a linear projection behind the last layer. Return the projection."""
    inner = channels * expansion
    if expansion > 1:
        _convolution(net, f"{name}.expand", inner, 1)
    _convolution(net, f"{name}.depthwise", inner, 3, stride=stride, groups=inner)
    net.add(Conv(f"{name}.project", width, (1, 1)))
    return net.add(BatchNorm(f"{name}.project.norm"))


def _convolution(net: NetworkBuilder, name: str, channels: int, kernel: int, *, stride: int = 1, groups: int = 1) -> str:
    net.add(Conv(name, channels, (kernel, kernel), (stride, stride), (kernel // 2, kernel // 2), groups=groups))
    net.add(BatchNorm(f"{name}.norm"))
    return net.add(Activation(f"{name}.relu6", "clip"))
