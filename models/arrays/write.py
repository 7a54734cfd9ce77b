"""The write of an STT-MRAM cell: voltage and pulse set latency, energy and error rate together."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from models.arrays.cells import MemoryCell
from models.junction.checks import between, positive
from models.junction.junction import DIRECTIONS, Direction, Junction
from models.junction.variation import mean_error_rate
from models.junction.write_error import overdrive_for_error_rate, pulse_for_error_rate
from simcore.errors import InputError


@dataclass(frozen=True)
class WriteDesign:
    """What the cell files leave open: the junction, and how well it switches at the cell's nominal voltage and pulse.

    ``nominal_error_rate``: the write error rate of the worse direction there. It sets the overdrive at the nominal voltage, to
    which the overdrive at another voltage is in proportion. Both defaults are assumed: a junction of stability 60, and 1e-9.
    ``sigma``: relative standard deviation of the overdrive among cells; error rates are then means over cells.
    """

    junction: Junction = field(default_factory=Junction)
    nominal_error_rate: float = 1e-9
    sigma: float = 0.0

    def __post_init__(self) -> None:
        between("nominal_error_rate", self.nominal_error_rate, 0.0, 1.0)

    def overdrive(self, cell: MemoryCell, voltage_v: float, direction: Direction) -> float:
        """Current over critical current in one direction at a write voltage."""
        worst = _nominal_overdrive(self.junction, cell.pulse_ns, self.nominal_error_rate)
        mean = worst * max(self.junction.overdrive_of(1.0, other) ** -1 for other in DIRECTIONS)
        return self.junction.overdrive_of(mean, direction) * voltage_v / nominal_voltage_v(cell)


DEFAULT_DESIGN = WriteDesign()


@dataclass(frozen=True)
class WritePoint:
    """A write voltage and pulse, with what they give per bit. Error rates are of bits that must flip in that direction."""

    voltage_v: float
    pulse_ns: float
    energy_pj: float
    error_rate_p_to_ap: float
    error_rate_ap_to_p: float

    @property
    def error_rate(self) -> float:
        """Mean of the two directions: the error rate of a bit that flips, both flips being equally frequent."""
        return (self.error_rate_p_to_ap + self.error_rate_ap_to_p) / 2

    def to_json(self) -> dict[str, float]:
        """A flat dictionary, units in the names."""
        return {
            "voltage_v": self.voltage_v,
            "pulse_ns": self.pulse_ns,
            "energy_pj_per_bit": self.energy_pj,
            "error_rate": self.error_rate,
            "error_rate_p_to_ap": self.error_rate_p_to_ap,
            "error_rate_ap_to_p": self.error_rate_ap_to_p,
        }


def nominal_voltage_v(cell: MemoryCell) -> float:
    """The cell's write voltage; raises InputError for a cell that is not written by a pulse."""
    if cell.nominal_voltage_v is None:
        raise InputError(f"{cell.name} is not written by a pulse: it has no write voltage, pulse or write error rate")
    return cell.nominal_voltage_v


def write_point(
    cell: MemoryCell, voltage_v: float | None = None, pulse_ns: float | None = None, design: WriteDesign = DEFAULT_DESIGN
) -> WritePoint:
    """What a write at this voltage and pulse (default: the cell's nominal ones) takes and how often it fails.

    Energy per bit follows V^2 t from the nominal point. Raises InputError for SRAM and for values that are not positive.
    """
    nominal_v = nominal_voltage_v(cell)
    v = nominal_v if voltage_v is None else positive("voltage", voltage_v)
    t = cell.pulse_ns if pulse_ns is None else positive("pulse_ns", pulse_ns)
    stability, tau = design.junction.thermal_stability, design.junction.tau(t)
    rates = [
        mean_error_rate(design.overdrive(cell, v, direction), tau, stability, design.sigma)
        for direction in ("p-to-ap", "ap-to-p")
    ]
    energy_pj = cell.write_energy_pj * (v / nominal_v) ** 2 * t / cell.pulse_ns
    return WritePoint(v, t, energy_pj, rates[0], rates[1])


def pulse_ns_for(
    cell: MemoryCell, error_rate: float, voltage_v: float | None = None, design: WriteDesign = DEFAULT_DESIGN
) -> float:
    """The pulse with which the worse direction errs at ``error_rate`` at a voltage (default: nominal), without variation."""
    nominal_v = nominal_voltage_v(cell)
    v = nominal_v if voltage_v is None else positive("voltage", voltage_v)
    junction = design.junction
    taus = [
        pulse_for_error_rate(design.overdrive(cell, v, direction), error_rate, junction.thermal_stability)
        for direction in DIRECTIONS
    ]
    return max(taus) * junction.tau_d_ns


def voltage_v_for(cell: MemoryCell, error_rate: float, pulse_ns: float, design: WriteDesign = DEFAULT_DESIGN) -> float:
    """The voltage with which the worse direction errs at ``error_rate`` after a pulse, without variation."""
    junction = design.junction
    needed = overdrive_for_error_rate(junction.tau(pulse_ns), error_rate, junction.thermal_stability)
    nominal_v = nominal_voltage_v(cell)
    return nominal_v * needed / min(design.overdrive(cell, nominal_v, direction) for direction in DIRECTIONS)


def voltage_v_of_overdrive(cell: MemoryCell, overdrive: float, design: WriteDesign = DEFAULT_DESIGN) -> float:
    """The voltage at which the current is ``overdrive`` times the critical current, the geometric mean of both directions'."""
    direction = DIRECTIONS[0]
    nominal_v = nominal_voltage_v(cell)
    asked = design.junction.overdrive_of(positive("overdrive", overdrive), direction)
    return nominal_v * asked / design.overdrive(cell, nominal_v, direction)


@lru_cache(maxsize=256)
def _nominal_overdrive(junction: Junction, pulse_ns: float, error_rate: float) -> float:
    return overdrive_for_error_rate(junction.tau(pulse_ns), error_rate, junction.thermal_stability)
