"""Families of networks, which are built for images of any size and any number of classes."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from simcore.errors import InputError
from workloads.network import Network
from workloads.networks.alexnet import alexnet_for
from workloads.networks.images import Image
from workloads.networks.resnet import STAGES as RESNETS
from workloads.networks.resnet import resnet_for
from workloads.networks.small_cnn import small_cnn_for
from workloads.networks.vgg import HIDDEN, vgg_for, vgg_like_for
from workloads.networks.vgg import STAGES as VGGS

#: Makes a network from (its name, images, classes, batch).
Family = Callable[[str, Image, int, int], Network]

#: Family -> function that makes its networks.
FAMILIES: dict[str, Family] = {
    "alexnet": alexnet_for,
    **{name: partial(resnet_for, stages=stages) for name, stages in RESNETS.items()},
    "small-cnn": small_cnn_for,
    "vgg-like": vgg_like_for,
    **{name: partial(vgg_for, stages=stages, hidden=HIDDEN.get(name, ())) for name, stages in VGGS.items()},
}

#: FAMILY-SIDE or FAMILY-SIDE-CLASSES.
_SIZED = re.compile(r"(.+?)-([0-9]{1,5})(?:-([0-9]{1,6}))?")


def sized_network(name: str, batch: int = 1) -> Network | None:
    """Return the network of a name such as ``vgg16-32`` or ``vgg16-32-100``, or None if the name has another form.

    The images are square and in colour, with this side; the default is 10 classes. Raise InputError for a side and classes that
    give no network.
    """
    match = _SIZED.fullmatch(name)
    if match is None or match[1] not in FAMILIES:
        return None
    side, classes = int(match[2]), 10 if match[3] is None else int(match[3])
    if side < 1 or classes < 1:
        raise InputError(f"expected a side and classes of at least 1, got '{name}'", where="network")
    return FAMILIES[match[1]](name, (3, side, side), classes, batch)
