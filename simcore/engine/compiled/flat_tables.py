"""Many tables as one argument of a kernel: a NamedTuple of int64 arrays, which lie in one vector.

The NamedTuple is declared once. Its fields are arrays (`tables.Vector`, `tables.Table`) or other such NamedTuples. `flattened`
copies the arrays into a vector, and `flat_access.tables_in` gives access by name inside a kernel. There a NamedTuple is only the
address of the vector, and the code looks up a table where it reads the field. numba's own NamedTuples pass eight words of every
array to every function, which made the compilation of the DRAM 1.8 times as long. The vector begins with three numbers per table:
its start, its rows and its columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar, get_type_hints

import numpy as np

from simcore.program.program import Int64Array

_Tables = TypeVar("_Tables", bound=tuple[Any, ...])
FACTS = 3


def flattened(tables: _Tables) -> tuple[Int64Array, _Tables]:
    """Return a vector with copies of all arrays of a NamedTuple of tables, and the same NamedTuple with views of the vector."""
    arrays = list(_arrays(tables))
    starts = FACTS * len(arrays) + np.cumsum([0, *(array.size for array in arrays)])
    flat = np.zeros(int(starts[-1]), dtype=np.int64)
    for number, (array, start) in enumerate(zip(arrays, starts.tolist(), strict=False)):
        rows, columns = array.shape if array.ndim == 2 else (1, array.shape[0])
        flat[FACTS * number : FACTS * (number + 1)] = start, rows, columns
        flat[start : start + array.size] = array.reshape(-1)
    return flat, views_of(flat, type(tables), 0)


def _arrays(tables: tuple[Any, ...]) -> Iterator[Int64Array]:
    for field in tables:
        if isinstance(field, tuple):
            yield from _arrays(field)
        else:
            yield field


@cache
def layout_of(tables: type) -> dict[str, tuple[int, int | type]]:
    """Return, for each field, the number of its first array in the vector, and its dimensions or its NamedTuple."""
    layout, number = {}, 0
    for name, hint in get_type_hints(tables, include_extras=True).items():
        found = hint.__metadata__[0] if hasattr(hint, "__metadata__") else hint
        layout[name] = (number, found)
        number += len(list(_leaves(found))) if isinstance(found, type) else 1
    return layout


def _leaves(tables: type) -> Iterator[int]:
    for _, found in layout_of(tables).values():
        if isinstance(found, type):
            yield from _leaves(found)
        else:
            yield found


def views_of(flat: Int64Array, tables: type[_Tables], first: int) -> _Tables:
    """Return the NamedTuple whose arrays lie in a vector, beginning with array number ``first``."""
    fields: list[Any] = []
    for number, found in layout_of(tables).values():
        if isinstance(found, type):
            fields.append(views_of(flat, found, first + number))
            continue
        start, rows, columns = flat[FACTS * (first + number) : FACTS * (first + number + 1)].tolist()
        view = flat[start : start + rows * columns]
        fields.append(view.reshape(rows, columns) if found == 2 else view)
    return tables(*fields)
