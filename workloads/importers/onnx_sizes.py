"""Sizes that an ONNX file leaves open or states: named axes of its inputs, the batch among them, and limits on all sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simcore.errors import InputError, did_you_mean, raise_all
from workloads.importers.names import LARGEST_SIZE
from workloads.importers.operators.node import Batch


@dataclass(frozen=True)
class FileBatch:
    """The batch of a file: ``count`` images, at ``axes`` of its inputs, by name. ``is_open`` says that the file gives no size.

    ``missing`` is the reason if no axis of the inputs is the batch.
    """

    count: int
    axes: Mapping[str, Batch]
    is_open: bool = False
    missing: str | None = None


def settle_sizes(graph: Any, inputs: Iterable[str], dims: Mapping[str, int], where: str) -> FileBatch:
    """Give every open axis its size and return the batch.

    ``inputs`` names the inputs that are no weights. ``dims`` gives sizes of named axes. Axis 0 may stay open: it is the batch, of
    one image, together with all axes of its name. If no axis 0 is open, axis 0 of the first input is the batch, and that of every
    other one with the same extent.
    Raise InputError for other open axes, and for names in ``dims`` that no axis has.
    """
    wanted = set(inputs)
    shapes = {value.name: value.type.tensor_type.shape.dim for value in graph.input if value.name in wanted}
    names = {dimension.dim_param for axes in shapes.values() for dimension in axes if _is_open(dimension) and dimension.dim_param}
    for name, size in dims.items():
        if name not in names:
            listed = f"the open axes are {', '.join(sorted(names))}" if names else "no axis is open"
            raise InputError(f"no open axis is named '{name}'; {listed}", where, did_you_mean(name, names))
        if not 1 <= size <= LARGEST_SIZE:
            raise InputError(f"expected a size from 1 to {LARGEST_SIZE} for the axis '{name}', got {size}", where=where)
    for name, axes in shapes.items():
        if any(dimension.dim_value < 0 for dimension in axes):
            extents = ", ".join(str(dimension.dim_value) for dimension in axes)
            raise InputError(f"input '{name}': expected no negative extents, got {extents}", where=where)
    _set(shapes.values(), dims)
    heads = {axes[0].dim_param for axes in shapes.values() if len(axes) and _is_open(axes[0])}
    if heads:
        return _open_batch(shapes, heads, where)
    _refuse_open(shapes, set(), where)
    return written_batch({name: [dimension.dim_value for dimension in axes] for name, axes in shapes.items()})


def _is_open(dimension: Any) -> bool:
    return not dimension.HasField("dim_value")


def _set(shapes: Iterable[Any], sizes: Mapping[str, int]) -> None:
    for axes in shapes:
        for dimension in axes:
            if _is_open(dimension) and dimension.dim_param in sizes:
                dimension.dim_value = sizes[dimension.dim_param]


def _open_batch(shapes: Mapping[str, Any], heads: set[str], where: str) -> FileBatch:
    """Give the batch, whose axes have the names ``heads`` or stand first without a name, one image."""
    found: dict[str, Batch] = {}
    for name, axes in shapes.items():
        for axis, dimension in enumerate(axes):
            if _is_open(dimension) and ((dimension.dim_param and dimension.dim_param in heads) or axis == 0):
                found.setdefault(name, Batch(axis))
    _refuse_open(shapes, heads, where)
    for axes in shapes.values():
        for dimension in axes:
            if _is_open(dimension):
                dimension.dim_value = 1
    return FileBatch(1, found, is_open=True)


def _refuse_open(shapes: Mapping[str, Any], batch: set[str], where: str) -> None:
    errors = []
    for name, axes in shapes.items():
        for axis, dimension in enumerate(axes):
            if _is_open(dimension) and axis > 0 and (not dimension.dim_param or dimension.dim_param not in batch):
                called = f" ('{dimension.dim_param}')" if dimension.dim_param else ""
                message = f"input '{name}': dimension {axis}{called} has no size; only the batch, dimension 0, may be left open"
                hint = (
                    f"--dim {dimension.dim_param}=N gives it one" if dimension.dim_param else "export the model with fixed sizes"
                )
                errors.append(InputError(message, where=where, hint=hint))
    raise_all(errors)


def written_batch(shapes: Mapping[str, list[int]]) -> FileBatch:
    """Return axis 0 of the first input as the batch, and that of all others with the same extent."""
    count = next((shape[0] for shape in shapes.values() if shape), 0)
    if count < 1:
        return FileBatch(1, {}, missing="no input has images along dimension 0")
    return FileBatch(count, {name: Batch(0) for name, shape in shapes.items() if shape[:1] == [count]})


def written_sizes(onnx: Any, graph: Any) -> Iterator[tuple[str, int]]:
    """Yield every size that the file states (dimensions, strides, paddings and the like) with its description."""
    for value in graph.input:
        for dimension in value.type.tensor_type.shape.dim:
            yield f"input '{value.name}'", dimension.dim_value
    for tensor in graph.initializer:
        yield from ((f"weights '{tensor.name}'", size) for size in tensor.dims)
    for node in graph.node:
        called = node.name or node.output[0] if node.output else node.name
        for attribute in node.attribute if node.op_type not in ("Constant", "Cast", "Slice") else ():
            if attribute.type in (onnx.AttributeProto.INT, onnx.AttributeProto.INTS):
                yield from ((f"{attribute.name} of node '{called}'", size) for size in (attribute.i, *attribute.ints))


def reject_large(sizes: Iterable[tuple[str, int]], where: str) -> None:
    """Raise InputError for a size that does not fit into 32 bits."""
    for what, size in sizes:
        if abs(size) > LARGEST_SIZE:
            raise InputError(f"{what}: expected sizes of at most {LARGEST_SIZE}, got {size}", where=where)
