"""The write of an STT-MRAM cell, whose voltage and pulse together set its latency, energy and error rate."""

from __future__ import annotations

from dataclasses import dataclass

from models.arrays.cells import MemoryCell
from models.junction.checks import positive
from models.junction.checks import pulse_ns as checked_pulse_ns
from models.junction.junction import DIRECTIONS, Direction, Junction
from models.junction.variation import mean_error_rate, overdrive_for_mean_error_rate, pulse_for_mean_error_rate


@dataclass(frozen=True)
class WriteDesign:
    """What a write is computed with, where it is not the cell's own.

    ``junction`` replaces the junction that follows from the cell's description; the write current stays the cell's. ``sigma`` is
    the relative standard deviation of the overdrive among cells; with it, error rates are means over cells.
    """

    junction: Junction | None = None
    sigma: float = 0.0

    def junction_of(self, cell: MemoryCell) -> Junction:
        """Return the junction of a cell with this design. Raise InputError for a cell that is not written by a pulse."""
        return cell.junction if self.junction is None else self.junction

    def overdrive(self, cell: MemoryCell, voltage_v: float, direction: Direction) -> float:
        """Return the current over the critical current in one direction. The current is in proportion to the write voltage."""
        own = cell.described
        current_ua = own.write_current_ua.value * voltage_v / own.write_voltage_v.value
        return current_ua / self.junction_of(cell).critical_current_ua(direction)

    def nominal_error_rate(self, cell: MemoryCell) -> float:
        """Return the error rate of the worse direction at the cell's own voltage and pulse."""
        point = write_point(cell, None, None, self)
        return max(point.error_rate_p_to_ap, point.error_rate_ap_to_p)


#: The cell as described, with equal cells.
DEFAULT_DESIGN = WriteDesign()


def varied_design(cell: MemoryCell, junction: Junction | None = None) -> WriteDesign:
    """Return the design in which cells vary as the cell's description says. Raise InputError for a cell without one."""
    return WriteDesign(junction, cell.described.overdrive_spread.value)


@dataclass(frozen=True)
class WritePoint:
    """A write voltage and pulse, with the energy and error rates of one bit that must flip in the named direction."""

    voltage_v: float
    pulse_ns: float
    energy_pj: float
    error_rate_p_to_ap: float
    error_rate_ap_to_p: float

    @property
    def error_rate(self) -> float:
        """Mean of the two directions, which is the error rate of a bit that must flip if both flips are equally frequent."""
        return (self.error_rate_p_to_ap + self.error_rate_ap_to_p) / 2

    def to_json(self) -> dict[str, float]:
        """Return a flat dictionary with units in the names."""
        return {
            "voltage_v": self.voltage_v,
            "pulse_ns": self.pulse_ns,
            "energy_pj_per_bit": self.energy_pj,
            "error_rate": self.error_rate,
            "error_rate_p_to_ap": self.error_rate_p_to_ap,
            "error_rate_ap_to_p": self.error_rate_ap_to_p,
        }


def nominal_voltage_v(cell: MemoryCell) -> float:
    """Return the cell's write voltage. Raise InputError for a cell that is not written by a pulse."""
    return cell.described.write_voltage_v.value


def write_point(
    cell: MemoryCell, voltage_v: float | None = None, pulse_ns: float | None = None, design: WriteDesign = DEFAULT_DESIGN
) -> WritePoint:
    """Return the energy and error rates of a write at this voltage and pulse, by default the cell's nominal ones.

    The energy per bit follows V^2 t from the nominal point. Raise InputError for SRAM and for values that are not positive.
    """
    nominal_v = nominal_voltage_v(cell)
    v = nominal_v if voltage_v is None else positive("voltage", voltage_v)
    t = cell.pulse_ns if pulse_ns is None else checked_pulse_ns(pulse_ns)
    junction = design.junction_of(cell)
    stability, tau = junction.thermal_stability, junction.tau(t)
    rates = [
        mean_error_rate(design.overdrive(cell, v, direction), tau, stability, design.sigma)
        for direction in ("p-to-ap", "ap-to-p")
    ]
    energy_pj = cell.write_energy_pj * (v / nominal_v) ** 2 * t / cell.pulse_ns
    return WritePoint(v, t, energy_pj, rates[0], rates[1])


def pulse_ns_for(
    cell: MemoryCell, error_rate: float, voltage_v: float | None = None, design: WriteDesign = DEFAULT_DESIGN
) -> float:
    """Return the pulse, in ns, at which the worse direction fails at ``error_rate`` with this voltage (default: nominal).

    With the design's ``sigma`` the error rate is the mean over cells.
    """
    nominal_v = nominal_voltage_v(cell)
    v = nominal_v if voltage_v is None else positive("voltage", voltage_v)
    junction = design.junction_of(cell)
    taus = [
        pulse_for_mean_error_rate(design.overdrive(cell, v, direction), error_rate, junction.thermal_stability, design.sigma)
        for direction in DIRECTIONS
    ]
    return max(taus) * junction.tau_d_ns


def voltage_v_for(cell: MemoryCell, error_rate: float, pulse_ns: float, design: WriteDesign = DEFAULT_DESIGN) -> float:
    """Return the voltage at which the worse direction fails at ``error_rate`` with this pulse.

    With the design's ``sigma`` the error rate is the mean over cells.
    """
    junction = design.junction_of(cell)
    needed = overdrive_for_mean_error_rate(junction.tau(pulse_ns), error_rate, junction.thermal_stability, design.sigma)
    nominal_v = nominal_voltage_v(cell)
    return nominal_v * needed / min(design.overdrive(cell, nominal_v, direction) for direction in DIRECTIONS)


def voltage_v_of_overdrive(cell: MemoryCell, overdrive: float, design: WriteDesign = DEFAULT_DESIGN) -> float:
    """Return the voltage whose current is ``overdrive`` times the critical current (the geometric mean of both directions)."""
    direction = DIRECTIONS[0]
    nominal_v = nominal_voltage_v(cell)
    asked = design.junction_of(cell).overdrive_of(positive("overdrive", overdrive), direction)
    return nominal_v * asked / design.overdrive(cell, nominal_v, direction)
