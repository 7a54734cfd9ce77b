"""VGG16 (Simonyan and Zisserman 2015, configuration D): 15.470 G multiply-accumulates and 138.36 M parameters at 224x224."""

from simcore.errors import InputError
from workloads.layers import Activation, BatchNorm, Conv, Dropout, Flatten, Input, Linear, Pool
from workloads.network import Network, NetworkBuilder

#: (convolutions, channels) of each stage; a 2x2 pool follows each.
STAGES = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))


def vgg16(batch: int = 1, image: int = 224, classes: int | None = None) -> Network:
    """VGG16 for 3 x ``image`` x ``image`` images; ``image`` is 224 or 32, ``classes`` 1000 or 10 unless given.

    At 224 it is torchvision's: no batch normalisation, fully connected layers of 4096, 4096 and ``classes``. At 32 it is the
    variant in common use for CIFAR: batch normalisation after each convolution and one fully connected layer, 512 to
    ``classes`` (0.313 G multiply-accumulates, 14.73 M parameters). Raises InputError for another ``image``.
    """
    if image not in (224, 32):
        raise InputError(f"expected an image size of 224 or 32, got {image!r}", where="network 'vgg16'")
    small = image == 32
    net = NetworkBuilder("vgg16-32" if small else "vgg16")
    net.add(Input("image", (3, image, image)))
    for stage, (convolutions, channels) in enumerate(STAGES, start=1):
        for number in range(1, convolutions + 1):
            label = f"{stage}_{number}"
            net.add(Conv(f"conv{label}", channels, (3, 3), padding=(1, 1), bias=True))
            if small:
                net.add(BatchNorm(f"bn{label}"))
            net.add(Activation(f"relu{label}"))
        net.add(Pool(f"pool{stage}", "max", (2, 2), (2, 2)))
    net.add(Flatten("flatten"))
    if not small:
        _hidden_layers(net)
    net.add(Linear("fc" if small else "fc8", classes if classes is not None else 10 if small else 1000))
    return net.build(batch)


def vgg16_32(batch: int = 1, classes: int = 10) -> Network:
    """VGG16 for 3x32x32 images; see :func:`vgg16`."""
    return vgg16(batch, image=32, classes=classes)


def _hidden_layers(net: NetworkBuilder) -> None:
    for number in (6, 7):
        net.add(Linear(f"fc{number}", 4096))
        net.add(Activation(f"relu{number}"))
        net.add(Dropout(f"dropout{number}"))
