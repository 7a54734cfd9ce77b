"""ATen operators that multiply: linear layers, matrix products, convolutions, attention, recurrent networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workloads.importers.operators.node import UnsupportedError
from workloads.importers.pytorch.calls import Call
from workloads.layers import Shape

Handler = Callable[[Call], None]


def _linear(call: Call) -> None:
    """Return a linear layer, or a product of two activations if the weights are computed."""
    if call.is_constant(call["weight"]):
        call.node("aten.linear", call.given("input", "weight", "bias"))
        return
    turned = call.transposed(call["weight"], (1, 0))
    _with_bias(call, [call["input"], turned], call["bias"])


def _with_bias(call: Call, operands: list[str], bias: str | None) -> None:
    if bias is None:
        call.node("MatMul", operands)
    else:
        call.node("Add", [*call.step("MatMul", operands, call.output), bias])


def _matmul(call: Call) -> None:
    """Return a product of matrices. A vector is a matrix of one row or one column."""
    left: str = call.first
    right: str = call["other"] or call["mat2"] or call["vec"] or call["tensor"]
    shapes = call.shape(left), call.shape(right)
    if len(shapes[0]) > 1 and len(shapes[1]) > 1:
        call.node("MatMul", [left, right])
        return
    if len(shapes[0]) == 1:
        left = call.reshaped(left, (1, shapes[0][0]))
    if len(shapes[1]) == 1:
        right = call.reshaped(right, (shapes[1][0], 1))
    product: Shape = (*call.output, 1) if len(shapes[1]) == 1 else (*call.output[:-1], 1, call.output[-1])
    if len(shapes[0]) == len(shapes[1]) == 1:
        product = (1, 1)
    call.node("Reshape", call.step("MatMul", [left, right], product))


def _added_product(call: Call) -> None:
    names = ("mat1", "mat2") if call["mat1"] else ("batch1", "batch2")
    _with_bias(call, [call[name] for name in names], call["self"])


def _conv(call: Call) -> None:
    """Return a convolution, transposed or not."""
    weight = call.shape(call["weight"])
    rank = len(weight) - 2
    if len(call.shape(call["input"])) != rank + 2:
        raise UnsupportedError(f"aten.{call.op} of an image without a batch")
    attributes: dict[str, Any] = {
        "strides": _listed(call["stride"], rank, 1),
        "dilations": _listed(call["dilation"], rank, 1),
        "group": call["groups"] or 1,
    }
    if isinstance(call["padding"], str):
        attributes["auto_pad"] = b"SAME_UPPER" if call["padding"] == "same" else b"VALID"
    else:
        attributes["pads"] = _listed(call["padding"], rank, 0) * 2
    transposed = call["transposed"] or "transpose" in call.op
    call.node("ConvTranspose" if transposed else "Conv", call.given("input", "weight", "bias"), None, **attributes)


def _listed(value: int | list[int] | None, rank: int, default: int) -> list[int]:
    listed = [default] if value is None else [value] if isinstance(value, int) else list(value)
    return listed * rank if len(listed) == 1 else listed


def _attention(call: Call) -> None:
    """Return attention over (batch, heads, length, width); leading axes of another number become these."""
    tensors = [call[name] for name in ("query", "key", "value")]
    rank = len(call.output)
    if rank == 4:
        given = [*tensors, *([call["attn_mask"]] if call["attn_mask"] else [])]
        call.node("Attention", given, None, is_causal=int(bool(call["is_causal"])))
        return
    if rank != 3:
        raise UnsupportedError(f"aten.scaled_dot_product_attention of {rank} axes")
    keys = call.transposed(tensors[1], (0, 2, 1))
    scores: Shape = (*call.output[:-1], call.shape(tensors[1])[-2])
    (found,) = call.step("MatMul", [tensors[0], keys], scores)
    if call["attn_mask"]:
        (found,) = call.step("Add", [found, call["attn_mask"]], scores)
    call.node("MatMul", [*call.step("Softmax", [found], scores, axis=-1), tensors[2]])


def _recurrent(op: str, gates: int) -> Handler:
    """Return a handler that adds a node for each layer, with ONNX's axes: (steps, directions, batch, hidden)."""

    def handler(call: Call) -> None:
        """Add the layers, and the views that turn their axes into PyTorch's."""
        directions = 2 if call["bidirectional"] else 1
        each = 4 if call["has_biases"] else 2
        if call["params"] is None or len(call["params"]) != call["num_layers"] * directions * each:
            raise UnsupportedError(f"aten.{call.op} with projections or of packed sequences")
        tensor, rank = call["input"], len(call.shape(call["input"]))
        if rank == 2:
            tensor = call.reshaped(tensor, (call.shape(tensor)[0], 1, call.shape(tensor)[1]))
        elif call["batch_first"]:
            tensor = call.transposed(tensor, (1, 0, 2))
        states = []
        for layer in range(call["num_layers"]):
            tensor, *last = _one_layer(call, tensor, layer, (op, gates, directions))
            states.append(last)
        if rank == 3 and call["batch_first"]:
            call.node("Transpose", [tensor], call.outputs[:1], perm=[1, 0, 2])
        else:
            call.node("Reshape", [tensor], call.outputs[:1])
        for index, parts in enumerate(zip(*states, strict=True), start=1):
            if index in call.read:
                whole = (len(parts) * directions, *call.shape(parts[0])[1:])
                call.node("Reshape", call.step("Concat", parts, whole, part="states", axis=0), [call.outputs[index]])

    return handler


def _one_layer(call: Call, tensor: str, layer: int, kind: tuple[str, int, int]) -> list[str]:
    """Add a layer of ``kind`` (operator, gates, directions). Return its outputs (steps, batch, hidden) and its last states."""
    op, gates, directions = kind
    steps, batch, inputs = call.shape(tensor)
    hidden = call.output[-1] // directions
    wide = gates * hidden
    shapes: list[Shape] = [(directions, wide, inputs), (directions, wide, hidden)]
    shapes += [(directions, 2 * wide)] if call["has_biases"] else []
    given = [call.recorder.weight(shape) for shape in shapes]
    results: list[Shape] = [(steps, directions, batch, hidden), *[(directions, batch, hidden)] * (len(call.outputs) - 1)]
    whole, *last = call.step(op, [tensor, *given], *results, part=f"layer_{layer}", hidden_size=hidden)
    turned = call.transposed(whole, (0, 2, 1, 3))
    return [call.reshaped(turned, (steps, batch, directions * hidden)), *last]


PRODUCTS: dict[str, Handler] = {
    "linear": _linear,
    **dict.fromkeys(("matmul", "mm", "bmm", "mv", "dot"), _matmul),
    **dict.fromkeys(("addmm", "baddbmm"), _added_product),
    **dict.fromkeys(("conv1d", "conv2d", "conv3d", "convolution", "conv_transpose1d", "conv_transpose2d"), _conv),
    "scaled_dot_product_attention": _attention,
    **{"lstm": _recurrent("LSTM", 4), "gru": _recurrent("GRU", 3)},
    **dict.fromkeys(("rnn_tanh", "rnn_relu"), _recurrent("RNN", 1)),
}
