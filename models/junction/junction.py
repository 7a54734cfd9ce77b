"""A magnetic tunnel junction with a perpendicular easy axis, as one macrospin: its currents, times, resistances and energies.

The stability factor ``thermal_stability`` is the energy barrier over kT. The overdrive i is the current over the critical current
at zero temperature, which at fixed resistance equals the voltage over the critical voltage. A time in units of ``tau_d_ns`` is
called tau.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from math import pi, sqrt
from typing import Literal, Self

from models.junction.checks import above, positive
from models.junction.checks import pulse_ns as checked_pulse_ns
from models.junction.constants import (
    BOLTZMANN_J_PER_K,
    ELEMENTARY_CHARGE_C,
    GYROMAGNETIC_RAD_PER_S_T,
    REDUCED_PLANCK_J_S,
)
from simcore.errors import InputError, did_you_mean

#: What a write does to the junction: parallel (P) to antiparallel (AP), or back.
Direction = Literal["p-to-ap", "ap-to-p"]
DIRECTIONS: tuple[Direction, ...] = ("p-to-ap", "ap-to-p")


@dataclass(frozen=True, kw_only=True)
class Junction:
    """One junction. Raise InputError for a value that is not a positive number.

    The defaults are assumed: they are typical of published cells of 30 to 50 nm, not those of one device. They are stability 60,
    damping 0.01, anisotropy field 0.35 T, spin-transfer efficiency 0.6, 300 K, 40 nm round, 5 ohm um2, TMR 100 %.
    ``current_asymmetry`` is the critical current of P->AP divided by that of AP->P; ``critical_current_ua`` without a direction
    is their geometric mean. 1 (the default) is a symmetric junction; in real junctions P->AP needs more current.
    ``read_disturb_exponent`` n shapes the barrier under a read current, stability x (1 - i)^n: 2 for a perpendicular macrospin, 1
    in many engineering fits. ``attempt_time_ns`` is tau_0.
    """

    thermal_stability: float = 60.0
    damping: float = 0.01
    anisotropy_field_t: float = 0.35
    spin_efficiency: float = 0.6
    temperature_k: float = 300.0
    diameter_nm: float = 40.0
    resistance_area_ohm_um2: float = 5.0
    tmr: float = 1.0
    current_asymmetry: float = 1.0
    read_disturb_exponent: float = 2.0
    attempt_time_ns: float = 1.0

    def __post_init__(self) -> None:
        for field in fields(self):
            positive(field.name, getattr(self, field.name))

    @property
    def kt_j(self) -> float:
        """Thermal energy, in joules."""
        return BOLTZMANN_J_PER_K * self.temperature_k

    @property
    def tau_d_ns(self) -> float:
        """The unit of time of switching, (1 + alpha^2) / (alpha gamma mu0Hk), in ns."""
        rate_per_s = self.damping * GYROMAGNETIC_RAD_PER_S_T * self.anisotropy_field_t
        return 1e9 * (1 + self.damping**2) / rate_per_s

    def critical_current_ua(self, direction: Direction | None = None) -> float:
        """Critical current at zero temperature, (4 e alpha / (hbar eta)) x stability x kT, in microamperes."""
        per_joule = 4 * ELEMENTARY_CHARGE_C * self.damping / (REDUCED_PLANCK_J_S * self.spin_efficiency)
        return 1e6 * per_joule * self.thermal_stability * self.kt_j * self._share(direction)

    def with_critical_current(self, critical_current_ua: float) -> Self:
        """Return the junction whose spin-transfer efficiency gives this critical current (geometric mean of both directions)."""
        efficiency = self.spin_efficiency * self.critical_current_ua() / positive("critical_current_ua", critical_current_ua)
        return replace(self, spin_efficiency=efficiency)

    def critical_voltage_v(self, direction: Direction | None = None) -> float:
        """Critical current times the parallel resistance, in volts."""
        return 1e-6 * self.critical_current_ua(direction) * self.parallel_resistance_ohm

    def overdrive(self, voltage_v: float, direction: Direction | None = None) -> float:
        """Return the current over the critical current at this voltage across the junction in its parallel resistance."""
        return positive("voltage_v", voltage_v) / self.critical_voltage_v(direction)

    def overdrive_of(self, mean_overdrive: float, direction: Direction | None = None) -> float:
        """Return the overdrive in one direction; ``mean_overdrive`` refers to the geometric mean of both critical currents."""
        return mean_overdrive / self._share(direction)

    @property
    def parallel_resistance_ohm(self) -> float:
        """Resistance-area product divided by the area of a round junction, in ohm."""
        return self.resistance_area_ohm_um2 / (pi / 4 * (self.diameter_nm * 1e-3) ** 2)

    @property
    def antiparallel_resistance_ohm(self) -> float:
        """Parallel resistance x (1 + TMR), in ohm. The fall of the TMR with voltage is left out."""
        return self.parallel_resistance_ohm * (1 + self.tmr)

    def energy_fj(self, voltage_v: float, pulse_ns: float) -> float:
        """Energy of one write pulse into the parallel resistance, V^2 t / R, in femtojoules."""
        v, t = above("voltage_v", voltage_v, 0.0), above("pulse_ns", pulse_ns, 0.0)
        return 1e6 * v * v * t / self.parallel_resistance_ohm

    def tau(self, pulse_ns: float) -> float:
        """Return a pulse in units of tau_D."""
        return checked_pulse_ns(pulse_ns) / self.tau_d_ns

    def _share(self, direction: Direction | None) -> float:
        if direction is None:
            return 1.0
        if direction not in DIRECTIONS:
            raise InputError(f"no write direction is called '{direction}'", hint=did_you_mean(direction, DIRECTIONS))
        return sqrt(self.current_asymmetry) if direction == "p-to-ap" else 1 / sqrt(self.current_asymmetry)
