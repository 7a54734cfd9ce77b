"""The technology table, which turns counts of accesses and operations into area, energy and leakage. It holds no latencies.

The numbers stand in ``models/data/technology.yaml``. Each has a source and says whether it is measured, derived or assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from models.nodes import at_node, require_between
from models.scratchpad_table import ScratchpadFigures, array_figures, technology_name
from models.table_file import read_table
from simcore.errors import InputError, did_you_mean
from simcore.timing.bank_timing import BankTiming

_TABLES = {"default": Path(__file__).parent / "data" / "technology.yaml"}

_UM2_PER_MM2 = 1e6


@dataclass(frozen=True)
class Figure:
    """One energy of the table, in picojoules. ``kind`` is "measured", "derived" or "assumed"."""

    pj: float
    kind: str
    source: str


@dataclass(frozen=True)
class LogicFigure:
    """Energy in picojoules and area of one operation, or of one bit of a register."""

    pj: float
    area_mm2: float
    kind: str
    source: str


@dataclass(frozen=True)
class MainMemoryFigures:
    """Energy of a type of main memory: per byte moved, and per channel while the machine runs.

    ``background_mw`` and ``refresh_mw`` are those of one channel of ``channel_bytes_per_s``, or None if no figure is known.
    """

    channel_bytes_per_s: float
    read_pj_per_byte: float
    write_pj_per_byte: float
    background_mw: float | None
    refresh_mw: float | None
    kind: str
    source: str


@dataclass(frozen=True)
class PortFactors:
    """The area, the energy of an access and the leakage of a bank of several ports, relative to a bank of a single port."""

    area: float
    access: float
    leakage: float


@dataclass(frozen=True)
class Technology:
    """A technology table at one process node."""

    name: str
    node_nm: int
    table: Mapping[str, Any]

    def mac(self, word_bytes: int) -> LogicFigure:
        """Return the figure of one multiply-accumulate on words of 1, 2, 4 or 8 bytes. Raise InputError for another size."""
        entry = self.table["mac"].get(word_bytes)
        if entry is None:
            raise InputError(f"expected words of {', '.join(map(str, self.table['mac']))} bytes, got {word_bytes}")
        operations = self.table["operations"]
        pj, area_um2, given = 0.0, 0.0, True
        for operation, times in entry["operations"].items():
            figure = at_node(operations["pj"][operation], self.node_nm, "arithmetic")
            pj, given = pj + times * figure.value, given and figure.given
            area_um2 += times * operations["area_um2_at_45_nm"][operation]
        of = " + ".join(
            f"{'' if times == 1 else f'{times} x '}{name.replace('_', ' ')}" for name, times in entry["operations"].items()
        )
        source = f"{of}; {operations['source']}{self._between(given)}; area {operations['area_source']}"
        return LogicFigure(pj, self._logic_mm2(area_um2), entry["kind"], source)

    def mac_pj(self, word_bytes: int) -> float:
        """Return the energy of one multiply-accumulate, in picojoules."""
        return self.mac(word_bytes).pj

    def operation(self, name: str) -> LogicFigure:
        """Return the figure of one arithmetic operation, such as "int32_add". Raise InputError for one without figures."""
        operations = self.table["operations"]
        if name not in operations["pj"]:
            hint = did_you_mean(name, operations["pj"])
            raise InputError(f"the technology table '{self.name}' has no operation '{name}'", hint=hint)
        figure = at_node(operations["pj"][name], self.node_nm, "arithmetic")
        area = self._logic_mm2(operations["area_um2_at_45_nm"][name])
        source = f"{operations['source']}{self._between(figure.given)}; area {operations['area_source']}"
        return LogicFigure(figure.value, area, operations["kind"], source)

    @property
    def register_bit(self) -> LogicFigure:
        """Energy to clock a new bit into a flip-flop, and the flip-flop's area."""
        entry = self.table["register"]
        figure = at_node(entry["pj_per_bit"], self.node_nm, "registers")
        source = f"{entry['source']}{self._between(figure.given)}"
        return LogicFigure(figure.value, self._logic_mm2(entry["area_um2_at_45_nm"]), entry["kind"], source)

    @property
    def wire_mm(self) -> Figure:
        """Energy to move a bit over a millimetre of wire."""
        entry = self.table["wires"]
        figure = at_node(entry["pj_per_bit_mm"], self.node_nm, "wires")
        return Figure(figure.value, entry["kind"], f"{entry['source']}{self._between(figure.given)}")

    @property
    def leakage_class(self) -> str:
        """The class of the scratchpads' transistors: hp, lop or lstp."""
        return str(self.table["leakage_class"])

    @property
    def main_memory_types(self) -> tuple[str, ...]:
        """The types of main memory with figures."""
        return tuple(self.table["main_memory"])

    def main_memory(self, name: str) -> MainMemoryFigures:
        """Return the figures of a type of main memory. Raise InputError, with the known types, for another."""
        types = self.table["main_memory"]
        if name not in types:
            known = ", ".join(types)
            raise InputError(f"expected one of {known}, got {name!r}", where="memory.type", hint=did_you_mean(name, types))
        return MainMemoryFigures(**types[name])

    def ports(self, ports: int, *, volatile: bool) -> PortFactors:
        """Return the factors of a bank with this many read-and-write ports.

        In a non-volatile bank the cell, which the ports do not change, takes most of an access: its energy stays (assumed).
        """
        entry, more = self.table["ports"], ports - 1
        high, wide = entry["cell_f"]
        area = (high + more * entry["wider_f"]) * (wide + more * entry["wider_f"]) / (high * wide)
        leakage = 1 + more * entry["more_transistors"] / entry["transistors"]
        return PortFactors(area, area**0.5 if volatile else 1.0, leakage)

    @property
    def ports_source(self) -> str:
        """The kind and source of the factors for ports."""
        return f"{self.table['ports']['kind']}: {self.table['ports']['source']}"

    def scratchpad(self, memory: str | BankTiming, capacity_bytes: int) -> ScratchpadFigures:
        """Return the figures of one array of this capacity. A bank that is an array of its own counts as one.

        ``memory`` is the name of a technology, or a bank timing whose class may name its ``technology``. Between the table's
        capacities and between its nodes the figures are interpolated on logarithmic axes. Beyond the capacities they are
        extrapolated from the nearest two points, and a note says so. Raise InputError for a technology that is not in the table,
        and for a node without figures.
        """
        name, notes = technology_name(memory)
        rows = self.table["scratchpads"]
        if name not in rows:
            raise InputError(f"the technology table '{self.name}' has no '{name}'", hint=did_you_mean(name, rows))
        return array_figures(name, rows[name], self.node_nm, capacity_bytes, notes)

    def _logic_mm2(self, um2_at_45_nm: float) -> float:
        return um2_at_45_nm * at_node(self.table["logic_area"]["factor"], self.node_nm, "areas of logic").value / _UM2_PER_MM2

    def _between(self, given: bool) -> str:
        return "" if given else f"; {self.node_nm} nm interpolated between nodes"


def energy_table(name: str = "default", node_nm: int = 45) -> Technology:
    """Return the technology table of this name at a process node.

    Raise InputError for an unknown table, and for a node beyond those of the table's figures.
    """
    if name not in _TABLES:
        raise InputError("no such technology table", where=f"technology.table '{name}'", hint=did_you_mean(name, _TABLES))
    table = _read(name)
    require_between(table["logic_area"]["factor"], node_nm, "logic")
    return Technology(name, node_nm, table)


@lru_cache
def _read(name: str) -> Mapping[str, Any]:
    return read_table(_TABLES[name])
