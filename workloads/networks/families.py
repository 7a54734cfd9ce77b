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

#: FAMILY-narrowN, with channels and features divided by N.
_NARROW = re.compile(r"(.+)-narrow([0-9]{1,4})")
#: FAMILY-SIDE or FAMILY-SIDE-CLASSES.
_SIZED = re.compile(r"(.+?)-([0-9]{1,5})(?:-([0-9]{1,6}))?")


def family_named(name: str) -> Family | None:
    """Return the family of this name, or None. ``vgg8-narrow8`` is ``vgg8`` with an eighth of its channels and features.

    Raise InputError for a number by which the channels of a family cannot be divided, or a family that has no narrow form.
    """
    match = _NARROW.fullmatch(name)
    if match is None or match[1] not in FAMILIES:
        return FAMILIES.get(name)
    whole, by = match[1], int(match[2])
    stages = {**RESNETS, **VGGS}.get(whole)
    if stages is None:
        narrow = ", ".join((*RESNETS, *VGGS))
        raise InputError(f"expected a family that can be narrowed, one of {narrow}, got '{whole}'", where="network")
    sizes = [*(channels for _, channels in stages), *HIDDEN.get(whole, ())]
    if by < 1 or any(size % by for size in sizes):
        raise InputError(f"expected a number that divides {', '.join(map(str, sizes))}, got {by}", where=f"network '{name}'")
    narrowed = tuple((layers, channels // by) for layers, channels in stages)
    if whole in RESNETS:
        return partial(resnet_for, stages=narrowed)
    return partial(vgg_for, stages=narrowed, hidden=tuple(features // by for features in HIDDEN.get(whole, ())))


def sized_network(name: str, batch: int = 1) -> Network | None:
    """Return the network of a name such as ``vgg16-32`` or ``vgg16-32-100``, or None if the name has another form.

    The images are square and in colour, with this side; the default is 10 classes. The family may be a narrow one. Raise
    InputError for a side and classes that give no network.
    """
    match = _SIZED.fullmatch(name)
    family = None if match is None else family_named(match[1])
    if match is None or family is None:
        return None
    side, classes = int(match[2]), 10 if match[3] is None else int(match[3])
    if side < 1 or classes < 1:
        raise InputError(f"expected a side and classes of at least 1, got '{name}'", where="network")
    return family(name, (3, side, side), classes, batch)
