"""The mean magnitude of each filter's channel, measured on training images. Needs torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from workloads import layers
from workloads.learning.data import Dataset
from workloads.learning.module import GraphModule
from workloads.network import Network

#: Training images on which activations are measured, the first of the data set.
IMAGES = 256


def mean_activations(net: GraphModule, data: Dataset) -> dict[str, npt.NDArray[np.float64]]:
    """Return for each convolution the mean magnitude of each channel behind its normalisation and activation.

    The images pass in evaluation, so running statistics and random states stay as they are.
    """
    found: dict[str, npt.NDArray[np.float64]] = {}

    def note(name: str) -> Any:
        def hook(module: object, inputs: object, output: Tensor) -> None:
            found[name] = output.abs().mean(dim=(0, 2, 3), dtype=torch.float64).numpy()

        return hook

    convolutions = [instance.name for instance in net.network.instances() if isinstance(instance.layer, layers.Conv)]
    handles = [net.layer(measured_behind(net.network, name)).register_forward_hook(note(name)) for name in convolutions]
    training = net.training
    try:
        net.eval()
        with torch.no_grad():
            net(torch.from_numpy(data.train_images[:IMAGES]))
    finally:
        net.train(training)
        for handle in handles:
            handle.remove()
    return found


def measured_behind(network: Network, convolution: str) -> str:
    """Return the last of the normalisations and activations that follow a convolution, or the convolution if none does."""
    last = convolution
    while True:
        readers = list(network.graph.successors(last))
        if len(readers) != 1 or not isinstance(network.layer(readers[0]), layers.BatchNorm | layers.Activation):
            return last
        last = readers[0]
