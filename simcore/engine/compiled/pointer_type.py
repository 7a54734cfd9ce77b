"""A numba type for a NamedTuple of tables: one pointer to the words of its arrays.

numba passes a tuple as its words, nine for each table. The words of forty tables, passed from function to function, make a kernel
slow to compile. A pointer, to the words that `tables.words_of` collects, is one word. A table's words are
loaded where code names the table; they never change while a kernel runs, and the compiler knows this.
"""

from __future__ import annotations

from typing import Any, cast

import numba
from numba.core import cgutils, imputils
from numba.core.typing import templates
from numba.extending import models, register_model

from simcore.engine.compiled.table_type import TableType

# numba's annotations do not cover its interface for extensions.
_types: Any = cast(Any, numba).types
_cgutils, _imputils = cast(Any, cgutils), cast(Any, imputils)
_templates: Any = templates
_AttributeTemplate: Any = _templates.AttributeTemplate
_register_model, _models = cast(Any, register_model), cast(Any, models)


class TablesType(_types.Type):  # type: ignore[misc]
    """The type of one NamedTuple of int64 arrays.

    ``layouts`` gives for each field its number of dimensions and, where the number of columns is fixed, that number.
    """

    def __init__(self, named: type, layouts: dict[str, tuple[int, ...]]) -> None:
        self.arrays = {
            name: TableType(f"{named.__qualname__}.{name}", layout[0], layout[1] if len(layout) > 1 else None)
            for name, layout in layouts.items()
        }
        super().__init__(f"{named.__module__}.{named.__qualname__}{sorted(layouts.items())}")


_register_model(TablesType)(_models.OpaqueModel)


def _struct(context: Any, tables: TablesType) -> Any:
    """Return the target type of the pointer: the words of the arrays, one array after another."""
    return context.get_value_type(_types.Tuple(list(tables.arrays.values())))


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
    if array.columns is None:
        return found
    # Fixed columns are a constant, so that a row is found by shifts and additions.
    columns, model = array.columns, context.data_model_manager[array]
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
