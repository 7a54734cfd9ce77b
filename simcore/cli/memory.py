"""``simcore memory``: one memory macro, or two macros of equal capacity or equal area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.arrays.cells import memory_cell
from models.arrays.compare import iso_area, iso_capacity
from models.arrays.macro import Macro, memory_macro, parse_capacity
from models.arrays.scratchpad import bank_timing
from models.arrays.table import Figures
from models.arrays.write import WriteDesign, WritePoint, write_point
from simcore.cli.console import console, print_json, table
from simcore.errors import InputError, did_you_mean
from simcore.reading.units import FREQUENCY, parse

COMPARISONS = ("area", "capacity")


@dataclass(frozen=True)
class MacroOptions:
    """The options of ``simcore memory CELL CAPACITY``."""

    cell: str
    capacity: str
    node_nm: int
    leakage_class: str
    word_bits: int
    target: str
    iso: str | None
    against: str | None
    voltage_v: float | None
    pulse_ns: float | None
    clock: str | None
    json: bool


def macro_command(options: MacroOptions) -> None:
    """Print the macro, and the macro that it is compared with."""
    macros = macros_asked_for(options)
    clock_hz = None if options.clock is None else parse(options.clock, FREQUENCY)
    shown = [_as_json(macro, clock_hz) for macro in macros]
    if options.json:
        print_json(shown[0] if len(macros) == 1 else _both_as_json(options, macros, shown))
        return
    out = console()
    out.print(_table(macros, shown, options.iso))
    for note in dict.fromkeys(note for macro in macros for note in macro.notes):
        out.print(f"Note: {note}.", markup=False)
    for macro in macros:
        out.print(f"{macro.cell.name}: {macro.kind}; {macro.source}.", markup=False)


def macros_asked_for(options: MacroOptions) -> list[Macro]:
    """Return one macro, or two to compare. A write voltage or pulse applies to the macros that are written by a pulse."""
    cell = memory_cell(options.cell)
    capacity_bytes = parse_capacity(options.capacity)
    macros = [
        memory_macro(
            cell,
            capacity_bytes,
            node_nm=options.node_nm,
            leakage_class=options.leakage_class,
            word_bits=options.word_bits,
            target=options.target,
        )
    ]
    if options.iso is not None or options.against is not None:
        macros.append(_compared(macros[0], options))
    if options.voltage_v is None and options.pulse_ns is None:
        return macros
    if all(macro.write is None for macro in macros):
        raise InputError(f"expected no --voltage or --pulse-ns, because {cell.name} is not written by a pulse")
    return [
        macro if macro.write is None else macro.with_write(voltage_v=options.voltage_v, pulse_ns=options.pulse_ns)
        for macro in macros
    ]


def _compared(macro: Macro, options: MacroOptions) -> Macro:
    if options.iso is None:
        raise InputError("expected --iso area or --iso capacity with --against")
    if options.iso not in COMPARISONS:
        raise InputError(
            f"expected area or capacity, got {options.iso!r}", where="--iso", hint=did_you_mean(options.iso, COMPARISONS)
        )
    if options.against is None:
        raise InputError(f"expected --against CELL with --iso {options.iso}")
    against = memory_cell(options.against).name
    return iso_area(macro, against) if options.iso == "area" else iso_capacity(macro, against)


def _as_json(macro: Macro, clock_hz: int | None) -> dict[str, Any]:
    shown = macro.to_json()
    if macro.write is not None:
        shown["write"] = {**macro.write.to_json(), "mean_error_rate_of_cells": _mean_error_rate(macro, macro.write)}
    if clock_hz is not None:
        timing = bank_timing(macro, clock_hz)
        shown["timing"] = {"clock_hz": clock_hz, "model": timing.name, **timing.values}
    return shown


def _mean_error_rate(macro: Macro, write: WritePoint) -> float:
    """Return the error rate averaged over cells whose overdrive varies as the cell's description says."""
    varying = WriteDesign(sigma=macro.cell.described.overdrive_spread.value)
    return write_point(macro.cell, write.voltage_v, write.pulse_ns, varying).error_rate


def _both_as_json(options: MacroOptions, macros: list[Macro], shown: list[dict[str, Any]]) -> dict[str, Any]:
    """Return both macros, and each figure of the first divided by that of the second."""
    first, second = macros
    ratios = {name: getattr(first, name) / getattr(second, name) for name in ("capacity_bytes", *Figures._fields)}
    used = {"area_used_percent": _area_used_percent(macros)} if options.iso == "area" else {}
    return {"iso": options.iso, **used, "macros": shown, "ratios": ratios}


def _area_used_percent(macros: list[Macro]) -> float:
    """Return the second macro's share of the first one's area."""
    first, second = macros
    return 100 * second.area_mm2 / first.area_mm2


def _table(macros: list[Macro], shown: list[dict[str, Any]], iso: str | None) -> Any:
    first = macros[0]
    title = f"{first.node_nm} nm, {first.leakage_class}, {first.word_bits}-bit words"
    rows: list[tuple[object, ...]] = [("capacity, KiB", *(_digits(macro.capacity_bytes / 1024) for macro in macros))]
    labels = ("area, mm2", "read, ns", "write, ns", "read, pJ", "write, pJ", "leakage, mW")
    rows += [
        (label, *(_digits(getattr(macro, name)) for macro in macros)) for label, name in zip(labels, Figures._fields, strict=True)
    ]
    if iso == "area":
        rows.append(("area used, %", None, _digits(_area_used_percent(macros))))
    if any(macro.write is not None for macro in macros):
        points = [macro.write for macro in macros]
        rows.append(("write voltage, V", *(None if point is None else _digits(point.voltage_v) for point in points)))
        rows.append(("write pulse, ns", *(None if point is None else _digits(point.pulse_ns) for point in points)))
        rows.append(("write error rate", *(None if point is None else f"{point.error_rate:.3g}" for point in points)))
        means = [None if entry["write"] is None else f"{entry['write']['mean_error_rate_of_cells']:.3g}" for entry in shown]
        rows.append(("mean of cells", *means))
        lasting = [macro.cell.endurance_writes for macro in macros]
        rows.append(("endurance, writes", *(None if writes is None else f"{writes:.3g}" for writes in lasting)))
    for name in ("read_cycles", "write_cycles"):
        if "timing" in shown[0]:
            rows.append((name, *(entry["timing"][name] for entry in shown)))
    return table(title, ("", *(macro.cell.name for macro in macros)), rows)


def _digits(value: float) -> str:
    """Return the number with four significant digits and separated thousands, without an exponent."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
