"""Memory macros of which banks are built, made of cells that the models of arrays know by name."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from simcore.reading.values import Broken, Count, PositiveNumber, Spec, Text, raise_broken

Cell = Annotated[Text, Field(min_length=1)]


class WriteSpec(Spec):
    """A cell, with a write voltage and a write pulse if they differ from the cell's own."""

    cell: Cell
    voltage_v: PositiveNumber | None = None
    pulse_ns: PositiveNumber | None = None


class MacroShareSpec(WriteSpec):
    """Macros of another cell that hold ``bits_percent`` of each line's bits."""

    bits_percent: Annotated[float, Field(strict=True, gt=0, lt=100)]


class MacroSpec(WriteSpec):
    """The macros of which a bank is built. They determine the bank's timing, energy, leakage and area.

    ``word_bits`` is the number of bits that a macro delivers per access. None means the bits of the line, or the widest word that
    the cell's table knows; a wider line spans several macros side by side. ``beside`` lists other cells that each hold a share of
    every line; ``cell`` holds the rest.
    """

    word_bits: Count | None = None
    beside: tuple[MacroShareSpec, ...] = ()

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
