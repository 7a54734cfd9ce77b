"""Compiled functions as machine code: an object file that is loaded and called without numba, whose import outlasts short runs.

A compiled function takes 64-bit words: integers as they are, an array as its description (`array_words`). It follows numba's
calling convention: it gets room for its result and for an exception, and returns a status.
"""

from __future__ import annotations

import ctypes
import os
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

_Word, _Byte = ctypes.c_int64, ctypes.c_byte
_INT64 = np.dtype(np.int64)
#: The status of a function that has returned its result.
_RETURNED = 0


def jit_is_off() -> bool:
    """Return whether NUMBA_DISABLE_JIT asks for plain Python in place of compiled functions."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


class DamagedCodeError(Exception):
    """The bytes are no machine code that can be loaded."""


@dataclass(frozen=True)
class MachineCode:
    """An object file, and the symbol in it at which the function begins."""

    symbol: str
    object_file: bytes

    def to_bytes(self) -> bytes:
        """Return the code as one sequence of bytes."""
        return self.symbol.encode() + b"\n" + self.object_file

    @classmethod
    def from_bytes(cls, content: bytes) -> MachineCode:
        """Return the code that `to_bytes` wrote. Raise DamagedCodeError for other bytes."""
        symbol, _, object_file = content.partition(b"\n")
        try:
            return cls(symbol.decode("ascii"), object_file)
        except UnicodeDecodeError as error:
            raise DamagedCodeError("no symbol") from error


class _Raised(ctypes.Structure):
    """The beginning of numba's description of an exception: its class and arguments, pickled, and their size."""

    _fields_ = (("pickled", ctypes.c_void_p), ("size", ctypes.c_int32))


_RaisedAt = ctypes.POINTER(_Raised)


class CompiledFunction:
    """A compiled function at an address. ``owner`` keeps its code in memory; it returns ``results`` integers."""

    def __init__(self, address: int, results: int, owner: object) -> None:
        self.address, self._results, self._owner = address, results, owner
        self._room, self._functions = _Word * results, dict[int, Callable[..., int]]()

    def __call__(self, *arguments: Any) -> Any:
        """Call the function with integers and int64 arrays. Return an integer, or a tuple of several. Raise what it raises."""
        result, raised = self._room(), _RaisedAt()
        words = [word for argument in arguments for word in _words(argument)]
        status = self._function(len(words))(ctypes.addressof(result), ctypes.addressof(raised), *words)
        if status != _RETURNED:
            raise _exception(status, raised)
        return result[0] if self._results == 1 else tuple(result)

    def _function(self, words: int) -> Callable[..., int]:
        """Return the function as ctypes calls it with so many words."""
        if words not in self._functions:
            self._functions[words] = _prototype(words)(self.address)
        return self._functions[words]


def _words(argument: Any) -> Sequence[int]:
    return array_words(argument) if isinstance(argument, np.ndarray) else (int(argument),)


def array_words(array: npt.NDArray[Any]) -> tuple[int, ...]:
    """Return the words that describe an int64 array to compiled code, which borrows it. Raise TypeError for an unsuitable one."""
    return 0, 0, array.size, array.itemsize, address_of(array, _INT64), *array.shape, *array.strides


def address_of(array: npt.NDArray[Any], dtype: np.dtype[Any]) -> int:
    """Return the address of an array of these numbers for compiled code, which borrows it. Raise TypeError for an unsuitable one.

    Compiled code checks nothing: an array of other numbers must not come to it.
    """
    flags = array.flags
    if array.dtype != dtype or not (flags.c_contiguous and flags.writeable):
        raise TypeError(f"expected a contiguous {dtype} array that can be written, got {array.dtype} {flags}")
    # ctypes finds the address four times as fast as numpy, but not that of an empty array.
    return ctypes.addressof(_Byte.from_buffer(array.data)) if array.size else array.ctypes.data


@lru_cache(maxsize=32)
def _prototype(words: int) -> Callable[[int], Callable[..., int]]:
    return ctypes.PYFUNCTYPE(ctypes.c_int32, *[_Word] * (words + 2))


def _exception(status: int, raised: Any) -> Exception:
    if status < 0 or not raised:
        return RuntimeError(f"compiled code ended with status {status}")
    kind, arguments, _ = pickle.loads(ctypes.string_at(raised.contents.pickled, raised.contents.size))
    found: Exception = kind(*arguments)
    return found


def load_code(code: MachineCode, results: int) -> CompiledFunction:
    """Return the function of machine code that was compiled for this processor. Raise DamagedCodeError if there is none in it."""
    llvm = _llvm()
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    try:
        engine.add_object_file(llvm.ObjectFileRef.from_data(code.object_file))
    except (RuntimeError, ValueError) as error:
        raise DamagedCodeError(str(error)) from error
    engine.finalize_object()
    address = engine.get_function_address(code.symbol)
    if not address:
        raise DamagedCodeError(f"no function {code.symbol}")
    return CompiledFunction(address, results, engine)


def processor() -> tuple[str, str, str]:
    """Return the system and the processor for which machine code is made, and the processor's features."""
    llvm = _llvm()
    return llvm.get_process_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


@lru_cache(maxsize=1)
def _llvm() -> Any:
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding
