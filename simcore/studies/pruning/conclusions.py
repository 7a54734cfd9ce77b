"""The conclusions of the study, one sentence each. Every number in them is one of its findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from simcore.studies.pruning.accuracy_findings import accuracy_conclusions


def conclusions(findings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sentences in the order of the parts."""
    return tuple(
        sentence
        for name, told in (
            ("counts", _counts),
            ("machines", _machines),
            ("layers", _layers),
            ("rounded", _rounded),
            ("writes", _writes),
            ("accuracy", accuracy_conclusions),
        )
        if name in findings
        for sentence in told(findings[name])
    )


def _counts(found: Mapping[str, Any]) -> Iterator[str]:
    claimed = f"{found['claimed_percent']:g} %"
    for told in ("computations", "accesses"):
        rows = found[f"{told}_as_claimed"]
        low, high = found[f"{told}_range_percent"]
        yield (
            f"{claimed} fewer {told} than training, pruning and retraining: {len(rows)} of {found['cases']} cases "
            f"({_cases(rows)}); all cases lie from {low:.1f} to {high:.1f} %"
        )
    both = found["both_as_claimed"]
    yield f"{claimed} fewer of both: {_cases(both)}" if both else f"no schedule of the study saves {claimed} of both"
    weights = found["computations_and_weights_as_claimed"]
    yield f"{claimed} fewer computations and accesses of weights alone: {_cases(weights)}"
    given = {row["schedule"] for row in found["computations_as_claimed"]}
    others = [row for row in found["by_schedule"] if row["schedule"] not in given]
    told = ", ".join(f"{row['schedule']} ({_span(row['computations_percent'])} %)" for row in others)
    yield f"schedules that never save {claimed} of the computations: {told or 'none'}"


def _cases(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return schedules, each with the networks and epochs."""
    named: dict[str, list[str]] = {}
    for row in rows:
        named.setdefault(str(row["schedule"]), []).append(f"{row['network']} in {row['epochs']} epochs")
    return "; ".join(f"{schedule}: {', '.join(cases)}" for schedule, cases in named.items()) or "none"


def _span(pair: Sequence[float]) -> str:
    return f"{pair[0]:.1f} to {pair[1]:.1f}"


def _machines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        energy = row["energy_pj_saved_percent"]
        joules = "" if energy is None or energy != energy else f" and {energy:.1f} % of the joules"
        yield (
            f"{row['schedule']} on {row['system']}: {row['macs_saved_percent']:.1f} % fewer computations save "
            f"{row['cycles_saved_percent']:.1f} % of the cycles{joules}, against training, pruning and retraining"
        )


def _layers(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        least, most = (_layer(row, name) for name in ("least", "most"))
        yield f"{row['system']}, one step: cycles fall behind computations most in {least}; they keep up best in {most}"


def _layer(row: Mapping[str, Any], name: str) -> str:
    macs, cycles = row[f"{name}_macs_saved_percent"], row[f"{name}_cycles_saved_percent"]
    saved = f"{macs:.0f} % of the computations, {cycles:.0f} % of the cycles"
    cause = f": {row[f'{name}_cause']}" if row[f"{name}_cause"] else ""
    return f"{row[f'{name}_layer']} ({row[f'{name}_schedule']}; {saved}{cause})"


def _rounded(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    told = [
        f"{_multiple(row['multiple'])} {row['cycles_saved_percent']:.1f} % of the cycles and "
        f"{row['macs_saved_percent']:.1f} % of the computations"
        for row in rows
    ]
    if told:
        yield f"saved of a dense training with filters pruned {'; '.join(told)}"


def _multiple(multiple: int) -> str:
    return "one by one:" if multiple == 1 else f"to multiples of {multiple}:"


def _writes(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        lasts, before = row["trainings_until_worn"], row["trainings_until_worn_before"]
        known = lasts is not None and lasts == lasts
        wear = f"; the busiest line lasts for at least {lasts:,.0f} trainings ({before:,.0f} with retraining)" if known else ""
        yield (
            f"{row['schedule']} on {row['system']}: {row['writes_saved_percent']:.1f} % fewer writes to STT-MRAM save "
            f"{row['write_energy_saved_percent']:.1f} % of the energy of writes, {row['write_energy_percent']:.1f} % of all{wear}"
        )
