"""The systolic array of a System and its edge."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ValidationInfo, field_validator

from simcore.reading.keys import key
from simcore.reading.values import Broken, Count, Spec, raise_broken
from simcore.spec.dataflow_name import DataflowName

Edge = Literal["skew-registers", "skewed-fetch"]
FoldOverlap = Literal["none", "after-wave", "wave"]
PartialSums = Literal["accumulator", "ofmap"]


class ArraySpec(Spec):
    """The systolic array and its edge."""

    rows: Annotated[Count, key("Rows of processing elements.", "PEs", cycles=True)]
    columns: Annotated[Count, key("Columns of processing elements.", "PEs", cycles=True)]
    count: Annotated[
        Count,
        key(
            "Equal arrays, which make their steps together and share the scratchpads, the DMA and main memory. Each layer is "
            "split among them by what is expected to save most cycles: filters, output pixels (also of several images), groups "
            "(also heads and images of a product), or several of these (`split_by`). Several arrays need `edge: skew-registers`.",
            "arrays",
            cycles=True,
        ),
    ] = 1
    dataflow: Annotated[
        DataflowName,
        key(
            "Which operand stays in the processing elements: weights (`ws`), results (`os`) or inputs (`is`); or another "
            "installed dataflow (`simcore list dataflows`), or one of your own (docs/your-own-dataflow-and-layer.md).",
            cycles=True,
        ),
    ]
    fold_overlap: Annotated[
        FoldOverlap,
        key(
            "When the operand that stays for the next fold may enter the array: after this fold (`none`), once the wave in which "
            "the PEs swap to this fold's operand has passed the last PE (`after-wave`), or right behind that wave (`wave`, with "
            "`edge: skew-registers`), so that folds follow each other every max(streamed elements, rows) steps.",
            cycles=True,
        ),
    ] = "none"
    edge: Annotated[
        Edge,
        key(
            "Where operands are skewed. With `skew-registers` the edge fetches the operand vector of one time index at once and "
            "delays its words in registers; with `skewed-fetch` every lane fetches its own word in the cycle in which it enters.",
            cycles=True,
        ),
    ] = "skew-registers"
    partial_sums: Annotated[
        PartialSums,
        key(
            "Where partial sums are kept: in a scratchpad of their own (`accumulator`) or in that of the results (`ofmap`).",
            cycles=True,
        ),
    ] = "accumulator"
    port_window: Annotated[
        Count,
        key(
            "Depth of the FIFO at each edge of the array: how many elements (operand vectors) a port may fetch ahead.",
            "elements",
            cycles=True,
        ),
    ] = 8

    @field_validator("edge")
    @classmethod
    def _skew_registers_where_needed(cls, edge: Edge, info: ValidationInfo) -> Edge:
        if edge == "skew-registers":
            return edge
        if info.data.get("fold_overlap") == "wave":
            hint = "or set array.fold_overlap: after-wave"
            raise_broken([Broken((), f"expected 'skew-registers' with array.fold_overlap 'wave', got '{edge}'", hint)])
        if info.data.get("count", 1) > 1:
            raise_broken([Broken((), f"expected 'skew-registers' with array.count {info.data['count']}, got '{edge}'")])
        return edge

    @property
    def all_columns(self) -> int:
        """Return the columns of all arrays, side by side."""
        return self.count * self.columns
