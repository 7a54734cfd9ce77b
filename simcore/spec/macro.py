"""Memory macros of which banks are built, made of cells that the models of arrays know by name."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from simcore.reading.keys import key
from simcore.reading.values import Broken, Count, ErrorRate, PositiveNumber, Spec, Text, raise_broken

Cell = Annotated[Text, Field(min_length=1)]


class WriteSpec(Spec):
    """A cell, with a write voltage and a write pulse if they differ from the cell's own."""

    cell: Annotated[
        Cell,
        key(
            "Name of the memory cell (`simcore list cells`), or the file of your own cell: FILE.yaml. `macro: NAME` alone names "
            "the cell.",
            cycles=True,
        ),
    ]
    voltage_v: Annotated[
        PositiveNumber | None,
        key("Write voltage in place of the cell's own. The energy of writes depends on it.", "V", cycles=False),
    ] = None
    pulse_ns: Annotated[
        PositiveNumber | None,
        key("Write pulse in place of the cell's own. A write holds its bank for as long.", "ns", cycles=True),
    ] = None
    write_error_rate: Annotated[
        ErrorRate | None,
        key(
            "Write error rate that the voltage is to keep with the pulse, as the mean over cells that vary as the cell's "
            "description says (`overdrive_spread`). In place of `voltage_v`.",
            "per bit",
            cycles=False,
        ),
    ] = None

    @model_validator(mode="after")
    def _one_voltage(self) -> Self:
        if self.voltage_v is not None and self.write_error_rate is not None:
            raise_broken([Broken(("write_error_rate",), "expected voltage_v or write_error_rate, got both")])
        return self


class MacroShareSpec(WriteSpec):
    """Macros of another cell that hold ``bits_percent`` of each line's bits."""

    bits_percent: Annotated[
        float,
        Field(strict=True, gt=0, lt=100),
        key("Share of each line's bits, and so of the capacity, that these macros hold.", "percent", cycles=True),
    ]


class MacroSpec(WriteSpec):
    """The macros of which a bank is built. They determine the bank's timing, energy, leakage and area."""

    word_bits: Annotated[
        Count | None,
        key(
            "Bits that a macro delivers per access. Without it, the bits of the line, or the widest word that the cell's table "
            "knows. A wider line spans several macros side by side.",
            "bits",
            cycles=True,
        ),
    ] = None
    beside: Annotated[
        tuple[MacroShareSpec, ...], key("Macros of other cells, each for a share of every line's bits; `cell` holds the rest.")
    ] = ()

    @model_validator(mode="before")
    @classmethod
    def _cell_alone(cls, value: object) -> object:
        return {"cell": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _shares_leave_a_rest(self) -> Self:
        shared = sum(part.bits_percent for part in self.beside)
        if shared >= 100:
            raise_broken([Broken(("beside",), f"expected shares of less than 100 % in all, got {shared:g}")])
        return self

    @property
    def cells(self) -> str:
        """Return the names of the cells, joined by ``+`` if there are several."""
        return "+".join((self.cell, *(part.cell for part in self.beside)))
