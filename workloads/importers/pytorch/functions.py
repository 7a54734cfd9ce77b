"""ATen operators that work on each value, or reduce and normalise values."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from workloads.importers.operators.node import UnsupportedError
from workloads.importers.pytorch.calls import Call

Handler = Callable[[Call], None]


def _of_each(op: str) -> Handler:
    return lambda call: call.node(op, [call.first])


def _joined(op: str) -> Handler:
    """Return a handler for a function of all arguments that are tensors, or numbers beside one."""
    names = ("condition", "self", "other", "exponent", "tensor1", "tensor2")

    def handler(call: Call) -> None:
        given = [call[name] for name in names if call[name] is not None]
        call.node(op, [call.operand(value) for value in given])

    return handler


def _masked(call: Call) -> None:
    call.node("Where", [call["mask"], call.operand(call["value"]), call["self"]])


def _squared(call: Call) -> None:
    call.node("Pow", [call["self"], call.recorder.constant(2.0)])


# Reductions -------------------------------------------------------------------------------------------------------------------


def _reduced(op: str) -> Handler:
    def handler(call: Call) -> None:
        """Add a reduction; a maximum's second result, where it lies, only if it is read. With two tensors it is a join."""
        if call["other"] is not None:
            call.node(op.removeprefix("Reduce"), [call["self"], call["other"]])
            return
        shape = call.shape(call["self"])
        axes = call.axes("dim", len(shape))
        keep = int(bool(call["keepdim"]))
        call.node(op, [call["self"], call.recorder.constant(axes)], call.outputs[:1], keepdims=keep)
        if 1 in call.read:
            call.node("ArgMax", [call["self"]], call.outputs[1:2], axis=axes[0], keepdims=keep)

    return handler


def _placed(call: Call) -> None:
    """Return the place of an extreme along one axis, or among all values."""
    tensor, axis = call["self"], call["dim"]
    if axis is None:
        tensor, axis = call.reshaped(tensor, (prod(call.shape(tensor)),)), 0
    call.node("ArgMax", [tensor], axis=axis, keepdims=int(bool(call["keepdim"])))


def _variance(call: Call) -> None:
    """Return the mean of the squared distances from the mean, as four functions; a deviation adds a root."""
    tensor, shape = call["self"], call.shape(call["self"])
    axes = call.axes("dim", len(shape))
    listed = call.recorder.constant(axes)
    one = tuple(1 if axis in axes else extent for axis, extent in enumerate(shape))
    (mean,) = call.step("ReduceMean", [tensor, listed], one, keepdims=1)
    (apart,) = call.step("Sub", [tensor, mean], shape)
    (squares,) = call.step("Pow", [apart, call.recorder.constant(2.0)], shape)
    keep = int(bool(call["keepdim"]))
    if call.op == "var":
        call.node("ReduceMean", [squares, listed], call.outputs[:1], keepdims=keep)
    else:
        call.node("Sqrt", call.step("ReduceMean", [squares, listed], call.output, keepdims=keep), call.outputs[:1])


def _softmax(op: str) -> Handler:
    return lambda call: call.node(op, [call["self"]], call.outputs[:1], axis=call["dim"])


# Normalisations ---------------------------------------------------------------------------------------------------------------


def _batch_norm(call: Call) -> None:
    scale = call["weight"] or call["running_mean"]
    if scale is None:
        scale = call.recorder.weight((call.shape(call["input"])[1],))
    call.node("BatchNormalization", [call["input"], scale], call.outputs[:1])


def _layer_norm(call: Call) -> None:
    op = "LayerNormalization" if call.op != "rms_norm" else "RMSNormalization"
    call.node(op, call.given("input", "weight", "bias"), call.outputs[:1], axis=-len(call["normalized_shape"]))


def _group_norm(call: Call) -> None:
    call.node("GroupNormalization", [call["input"]], call.outputs[:1], num_groups=call["num_groups"])


# Pools ------------------------------------------------------------------------------------------------------------------------


def _pool(kind: str) -> Handler:
    def handler(call: Call) -> None:
        """Add a pool over windows."""
        rank = len(call.shape(call["self"])) - 2
        kernel = _listed(call["kernel_size"], rank)
        pads = _listed(call["padding"] or 0, rank)
        call.node(
            kind,
            [call["self"]],
            call.outputs[:1],
            kernel_shape=kernel,
            strides=_listed(call["stride"] or kernel, rank),
            pads=pads * 2,
            dilations=_listed(call["dilation"] or 1, rank),
            ceil_mode=int(bool(call["ceil_mode"])),
        )

    return handler


def _adaptive(kind: str) -> Handler:
    def handler(call: Call) -> None:
        """Add a pool over whole images, or one whose windows are all alike. Raise UnsupportedError for any other size."""
        rank = len(_sizes(call["output_size"]))
        before, after = call.shape(call["self"])[-rank:], call.output[-rank:]
        if set(after) == {1}:
            call.node(f"Global{kind}", [call["self"]], call.outputs[:1])
            return
        if any(old % new for old, new in zip(before, after, strict=True)):
            raise UnsupportedError(f"aten.{call.op} of {before} to {after}")
        kernel = [old // new for old, new in zip(before, after, strict=True)]
        call.node(kind, [call["self"]], call.outputs[:1], kernel_shape=kernel, strides=kernel)

    return handler


def _sizes(value: int | list[int]) -> list[int]:
    return [value] if isinstance(value, int) else list(value)


def _listed(value: int | list[int], rank: int) -> list[int]:
    """Return one number for each axis."""
    listed = _sizes(value)
    return listed * rank if len(listed) == 1 else listed


EACH = {
    **{"relu": "Relu", "gelu": "Gelu", "silu": "Swish", "sigmoid": "Sigmoid", "tanh": "Tanh", "hardswish": "HardSwish"},
    **{"hardsigmoid": "HardSigmoid", "leaky_relu": "LeakyRelu", "elu": "Elu", "selu": "Selu", "celu": "Celu", "mish": "Mish"},
    **{"softplus": "Softplus", "prelu": "PRelu", "threshold": "ThresholdedRelu", "erf": "Erf"},
    **dict.fromkeys(("hardtanh", "relu6", "clamp", "clamp_min", "clamp_max", "clip"), "Clip"),
    **{"exp": "Exp", "sqrt": "Sqrt", "rsqrt": "Sqrt", "abs": "Abs", "neg": "Neg", "log": "Log", "sin": "Sin", "cos": "Cos"},
    **{"expm1": "Exp", "log1p": "Log", "log2": "Log", "exp2": "Exp", "log_sigmoid": "Sigmoid", "logit": "Log"},
    **{"sign": "Sign", "round": "Round", "floor": "Floor", "ceil": "Ceil", "trunc": "Floor", "reciprocal": "Reciprocal"},
    **{"logical_not": "Not", "bitwise_not": "Not", "isnan": "IsNaN", "isinf": "IsInf", "nan_to_num": "Clip"},
    **dict.fromkeys(("tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh"), "Tan"),
}

JOINS = {
    **{"add": "Add", "sub": "Sub", "rsub": "Sub", "mul": "Mul", "div": "Div", "true_divide": "Div", "maximum": "Max"},
    **{"minimum": "Min", "pow": "Pow", "fmod": "Mod", "remainder": "Mod", "floor_divide": "Div", "where": "Where"},
    **{"eq": "Equal", "ne": "Equal", "gt": "Greater", "ge": "GreaterOrEqual", "lt": "Less", "le": "LessOrEqual"},
    **{"logical_and": "And", "logical_or": "Or", "logical_xor": "Xor", "bitwise_and": "BitwiseAnd", "bitwise_or": "BitwiseOr"},
    **{"atan2": "Pow", "addcmul": "Mul", "addcdiv": "Mul", "multiply": "Mul", "divide": "Div", "subtract": "Sub"},
}

FUNCTIONS: dict[str, Handler] = {
    **{name: _of_each(op) for name, op in EACH.items()},
    **{name: _joined(op) for name, op in JOINS.items()},
    **{"masked_fill": _masked, "square": _squared},
    **{name: _reduced(f"Reduce{op}") for name, op in {"mean": "Mean", "sum": "Sum", "amax": "Max", "amin": "Min"}.items()},
    **{name: _reduced(f"Reduce{op}") for name, op in {"max": "Max", "min": "Min", "prod": "Prod", "norm": "L2"}.items()},
    **{"linalg_vector_norm": _reduced("ReduceL2"), "logsumexp": _reduced("ReduceLogSumExp")},
    **dict.fromkeys(("any", "all"), _reduced("ReduceMax")),
    **dict.fromkeys(("argmax", "argmin"), _placed),
    **dict.fromkeys(("var", "std"), _variance),
    **dict.fromkeys(("softmax", "_softmax", "_safe_softmax"), _softmax("Softmax")),
    **dict.fromkeys(("log_softmax", "_log_softmax"), _softmax("LogSoftmax")),
    **dict.fromkeys(("batch_norm", "_native_batch_norm_legit_no_training", "_batch_norm_with_update"), _batch_norm),
    **dict.fromkeys(("layer_norm", "rms_norm", "native_layer_norm"), _layer_norm),
    "group_norm": _group_norm,
    "instance_norm": _of_each("InstanceNormalization"),
    **dict.fromkeys(("max_pool1d", "max_pool2d", "max_pool2d_with_indices", "max_pool3d"), _pool("MaxPool")),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d", "avg_pool3d"), _pool("AveragePool")),
    **dict.fromkeys(
        ("adaptive_avg_pool1d", "adaptive_avg_pool2d", "_adaptive_avg_pool2d", "adaptive_avg_pool3d"), _adaptive("AveragePool")
    ),
    **dict.fromkeys(("adaptive_max_pool1d", "adaptive_max_pool2d"), _adaptive("MaxPool")),
}
