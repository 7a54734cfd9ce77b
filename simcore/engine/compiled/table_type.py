"""The numba type of a table in a kernel: an int64 array whose indices are never negative and that shares no memory with others.

numba lets an index count from the end, and looks at the sign of each index for that; and the compiler must read a table again
after a write to any other, because both may lie at one place. Neither happens to the tables of a kernel, and their code is
shorter and faster without. With numba's bounds checks on, a negative index is an IndexError.
"""

from __future__ import annotations

import operator
from typing import Any, cast

import numba
from numba import int64
from numba.core import cgutils, imputils
from numba.extending import models, register_model

# numba's annotations do not cover its interface for extensions.
_types: Any = cast(Any, numba).types
_typing: Any = cast(Any, numba).core.typing
_cgutils, _imputils = cast(Any, cgutils), cast(Any, imputils)
_register_model, _models = cast(Any, register_model), cast(Any, models)
_lower: Any = _imputils.lower_builtin


class TableType(_types.Array):  # type: ignore[misc]
    """The type of one table. Tables of different names share no memory.

    ``columns`` is the number of columns of a table of two dimensions, where that is fixed; else None.
    """

    def __init__(self, table: str, dimensions: int, columns: int | None) -> None:
        if dimensions > 2:
            raise TypeError(f"table {table}: expected 1 or 2 dimensions, got {dimensions}")
        self.table, self.columns = table, columns
        super().__init__(int64, dimensions, "C", name=f"table {table}({dimensions}, {columns})")

    @property
    def key(self) -> Any:
        """What makes two types equal."""
        return (*super().key, self.table, self.columns)

    @property
    def mangling_args(self) -> Any:
        """The parts of the type's name in symbols."""
        return self.__class__.__name__, [self.table]


_register_model(TableType)(_models.ArrayModel)


@_imputils.lower_cast(TableType, _types.Array)
def _as_array(context: Any, builder: Any, kind: Any, wanted: Any, value: Any) -> Any:
    return value


@_lower(operator.getitem, TableType, _types.Integer)
@_lower(operator.getitem, TableType, _types.BaseTuple)
def _get(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    kind, index = signature.args
    if context.enable_boundscheck or isinstance(signature.return_type, _types.Array):
        index, words = _unsigned(context, builder, index, arguments[1])
        whole = _typing.signature(signature.return_type, _plain(kind), index)
        return context.get_function(operator.getitem, whole)(builder, (arguments[0], words))
    word = builder.load(_place(context, builder, kind, arguments[0], index, arguments[1]))
    word.set_metadata("tbaa", _tag(builder.module, kind))
    return word


@_lower(operator.setitem, TableType, _types.Any, _types.Any)
def _set(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    kind, index, value = signature.args
    if context.enable_boundscheck:
        index, words = _unsigned(context, builder, index, arguments[1])
        whole = _typing.signature(signature.return_type, _plain(kind), index, value)
        return context.get_function(operator.setitem, whole)(builder, (arguments[0], words, arguments[2]))
    word = context.cast(builder, arguments[2], value, int64)
    store = builder.store(word, _place(context, builder, kind, arguments[0], index, arguments[1]))
    store.set_metadata("tbaa", _tag(builder.module, kind))
    return context.get_dummy_value()


def _plain(kind: TableType) -> Any:
    return _types.Array(int64, kind.ndim, "C")


def _unsigned(context: Any, builder: Any, index: Any, value: Any) -> tuple[Any, Any]:
    """Return the type and the value of an index, all of whose numbers are unsigned, so that numba does not count from the end."""
    word = context.get_value_type(_types.uintp)
    kinds, values = _numbers(builder, index, value)
    values = [context.cast(builder, number, kind, _types.intp) for kind, number in zip(kinds, values, strict=True)]
    if not isinstance(index, _types.BaseTuple):
        return _types.uintp, values[0]
    return _types.UniTuple(_types.uintp, len(values)), _cgutils.pack_array(builder, values, word)


def _numbers(builder: Any, index: Any, value: Any) -> tuple[list[Any], list[Any]]:
    if isinstance(index, _types.BaseTuple):
        return list(index.types), _cgutils.unpack_tuple(builder, value, len(index.types))
    return [index], [value]


def _place(context: Any, builder: Any, kind: TableType, array: Any, index: Any, value: Any) -> Any:
    """Return a pointer to one word of a table. Rows lie one after another."""
    words = context.make_array(kind)(context, builder, array)
    kinds, values = _numbers(builder, index, value)
    numbers = [context.cast(builder, number, each, _types.intp) for each, number in zip(kinds, values, strict=True)]
    at = numbers[0]
    if kind.ndim > 1:
        columns = _cgutils.unpack_tuple(builder, words.shape)[1]
        at = builder.add(builder.mul(at, columns, flags=["nsw"]), numbers[1], flags=["nsw"])
    return builder.gep(words.data, [at], inbounds=True)


def _tag(module: Any, kind: TableType) -> Any:
    """Return the compiler's note of the table to which an access goes."""
    zero = _cgutils.intp_t(0)
    root = module.add_metadata(["tables of a kernel"])
    node = module.add_metadata([kind.table, root, zero])
    return module.add_metadata([node, node, zero])
