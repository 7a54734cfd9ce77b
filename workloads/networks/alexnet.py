"""AlexNet, the single-tower variant: for ImageNet, and adapted to images of any size."""

from __future__ import annotations

from workloads.layers import Activation, Conv, Dropout, Flatten, Input, Linear, Pool
from workloads.network import Network, NetworkBuilder
from workloads.networks.images import IMAGENET, Image

#: (channels, kernel, stride, padding, pooled) of each convolution: Krizhevsky, "One weird trick for parallelizing convolutional
#: neural networks" (2014), as in torchvision. The convolutions are ungrouped; the two-tower network of 2012 has grouped
#: convolutions and other channels.
CONVOLUTIONS = (
    (64, 11, 4, 2, True),
    (192, 5, 1, 2, True),
    (384, 3, 1, 1, False),
    (256, 3, 1, 1, False),
    (256, 3, 1, 1, True),
)


def alexnet(batch: int = 1, classes: int = 1000) -> Network:
    """Return AlexNet for 3x224x224 images: 0.714 G multiply-accumulates and 61.10 M parameters."""
    net = NetworkBuilder("alexnet")
    net.add(Input("image", IMAGENET))
    for number, (channels, kernel, stride, padding, pooled) in enumerate(CONVOLUTIONS, start=1):
        net.add(Conv(f"conv{number}", channels, (kernel, kernel), (stride, stride), (padding, padding), bias=True))
        net.add(Activation(f"relu{number}"))
        if pooled:
            net.add(Pool(f"pool{number}", "max", (3, 3), (2, 2)))
    net.add(Flatten("flatten"))
    for number in (6, 7):
        net.add(Dropout(f"dropout{number}"))
        net.add(Linear(f"fc{number}", 4096))
        net.add(Activation(f"relu{number}"))
    net.add(Linear("fc8", classes))
    return net.build(batch)


def alexnet_for(name: str, image: Image, classes: int, batch: int = 1) -> Network:
    """Return a network with AlexNet's convolutions for images of any size, as commonly used for small ones.

    Source: W. Yang's pytorch-classification. The first convolution pads by 5. Pools are 2x2, as long as the image has two rows
    and columns to pool. The last layer is linear. For 3x32x32 images it has 2.47 M parameters.
    """
    net = NetworkBuilder(name)
    net.add(Input("image", image))
    rows, columns = image[1:]
    for number, (channels, kernel, stride, padding, pooled) in enumerate(CONVOLUTIONS, start=1):
        around = 5 if number == 1 else padding
        net.add(Conv(f"conv{number}", channels, (kernel, kernel), (stride, stride), (around, around), bias=True))
        net.add(Activation(f"relu{number}"))
        rows, columns = ((extent + 2 * around - kernel) // stride + 1 for extent in (rows, columns))
        if pooled and min(rows, columns) > 1:
            net.add(Pool(f"pool{number}", "max", (2, 2), (2, 2)))
            rows, columns = rows // 2, columns // 2
    net.add(Flatten("flatten"))
    net.add(Linear("fc", classes))
    return net.build(batch)
