"""``simcore memory cell``: what a cell's description states, what follows from it, and where its figures contradict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from math import isfinite
from typing import Any

from models.cells.agreement import Comparison, comparisons, contradictions
from models.cells.chain import directed_writes
from models.cells.description import OPERATING_K, CellDescription
from models.cells.load import load_description
from models.junction.thermal import retention_s
from simcore.cli.console import console, print_json, table
from simcore.errors import raise_all


def cell_command(source: str, as_json: bool) -> None:
    """Print the cell. Raise InputError, after printing, for contradictions that the description does not acknowledge."""
    cell = load_description(source)
    compared = comparisons(cell)
    if as_json:
        print_json(_json(source, cell, compared))
    else:
        out = console()
        for shown in _tables(source, cell, compared):
            out.print(shown)
        for each in compared:
            if not each.agrees and each.reason is not None:
                out.print(f"{each.figure}: {each.reason.strip()}.", markup=False)
    raise_all(contradictions(cell))


def _tables(source: str, cell: CellDescription, compared: tuple[Comparison, ...]) -> Iterator[Any]:
    stated = [(name, _digits(figure.value), f"{figure.within:g}", figure.kind) for name, figure in cell.figures().items()]
    yield table(f"{source}: stated, between value / within and value x within", ("figure", "value", "within", "kind"), stated)
    junction = cell.junction()
    writes = [
        (
            each.direction,
            *(
                _digits(each.critical_current_ua),
                _digits(each.overdrive),
                f"{each.error_rate:.2e}",
                f"{each.mean_error_rate:.2e}",
            ),
            None if each.pulse_ns is None else _digits(each.pulse_ns),
        )
        for each in directed_writes(cell)
    ]
    title = (
        f"{source}: derived at {OPERATING_K:g} K (stability {junction.thermal_stability:.3g}, tau_D {junction.tau_d_ns:.3g} ns, "
        f"a bit stays {retention_s(junction):.3g} s)"
    )
    columns = ("direction", "Ic, uA", "overdrive", "error rate", "mean of cells", "pulse for the stated rate, ns")
    yield table(title, columns, writes)
    rows = [(each.figure, *_compared(each), each.verdict) for each in compared]
    yield table(
        f"{source}: figures that follow from others", ("figure", "stated", "from others", "verdict"), rows, text_columns=4
    )


def _compared(each: Comparison) -> tuple[str, str]:
    stated, derived = each.stated, each.derived
    return (
        f"{_digits(stated.value)} ({_digits(stated.low)} to {_digits(stated.high)})",
        f"{_digits(derived.value)} ({_digits(derived.low)} to {_digits(derived.high)})",
    )


def _json(source: str, cell: CellDescription, compared: tuple[Comparison, ...]) -> dict[str, Any]:
    """Return everything as plain values. An infinite figure is None."""
    junction = cell.junction()
    return {
        "cell": source,
        "temperature_k": OPERATING_K,
        "thermal_stability": junction.thermal_stability,
        "tau_d_ns": junction.tau_d_ns,
        "retention_s": retention_s(junction),
        "stated": {name: figure.model_dump() for name, figure in cell.figures().items()},
        "writes": [{key: _finite(value) for key, value in asdict(each).items()} for each in directed_writes(cell)],
        "comparisons": [
            {
                "figure": each.figure,
                "stated": [each.stated.low, each.stated.value, each.stated.high],
                "derived": [_finite(end) for end in (each.derived.low, each.derived.value, each.derived.high)],
                "how": each.how,
                "verdict": each.verdict,
                "reason": each.reason,
            }
            for each in compared
        ],
    }


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not isfinite(value) else value


def _digits(value: float) -> str:
    return f"{value:.3g}" if isfinite(value) else "any"
