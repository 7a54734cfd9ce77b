"""A PyTorch module that a function of a user's Python file makes, with the shapes of its arguments as texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod
from pathlib import Path
from types import FunctionType
from typing import Any

from simcore.errors import InputError, did_you_mean
from simcore.extensions.model_file import error_line, load_value
from workloads.importers.names import LARGEST_SIZE, one_line
from workloads.importers.pytorch.export import from_torch, import_torch
from workloads.network import Network

#: Types of arguments. Only whether they are integers matters, as the indices of an embedding must be.
TYPES = ("float32", "float16", "bfloat16", "float64", "int64", "int32", "int16", "int8", "uint8", "bool")
#: The most axes of an argument.
MOST_AXES = 16
#: The most values of an argument: torch counts bytes in 64 bits.
MOST_WORDS = 1 << 58


def load_module(
    target: str, inputs: Sequence[str], batch: int | None = None, *, skip_unsupported: bool = False, fusion: bool = True
) -> Network:
    """Return the network of the module that ``FILE.py:NAME``, a function without arguments, returns.

    The file is executed. The function runs on torch's device "meta", so that no weights are allocated. ``inputs`` are the shapes
    of the module's arguments. Raise InputError for a file, function or text that cannot be used, and as
    :func:`workloads.importers.pytorch.export.from_torch` does.
    """
    torch = import_torch()
    shapes = [_read(text) for text in inputs]
    make = load_value(target, FunctionType, "function")
    assert isinstance(make, FunctionType)
    file_name, _, name = target.rpartition(":")
    if not shapes:
        raise InputError("expected the shapes of the module's arguments, such as --input 1x3x224x224, got none", target)
    try:
        with torch.device("meta"):
            module = make()
    except InputError:
        raise
    except Exception as error:  # the user's function raises anything
        message = f"'{name}' fails with {type(error).__name__}: {one_line(error)}"
        raise InputError(message, where=error_line(error, file_name)) from error
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"expected '{name}' to return a torch.nn.Module, got {type(module).__name__}", where=file_name)
    arguments = tuple(_argument(torch, *shape) for shape in shapes)
    file = Path(file_name)
    return from_torch(module, arguments, batch, name=name, skip_unsupported=skip_unsupported, fusion=fusion, file=file)


def _read(text: str) -> tuple[tuple[int, ...], str]:
    """Return the shape and the type of a text such as "1x128:int64". Raise InputError for any other."""
    sizes, colon, kind = text.partition(":")
    kind = kind if colon else "float32"
    if not re.fullmatch(r"[0-9]{1,10}(x[0-9]{1,10})*", sizes):
        raise InputError(f"expected sizes such as 1x3x224x224, or with a type 1x128:int64, got '{text[:80]}'", "--input")
    shape = tuple(int(size) for size in sizes.split("x"))
    if len(shape) > MOST_AXES or not all(1 <= size <= LARGEST_SIZE for size in shape):
        raise InputError(f"expected at most {MOST_AXES} sizes from 1 to {LARGEST_SIZE}, got '{text[:80]}'", "--input")
    if prod(shape) > MOST_WORDS:
        raise InputError(f"expected at most 2^58 values, got '{text[:80]}'", "--input")
    if kind not in TYPES:
        raise InputError(f"expected a type of {', '.join(TYPES)}, got '{kind[:80]}'", "--input", did_you_mean(kind, TYPES))
    return shape, kind


def _argument(torch: Any, shape: tuple[int, ...], kind: str) -> Any:
    return torch.empty(shape, dtype=getattr(torch, kind), device="meta")
