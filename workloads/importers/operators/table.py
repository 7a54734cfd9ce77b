"""The table of operators: one line for each rule. It uses ONNX's attributes (opsets 7 to 28), not its package."""

from __future__ import annotations

from workloads.importers.operators.attention import ATTENTION, ROTARY
from workloads.importers.operators.convolutions import CONV, CONV_TRANSPOSE
from workloads.importers.operators.einsum import EINSUM
from workloads.importers.operators.movement import CONCAT, CUMULATED, GATHER, GATHER_ELEMENTS, GATHER_ND, PAD, SLICE, SPLIT, TILE
from workloads.importers.operators.node import Operator
from workloads.importers.operators.normalisations import BATCH_NORM, GROUP_NORM, LAYER_NORM, LOCAL_RESPONSE, LP_NORM, SOFTMAX
from workloads.importers.operators.pointwise import EXPAND, FUNCTION, FUNCTIONS, SEVERAL, SEVERAL_TENSORS, SUM_OR_PRODUCT
from workloads.importers.operators.pools import GLOBAL_POOL, POOL
from workloads.importers.operators.products import GEMM, LINEAR, MATMUL
from workloads.importers.operators.quantised import CONV_INTEGER, DYNAMIC, LINEAR_CONV, LINEAR_MATMUL, MATMUL_INTEGER
from workloads.importers.operators.recurrent import RECURRENT
from workloads.importers.operators.reductions import REDUCE
from workloads.importers.operators.reshapes import DROPOUT, HANDED_ON, REARRANGED, RESHAPE, TRANSPOSE
from workloads.importers.operators.resizes import RESIZE, SAMPLED
from workloads.importers.operators.selection import TOP_K

OPERATORS: dict[str, Operator] = {
    **{"Conv": CONV, "ConvTranspose": CONV_TRANSPOSE, "Gemm": GEMM, "MatMul": MATMUL, "aten.linear": LINEAR},
    **{"QLinearConv": LINEAR_CONV, "ConvInteger": CONV_INTEGER, "QLinearMatMul": LINEAR_MATMUL, "MatMulInteger": MATMUL_INTEGER},
    "DynamicQuantizeLinear": DYNAMIC,
    **{"Attention": ATTENTION, "RotaryEmbedding": ROTARY},
    **dict.fromkeys(("LSTM", "GRU", "RNN"), RECURRENT),
    **dict.fromkeys(("MaxPool", "AveragePool", "LpPool"), POOL),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"), GLOBAL_POOL),
    **dict.fromkeys(("ReduceMean", "ReduceMax", "ReduceMin", "ReduceSum", "ReduceProd", "ReduceL1", "ReduceL2"), REDUCE),
    **dict.fromkeys(("ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp", "ArgMax", "ArgMin"), REDUCE),
    **dict.fromkeys(("Add", "Sub", "Sum", "Mul", "Div"), SUM_OR_PRODUCT),
    **dict.fromkeys(FUNCTIONS, FUNCTION),
    **dict.fromkeys(SEVERAL, SEVERAL_TENSORS),
    **dict.fromkeys(("Softmax", "LogSoftmax"), SOFTMAX),
    **{"BatchNormalization": BATCH_NORM, "LRN": LOCAL_RESPONSE, "LpNormalization": LP_NORM},
    **dict.fromkeys(("LayerNormalization", "RMSNormalization"), LAYER_NORM),
    **dict.fromkeys(("GroupNormalization", "InstanceNormalization"), GROUP_NORM),
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze"), RESHAPE),
    **{"Transpose": TRANSPOSE, "Expand": EXPAND, "Tile": TILE, "Pad": PAD, "Slice": SLICE, "Split": SPLIT, "Concat": CONCAT},
    **{
        "Gather": GATHER,
        "GatherND": GATHER_ND,
        "GatherElements": GATHER_ELEMENTS,
        "Resize": RESIZE,
        "Upsample": RESIZE,
        "GridSample": SAMPLED,
    },
    **dict.fromkeys(("DepthToSpace", "SpaceToDepth"), REARRANGED),
    **dict.fromkeys(("CumSum", "Trilu", "Scatter", "ScatterND", "ScatterElements", "ReverseSequence", "OneHot"), CUMULATED),
    **dict.fromkeys(("Identity", "Cast", "CastLike", "QuantizeLinear", "DequantizeLinear"), HANDED_ON),
    **{"Dropout": DROPOUT, "TopK": TOP_K, "Einsum": EINSUM},
}
