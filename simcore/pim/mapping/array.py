"""What dot products are mapped to, and how."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from simcore.errors import InputError, did_you_mean

Weights = Literal["resident", "reloaded"]
WEIGHTS: tuple[Weights, ...] = ("resident", "reloaded")


@dataclass(frozen=True, kw_only=True)
class Array:
    """The subarrays that compute. A row of a subarray has ``columns`` cells, in all chips of a rank together.

    ``subarrays`` of each bank compute at a time. A bank has ``stored_subarrays`` in all (0: as many), whose rows hold weights,
    too: subarray s of those that compute stands for the subarrays s, s + ``subarrays``, ... of its bank, which take turns.
    """

    columns: int
    rows: int
    banks: int = 1
    subarrays: int = 1
    stored_subarrays: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            least = 0 if field.name == "stored_subarrays" else 1
            if getattr(self, field.name) < least:
                raise InputError(f"array: expected {field.name} of at least {least}, got {getattr(self, field.name)}")
        if 0 < self.stored_subarrays < self.subarrays:
            got = f"{self.subarrays} of {self.stored_subarrays}"
            raise InputError(f"array: expected at most all subarrays of a bank to compute, got {got}")

    @property
    def units(self) -> int:
        """Return the subarrays that compute at a time. Unit u belongs to bank u // ``subarrays``."""
        return self.banks * self.subarrays

    @property
    def depth(self) -> int:
        """Return the subarrays for which one that computes stands."""
        return max(1, self.stored_subarrays // self.subarrays)


@dataclass(frozen=True, kw_only=True)
class MapOptions:
    """How operands lie in columns, and what the micro-program needs.

    ``working_rows`` are the rows that the program occupies in every subarray beside the weights: the activations and the product
    of one operand pair, its compute rows, and the addresses of rows that it raises together. ``program_operations`` is its number
    of row operations. ``pairs_per_column`` operand pairs share a column and are multiplied one after the other, so that so many
    times fewer subarrays compute. ``weights``: "resident" weights stay in their rows from image to image where they fit,
    "reloaded" ones are written for every image.
    """

    weight_bits: int
    activation_bits: int
    working_rows: int
    program_operations: int
    pairs_per_column: int = 1
    weights: Weights = "resident"

    def __post_init__(self) -> None:
        for name in ("weight_bits", "activation_bits", "working_rows", "program_operations", "pairs_per_column"):
            if getattr(self, name) < 1:
                raise InputError(f"mapping: expected {name} of at least 1, got {getattr(self, name)}")
        if self.weights not in WEIGHTS:
            raise InputError(f"mapping: no weights '{self.weights}'", hint=did_you_mean(self.weights, WEIGHTS))

    @property
    def product_bits(self) -> int:
        """Return the rows of a product."""
        return self.weight_bits + self.activation_bits

    @property
    def fixed_rows(self) -> int:
        """Return the rows of a subarray that cannot hold weights."""
        return self.working_rows + (self.pairs_per_column - 1) * self.activation_bits

    def weight_sets_of(self, array: Array) -> int:
        """Return how many rows of weights (of all bits) fit beside the working rows of a unit.

        Raise InputError if there is not even one.
        """
        free = (array.rows - self.fixed_rows) // self.weight_bits
        if free < 1:
            needed = self.fixed_rows + self.weight_bits
            raise InputError(
                f"mapping: expected at least {needed} rows in a subarray, got {array.rows}",
                hint=f"{self.fixed_rows} working rows, and {self.weight_bits} rows of weights",
            )
        return free * array.depth
