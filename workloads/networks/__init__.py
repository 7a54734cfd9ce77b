"""Networks by name, defined layer by layer."""

from collections.abc import Callable
from functools import partial

from workloads.network import Network
from workloads.networks.alexnet import alexnet
from workloads.networks.families import FAMILIES
from workloads.networks.images import CIFAR, DIGIT, Image
from workloads.networks.language_models import LANGUAGE_MODELS
from workloads.networks.lenet5 import lenet5
from workloads.networks.mobilenet import mobilenet_v2
from workloads.networks.resnet import resnet18
from workloads.networks.transformers import Passage, bert_base, gpt2, llama_like, vit_b_16
from workloads.networks.unet import unet
from workloads.networks.vgg import vgg16


def _of_family(family: str, name: str, image: Image, batch: int = 1, classes: int = 10) -> Network:
    return FAMILIES[family](name, image, classes, batch)


def _of_model(name: str, batch: int = 1) -> Network:
    return LANGUAGE_MODELS[name].passage(Passage(128), batch)


small_cnn = partial(_of_family, "small-cnn", "small-cnn", DIGIT)
vgg_like = partial(_of_family, "vgg-like", "vgg-like", DIGIT)
resnet18_32 = partial(_of_family, "resnet18", "resnet18-32", CIFAR)
vgg16_32 = partial(_of_family, "vgg16", "vgg16-32", CIFAR)

#: Registered networks. Each function takes the batch and the number of classes.
NETWORKS: dict[str, Callable[..., Network]] = {
    "alexnet": alexnet,
    "alexnet-32": partial(_of_family, "alexnet", "alexnet-32", CIFAR),
    "lenet5": lenet5,
    "resnet18": resnet18,
    "resnet18-32": resnet18_32,
    "resnet20-32": partial(_of_family, "resnet20", "resnet20-32", CIFAR),
    "small-cnn": small_cnn,
    "vgg-like": vgg_like,
    "vgg16": vgg16,
    "vgg16-32": vgg16_32,
    "vgg8-32": partial(_of_family, "vgg8", "vgg8-32", CIFAR),
}

#: Networks of today. Each function takes the batch; the number of classes is the published one.
INFERENCE_NETWORKS: dict[str, Callable[..., Network]] = {
    "bert-base": bert_base,
    "gpt2": gpt2,
    "llama-3-8b": partial(_of_model, "llama-3-8b"),
    "llama-7b": partial(_of_model, "llama-7b"),
    "llama-like": llama_like,
    "mobilenet-v2": mobilenet_v2,
    "unet": unet,
    "vit-b-16": vit_b_16,
}

__all__ = [
    "INFERENCE_NETWORKS",
    "NETWORKS",
    "alexnet",
    "lenet5",
    "resnet18",
    "resnet18_32",
    "small_cnn",
    "vgg16",
    "vgg16_32",
    "vgg_like",
]
