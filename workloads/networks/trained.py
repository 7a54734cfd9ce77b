"""The networks that the study of write errors trains, for the images it trains them on."""

from workloads.faults.graph import trained_network
from workloads.network import Network

#: scikit-learn's digits: grey images of 8 x 8.
DIGIT = (1, 8, 8)


def small_cnn(batch: int = 1, classes: int = 10) -> Network:
    """Two convolutions and a linear layer for 1x8x8 images: 23,680 multiply-accumulates, 1,898 parameters."""
    return trained_network("small-cnn", DIGIT, classes, batch)


def vgg_like(batch: int = 1, classes: int = 10) -> Network:
    """Two blocks in the manner of VGG and two linear layers for 1x8x8 images: 386,688 multiply-accumulates, 25,466 parameters."""
    return trained_network("vgg-like", DIGIT, classes, batch)
