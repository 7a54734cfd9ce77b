"""A part of a study: its tables and findings, or the reason why it was left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from simcore.studies.form.extras import left_out


@dataclass(frozen=True)
class Part:
    """Tables by name, findings by name, the assumptions of this part, and a line for each thing that was left out."""

    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    findings: Mapping[str, Any] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def part_or_left_out(name: str, extra: str, make: Callable[[], Part]) -> Part:
    """Return the part that ``make`` returns or, if the extra is missing, an empty part that says that ``name`` is left out."""
    line = left_out(name, extra)
    return make() if line is None else Part(left_out=(line,))


def joined(parts: Iterable[Part]) -> Part:
    """Return the parts joined into one, in their order."""
    kept = list(parts)
    return Part(
        {name: table for part in kept for name, table in part.tables.items()},
        {name: found for part in kept for name, found in part.findings.items()},
        tuple(line for part in kept for line in part.assumptions),
        tuple(line for part in kept for line in part.left_out),
    )
