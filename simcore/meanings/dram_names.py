"""The timings and rules of the DRAM standards that come with simcore, with their meaning from the tables themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simcore.dram.schema import ConstraintSpec
from simcore.dram.standard import load_standard, pim_standard_names, standard_names

#: (name, meaning), of a timing or of a rule.
Named = tuple[str, str]


def timings() -> list[Named]:
    """Return every timing of the standards, such as nRCD, with what each standard says about it."""
    return _told((name, standard, text) for standard, name, text in _parameters())


def rules() -> list[Named]:
    """Return every rule of the standards, such as tFAW, with what it asks of the commands."""
    found = ((name, standard, _sentence(rule)) for standard in standard_names() for name, rule in _rules(standard))
    return _told(found)


def is_same_timing(one: str, other: str) -> bool:
    """Return whether two names mean one timing: nRCD and tRCD, nCCDS and tCCD_S, in small letters or in capitals."""
    return _bare(one) == _bare(other)


def _bare(name: str) -> str:
    small = name.casefold().replace("_", "")
    return small[1:] if small[:1] in ("n", "t") else small


def _parameters() -> Iterator[tuple[str, str, str]]:
    known = set()
    for standard in standard_names():
        for name, text in load_standard(standard).spec.parameters.items():
            known.add(name)
            yield standard, name, text
    for standard in pim_standard_names():
        for name, text in load_standard(standard).spec.parameters.items():
            if name not in known:
                yield standard, name, text


def _rules(standard: str) -> Iterable[tuple[str, ConstraintSpec]]:
    return load_standard(standard).spec.constraints.items()


def _told(found: Iterable[tuple[str, str, str]]) -> list[Named]:
    """Return each name once. Standards that say the same are named together."""
    said: dict[str, dict[str, list[str]]] = {}
    for name, standard, text in found:
        said.setdefault(name, {}).setdefault(text, []).append(standard)
    return [(name, " ".join(f"{', '.join(of)}: {text}." for text, of in texts.items())) for name, texts in said.items()]


def _sentence(rule: ConstraintSpec) -> str:
    counted = "" if rule.window == 1 else f", counted from the last but {rule.window - 1}"
    place = f"another node under the parent of the {rule.level}" if rule.sibling else f"the same {rule.level}"
    first, second = " or ".join(rule.preceding), " or ".join(rule.following)
    return f"at least {rule.latency} cycles from {first} to {second} at {place}{counted}"
