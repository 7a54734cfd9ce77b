"""A numba type for a NamedTuple of tables: one pointer to the words of its arrays.

numba passes a tuple as its words, nine for each table. The words of forty tables, passed from function to function, make a kernel
slow to compile. A pointer is one word. A table's words are loaded where code names the table; they never change while a kernel
runs, and the compiler knows this.
"""

from __future__ import annotations

from typing import Any, cast

import numba
from numba import int64
from numba.core import cgutils, imputils
from numba.core.typing import templates
from numba.core.typing.typeof import typeof
from numba.extending import NativeValue, models, register_model, typeof_impl, unbox

# numba's annotations do not cover its interface for extensions.
_types: Any = cast(Any, numba).types
_cgutils, _imputils, _native_value, _typeof = cast(Any, cgutils), cast(Any, imputils), cast(Any, NativeValue), cast(Any, typeof)
_templates: Any = templates
_AttributeTemplate: Any = _templates.AttributeTemplate
_typeof_impl, _unbox, _register_model, _models = (
    cast(Any, typeof_impl),
    cast(Any, unbox),
    cast(Any, register_model),
    cast(Any, models),
)


class TablesType(_types.Type):  # type: ignore[misc]
    """The type of one NamedTuple of int64 arrays.

    ``layouts`` gives for each field its number of dimensions and, where the number of columns is fixed, that number.
    """

    def __init__(self, named: type, layouts: dict[str, tuple[int, ...]]) -> None:
        self.arrays = {name: _types.Array(int64, layout[0], "C") for name, layout in layouts.items()}
        self.columns = {name: layout[1] for name, layout in layouts.items() if len(layout) > 1}
        super().__init__(f"{named.__module__}.{named.__qualname__}{sorted(layouts.items())}")

    def matches(self, tables: Any) -> bool:
        """Return whether a NamedTuple holds arrays of these layouts."""
        fixed = all(getattr(tables, name).shape[1] == count for name, count in self.columns.items())
        return [_typeof(array) for array in tables] == list(self.arrays.values()) and fixed


_register_model(TablesType)(_models.OpaqueModel)


def pointer_type(named: type, layouts: dict[str, tuple[int, ...]]) -> TablesType:
    """Return the type of a NamedTuple in the signature of a kernel. Objects with other arrays do not match it."""
    found = TablesType(named, layouts)

    @_typeof_impl.register(named)
    def type_of(tables: Any, context: Any) -> TablesType | None:
        return found if found.matches(tables) else None

    return found


def _struct(context: Any, tables: TablesType) -> Any:
    """Return the target type of the pointer: the words of the arrays, one array after another."""
    return context.get_value_type(_types.Tuple(list(tables.arrays.values())))


@_unbox(TablesType)
def _take_apart(tables: TablesType, given: Any, c: Any) -> Any:
    """Put the words of the arrays on the stack of the kernel's caller, who keeps the arrays alive."""
    place = _cgutils.alloca_once(c.builder, _struct(c.context, tables))
    is_error = _cgutils.false_bit
    for number, array in enumerate(tables.arrays.values()):
        taken = c.unbox(array, c.pyapi.tuple_getitem(given, number))
        c.builder.store(taken.value, _cgutils.gep_inbounds(c.builder, place, 0, number))
        is_error = c.builder.or_(is_error, taken.is_error)
    return _native_value(c.builder.bitcast(place, c.context.get_value_type(tables)), is_error=is_error)


@_templates.infer_getattr
class _Fields(_AttributeTemplate):  # type: ignore[misc]
    key = TablesType

    def generic_resolve(self, tables: TablesType, name: str) -> Any:
        """Return the type of a field."""
        return tables.arrays.get(name)


@_imputils.lower_getattr_generic(TablesType)
def _load(context: Any, builder: Any, tables: TablesType, pointer: Any, name: str) -> Any:
    """Load the words of an array one by one, so that the compiler can remove those that are not needed."""
    place = builder.bitcast(pointer, _struct(context, tables).as_pointer())
    array = tables.arrays[name]
    found = _load_words(builder, context.get_value_type(array), place, [0, list(tables.arrays).index(name)])
    if name not in tables.columns:
        return found
    # Fixed columns are a constant, so that a row is found by shifts and additions.
    columns, model = tables.columns[name], context.data_model_manager[array]
    shape, strides = model.get_field_position("shape"), model.get_field_position("strides")
    for field, number, value in ((shape, 1, columns), (strides, 0, 8 * columns), (strides, 1, 8)):
        found = builder.insert_value(found, context.get_constant(_types.intp, value), [field, number])
    return found


def _load_words(builder: Any, type_: Any, place: Any, path: list[int]) -> Any:
    """Load a word, or a value of several words such as an array, its shape or its strides."""
    if not hasattr(type_, "elements"):
        word = builder.load(_cgutils.gep_inbounds(builder, place, *path))
        word.set_metadata("invariant.load", builder.module.add_metadata([]))
        return word
    found = _cgutils.get_null_value(type_)
    for number, element in enumerate(type_.elements):
        found = builder.insert_value(found, _load_words(builder, element, place, [*path, number]), number)
    return found
