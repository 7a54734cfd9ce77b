"""Many tables in one vector, so that a function between two kernels takes one argument for them all.

The vector begins with three numbers for each table: where it starts, its rows and its columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numba
import numpy as np
from numba import int64
from numba.np import arrayobj

from simcore.program.program import Int64Array

# numba's annotations cover neither its types nor its configuration.
_types: Any = cast(Any, numba).types
_jit_is_off: bool = cast(Any, numba).config.DISABLE_JIT
_intrinsic: Any = cast(Any, numba).extending.intrinsic
_make_array: Any = arrayobj.make_array
_populate_array: Any = arrayobj.populate_array

_FACTS = 3


def flattened(tables: Sequence[Int64Array]) -> tuple[Int64Array, list[Int64Array]]:
    """The vector that holds copies of the tables (of one or two dimensions), and views of them in it."""
    starts = _FACTS * len(tables) + np.cumsum([0, *(table.size for table in tables)])
    flat = np.zeros(int(starts[-1]), dtype=np.int64)
    views = []
    for number, (table, start) in enumerate(zip(tables, starts.tolist(), strict=False)):
        rows, columns = table.shape if table.ndim == 2 else (1, table.shape[0])
        flat[_FACTS * number : _FACTS * (number + 1)] = start, rows, columns
        views.append(flat[start : start + table.size].reshape(table.shape))
        views[-1][...] = table
    return flat, views


if _jit_is_off:

    def table_of(flat: Int64Array, number: int) -> Int64Array:
        """The table of this number."""
        start, rows, columns = flat[_FACTS * number : _FACTS * (number + 1)]
        return flat[start : start + rows * columns].reshape(rows, columns)

    def vector_of(flat: Int64Array, number: int) -> Int64Array:
        """The vector of this number."""
        return table_of(flat, number)[0]

else:

    def _view(dimensions: int) -> Any:
        """An intrinsic that makes a view without a reference to ``flat``, which must outlive it; only inside a kernel."""

        def make(typing_context: Any, flat: Any, number: Any) -> Any:
            def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
                source = _make_array(signature.args[0])(context, builder, arguments[0])
                view = _make_array(signature.return_type)(context, builder)
                at = builder.mul(arguments[1], context.get_constant(_types.intp, _FACTS))
                facts = [
                    builder.load(builder.gep(source.data, [builder.add(at, context.get_constant(_types.intp, fact))]))
                    for fact in range(_FACTS)
                ]
                item_bytes = context.get_constant(_types.intp, 8)
                strides = [builder.mul(facts[2], item_bytes), item_bytes]
                _populate_array(
                    view,
                    data=builder.gep(source.data, [facts[0]]),
                    shape=facts[3 - dimensions :],
                    strides=strides[2 - dimensions :],
                    itemsize=item_bytes,
                    meminfo=None,
                )
                return view._getvalue()

            return _types.Array(int64, dimensions, "C")(flat, int64), generate

        return _intrinsic(make)

    table_of, vector_of = _view(2), _view(1)
