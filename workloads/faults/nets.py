"""The networks that are trained: a small CNN and one in the manner of VGG, sized by the images they see. Needs torch."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from simcore.errors import InputError
from workloads.faults.setup import check_net

#: Widths of the blocks of the VGG-like network; images are halved after each, down to 2 rows.
_VGG_WIDTHS = (16, 32, 64, 64)


def build(name: str, image: tuple[int, int, int], classes: int) -> nn.Sequential:
    """The network of this name for images of (channels, rows, columns), weights drawn from torch's generator.

    Raises InputError for an unknown name and for images that are not square with a side of at least 8, a multiple of 4.
    """
    check_net(name)
    channels, rows, columns = image
    if rows != columns or rows < 8 or rows % 4:
        raise InputError(f"expected square images with a side of 8, 12, 16, ... , got {rows} x {columns}")
    return NETS[name](channels, rows, classes)


def _small_cnn(channels: int, side: int, classes: int) -> nn.Sequential:
    """Two 3 x 3 convolutions of 8 and 16 filters, each with ReLU and 2 x 2 maximum, and one linear layer."""
    layers: list[nn.Module] = []
    for inputs, outputs in ((channels, 8), (8, 16)):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * (side // 4) ** 2, classes))


def _vgg_like(channels: int, side: int, classes: int) -> nn.Sequential:
    """Blocks of two 3 x 3 convolutions with batch normalisation and ReLU and a 2 x 2 maximum, then two linear layers."""
    layers: list[nn.Module] = []
    for width in _VGG_WIDTHS:
        if side < 4 or side % 2:
            break
        for _ in range(2):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
        side //= 2
    hidden = 2 * channels
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * side**2, hidden), nn.ReLU(), nn.Linear(hidden, classes))


#: Name -> network of (channels, side of the images, classes).
NETS: dict[str, Callable[[int, int, int], nn.Sequential]] = {"small-cnn": _small_cnn, "vgg-like": _vgg_like}
