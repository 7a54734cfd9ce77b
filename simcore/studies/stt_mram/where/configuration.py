"""A configuration of the map: a point on every axis, its text on the command line, and how far it is from the preset."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from simcore.errors import InputError, did_you_mean
from simcore.reading.units import FREQUENCY, parse, parse_size_bytes
from simcore.studies.stt_mram.settings import KIB, TRAINING_BATCH
from simcore.studies.stt_mram.variants import ARRAY, CLOCK_MHZ
from simcore.studies.stt_mram.where.axes import (
    ARRAYS,
    BATCH_SIZES,
    CAPACITIES_KIB,
    CLOCKS_MHZ,
    LEAKAGES,
    NOMINAL,
    RESIDUES_PERCENT,
    Leakage,
    MainMemory,
    main_memories,
)

_MHZ = 10**6


@dataclass(frozen=True)
class Configuration:
    """A point of the map. What is not given is the preset's."""

    leakage: str = "lop"
    sram_kib: int = KIB
    clock_mhz: int = CLOCK_MHZ
    batch: int = TRAINING_BATCH
    array: int = ARRAY
    main_memory: str = "ddr4"
    residue_percent: float = 100.0

    @property
    def leakage_point(self) -> Leakage:
        """Return the point on the axis of leakage."""
        return next(point for point in LEAKAGES if point.name == self.leakage)

    @property
    def memory_point(self) -> MainMemory:
        """Return the point on the axis of main memory."""
        return next(point for point in main_memories() if point.name == self.main_memory)

    @property
    def departures(self) -> tuple[str, ...]:
        """Return what differs from the preset, in the form of ``--only``."""
        shown = {
            "sram_kib": _size(self.sram_kib),
            "clock_mhz": f"{self.clock_mhz}MHz",
            "residue_percent": f"{self.residue_percent:g}",
        }
        given = asdict(self)
        return tuple(f"{_OPTION[key]}={shown.get(key, given[key])}" for key in _OPTION if given[key] != NOMINAL[key])

    @property
    def text(self) -> str:
        """Return the value of ``--only`` that names this configuration."""
        return ",".join(self.departures) or "leakage=lop"

    @property
    def steps(self) -> int:
        """Return how many steps along the axes lead here from the preset. A value between two points counts as the next."""
        given = asdict(self)
        return sum(abs(_position(key, given[key]) - _position(key, NOMINAL[key])) for key in _AXES)


#: Field -> its key on the command line.
_OPTION = {
    "leakage": "leakage",
    "sram_kib": "sram",
    "clock_mhz": "clock",
    "batch": "batch",
    "array": "array",
    "main_memory": "memory",
    "residue_percent": "residue",
}
_AXES: dict[str, tuple[Any, ...]] = {
    "leakage": tuple(point.name for point in LEAKAGES),
    "sram_kib": CAPACITIES_KIB,
    "clock_mhz": CLOCKS_MHZ,
    "batch": BATCH_SIZES,
    "array": ARRAYS,
    "main_memory": tuple(point.name for point in main_memories()),
    "residue_percent": RESIDUES_PERCENT,
}


def _position(key: str, value: Any) -> int:
    axis = _AXES[key]
    if value in axis:
        return axis.index(value)
    ordered = sorted(axis)
    return sum(point < value for point in ordered)


def _size(kib: int) -> str:
    return f"{kib // KIB}MiB" if kib % KIB == 0 else f"{kib}KiB"


def configuration_of(text: str) -> Configuration:
    """Return the configuration that ``--only`` names, such as ``leakage=hp,sram=16MiB``. Raise InputError for a wrong one."""
    fields = {option: field for field, option in _OPTION.items()}
    given: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        option, equals, value = (piece.strip() for piece in part.partition("="))
        if option not in fields or not equals:
            raise InputError(
                f"expected KEY=VALUE with one of {', '.join(fields)}, got '{part}'",
                where="only",
                hint=did_you_mean(option, fields),
            )
        if fields[option] in given:
            raise InputError(f"{option} is given twice", where="only")
        given[fields[option]] = _value(option, value)
    return Configuration(**given)


def _value(option: str, value: str) -> Any:
    where = f"only: {option}"
    if option in ("leakage", "memory"):
        names = _AXES["leakage" if option == "leakage" else "main_memory"]
        if value not in names:
            raise InputError(f"expected one of {', '.join(names)}, got '{value}'", where=where, hint=did_you_mean(value, names))
        return value
    try:
        number = _number(option, value)
    except (ValueError, InputError) as error:
        raise InputError(f"expected {_EXPECTED[option]}, got '{value}'", where=where) from error
    least, most, multiple = _LIMITS[option]
    if not least <= number <= most or (multiple and number % multiple):
        raise InputError(f"expected {_EXPECTED[option]}, got '{value}'", where=where)
    return number


def _number(option: str, value: str) -> float | int:
    if option == "sram":
        return parse_size_bytes(value) // KIB
    if option == "clock":
        return parse(value, FREQUENCY) // _MHZ
    return float(value) if option == "residue" else int(value)


#: Least, most and unit of each number, and how it is called.
_LIMITS: dict[str, tuple[float, float, float]] = {
    "sram": (KIB, 64 * KIB, 16),
    "clock": (1, 10_000, 1),
    "batch": (1, 65_536, 1),
    "array": (16, 256, 16),
    "residue": (0, 100, 0),
}
_EXPECTED = {
    "sram": "the capacity of each SRAM scratchpad, 1 to 64 MiB in multiples of 16 KiB",
    "clock": "a clock from 1 MHz to 10 GHz",
    "batch": "a batch of 1 to 65536 images",
    "array": "rows and columns of the array, a multiple of 16 from 16 to 256",
    "residue": "the percentage of its leakage that is left in an idle bank, 0 to 100",
}
