"""Networks by name, written layer by layer."""

from collections.abc import Callable

from workloads.network import Network
from workloads.networks.alexnet import alexnet
from workloads.networks.lenet5 import lenet5
from workloads.networks.resnet18 import resnet18, resnet18_32
from workloads.networks.trained import small_cnn, vgg_like
from workloads.networks.vgg16 import vgg16, vgg16_32

#: Registered networks; each function takes the batch.
NETWORKS: dict[str, Callable[..., Network]] = {
    "alexnet": alexnet,
    "lenet5": lenet5,
    "resnet18": resnet18,
    "resnet18-32": resnet18_32,
    "small-cnn": small_cnn,
    "vgg-like": vgg_like,
    "vgg16": vgg16,
    "vgg16-32": vgg16_32,
}

__all__ = ["NETWORKS", "alexnet", "lenet5", "resnet18", "resnet18_32", "small_cnn", "vgg16", "vgg16_32", "vgg_like"]
