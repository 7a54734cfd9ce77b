"""The meaning of every column, stall cause and metric. ``simcore explain`` and docs/metrics.md show these texts."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from simcore.errors import InputError
from simcore.kinds import MachineKind, kind_names, machine_kind
from simcore.results.attention_definitions import ATTENTION
from simcore.results.definitions import (
    AMOUNTS,
    BANKS,
    CAUSES,
    DRAM,
    DRAM_ALONE,
    LAYERS,
    OTHERS,
    SCRATCHPAD_COLUMNS,
    TRACES,
    WEAR,
)
from simcore.results.energy_definitions import ENERGY, WRITES_COUNT_ONCE
from simcore.results.table_definitions import KEYS, TABLES

SCRATCHPADS = ("ifmap", "filter", "ofmap", "unified", "accumulator")


@dataclass(frozen=True)
class Term:
    """One definition. ``group`` is its heading in docs/metrics.md, ``unit`` the unit of its values ("" for names)."""

    name: str
    group: str
    unit: str
    text: str

    @property
    def adds_up(self) -> bool:
        """Return whether values of several layers may be summed, which the unit says: it is that of an amount."""
        return self.unit in AMOUNTS


def _terms() -> dict[str, Term]:
    found = [Term(name, "Stall causes", "cycles", text) for name, text in CAUSES.items()]
    found += [
        Term(f"stall_{name}_cycles", "Stall causes", "cycles", f"Cycles stalled by {name}, as a column of its own.")
        for name in CAUSES
    ]
    for group, source in (
        ("Columns of layers", LAYERS),
        ("Columns of scratchpads", SCRATCHPAD_COLUMNS),
        ("Columns of banks", BANKS),
        ("Columns of traces", TRACES),
        ("Wear", WEAR),
        ("DRAM", DRAM),
        ("simcore dram", DRAM_ALONE),
        ("Tables", {name: ("", f"Table of a run: {text}") for name, text in TABLES.items()}),
        ("Other columns and metrics", OTHERS | ATTENTION | KEYS),
    ):
        found += [Term(name, group, unit, text) for name, (unit, text) in source.items()]
    found += [Term(name, "Energy", "pJ", text) for name, text in ENERGY.items()]
    for name in SCRATCHPADS:
        for action in ("read", "write"):
            text = f"Line {action}s of the {name} scratchpad, including the DMA's, x bytes of a line x energy to {action} a byte."
            text += WRITES_COUNT_ONCE if action == "write" else ""
            found.append(Term(f"{name}_{action}_pj", "Energy", "pJ", text))
    return {term.name: term for term in found}


TERMS = _terms()
GROUPS = (
    "Columns of layers",
    "Stall causes",
    "Columns of scratchpads",
    "Columns of banks",
    "Columns of traces",
    "Wear",
    "DRAM",
    "simcore dram",
    "Tables",
    "Other columns and metrics",
    "Energy",
)


def terms_of(kind: MachineKind[Any, Any]) -> dict[str, Term]:
    """Return the definitions that the tables of a kind of machine need: the common ones and its own."""
    return TERMS | {term.name: term for term in kind.terms()}


def all_terms() -> dict[str, tuple[Term, ...]]:
    """Return the definitions of each name: the common one, then those of every kind of machine that says something else."""
    found: dict[str, tuple[Term, ...]] = {name: (term,) for name, term in TERMS.items()}
    for kind in kind_names():
        with suppress(InputError):
            for term in machine_kind(kind).terms():
                known = found.get(term.name, ())
                if term.text not in (each.text for each in known):
                    found[term.name] = (*known, term)
    return found


def headings(terms: Iterable[Term]) -> list[str]:
    """Return the groups of these terms: the common groups in their order, then those of kinds of machine."""
    groups = [term.group for term in terms]
    return list(dict.fromkeys([*(group for group in GROUPS if group in groups), *groups]))
