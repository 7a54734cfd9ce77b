"""What banks are made of: memory macros of a cell, as models of arrays know them by name."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from simcore.reading.values import Broken, Count, PositiveNumber, Spec, Text, raise_broken

Cell = Annotated[Text, Field(min_length=1)]


class WriteSpec(Spec):
    """A cell, and its write voltage and pulse where they are not its own."""

    cell: Cell
    voltage_v: PositiveNumber | None = None
    pulse_ns: PositiveNumber | None = None


class MacroShareSpec(WriteSpec):
    """Macros of another cell that hold ``bits_percent`` of each line's bits."""

    bits_percent: Annotated[float, Field(strict=True, gt=0, lt=100)]


class MacroSpec(WriteSpec):
    """The macros that a bank is made of; timing, energy, leakage and area of the bank are theirs.

    ``word_bits``: bits that a macro gives at once, None for the line's, or the widest that the cell's table knows; a wider line
    lies in several macros side by side. ``beside``: other cells that hold a share of each line; ``cell`` holds the rest.
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
        """The cells, by name, joined by ``+`` where there are several."""
        return "+".join((self.cell, *(part.cell for part in self.beside)))
