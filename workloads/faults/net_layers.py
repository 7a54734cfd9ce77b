"""The networks that are trained, layer by layer: what torch trains (``nets``) and a machine runs (``graph``) comes from here."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simcore.errors import InputError
from workloads.faults.setup import check_net
from workloads.layers import Activation, BatchNorm, Conv, Flatten, Input, Layer, Linear, Pool

#: Widths of the blocks of the VGG-like network; images are halved after each.
_VGG_WIDTHS = (16, 32, 64, 64)


def net_layers(name: str, image: tuple[int, int, int], classes: int) -> list[Layer]:
    """The layers of the network of this name, each reading the one before, for images of (channels, rows, columns).

    Raises InputError for an unknown name and for images that are not square with a side of at least 8, a multiple of 4.
    """
    check_net(name)
    _, rows, columns = image
    if rows != columns or rows < 8 or rows % 4:
        raise InputError(f"expected square images with a side of 8, 12, 16, ... , got {rows} x {columns}")
    return [Input("image", image), *_NETS[name](rows, classes)]


def _small_cnn(side: int, classes: int) -> Iterator[Layer]:
    """Two 3 x 3 convolutions of 8 and 16 filters, each with ReLU and 2 x 2 maximum, and one linear layer."""
    for number, filters in enumerate((8, 16), start=1):
        yield _conv(f"conv{number}", filters)
        yield Activation(f"relu{number}")
        yield _halved(f"pool{number}")
    yield Flatten("flatten")
    yield Linear("fc", classes)


def _vgg_like(side: int, classes: int) -> Iterator[Layer]:
    """Blocks of two 3 x 3 convolutions with batch normalisation and ReLU and a 2 x 2 maximum, then two linear layers."""
    for block, width in enumerate(_vgg_widths(side), start=1):
        for number in (1, 2):
            yield _conv(f"conv{block}_{number}", width)
            yield BatchNorm(f"bn{block}_{number}")
            yield Activation(f"relu{block}_{number}")
        yield _halved(f"pool{block}")
    yield Flatten("flatten")
    yield Linear("fc1", 2 * width)
    yield Activation("relu_fc1")
    yield Linear("fc2", classes)


def _vgg_widths(side: int) -> Iterator[int]:
    """Widths of the blocks there are: as long as the image can be halved, down to 2 rows."""
    for width in _VGG_WIDTHS:
        if side < 4 or side % 2:
            return
        yield width
        side //= 2


def _conv(name: str, filters: int) -> Conv:
    return Conv(name, filters, (3, 3), padding=(1, 1), bias=True)


def _halved(name: str) -> Pool:
    return Pool(name, "max", (2, 2), (2, 2))


#: Name -> layers for (side of the images, classes).
_NETS: dict[str, Callable[[int, int], Iterator[Layer]]] = {"small-cnn": _small_cnn, "vgg-like": _vgg_like}
