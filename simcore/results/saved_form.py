"""The form of saved tables and of the manifest, checked when a saved run is read, so that its readers can rely on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simcore.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

#: The tables and columns that readers rely on: table -> columns of text, and columns of numbers.
TABLE_FORM: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "layers": (
        ("layer", "op"),
        ("macs", "start_cycle", "cycles", "compute_cycles", "dram_read_bytes", "dram_write_bytes"),
    ),
    "totals": (("metric", "unit"), ("value",)),
    "energy": (("part",), ("energy_pj",)),
    "timeline": (("layer", "scratchpad"), ("bank", "bin_start_cycle", "bin_cycles", "conflict_cycles", "busy_cycles")),
    "scratchpads": (("scratchpad",), ("stall_cycles",)),
    "banks": (("scratchpad",), ("bank", "conflict_cycles", "busy_cycles")),
}
#: No run comes near this sum of a column, and readers need not fear that their own sums leave 64 bits.
_TOO_MANY = 2.0**62
#: The keys of the manifest that readers use, with the type of each.
_MANIFEST: Mapping[str, type] = {
    "system": dict,
    "system_places": dict,
    "overrides": list,
    "versions": dict,
    "input_sha256": dict,
    "energy_sources": dict,
    "energy_notes": list,
    "not_counted": list,
}


def require_manifest(manifest: Mapping[str, Any], where: str) -> None:
    """Raise InputError if a key that readers use has another type than simcore writes. A missing key is none."""
    for key, wanted in _MANIFEST.items():
        if key in manifest and not isinstance(manifest[key], wanted):
            raise InputError(f"expected '{key}' of 'manifest.json' in the form that simcore writes, got another", where)


def require_columns(name: str, table: pd.DataFrame, causes: Sequence[str], where: str) -> None:
    """Raise InputError if a table lacks a column that readers rely on, or if that holds something else.

    The table of layers needs a column for every cause of stalls, and columns of energies are numbers in every table.
    """
    texts, numbers = TABLE_FORM.get(name, ((), ()))
    stalls = [f"stall_{cause}_cycles" for cause in causes] if name in ("layers", "scratchpads") else []
    energies = [column for column in map(str, table.columns) if column.endswith("_pj") and name == "layers"]
    found = list(table.columns)
    if len(set(found)) < len(found) or not all(isinstance(column, str) for column in found):
        raise InputError(f"expected different names of columns in the table '{name}'", where)
    for column in (*texts, *numbers, *stalls):
        if column not in found:
            raise InputError(f"expected a column '{column}' in the table '{name}', found none", where)
    for column in (*numbers, *stalls, *energies):
        if not is_of_numbers(table[column]):
            raise InputError(f"expected numbers in the column '{column}' of the table '{name}', got something else", where)
    if name == "timeline" and any(bool(table[column].isna().any()) for column in numbers):
        raise InputError("expected a number in every cell of the table 'timeline', got none in some", where)
    for column in texts:
        if not all(isinstance(value, str) for value in table[column]):
            raise InputError(f"expected texts in the column '{column}' of the table '{name}', got something else", where)


def is_of_numbers(column: pd.Series[Any]) -> bool:
    """Return whether a column holds numbers that add up to a count of 64 bits. Some may be missing; so may all."""
    import numpy as np
    import pandas as pd

    dtype = column.dtype
    if not len(column):
        return True
    if pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_complex_dtype(dtype):
        return False
    if not pd.api.types.is_numeric_dtype(dtype):
        return False
    return float(np.nansum(np.abs(column.to_numpy(float, na_value=np.nan)))) < _TOO_MANY
