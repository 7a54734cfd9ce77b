"""The systems of the study: one preset with scratchpads built from other macros. Each variant is a set of overrides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from models.arrays.cells import memory_cell
from models.arrays.scratchpad import ScratchpadMacros, scratchpad_of
from models.arrays.write import DEFAULT_DESIGN, nominal_voltage_v, varied_design, voltage_v_for
from models.cells.storage import check_share, left_by_code
from simcore.errors import InputError
from simcore.spec import System, load_system
from simcore.spec.system import ScratchpadName
from simcore.studies.stt_mram.settings import KIB, NODE_NM, WORD_BITS

#: The preset that the study varies: a training accelerator with four scratchpads.
PRESET = "train-sram"
#: The preset's rows and columns, and its clock.
ARRAY, CLOCK_MHZ = 32, 1000
#: A result that fits stays on chip for the next layer, so that more capacity reduces traffic.
LAYER_RESULTS = "layer_results=scratchpads"
#: The leakage that remains in a bank that is cut off, in percent, and the cycles of full leakage before an access.
GATED_LEAKAGE_PERCENT, WAKE_CYCLES = 0, 1
#: No write or stored bit is held at less than this error rate.
LEAST_RATE = 1e-12
#: A code must keep a word that is read so often.
MOST_READS = 1000
#: An equal area is looked for up to this many powers of two above and below the SRAM's capacity.
STEPS = 4


@dataclass(frozen=True)
class Variant:
    """A system whose scratchpads are all built from the same cell.

    ``sram_bytes`` is the capacity of each scratchpad of the SRAM system. ``iso`` says what another cell has in common with that
    SRAM: "capacity" or "area"; "none" is the SRAM itself. With ``gated``, idle banks are cut off from power. ``array`` is the
    number of rows and of columns; lines and vector unit are as wide. The core has the clock, main memory keeps its own.
    ``voltage_v`` and ``pulse_ns`` give another write than the cell's own. If STT-MRAM is ``held``, its writes and stored bits are
    kept at ``error_budget``: by the voltage that varying cells need, unless one is given, and by codes and scrubs.
    """

    leakage_class: str
    sram_bytes: int
    cell: str = "sram"
    iso: str = "none"
    gated: bool = False
    array: int = ARRAY
    clock_mhz: int = CLOCK_MHZ
    voltage_v: float | None = None
    pulse_ns: float | None = None
    held: bool = True

    @property
    def error_rate(self) -> float | None:
        """Return the rate at which writes and stored bits are held, None if they are not."""
        return error_budget(self.cell) if self.held and self.cell != "sram" else None

    @property
    def written_v(self) -> float:
        """Return the voltage of writes. Raise InputError for SRAM."""
        known, rate = memory_cell(self.cell), self.error_rate
        if self.voltage_v is not None or rate is None:
            return self.voltage_v or nominal_voltage_v(known)
        return voltage_v_for(known, rate, self.pulse_ns or known.pulse_ns, varied_design(known))

    def capacities(self) -> dict[ScratchpadName, int]:
        """Return the bytes of each scratchpad by name. Raise InputError if no capacity of the cell fits into the SRAM's area."""
        if self.iso != "area":
            return dict.fromkeys(pads(), self.sram_bytes)
        checks = 0.0 if self.error_rate is None else check_share(memory_cell(self.cell).described, self.error_rate)
        asked = (self.cell, self.leakage_class, self.sram_bytes, self.array, checks)
        return {name: equal_area_bytes(name, *asked) for name in pads()}

    def overrides(self) -> tuple[str, ...]:
        """Return the overrides that turn the preset into this system."""
        rate = self.error_rate
        wanted = rate if self.voltage_v is None else None
        write = {"voltage_v": self.voltage_v, "pulse_ns": self.pulse_ns, "write_error_rate": wanted}
        told = "".join(f", {key}: {float(value)!r}" for key, value in write.items() if value is not None)
        macro = f"{{cell: {self.cell}, word_bits: {WORD_BITS}{told}}}"
        changes = [f"technology.node_nm={NODE_NM}", f"technology.leakage_class={self.leakage_class}", LAYER_RESULTS]
        if rate is not None:
            changes.append(f"technology.stored_error_rate={rate!r}")
        if self.gated:
            changes.append(f"technology.gating={{leakage_percent: {GATED_LEAKAGE_PERCENT}, wake_cycles: {WAKE_CYCLES}}}")
        if self.clock_mhz != CLOCK_MHZ:
            changes.append(f"core_clock_hz={self.clock_mhz} MHz")
        if self.array != ARRAY:
            changes += [f"{key}={self.array}" for key in ("array.rows", "array.columns", "vector_unit.lanes")]
            changes += [f"scratchpads.{name}.line_bytes={_line_bytes(name, self.array)}" for name in pads()]
        for name, capacity_bytes in self.capacities().items():
            changes += [f"scratchpads.{name}.capacity_bytes={capacity_bytes}", f"scratchpads.{name}.macro={macro}"]
        return tuple(changes)

    def system(self) -> System:
        """Return the system."""
        return load_system(PRESET, self.overrides(), of=System)

    @property
    def configuration(self) -> str:
        """Return the variant in words, for tables."""
        sizes = sorted({capacity_bytes // KIB for capacity_bytes in self.capacities().values()})
        held = "/".join(f"{kib / KIB:.4g}" for kib in sizes)
        common = "" if self.iso == "none" else f", iso-{self.iso} to {self.sram_bytes // KIB / KIB:g} MiB"
        gated = "gated" if self.gated else "not gated"
        named = PRESET if self.array == ARRAY else f"{PRESET}, {self.array}x{self.array}"
        named = named if self.clock_mhz == CLOCK_MHZ else f"{named}, {self.clock_mhz:g} MHz"
        return f"{named}, {NODE_NM} nm {self.leakage_class}, {self.cell}, {len(pads())} x {held} MiB{common}, {gated}"


@lru_cache(maxsize=64)
def error_budget(cell: str) -> float:
    """Return the rate at which the study holds writes and stored bits of a cell.

    It is the error rate of the cell's own write, but at least ``LEAST_RATE``, and what a code leaves after ``MOST_READS`` reads.
    """
    known = memory_cell(cell)
    found = max(DEFAULT_DESIGN.nominal_error_rate(known), LEAST_RATE, left_by_code(known.described, MOST_READS))
    return float(f"{found:.3g}")


@lru_cache(maxsize=1)
def _preset() -> System:
    return load_system(PRESET, of=System)


def pads() -> tuple[ScratchpadName, ...]:
    """Return the names of the preset's scratchpads."""
    return tuple(_preset().scratchpads)


def _line_bytes(pad_name: ScratchpadName, array: int) -> int:
    """Return the bytes of a line that is as wide as the array."""
    return _preset().scratchpads[pad_name].line_bytes * array // ARRAY


def _macros(pad_name: ScratchpadName, cell: str, leakage_class: str, capacity_bytes: int, array: int) -> ScratchpadMacros:
    pad = _preset().scratchpads[pad_name]
    return scratchpad_of(
        cell,
        capacity_bytes,
        pad.banks,
        _line_bytes(pad_name, array),
        _preset().core_clock_hz,
        node_nm=NODE_NM,
        leakage_class=leakage_class,
        word_bits=WORD_BITS,
    )


@lru_cache(maxsize=1024)
def equal_area_bytes(
    pad_name: ScratchpadName, cell: str, leakage_class: str, sram_bytes: int, array: int = ARRAY, check_share: float = 0.0
) -> int:
    """Return the largest capacity of this scratchpad that fits into the SRAM's area with the cell and its check bits.

    The banks keep their number; each has a whole number of KiB. Raise InputError if no such capacity fits.
    """
    banks = _preset().scratchpads[pad_name].banks
    area_mm2 = _macros(pad_name, "sram", leakage_class, sram_bytes, array).area_mm2

    def fits(bank_kib: int) -> bool:
        try:
            return (1 + check_share) * _macros(pad_name, cell, leakage_class, banks * bank_kib * KIB, array).area_mm2 <= area_mm2
        except InputError:
            return False  # outside the table of macros

    sram_kib = sram_bytes // banks // KIB
    powers = [sram_kib << step if step >= 0 else sram_kib >> -step for step in range(-STEPS, STEPS + 1)]
    fitting = [bank_kib for bank_kib in powers if bank_kib and fits(bank_kib)]
    if not fitting:
        message = f"no capacity of {cell} fits into {area_mm2:.4g} mm2, the area of {sram_bytes // KIB} KiB of SRAM"
        raise InputError(message, where=f"scratchpads.{pad_name}")
    low, high = fitting[-1], 2 * fitting[-1]
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return banks * low * KIB
