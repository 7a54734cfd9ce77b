"""ResNet with basic blocks (He et al. 2016): ResNet18 for ImageNet, and ResNets for images of any size."""

from __future__ import annotations

from workloads.layers import Activation, Add, BatchNorm, Conv, Flatten, GlobalPool, Input, Linear, Pool
from workloads.network import Network, NetworkBuilder
from workloads.networks.images import IMAGENET, Image

#: (basic blocks, channels) of each stage. All stages except the first halve the image.
Stages = tuple[tuple[int, int], ...]
#: ResNet18 and ResNet34 come from table 1 of the paper, ResNet20 from its section 4.2.
STAGES: dict[str, Stages] = {
    "resnet18": ((2, 64), (2, 128), (2, 256), (2, 512)),
    "resnet20": ((3, 16), (3, 32), (3, 64)),
    "resnet34": ((3, 64), (4, 128), (6, 256), (3, 512)),
}


def resnet18(batch: int = 1, classes: int = 1000) -> Network:
    """Return ResNet18 for 3x224x224 images: 1.814 G multiply-accumulates and 11.69 M parameters.

    It equals torchvision's, including the layer names, and begins with a 7x7 convolution of stride 2 and a pool.
    """
    stages = STAGES["resnet18"]
    net = NetworkBuilder("resnet18")
    net.add(Input("image", IMAGENET))
    net.add(Conv("conv1", stages[0][1], (7, 7), (2, 2), (3, 3)))
    net.add(BatchNorm("bn1"))
    net.add(Activation("relu"))
    return _closed(net, net.add(Pool("maxpool", "max", (3, 3), (2, 2), (1, 1))), stages, classes, batch)


def resnet_for(name: str, image: Image, classes: int, batch: int = 1, *, stages: Stages) -> Network:
    """Return a ResNet for images of any size, which begins with a 3x3 convolution of stride 1 and no pool.

    ResNet18 for 3x32x32 images has 0.555 G multiply-accumulates and 11.17 M parameters.
    """
    net = NetworkBuilder(name)
    net.add(Input("image", image))
    net.add(Conv("conv1", stages[0][1], (3, 3), padding=(1, 1)))
    net.add(BatchNorm("bn1"))
    return _closed(net, net.add(Activation("relu")), stages, classes, batch)


def _closed(net: NetworkBuilder, last: str, stages: Stages, classes: int, batch: int) -> Network:
    """Return the network whose stages of blocks read ``last``. Shortcuts that change the shape are 1x1 convolutions."""
    for stage, (blocks, channels) in enumerate(stages, start=1):
        for block in range(blocks):
            last = _basic_block(net, f"layer{stage}.{block}", last, channels, halve=stage > 1 and block == 0)
    net.add(GlobalPool("avgpool"))
    net.add(Flatten("flatten"))
    net.add(Linear("fc", classes))
    return net.build(batch)


def _basic_block(net: NetworkBuilder, name: str, source: str, channels: int, *, halve: bool) -> str:
    """Add two 3x3 convolutions and a shortcut around them. Return the name of the block's last layer."""
    stride = (2, 2) if halve else (1, 1)
    net.add(Conv(f"{name}.conv1", channels, (3, 3), stride, (1, 1)), [source])
    net.add(BatchNorm(f"{name}.bn1"))
    net.add(Activation(f"{name}.relu1"))
    net.add(Conv(f"{name}.conv2", channels, (3, 3), padding=(1, 1)))
    last = net.add(BatchNorm(f"{name}.bn2"))
    shortcut = source
    if halve:
        net.add(Conv(f"{name}.downsample.0", channels, (1, 1), stride), [source])
        shortcut = net.add(BatchNorm(f"{name}.downsample.1"))
    net.add(Add(f"{name}.add"), [last, shortcut])
    return net.add(Activation(f"{name}.relu2"))
