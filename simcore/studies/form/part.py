"""A part of a study: what it comes to, or why it was left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from simcore.studies.form.extras import left_out


@dataclass(frozen=True)
class Part:
    """Tables by name, what they show by name, assumptions of this part's own, and a line for each thing that was left out."""

    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    findings: Mapping[str, Any] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def part_or_left_out(name: str, extra: str, make: Callable[[], Part]) -> Part:
    """The part that ``make`` makes, or an empty one that says that ``name`` is left out, because the extra is missing."""
    line = left_out(name, extra)
    return make() if line is None else Part(left_out=(line,))


def joined(parts: Iterable[Part]) -> Part:
    """The parts as one, in their order."""
    kept = list(parts)
    return Part(
        {name: table for part in kept for name, table in part.tables.items()},
        {name: found for part in kept for name, found in part.findings.items()},
        tuple(line for part in kept for line in part.assumptions),
        tuple(line for part in kept for line in part.left_out),
    )
