"""LeNet-5 in its present form, which is small enough to simulate cell by cell in a test."""

from workloads.layers import Activation, Conv, Flatten, Input, Linear, Pool
from workloads.network import Network, NetworkBuilder


def lenet5(batch: int = 1, classes: int = 10) -> Network:
    """Return LeNet-5 (LeCun et al. 1998) for 1x32x32 images: 416,520 multiply-accumulates, 61,706 parameters.

    It follows today's usual form: C3 reads all channels of S2, the subsampling layers are plain mean pools, and the output layer
    is linear.
    """
    net = NetworkBuilder("lenet5")
    net.add(Input("image", (1, 32, 32)))
    for number, channels in ((1, 6), (3, 16)):
        net.add(Conv(f"c{number}", channels, (5, 5), bias=True))
        net.add(Activation(f"tanh{number}", "tanh"))
        net.add(Pool(f"s{number + 1}", "avg", (2, 2), (2, 2)))
    net.add(Flatten("flatten"))
    for name, features in (("f5", 120), ("f6", 84)):
        net.add(Linear(name, features))
        net.add(Activation(f"tanh{name[1:]}", "tanh"))
    net.add(Linear("output", classes))
    return net.build(batch)
