"""The description of an STT-MRAM cell: each figure with its uncertainty, its kind and its source."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from models.junction.junction import Junction
from simcore.reading.numbers import shown
from simcore.reading.values import Broken, PositiveNumber, Spec, Text, raise_broken

#: The temperature at which thermal stabilities are stated.
STATED_AT_K = 300.0
#: The temperature of every cell at work: that of the leakage in the table of macros.
OPERATING_K = 350.0

Kind = Literal["measured", "derived", "assumed"]


def _number(value: object) -> object:
    """Return the number in a text such as 1e-9, which YAML 1.1 does not read as a number, and anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        raise_broken([Broken((), f"expected a number, got {shown(value)}")])
        raise


#: Figure -> the least and the greatest value that its range may reach. They reject slips, and keep every result finite.
BOUNDS = {
    "thermal_stability": (1.0, 400.0),
    "damping": (1e-4, 1.0),
    "anisotropy_field_t": (1e-3, 100.0),
    "spin_efficiency": (1e-3, 10.0),
    "current_asymmetry": (0.01, 100.0),
    "parallel_resistance_ohm": (1.0, 1e9),
    "tmr": (0.01, 100.0),
    "overdrive_spread": (1e-12, 1.0),
    "write_pulse_ns": (1e-3, 1e6),
    "read_ns": (1e-3, 1e6),
    "write_energy_pj": (1e-6, 1e6),
    "write_error_rate": (1e-100, 1e4),
    "retention_s": (1e-12, 1e100),
    "diameter_nm": (1.0, 1e4),
    "resistance_area_ohm_um2": (0.01, 1e5),
    **dict.fromkeys(("write_current_ua", "read_current_ua", "critical_current_ua"), (1e-3, 1e5)),
    **dict.fromkeys(("write_voltage_v", "access_voltage_v", "read_voltage_v", "sense_voltage_v"), (1e-6, 100.0)),
    "overdrive": (1e-3, 1e5),
}

Number = Annotated[PositiveNumber, BeforeValidator(_number)]
Source = Annotated[Text, Field(min_length=1)]


class Stated(Spec):
    """A figure of a cell. Its true value lies between ``value`` / ``within`` and ``value`` x ``within``."""

    value: Number
    within: Annotated[float, Field(strict=True, ge=1, allow_inf_nan=False), BeforeValidator(_number)]
    kind: Kind
    source: Source

    @property
    def low(self) -> float:
        """Return the least value that the statement allows."""
        return self.value / self.within

    @property
    def high(self) -> float:
        """Return the greatest value that the statement allows."""
        return self.value * self.within


class CellDescription(Spec):
    """One cell. Its junction, its write and its variation, from which all error rates, energies and latencies follow.

    ``thermal_stability`` holds at 300 K. ``current_asymmetry`` is the critical current of P->AP over that of AP->P, and
    ``spin_efficiency`` belongs to their geometric mean. ``write_current_ua`` flows in both directions. ``write_voltage_v`` is
    the voltage of the supply, and ``access_voltage_v`` what the access transistor takes of it. ``write_energy_pj`` is the energy
    of one bit. ``read_current_ua`` flows for ``read_ns`` in the direction of P->AP. A read needs ``sense_voltage_v`` between the
    two states, and ``read_voltage_v`` is what the cell's file puts over the junction. ``overdrive_spread`` is the relative
    standard deviation of the overdrive among cells.

    The optional figures are redundant: they follow from the others, and where one is stated it is compared with what follows.
    ``array`` names the cell of the table of macros in whose arrays a user's cell lies, and ``endurance_writes`` its endurance.
    ``acknowledged`` names comparisons that are known to contradict, each with the reason.
    """

    thermal_stability: Stated
    damping: Stated
    anisotropy_field_t: Stated
    spin_efficiency: Stated
    current_asymmetry: Stated
    parallel_resistance_ohm: Stated
    tmr: Stated
    overdrive_spread: Stated
    write_current_ua: Stated
    write_voltage_v: Stated
    write_pulse_ns: Stated
    write_energy_pj: Stated
    read_current_ua: Stated
    read_ns: Stated
    write_error_rate: Stated | None = None
    critical_current_ua: Stated | None = None
    overdrive: Stated | None = None
    access_voltage_v: Stated | None = None
    read_voltage_v: Stated | None = None
    sense_voltage_v: Stated | None = None
    retention_s: Stated | None = None
    retention_k: Annotated[Number, Field(ge=200, le=1000)] = STATED_AT_K
    array: Text | None = None
    endurance_writes: Number | None = None
    diameter_nm: Stated | None = None
    resistance_area_ohm_um2: Stated | None = None
    acknowledged: Mapping[Text, Source] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _figures_are_plausible(self) -> Self:
        broken = []
        for name, figure in self.figures().items():
            least, most = BOUNDS[name]
            if not least <= figure.low <= figure.high <= most:
                message = f"expected a range within {least:g} to {most:g}, got {figure.low:.4g} to {figure.high:.4g}"
                broken.append(Broken((name,), message))
        if self.overdrive_spread.value >= 0.3:
            broken.append(Broken(("overdrive_spread",), f"expected a value below 0.3, got {self.overdrive_spread.value:g}"))
        raise_broken(broken)
        return self

    def figures(self) -> dict[str, Stated]:
        """Return the figures that are stated, by name, in the order of the fields."""
        fields = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: value for name, value in fields if isinstance(value, Stated)}

    def junction(self, temperature_k: float = OPERATING_K) -> Junction:
        """Return the junction at a temperature. The energy barrier is that of 300 K at every temperature (assumed)."""
        return junction_of({name: figure.value for name, figure in self.figures().items()}, temperature_k)


def junction_of(values: dict[str, float], temperature_k: float) -> Junction:
    """Return the junction with these figures of a description. A stated critical current replaces that of the macrospin."""
    diameter_nm = values.get("diameter_nm", Junction.diameter_nm)
    junction = Junction(
        thermal_stability=values["thermal_stability"] * STATED_AT_K / temperature_k,
        damping=values["damping"],
        anisotropy_field_t=values["anisotropy_field_t"],
        spin_efficiency=values["spin_efficiency"],
        temperature_k=temperature_k,
        diameter_nm=diameter_nm,
        resistance_area_ohm_um2=values["parallel_resistance_ohm"] * pi / 4 * (diameter_nm * 1e-3) ** 2,
        tmr=values["tmr"],
        current_asymmetry=values["current_asymmetry"],
    )
    stated = values.get("critical_current_ua")
    if stated is None:
        return junction
    return junction.with_critical_current(stated)
