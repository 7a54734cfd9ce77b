"""AlexNet, the single-tower variant: 0.714 G multiply-accumulates and 61.10 M parameters at 224x224."""

from workloads.layers import Activation, Conv, Dropout, Flatten, Input, Linear, Pool
from workloads.network import Network, NetworkBuilder

#: (channels, kernel, stride, padding, pooled) of each convolution: Krizhevsky, "One weird trick for parallelizing
#: convolutional neural networks" (2014), as torchvision has it. Ungrouped; the two-tower network of 2012 has grouped
#: convolutions and other channels.
CONVOLUTIONS = (
    (64, 11, 4, 2, True),
    (192, 5, 1, 2, True),
    (384, 3, 1, 1, False),
    (256, 3, 1, 1, False),
    (256, 3, 1, 1, True),
)


def alexnet(batch: int = 1, classes: int = 1000) -> Network:
    """AlexNet for 3x224x224 images."""
    net = NetworkBuilder("alexnet")
    net.add(Input("image", (3, 224, 224)))
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
