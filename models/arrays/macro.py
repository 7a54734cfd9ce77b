"""A memory macro: area, latency, energy and leakage by cell, capacity, node, leakage class and word width."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Integral
from typing import Self

from models.arrays.cells import MemoryCell, memory_cell
from models.arrays.interpolation import figures_at
from models.arrays.table import SOURCE, TARGETS, Family, Figures
from models.arrays.write import DEFAULT_DESIGN, WriteDesign, WritePoint, write_point
from simcore.errors import InputError, did_you_mean
from simcore.reading.units import parse_size_bytes

_KIB = 1024
_NO_CELL_LEAKAGE = "NVSim counts no leakage in MRAM cells, so this leakage is that of the peripheral circuits alone"
_ASSUMED_JUNCTION = (
    "cell files name no junction, so error rates rest on an assumed stability, damping and field (`simcore memory cell`)"
)
_LONG_WIRES = "NVSim's wires have no repeaters, so latencies above 4 MiB are pessimistic"


@dataclass(frozen=True)
class Macro:
    """One array with its peripheral circuits. An access reads or writes ``word_bits`` bits at once.

    ``kind`` is "measured" (a row of the table), "derived" (between rows) or "assumed". ``write`` is None for SRAM.
    """

    cell: MemoryCell
    node_nm: int
    leakage_class: str
    word_bits: int
    capacity_bytes: int
    target: str
    area_mm2: float
    read_ns: float
    write_ns: float
    read_pj: float
    write_pj: float
    leakage_mw: float
    kind: str
    source: str
    write: WritePoint | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know before trusting the numbers."""
        notes = [f"leakage is for class {self.leakage_class} at 350 K; other classes differ by factors of 10 to 10,000"]
        if self.cell.technology != "sram":
            notes += [_NO_CELL_LEAKAGE, _ASSUMED_JUNCTION]
        if self.capacity_bytes > 4 * _KIB**2:
            notes.append(_LONG_WIRES)
        if self.cell.array is not None:
            notes.append(f"{self.cell.name} lies in the arrays of {self.cell.array}; only its write is its own")
        elif self.kind == "assumed":
            notes.append(
                f"{self.word_bits}-bit words: the effect of the width is known only at 1 MiB or between widths, and applied here"
            )
        return tuple(notes)

    def with_write(
        self, *, voltage_v: float | None = None, pulse_ns: float | None = None, design: WriteDesign = DEFAULT_DESIGN
    ) -> Self:
        """Return this macro with another write voltage or pulse, which changes write latency, write energy and write error rate.

        The new pulse replaces the old one in the latency, and the cells' energy follows V^2 t. Peripheral circuits, area, reads
        and leakage do not change. Raise InputError for a cell that has no write pulse and for a voltage or pulse that is not
        positive.
        """
        point = write_point(self.cell, voltage_v, pulse_ns, design)
        nominal = self.write or write_point(self.cell, None, None, design)
        return replace(
            self,
            write_ns=self.write_ns + point.pulse_ns - nominal.pulse_ns,
            write_pj=self.write_pj + self.word_bits * (point.energy_pj - nominal.energy_pj),
            write=point,
        )

    def to_json(self) -> dict[str, object]:
        """Return a flat dictionary of plain values with units in the names."""
        shown: dict[str, object] = {
            "cell": self.cell.name,
            "capacity_bytes": self.capacity_bytes,
            "node_nm": self.node_nm,
            "leakage_class": self.leakage_class,
            "word_bits": self.word_bits,
            "target": self.target,
        }
        shown |= {name: getattr(self, name) for name in Figures._fields}
        shown["write"] = None if self.write is None else self.write.to_json()
        return shown | {"kind": self.kind, "source": self.source, "notes": list(self.notes)}


def memory_macro(
    cell: str | MemoryCell,
    capacity_bytes: int,
    *,
    node_nm: int = 22,
    leakage_class: str = "lop",
    word_bits: int = 128,
    target: str = "read-edp",
    design: WriteDesign = DEFAULT_DESIGN,
) -> Macro:
    """Return the macro of this cell and capacity: a row of the table as it stands, or an interpolation between rows.

    Raise InputError for an unknown cell, and for a node, class, target, word width or capacity outside the table.
    """
    known = memory_cell(cell) if isinstance(cell, str) else cell
    if target not in TARGETS:
        raise InputError(f"no optimisation target is called '{target}'", hint=did_you_mean(target, TARGETS))
    size_bytes, width = _whole("capacity_bytes", capacity_bytes), _whole("word_bits", word_bits)
    figures, kind = figures_at(Family(known.table_name, node_nm, leakage_class, target), size_bytes / _KIB, width)
    if known.array is not None:
        figures, kind = _with_own_write(figures, known, width), "assumed"
    write = None if known.technology == "sram" else write_point(known, None, None, design)
    source = f"{SOURCE}; cell: {known.source}"
    return Macro(known, node_nm, leakage_class, width, size_bytes, target, *figures, kind, source, write)


def _with_own_write(figures: Figures, cell: MemoryCell, word_bits: int) -> Figures:
    """Return figures of the arrays that a user's cell lies in, with the pulse and the energy of its own write."""
    other = memory_cell(cell.table_name)
    return figures._replace(
        write_ns=figures.write_ns + cell.pulse_ns - other.pulse_ns,
        write_pj=figures.write_pj + word_bits * (cell.write_energy_pj - other.write_energy_pj),
    )


def _whole(name: str, value: object) -> int:
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise InputError(f"expected a whole number above 0, got {value!r}", where=name)
    return int(value)


def parse_capacity(text: str) -> int:
    """Bytes of a macro's capacity as it is typed; raises InputError."""
    try:
        capacity = parse_size_bytes(text)
    except InputError as error:
        raise InputError(error.message, where="capacity", hint=error.hint) from None
    if capacity < 1:
        raise InputError(f"expected a size above 0, got {text!r}", where="capacity")
    return capacity
