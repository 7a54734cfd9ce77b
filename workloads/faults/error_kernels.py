"""Compiled functions of writes with errors: when they pay, what they take, their room; and writes by those of `error_loops`."""

from __future__ import annotations

import ctypes
import struct
import threading
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from simcore.timing import kernel_cache
from simcore.timing.kernel_cache import kept, sources_version
from simcore.timing.machine_code import CompiledFunction, MachineCode, address_of, jit_is_off
from workloads.faults import distances
from workloads.faults.error_columns import SUM_COLUMNS
from workloads.faults.rate_table import RateTable
from workloads.faults.words import Words

Number = TypeVar("Number", bound=np.generic)

#: From so many words in one write on compiled functions pay. They take seconds to compile, once per installation.
COMPILED_FROM_WORDS = 4096

#: The functions: their module, and how many integers they return.
FUNCTIONS = {
    "count_flips": ("error_loops", 1),
    "fail_writes": ("error_loops", 2),
    "place_sums": ("sum_loops", 2),
    "sum_peak": ("sum_loops", 2),
    "add_sums": ("sum_loops", 1),
}


def compiled_pays(words: int) -> bool:
    """Return whether to take compiled functions for so many words. Once they are loaded, they pay for a few, too."""
    return (words >= COMPILED_FROM_WORDS or error_kernel.cache_info().currsize > 0) and not jit_is_off()


@lru_cache(maxsize=16)
def error_kernel(name: str) -> CompiledFunction:
    """Return one of the functions, compiled or from the cache of kernels."""
    module, results = FUNCTIONS[name]
    here, timing = Path(__file__), Path(kernel_cache.__file__)
    sources = [here.with_name(f"{source}.py") for source in ("error_columns", "error_loops", "sum_loops")]
    sources += [timing.with_name("addresses.py"), timing.with_name("numba_code.py")]
    return kept(f"workloads.faults.{module}:{name}", sources_version(sources), lambda: _compiled(module, name), results)


def _compiled(module: str, name: str) -> MachineCode:
    from simcore.timing.numba_code import machine_code

    found = import_module(f"workloads.faults.{module}")
    return machine_code(getattr(found, name), found.SIGNATURES[name], **found.OPTIONS)


class Borrowed(Generic[Number]):
    """An array and the two ``words`` that describe it to compiled code. Raise TypeError for an array of other numbers."""

    __slots__ = ("array", "words")

    def __init__(self, array: npt.NDArray[Number], dtype: type[Number]) -> None:
        self.array = array
        self.words = address_of(array, np.dtype(dtype)), array.size


def borrowed(array: npt.NDArray[Number], dtype: type[Number]) -> Borrowed[Number]:
    """Return an array that compiled code only reads, or, where it cannot be borrowed, a copy.

    Keep it until the call is over: the words alone do not keep a copy in memory.
    """
    return Borrowed(array if array.flags.carray else array.copy(), dtype)


class Group(NamedTuple):
    """Bits of words that fail at one rate, as compiled functions take them."""

    bits: Borrowed[np.uint32]
    rate: float
    divisor: float
    chances: Borrowed[np.float64]


@lru_cache(maxsize=256)
def groups_of(table: RateTable) -> tuple[Group, ...]:
    """Return a rate table as compiled functions take it."""
    found = []
    for bits, rate in table.groups:
        divisor = distances.divisor(rate)
        chances = Borrowed(np.concatenate([[divisor], table.shares]), np.float64)
        found.append(Group(Borrowed(bits, np.uint32), rate, divisor, chances))
    return tuple(found)


@lru_cache(maxsize=64)
def random_source(bits: np.random.BitGenerator) -> tuple[int, int]:
    """Return the addresses of the C function of a bit generator that returns what ``Generator.random`` does, and of its state."""
    interface: Any = bits.ctypes
    return ctypes.cast(interface.next_double, ctypes.c_void_p).value or 0, interface.state_address


class _Room(threading.local):
    """Arrays of a thread, which grow: distances as they are drawn, and the sites that they lead to; sums of two folds, and masks.

    And the words of a call.
    """

    def __init__(self) -> None:
        self.draws, self.sites = Borrowed(np.empty(1), np.float64), Borrowed(np.empty(1, np.int64), np.int64)
        self.values, self.masks = Borrowed(np.empty(2, np.float32), np.float32), Borrowed(np.zeros(1, np.uint32), np.uint32)
        self.call = (ctypes.c_int64 * SUM_COLUMNS)()
        self.address = ctypes.addressof(self.call)

    def grow(self, draws: int, sites: int) -> None:
        """Make room for so many and a few more. The sites that are there stay."""
        if self.draws.array.size < draws:
            self.draws = Borrowed(np.empty(draws + draws // 4), np.float64)
        if self.sites.array.size < sites:
            kept_sites = self.sites.array
            self.sites = Borrowed(np.empty(sites + sites // 4, np.int64), np.int64)
            self.sites.array[: kept_sites.size] = kept_sites

    def grow_sums(self, sums: int) -> None:
        """Make room for so many sums of a fold."""
        if self.masks.array.size < sums:
            self.values = Borrowed(np.empty(2 * sums, np.float32), np.float32)
            self.masks = Borrowed(np.zeros(sums, np.uint32), np.uint32)


room = _Room()


def draw(below: int, group: Group, known: int, rng: np.random.Generator) -> int:
    """Draw distances into the room and return their number, 0 if there is no site ``below``. So many sites are ``known``."""
    last = int(room.sites.array[known - 1]) if known else -1
    count = distances.enough_draws(below - last, group.rate)
    room.grow(count, known + count)
    distances.draw(room.draws.array[:count], group.rate, rng)
    is_none = not known and room.draws.array.item(0) / group.divisor > below
    return 0 if is_none else count


def fail_writes(old: Words, new: Words, table: RateTable, rng: np.random.Generator) -> tuple[Words, int, int]:
    """Return what `injection.write_words` does: the stored words, and the numbers of flipped and of failed bits.

    Raise ValueError unless as many words are written as there were.
    """
    if old.shape != new.shape:
        raise ValueError(f"expected {old.shape} words in place of as many, got {new.shape}")
    held, stored, failed = borrowed(old, np.uint32), new.copy(), 0
    words = *held.words, *Borrowed(stored, np.uint32).words
    flipped: int = called("count_flips", words)
    if flipped:
        for group in groups_of(table):
            failed += _fail_group(words, group, rng)
    return stored, flipped, failed


def _fail_group(words: tuple[int, ...], group: Group, rng: np.random.Generator) -> int:
    """Let the writes of a group's bits fail, and return how many do. ``words`` describe the old and the stored words."""
    known, failed, below = 0, -1, group.bits.array.size * words[-1]
    while failed < 0:
        count = draw(below, group, known, rng)
        if not count:
            return 0
        known, failed = called("fail_writes", words_of_draws(words, group, (count, known), rng), rng)
    return failed


def words_of_draws(words: tuple[int, ...], group: Group, numbers: tuple[int, int], rng: np.random.Generator) -> tuple[int, ...]:
    """Return the words that every call begins with. ``words`` describe OLD and NEW, ``numbers`` are COUNT and KNOWN."""
    held = *words, *room.draws.words, *room.sites.words, *group.bits.words, *group.chances.words
    return *held, *numbers, *random_source(rng.bit_generator)


def called(name: str, words: tuple[int, ...], rng: np.random.Generator | None = None) -> Any:
    """Call a function, and meanwhile let nobody else draw from a generator."""
    struct.pack_into(f"{len(words)}q", room.call, 0, *words)
    if rng is None:
        return error_kernel(name)(room.address)
    with rng.bit_generator.lock:
        return error_kernel(name)(room.address)
