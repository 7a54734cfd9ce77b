"""VGG (Simonyan and Zisserman 2015): VGG16 for ImageNet, and VGG networks for images of any size."""

from __future__ import annotations

from collections.abc import Sequence

from workloads.layers import Activation, BatchNorm, Conv, Dropout, Flatten, Input, Linear, Pool
from workloads.network import Network, NetworkBuilder
from workloads.networks.images import IMAGENET, Image, require_square

#: (convolutions, channels) of each stage. A 2x2 pool follows each stage.
Stages = tuple[tuple[int, int], ...]
#: Configurations A, B, D and E of the paper. VGG8 comes from Peng et al., "DNN+NeuroSim" (2019).
STAGES: dict[str, Stages] = {
    "vgg8": ((2, 128), (2, 256), (2, 512)),
    "vgg11": ((1, 64), (1, 128), (2, 256), (2, 512), (2, 512)),
    "vgg13": ((2, 64), (2, 128), (2, 256), (2, 512), (2, 512)),
    "vgg16": ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)),
    "vgg19": ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512)),
}
#: Features of the linear layers before the last one. Configurations that are not named have none.
HIDDEN = {"vgg8": (1024,)}
#: Channels of the stages of ``vgg-like``, each of which has two convolutions.
VGG_LIKE_CHANNELS = (16, 32, 64, 64)


def vgg16(batch: int = 1, classes: int = 1000) -> Network:
    """Return VGG16 for 3x224x224 images: 15.470 G multiply-accumulates and 138.36 M parameters.

    It equals torchvision's: no batch normalisation, and linear layers of 4096, 4096 and ``classes``.
    """
    net = NetworkBuilder("vgg16")
    net.add(Input("image", IMAGENET))
    for stage, (convolutions, channels) in enumerate(STAGES["vgg16"], start=1):
        _convolutions(net, stage, convolutions, channels, normalised=False)
        net.add(Pool(f"pool{stage}", "max", (2, 2), (2, 2)))
    net.add(Flatten("flatten"))
    for number in (6, 7):
        net.add(Linear(f"fc{number}", 4096))
        net.add(Activation(f"relu{number}"))
        net.add(Dropout(f"dropout{number}"))
    net.add(Linear("fc8", classes))
    return net.build(batch)


def vgg_for(name: str, image: Image, classes: int, batch: int = 1, *, stages: Stages, hidden: Sequence[int] = ()) -> Network:
    """Return a VGG network for images of any size, as commonly used for small ones.

    VGG16 for 3x32x32 images has 0.313 G multiply-accumulates and 14.73 M parameters. Batch normalisation follows each
    convolution. A 2x2 pool follows each stage as long as the image has two rows and columns to pool. Linear layers of ``hidden``
    features and one of ``classes`` come last.
    """
    net = NetworkBuilder(name)
    net.add(Input("image", image))
    rows, columns = image[1:]
    for stage, (convolutions, channels) in enumerate(stages, start=1):
        _convolutions(net, stage, convolutions, channels, normalised=True)
        if min(rows, columns) > 1:
            net.add(Pool(f"pool{stage}", "max", (2, 2), (2, 2)))
            rows, columns = rows // 2, columns // 2
    net.add(Flatten("flatten"))
    for number, features in enumerate(hidden, start=1):
        net.add(Linear(f"fc{number}", features))
        net.add(Activation(f"relu_fc{number}"))
    net.add(Linear(f"fc{len(hidden) + 1}" if hidden else "fc", classes))
    return net.build(batch)


def vgg_like_for(name: str, image: Image, classes: int, batch: int = 1) -> Network:
    """Return a network of up to four narrow stages, as many as halve the image down to 2 rows, and two linear layers.

    For the digits it has 386,688 multiply-accumulates and 25,466 parameters. Raise InputError for images that are not square with
    a side of at least 8, a multiple of 4.
    """
    require_square(image, least=8, multiple=4)
    stages: list[tuple[int, int]] = []
    side = image[1]
    for channels in VGG_LIKE_CHANNELS:
        if side < 4 or side % 2:
            break
        stages.append((2, channels))
        side //= 2
    return vgg_for(name, image, classes, batch, stages=tuple(stages), hidden=(2 * stages[-1][1],))


def _convolutions(net: NetworkBuilder, stage: int, convolutions: int, channels: int, *, normalised: bool) -> None:
    """Add the 3x3 convolutions of a stage, each with its activation."""
    for number in range(1, convolutions + 1):
        label = f"{stage}_{number}"
        net.add(Conv(f"conv{label}", channels, (3, 3), padding=(1, 1), bias=True))
        if normalised:
            net.add(BatchNorm(f"bn{label}"))
        net.add(Activation(f"relu{label}"))
