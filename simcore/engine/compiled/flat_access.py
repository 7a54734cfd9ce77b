"""Access by name, inside a kernel, to tables that lie in one vector (`flat_tables.flattened`)."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import numba
from numba import extending, int64
from numba.core.typing import templates
from numba.np import arrayobj

from simcore.engine.compiled.flat_tables import FACTS, layout_of, views_of
from simcore.program.program import Int64Array
from simcore.timing.machine_code import jit_is_off

# numba's annotations cover neither its types nor its interface for extensions.
_types: Any = cast(Any, numba).types
_extending: Any = extending
_AttributeTemplate: Any = templates.AttributeTemplate
_make_array: Any = arrayobj.make_array
_populate_array: Any = arrayobj.populate_array

_Tables = TypeVar("_Tables", bound=tuple[Any, ...])

if jit_is_off():

    def tables_in(flat: Int64Array, tables: type[_Tables]) -> _Tables:
        """Return the NamedTuple of tables that was flattened into a vector."""
        return views_of(flat, tables, 0)

else:

    class _FlatType(_types.Type):  # type: ignore[misc]
        """A NamedTuple of tables in a kernel, as the address of its vector. The vector must outlive it."""

        def __init__(self, tables: type, first: int) -> None:
            self.tables, self.first = tables, first
            super().__init__(name=f"{tables.__module__}.{tables.__qualname__} from {first}")

        def field(self, name: str) -> tuple[int, Any]:
            """Return the number of the field's first array, and its type."""
            number, found = layout_of(self.tables)[name]
            if isinstance(found, type):
                return self.first + number, _FlatType(found, self.first + number)
            return self.first + number, _types.Array(int64, found, "C")

    @_extending.register_model(_FlatType)
    class _FlatModel(_extending.models.PrimitiveModel):  # type: ignore[misc]
        def __init__(self, manager: Any, declared: Any) -> None:
            super().__init__(manager, declared, manager.lookup(int64).get_value_type().as_pointer())

    @_extending.infer_getattr
    class _Fields(_AttributeTemplate):  # type: ignore[misc]
        key = _FlatType

        def generic_resolve(self, declared: Any, name: str) -> Any:
            return declared.field(name)[1] if name in layout_of(declared.tables) else None

    @_extending.lower_getattr_generic(_FlatType)
    def _field(context: Any, builder: Any, declared: Any, vector: Any, name: str) -> Any:
        """Return a view without a reference to the vector."""
        number, kind = declared.field(name)
        if isinstance(kind, _FlatType):
            return vector
        word = context.get_value_type(int64)
        # Nothing writes to these numbers while a kernel runs, so one read of each is enough.
        never_written = builder.module.add_metadata([])
        facts = []
        for fact in range(FACTS):
            load = builder.load(builder.gep(vector, [word(FACTS * number + fact)]))
            load.set_metadata("invariant.load", never_written)
            facts.append(load)
        strides = [builder.mul(facts[2], word(8)), word(8)]
        view = _make_array(kind)(context, builder)
        _populate_array(
            view,
            data=builder.gep(vector, [facts[0]]),
            shape=facts[FACTS - kind.ndim :],
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

        return _FlatType(tables.instance_class, 0)(flat, tables), generate
