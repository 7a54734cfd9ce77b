"""ResNet18 (He et al. 2016): 1.814 G multiply-accumulates and 11.69 M parameters at 224x224."""

from simcore.errors import InputError
from workloads.layers import Activation, Add, BatchNorm, Conv, Flatten, GlobalPool, Input, Linear, Pool
from workloads.network import Network, NetworkBuilder

#: Channels of the four stages, each of two basic blocks; all but the first halve the image.
STAGES = (64, 128, 256, 512)


def resnet18(batch: int = 1, image: int = 224, classes: int | None = None) -> Network:
    """ResNet18 for 3 x ``image`` x ``image`` images; ``image`` is 224 or 32, ``classes`` 1000 or 10 unless given.

    At 224 it is torchvision's (a 7x7 convolution of stride 2 and a pool first). At 32 it is the variant in common use for
    CIFAR: a 3x3 convolution of stride 1 first and no pool (0.555 G multiply-accumulates, 11.17 M parameters). Shortcuts that
    change the shape are 1x1 convolutions. Layer names are torchvision's. Raises InputError for another ``image``.
    """
    if image not in (224, 32):
        raise InputError(f"expected an image size of 224 or 32, got {image!r}", where="network 'resnet18'")
    small = image == 32
    net = NetworkBuilder("resnet18-32" if small else "resnet18")
    net.add(Input("image", (3, image, image)))
    if small:
        net.add(Conv("conv1", STAGES[0], (3, 3), padding=(1, 1)))
    else:
        net.add(Conv("conv1", STAGES[0], (7, 7), (2, 2), (3, 3)))
    net.add(BatchNorm("bn1"))
    last = net.add(Activation("relu"))
    if not small:
        last = net.add(Pool("maxpool", "max", (3, 3), (2, 2), (1, 1)))
    for stage, channels in enumerate(STAGES, start=1):
        for block in (0, 1):
            last = _basic_block(net, f"layer{stage}.{block}", last, channels, halve=stage > 1 and block == 0)
    net.add(GlobalPool("avgpool"))
    net.add(Flatten("flatten"))
    net.add(Linear("fc", classes if classes is not None else 10 if small else 1000))
    return net.build(batch)


def resnet18_32(batch: int = 1, classes: int = 10) -> Network:
    """ResNet18 for 3x32x32 images; see :func:`resnet18`."""
    return resnet18(batch, image=32, classes=classes)


def _basic_block(net: NetworkBuilder, name: str, source: str, channels: int, *, halve: bool) -> str:
    """Two 3x3 convolutions and a shortcut around them; returns the block's last layer."""
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
