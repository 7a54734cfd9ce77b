"""Layers of the vector unit in a training step: maxima with their places, their gradients, slopes, sums. Needs torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from simcore.errors import InputError
from workloads.layers import Activation
from workloads.network import LayerInstance


def max_pool(pool: nn.MaxPool2d, values: Tensor) -> tuple[Tensor, Tensor]:
    """Return the maxima of windows, and the place of each in its window, row by row."""
    found, index = functional.max_pool2d(
        values, pool.kernel_size, pool.stride, pool.padding, pool.dilation, pool.ceil_mode, return_indices=True
    )
    rows, columns = _corners(pool, found)
    width = values.shape[-1]
    taps = _pair(pool.kernel_size)
    return found, (index // width - rows) * taps[1] + index % width - columns


def max_pool_gradient(pool: nn.MaxPool2d, gradient: Tensor, places: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return the gradient of the input, of ``shape``. A place that a failed write moved outside is the nearest one."""
    rows, columns = _corners(pool, gradient)
    taps = _pair(pool.kernel_size)
    places = places.clamp(0, taps[0] * taps[1] - 1)
    row = (rows + places // taps[1]).clamp(0, shape[-2] - 1)
    column = (columns + places % taps[1]).clamp(0, shape[-1] - 1)
    batch, channels = gradient.shape[:2]
    found = torch.zeros(batch, channels, shape[-2] * shape[-1])
    found.scatter_add_(2, (row * shape[-1] + column).view(batch, channels, -1), gradient.reshape(batch, channels, -1))
    return found.view(batch, *shape)


def require_plain(pool: nn.Module, instance: LayerInstance) -> nn.MaxPool2d:
    """Return the module of a pool of maxima. Raise InputError for uneven padding and for dilation."""
    if not isinstance(pool, nn.MaxPool2d) or _pair(pool.dilation) != (1, 1):
        raise InputError("expected maxima padded evenly, without dilation", f"layer '{instance.name}'")
    return pool


def average_gradient(pool: nn.Module, gradient: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return the gradient of the input of a pool of means, which does not depend on the input."""
    image = torch.zeros(gradient.shape[0], *shape, requires_grad=True)
    with torch.enable_grad():
        pool(image).backward(gradient)
    assert image.grad is not None
    return image.grad


def slope(activation: Activation, gradient: Tensor, kept: Tensor, name: str) -> Tensor:
    """Return the gradient of an activation's input. Raise InputError for a function other than ReLU."""
    if activation.function != "relu":
        raise InputError(f"expected the function relu, got {activation.function}", f"layer '{name}'")
    return gradient * (kept > 0)


class Norm:
    """A batch normalisation, whose scale, shift and running statistics stay in the vector unit."""

    def __init__(self, module: nn.BatchNorm2d | nn.BatchNorm1d) -> None:
        self.module = module
        self.gradients: tuple[Tensor, Tensor] | None = None

    def forward(self, values: Tensor) -> Tensor:
        """Return the values normalised by their own statistics."""
        self.module.train()
        found: Tensor = self.module(values)
        return found

    def backward(self, gradient: Tensor, values: Tensor) -> Tensor:
        """Return the gradient of the input, and keep those of scale and shift."""
        module, image = self.module, values.clone().requires_grad_(True)
        with torch.enable_grad():
            found = functional.batch_norm(image, None, None, module.weight, module.bias, True, 0.0, module.eps)
            found_gradients = torch.autograd.grad(found, (image, module.weight, module.bias), gradient)
        self.gradients = (found_gradients[1], found_gradients[2])
        return found_gradients[0]


def _pair(size: int | tuple[int, ...]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def _corners(pool: nn.MaxPool2d, results: Tensor) -> tuple[Tensor, Tensor]:
    """Return the row and the column at which the window of each result begins, to be added to a tensor of results."""
    steps, padding = _pair(pool.stride), _pair(pool.padding)
    rows = torch.arange(results.shape[-2]) * steps[0] - padding[0]
    columns = torch.arange(results.shape[-1]) * steps[1] - padding[1]
    return rows[:, None], columns[None, :]
