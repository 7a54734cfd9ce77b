"""The images for which a network is built."""

from __future__ import annotations

from simcore.errors import InputError

#: (channels, rows, columns).
Image = tuple[int, int, int]

#: Colour images of ImageNet, in the size to which networks crop them.
IMAGENET: Image = (3, 224, 224)
#: Colour images of CIFAR.
CIFAR: Image = (3, 32, 32)
#: Grey images of scikit-learn's digits.
DIGIT: Image = (1, 8, 8)


def require_square(image: Image, least: int, multiple: int) -> None:
    """Raise InputError unless rows equal columns and are at least ``least`` and a multiple of ``multiple``."""
    _, rows, columns = image
    if rows != columns or rows < least or rows % multiple:
        sides = ", ".join(str(least + multiple * step) for step in range(3))
        raise InputError(f"expected square images with a side of {sides}, ... , got {rows} x {columns}")
