"""ATen operators that move, pick, join or name values anew."""

from __future__ import annotations

from collections.abc import Callable

from workloads.importers.operators.node import UnsupportedError
from workloads.importers.pytorch.calls import Call

Handler = Callable[[Call], None]


def named(op: str) -> Handler:
    """Return a handler for an operator with ``op`` as its ONNX name, of the first tensor alone."""
    return lambda call: call.node(op, [call.first])


def _permuted(call: Call) -> None:
    call.node("Transpose", [call["self"]], perm=call.axes("dims", len(call.output)))


def _exchanged(call: Call) -> None:
    rank = len(call.output)
    order = list(range(rank))
    first, second = (call["dim0"], call["dim1"]) if call["dim0"] is not None else (0, 1)
    if call.op in ("mT", "adjoint"):
        first, second = -2, -1
    if rank > 1:
        order[first], order[second] = order[second], order[first]
    call.node("Transpose", [call["self"]], perm=order)


def _expanded(call: Call) -> None:
    call.node("Expand", [call["self"]])


def _repeated(call: Call) -> None:
    before = call.shape(call["self"])
    aligned = (1,) * (len(call.output) - len(before)) + before
    call.node("Tile", [call.reshaped(call["self"], aligned)])


def _repeated_each(call: Call) -> None:
    """Repeat each value along one axis, as grouped queries do with their keys."""
    if not isinstance(call["repeats"], int) or call["dim"] is None:
        raise UnsupportedError("aten.repeat_interleave of computed repeats or of all axes")
    before, axis = call.shape(call["self"]), call["dim"] % len(call.output)
    apart = (*before[: axis + 1], 1, *before[axis + 1 :])
    wide = (*before[: axis + 1], call["repeats"], *before[axis + 1 :])
    call.node("Reshape", call.step("Expand", [call.reshaped(call["self"], apart)], wide))


def _concatenated(call: Call) -> None:
    call.node("Concat", [tensor for tensor in call["tensors"] if call.shape(tensor) != (0,)], axis=call["dim"] or 0)


def _stacked(call: Call) -> None:
    axis = (call["dim"] or 0) % len(call.output)
    one = (*call.output[:axis], 1, *call.output[axis + 1 :])
    call.node("Concat", [call.reshaped(tensor, one) for tensor in call["tensors"]], axis=axis)


def _split(call: Call) -> None:
    call.node("Split", [call["self"]], axis=call["dim"] or 0)


def _unbound(call: Call) -> None:
    """Split into parts of extent 1, and drop that axis of each."""
    axis = (call["dim"] or 0) % (len(call.output) + 1)
    one = (*call.output[:axis], 1, *call.output[axis:])
    parts = call.step("Split", [call["self"]], *[one] * len(call.outputs), axis=axis)
    for part, output in zip(parts, call.outputs, strict=True):
        call.node("Reshape", [part], [output])


def _selected(call: Call) -> None:
    call.node("Gather", [call["self"], call.recorder.constant(call["index"])], axis=call["dim"])


def _sliced(call: Call) -> None:
    given = (call["start"] or 0, call["end"] if call["end"] is not None else 2**31, call["dim"] or 0, call["step"] or 1)
    if call["length"] is not None:
        given = (call["start"], call["start"] + call["length"], call["dim"], 1)
    call.node("Slice", [call["self"], *(call.recorder.constant([value]) for value in given)])


def _rolled(call: Call) -> None:
    """Exchange the two parts of each rolled axis, as the ONNX exporters do."""
    tensor, shape = call["self"], call.shape(call["self"])
    shifts, dims = (value if isinstance(value, list) else [value] for value in (call["shifts"], call["dims"] or 0))
    if not call["dims"]:
        raise UnsupportedError("aten.roll of all axes")
    for shift, dim in zip(shifts, dims, strict=True):
        extent, axis = shape[dim], dim % len(shape)
        cut, parts = -shift % extent, []
        for first, end in ((cut, extent), (0, cut)):
            if first < end:
                part = (*shape[:axis], end - first, *shape[axis + 1 :])
                given = (call.recorder.constant([value]) for value in (first, end, axis, 1))
                parts += call.step("Slice", [tensor, *given], part)
        tensor = call.step("Concat", parts, shape, axis=axis)[0]
    call.node("Identity", [tensor])


def _largest(call: Call) -> None:
    """Return the largest values of an axis and their places, as many as ``k`` says, or all of them in order."""
    rank, dim = len(call.shape(call["self"])), call["dim"]
    axis = rank - 1 if dim is None else dim % rank
    count = call["k"] or call.shape(call["self"])[axis]
    call.node("TopK", [call["self"], call.recorder.constant([count])], axis=axis)


def _bags(call: Call) -> None:
    """Return the sum or mean of the rows of each bag of indices. All bags are taken to have the same size."""
    (count,), (bags, *width) = call.shape(call["indices"]), call.output
    if count % bags:
        raise UnsupportedError("aten.embedding_bag with bags of unequal sizes")
    rows = call.step("Gather", [call["weight"], call["indices"]], (count, *width), axis=0)[0]
    apart = call.reshaped(rows, (bags, count // bags, *width))
    call.node("ReduceSum", [apart, call.recorder.constant([1])], call.outputs[:1], keepdims=0)


def _picked(call: Call) -> None:
    call.node("Gather", [call["self"], call["index"]], axis=call["dim"])


def _indexed(call: Call) -> None:
    """Pick along the one axis that has indices."""
    found = [(axis, index) for axis, index in enumerate(call["indices"]) if index is not None]
    if len(found) != 1:
        raise UnsupportedError("aten.index along several axes")
    axis, index = found[0]
    call.node("Gather", [call["self"], index], axis=axis)


def _embedded(call: Call) -> None:
    call.node("Gather", [call["weight"], call["indices"]], axis=0)


def _elements(call: Call) -> None:
    call.node("GatherElements", [call["self"], call["index"]], axis=call["dim"])


def _resized(mode: str) -> Handler:
    return lambda call: call.node("Resize", [call.first], mode=mode.encode())


MOVES: dict[str, Handler] = {
    **dict.fromkeys(("view", "reshape", "_unsafe_view", "flatten", "unflatten", "unsqueeze", "squeeze"), named("Reshape")),
    **dict.fromkeys(("view_as", "reshape_as", "ravel", "atleast_1d", "atleast_2d"), named("Reshape")),
    **dict.fromkeys(("dropout", "feature_dropout", "alpha_dropout", "native_dropout"), named("Dropout")),
    **dict.fromkeys(
        ("to", "_to_copy", "type_as", "contiguous", "clone", "detach", "alias", "lift_fresh_copy"), named("Identity")
    ),
    **dict.fromkeys(("lift_fresh", "positive", "real"), named("Identity")),
    **dict.fromkeys(("transpose", "t", "numpy_T", "mT", "adjoint", "swapaxes", "swapdims"), _exchanged),
    **dict.fromkeys(("permute", "permute_copy"), _permuted),
    **dict.fromkeys(("expand", "expand_as", "broadcast_to"), _expanded),
    **{"repeat": _repeated, "tile": _repeated, "repeat_interleave": _repeated_each},
    **dict.fromkeys(("cat", "concat", "concatenate"), _concatenated),
    **dict.fromkeys(("split", "split_with_sizes", "chunk", "tensor_split"), _split),
    **{"stack": _stacked, "unbind": _unbound, "select": _selected, "slice": _sliced, "narrow": _sliced, "roll": _rolled},
    **{"index_select": _picked, "index": _indexed, "gather": _elements, "embedding": _embedded},
    **{"topk": _largest, "sort": _largest, "embedding_bag": _bags},
    **dict.fromkeys(("pad", "constant_pad_nd", "reflection_pad1d", "reflection_pad2d", "replication_pad2d"), named("Pad")),
    **dict.fromkeys(("tril", "triu", "flip", "masked_scatter", "scatter", "index_copy", "index_put"), named("Trilu")),
    **{"cumsum": named("CumSum"), "pixel_shuffle": named("DepthToSpace"), "pixel_unshuffle": named("SpaceToDepth")},
    "channel_shuffle": named("DepthToSpace"),
    **dict.fromkeys(("upsample_nearest1d", "upsample_nearest2d", "_upsample_nearest_exact2d"), _resized("nearest")),
    **dict.fromkeys(("upsample_linear1d", "upsample_bilinear2d", "_upsample_bilinear2d_aa"), _resized("linear")),
    "upsample_bicubic2d": _resized("cubic"),
}

#: Operators that only give values another shape or place, or pick some: none of them makes a module a layer.
VIEWS = frozenset(
    (
        *("view", "reshape", "_unsafe_view", "flatten", "unflatten", "unsqueeze", "squeeze", "view_as", "reshape_as"),
        *("to", "_to_copy", "type_as", "contiguous", "clone", "detach", "alias", "transpose", "t", "permute", "expand"),
        *("split", "split_with_sizes", "chunk", "unbind", "select", "slice", "narrow", "cat", "stack"),
    )
)

#: Operators whose results follow from shapes alone.
SHAPED = frozenset(
    (
        *("zeros_like", "ones_like", "full_like", "empty_like", "new_zeros", "new_ones", "new_full", "new_empty"),
        *("arange", "zeros", "ones", "full", "empty", "eye", "linspace", "scalar_tensor", "rand_like", "randn_like"),
    )
)
