"""``simcore memory wer``: the write error rate of a junction or a cell, or the pulse that reaches an error rate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from models.arrays.cells import memory_cell
from models.arrays.write import WriteDesign, nominal_voltage_v
from models.junction.junction import DIRECTIONS, Direction, Junction
from models.junction.variation import mean_error_rate
from models.junction.write_error import pulse_for_error_rate, write_error_rate
from simcore.cli.console import console, print_json, table
from simcore.errors import InputError, did_you_mean


@dataclass(frozen=True)
class WriteErrorOptions:
    """The options of ``simcore memory wer``: an overdrive or a voltage, and a tau, a pulse or a target."""

    delta: float | None
    overdrive: float | None
    voltage_v: float | None
    cell: str | None
    tau: float | None
    pulse_ns: float | None
    target: float | None
    direction: str | None
    asymmetry: float | None
    sigma: float
    method: str
    json: bool


def write_error_command(options: WriteErrorOptions) -> None:
    """Print the error rate, or the pulse that reaches the target."""
    shown = write_errors(options)
    if options.json:
        print_json(shown)
        return
    rows = [(name.replace("_", " "), value if isinstance(value, str) else f"{value:.6g}") for name, value in shown.items()]
    console().print(table("Write errors", ("", "value"), rows))


def write_errors(options: WriteErrorOptions) -> dict[str, Any]:
    """Return the answer as plain values with units in the names."""
    junction = _junction(options)
    direction = _direction(options.direction)
    overdrive, voltage = _overdrive(options, junction, direction)
    tau = _tau(options, junction, overdrive)
    stability = junction.thermal_stability
    rate = mean_error_rate(overdrive, tau, stability, options.sigma, method=options.method)
    shown: dict[str, Any] = {
        "write_error_rate": rate,
        "thermal_stability": stability,
        "temperature_k": junction.temperature_k,
        "overdrive": overdrive,
        "tau": tau,
        "pulse_ns": tau * junction.tau_d_ns,
        "tau_d_ns": junction.tau_d_ns,
        "method": options.method,
    }
    if voltage is not None:
        shown["voltage_v"] = voltage
    if options.cell is not None:
        shown["cell"] = options.cell
    if direction is not None:
        shown["direction"] = direction
    if options.sigma:
        shown |= {"sigma": options.sigma, "without_variation": write_error_rate(overdrive, tau, stability, options.method)}
    if overdrive > 1:
        shown |= {name: write_error_rate(overdrive, tau, stability, name) for name in ("refined", "butler", "sun")}
    return shown


def _junction(options: WriteErrorOptions) -> Junction:
    """Return the cell's junction, or the default one, with what the options replace of it."""
    changed = {"thermal_stability": options.delta, "current_asymmetry": options.asymmetry}
    known = Junction() if options.cell is None else _cell_junction(options.cell)
    return replace(known, **{name: value for name, value in changed.items() if value is not None})


def _cell_junction(name: str) -> Junction:
    try:
        return memory_cell(name).junction
    except InputError as error:
        raise InputError(error.message, where="--cell", hint=error.hint) from None


def _direction(name: str | None) -> Direction | None:
    if name is None:
        return None
    for direction in DIRECTIONS:
        if name == direction:
            return direction
    raise InputError(f"no write direction is called '{name}'", where="--direction", hint=did_you_mean(name, DIRECTIONS))


def _overdrive(options: WriteErrorOptions, junction: Junction, direction: Direction | None) -> tuple[float, float | None]:
    """Return the overdrive, and the voltage if it is known."""
    if options.overdrive is not None:
        if options.voltage_v is not None or options.cell is not None:
            raise InputError("expected one of --overdrive and --voltage (with or without --cell), got both")
        return junction.overdrive_of(options.overdrive, direction), None
    if options.cell is None:
        if options.voltage_v is None:
            raise InputError("expected --overdrive, --voltage or --cell, got none of them")
        return junction.overdrive(options.voltage_v, direction), options.voltage_v
    cell = memory_cell(options.cell)
    voltage = nominal_voltage_v(cell) if options.voltage_v is None else options.voltage_v
    design = WriteDesign(junction)
    return design.overdrive(cell, voltage, direction or DIRECTIONS[0]), voltage


def _tau(options: WriteErrorOptions, junction: Junction, overdrive: float) -> float:
    """Return the pulse in units of tau_D: as given, as the target needs it, or the cell's own."""
    given = {"--tau": options.tau, "--pulse-ns": options.pulse_ns, "--target": options.target}
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise InputError(f"expected one of --tau, --pulse-ns and --target, got {' and '.join(named)}")
    if options.tau is not None:
        return options.tau
    if options.pulse_ns is not None:
        return junction.tau(options.pulse_ns)
    if options.target is not None:
        return pulse_for_error_rate(overdrive, options.target, junction.thermal_stability)
    if options.cell is not None:
        return junction.tau(memory_cell(options.cell).pulse_ns)
    raise InputError("expected --tau, --pulse-ns or --target, got none of them")
