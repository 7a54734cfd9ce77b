"""Many tables as one argument of a kernel: a NamedTuple of int64 arrays, which lie in one vector.

The NamedTuple is declared once. Its fields are arrays (`tables.Vector`, `tables.Table`) or other such NamedTuples. `flattened`
copies the arrays into a vector, and `tables_in` gives access by name inside a kernel. There a NamedTuple is only the address of
the vector, and the code looks up a table where it reads the field. numba's own NamedTuples pass eight words of every array to
every function, which made the compilation of the DRAM 1.8 times as long. The vector begins with three numbers per table: its
start, its rows and its columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar, cast, get_type_hints

import numba
import numpy as np
from numba import extending, int64
from numba.core.typing import templates
from numba.np import arrayobj

from simcore.program.program import Int64Array

# numba's annotations cover neither its types nor its configuration.
_types: Any = cast(Any, numba).types
_extending: Any = extending
_AttributeTemplate: Any = templates.AttributeTemplate
_make_array: Any = arrayobj.make_array
_populate_array: Any = arrayobj.populate_array
_jit_is_off: bool = cast(Any, numba).config.DISABLE_JIT

_Tables = TypeVar("_Tables", bound=tuple[Any, ...])
_FACTS = 3


def flattened(tables: _Tables) -> tuple[Int64Array, _Tables]:
    """Return a vector with copies of all arrays of a NamedTuple of tables, and the same NamedTuple with views of the vector."""
    arrays = list(_arrays(tables))
    starts = _FACTS * len(arrays) + np.cumsum([0, *(array.size for array in arrays)])
    flat = np.zeros(int(starts[-1]), dtype=np.int64)
    for number, (array, start) in enumerate(zip(arrays, starts.tolist(), strict=False)):
        rows, columns = array.shape if array.ndim == 2 else (1, array.shape[0])
        flat[_FACTS * number : _FACTS * (number + 1)] = start, rows, columns
        flat[start : start + array.size] = array.reshape(-1)
    return flat, _views(flat, type(tables), 0)


def _arrays(tables: tuple[Any, ...]) -> Iterator[Int64Array]:
    for field in tables:
        if isinstance(field, tuple):
            yield from _arrays(field)
        else:
            yield field


@cache
def _layout(tables: type) -> dict[str, tuple[int, int | type]]:
    """Return, for each field, the number of its first array in the vector, and its dimensions or its NamedTuple."""
    layout, number = {}, 0
    for name, hint in get_type_hints(tables, include_extras=True).items():
        found = hint.__metadata__[0] if hasattr(hint, "__metadata__") else hint
        layout[name] = (number, found)
        number += len(list(_leaves(found))) if isinstance(found, type) else 1
    return layout


def _leaves(tables: type) -> Iterator[int]:
    for _, found in _layout(tables).values():
        if isinstance(found, type):
            yield from _leaves(found)
        else:
            yield found


def _views(flat: Int64Array, tables: type[_Tables], first: int) -> _Tables:
    """Return the NamedTuple whose arrays lie in a vector, beginning with array number ``first``."""
    fields: list[Any] = []
    for number, found in _layout(tables).values():
        if isinstance(found, type):
            fields.append(_views(flat, found, first + number))
            continue
        start, rows, columns = flat[_FACTS * (first + number) : _FACTS * (first + number + 1)].tolist()
        view = flat[start : start + rows * columns]
        fields.append(view.reshape(rows, columns) if found == 2 else view)
    return tables(*fields)


if _jit_is_off:

    def tables_in(flat: Int64Array, tables: type[_Tables]) -> _Tables:
        """Return the NamedTuple of tables that was flattened into a vector."""
        return _views(flat, tables, 0)

else:

    class _TablesType(_types.Type):  # type: ignore[misc]
        """A NamedTuple of tables in a kernel, as the address of its vector. The vector must outlive it."""

        def __init__(self, tables: type, first: int) -> None:
            self.tables, self.first = tables, first
            super().__init__(name=f"{tables.__module__}.{tables.__qualname__} from {first}")

        def field(self, name: str) -> tuple[int, Any]:
            """Return the number of the field's first array, and its type."""
            number, found = _layout(self.tables)[name]
            if isinstance(found, type):
                return self.first + number, _TablesType(found, self.first + number)
            return self.first + number, _types.Array(int64, found, "C")

    @_extending.register_model(_TablesType)
    class _TablesModel(_extending.models.PrimitiveModel):  # type: ignore[misc]
        def __init__(self, manager: Any, declared: Any) -> None:
            super().__init__(manager, declared, manager.lookup(int64).get_value_type().as_pointer())

    @_extending.infer_getattr
    class _Fields(_AttributeTemplate):  # type: ignore[misc]
        key = _TablesType

        def generic_resolve(self, declared: Any, name: str) -> Any:
            return declared.field(name)[1] if name in _layout(declared.tables) else None

    @_extending.lower_getattr_generic(_TablesType)
    def _field(context: Any, builder: Any, declared: Any, vector: Any, name: str) -> Any:
        """Return a view without a reference to the vector."""
        number, kind = declared.field(name)
        if isinstance(kind, _TablesType):
            return vector
        word = context.get_value_type(int64)
        # Nothing writes to these numbers while a kernel runs, so one read of each is enough.
        never_written = builder.module.add_metadata([])
        facts = []
        for fact in range(_FACTS):
            load = builder.load(builder.gep(vector, [word(_FACTS * number + fact)]))
            load.set_metadata("invariant.load", never_written)
            facts.append(load)
        strides = [builder.mul(facts[2], word(8)), word(8)]
        view = _make_array(kind)(context, builder)
        _populate_array(
            view,
            data=builder.gep(vector, [facts[0]]),
            shape=facts[_FACTS - kind.ndim :],
            strides=strides[2 - kind.ndim :],
            itemsize=word(8),
            meminfo=None,
        )
        return view._getvalue()

    @_extending.intrinsic
    def tables_in(typing_context: Any, flat: Any, tables: Any) -> Any:
        """Return the NamedTuple of tables that was flattened into a vector. Call this only inside a kernel."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return _make_array(signature.args[0])(context, builder, arguments[0]).data

        return _TablesType(tables.instance_class, 0)(flat, tables), generate
