"""Functions and arrays at addresses, inside kernels.

A kernel that inlined a bank timing would give old results after the timing's file is edited. A kernel that takes the timing's
address is compiled and kept once for all timings. A call costs 3 to 9 ns. `int64_view` passes a slice of state without the 30 ns
that numba spends on counting references to a numpy slice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numba
from numba import float64, int64
from numba.core import cgutils
from numba.np import arrayobj

from simcore.program.program import Int64Array
from simcore.timing.machine_code import jit_is_off

# numba's annotations cover neither its types nor its interface for extensions.
types: Any = numba.types
_make_array: Any = arrayobj.make_array
_populate_array: Any = arrayobj.populate_array
_if_unlikely: Any = cast(Any, cgutils).if_unlikely
_ir: Any = cast(Any, cgutils).ir
_intrinsic: Any = cast(Any, numba).extending.intrinsic

if jit_is_off():

    def calling(signature: Any) -> Callable[..., Any]:
        """Return ``call(function, ...)``, which calls a plain function of six arguments."""
        return lambda function, *arguments: function(*arguments)

    calling_four = calling

    def int64_view(flat: Int64Array, start: int, length: int) -> Int64Array:
        """Return ``flat[start:start + length]``, to pass state to a serve."""
        return flat[start : start + length]

else:

    def calling(signature: Any) -> Callable[..., Any]:
        """Return ``call(address, ...)``, which calls, inside a kernel, the compiled function of six arguments at an address."""

        @_intrinsic
        def call(typing_context: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any) -> Any:
            """Type the call of the function at ``address``."""
            return signature.return_type(int64, *signature.args), _generating(signature)

        return cast(Callable[..., Any], call)

    def calling_four(signature: Any) -> Callable[..., Any]:
        """Return the same for a function of four arguments."""

        @_intrinsic
        def call(typing_context: Any, address: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
            """Type the call of the function at ``address``."""
            return signature.return_type(int64, *signature.args), _generating(signature)

        return cast(Callable[..., Any], call)

    def _generating(signature: Any) -> Callable[..., Any]:
        """Return what generates the code of a call by address."""

        def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
            """Write the call; an exception of the function becomes one of the caller."""
            result, given = signature.return_type, signature.args
            kind = context.call_conv.get_function_type(result, given).as_pointer()
            function = builder.inttoptr(arguments[0], kind)
            status, answer = context.call_conv.call_function(builder, function, result, given, arguments[1:])
            with _if_unlikely(builder, status.is_error):
                context.call_conv.return_status_propagate(builder, status)
            return answer

        return generate

    @_intrinsic
    def int64_view(typing_context: Any, flat: Any, start: Any, length: Any) -> Any:
        """Return ``flat[start:start + length]`` without a reference to ``flat``, which must outlive it; only inside a kernel.

        Numba's own slices count references, which is slow, and a kernel compiled without reference counts cannot return them.
        """

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            """Write the view of ``arguments[2]`` items from item ``arguments[1]`` on."""
            source = _make_array(signature.args[0])(context, builder, arguments[0])
            view = _make_array(signature.return_type)(context, builder)
            item_bytes = context.get_constant(types.intp, 8)
            data = builder.gep(source.data, [arguments[1]])
            _populate_array(view, data=data, shape=[arguments[2]], strides=[item_bytes], itemsize=item_bytes, meminfo=None)
            return view._getvalue()

        return types.Array(int64, 1, "C")(flat, int64, int64), generate


@_intrinsic
def array_at(typing_context: Any, address: Any, length: Any, dtype: Any) -> Any:
    """Return the array of so many numbers of a type at an address; only inside a kernel. It belongs to the kernel's caller."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        """Write the view."""
        array, item = _make_array(signature.return_type)(context, builder), context.get_data_type(dtype.dtype)
        item_bytes = context.get_constant(types.intp, context.get_abi_sizeof(item))
        data = builder.inttoptr(arguments[0], item.as_pointer())
        _populate_array(array, data=data, shape=[arguments[1]], strides=[item_bytes], itemsize=item_bytes, meminfo=None)
        return array._getvalue()

    return types.Array(dtype.dtype, 1, "C")(int64, int64, dtype), generate


@_intrinsic
def drawn_double(typing_context: Any, next_double: Any, state: Any) -> Any:
    """Return a number of a numpy bit generator, whose C function and state are at these addresses; only inside a kernel."""

    def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        """Write the call of ``double next_double(void *state)``."""
        double, word = context.get_value_type(float64), context.get_value_type(int64)
        function = builder.inttoptr(arguments[0], _ir.FunctionType(double, [word]).as_pointer())
        return builder.call(function, [arguments[1]])

    return float64(int64, int64), generate


#: The one signature of a compiled serve.
SERVE_SIGNATURE = types.UniTuple(int64, 2)(int64[::1], int64[::1], int64[::1], int64, int64, int64)
#: ``call_serve(address, params, bank, shared, now, op, row)`` calls a compiled bank timing inside a kernel.
call_serve = calling(SERVE_SIGNATURE)
