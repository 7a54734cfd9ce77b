"""The periphery of a bank of DRAM that computes: adder tree, accumulators, transpose unit, and the unit for everything else.

It stands at the row buffer and serves one subarray at a time; columns are those of all chips of the rank. Energies and areas are
sums of the arithmetic of `models/data/technology.yaml`. No published figure of such a periphery was readable, so what it consists
of is assumed; `parts` says so beside each number. PIMeval (40ce162) counts the ones of 64 bits in 0.76 ns, which leaves room in
the 2 ns that the presets give a step of the tree.

The tree takes ``tree_columns`` columns in a cycle. Its adders can be cut between any two columns, so that dot products of every
length lie side by side. A row of a product goes through it in ceil(columns / tree_columns) cycles; rows follow each other, and
only after the last one its stages and the accumulators empty.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

from models.technology import LogicFigure, Technology, energy_table
from simcore.errors import InputError
from simcore.pim.mapping.vector_work import VectorWork

#: Bits of an accumulator, whose adder is the table's.
ACCUMULATOR_BITS = 32
#: Rows of operands that the transpose unit holds: the bits of the widest activation.
OPERAND_BITS = 16
#: The arithmetic that an operation on one word takes. Operations that are not listed take that of `_ANY`.
_WORD_OPERATIONS: dict[str, tuple[str, ...]] = {
    "relu": ("int32_add",),
    "add": ("int32_add",),
    "pool": ("int32_add",),
    "global-pool": ("int32_add",),
    "quantise": ("int8_multiply", "int32_add"),
    "batch-norm": ("half_multiply", "int32_add"),
    "mul": ("half_multiply",),
}
#: Operations that work in the adder and comparator of ReLU, so that they add no area.
WITHOUT_ADDERS = ("add", "pool", "global-pool")
#: A function of a value as a straight line from a table.
_ANY = ("half_multiply", "fp32_add")


@dataclass(frozen=True)
class Part:
    """A part of one bank's periphery: its area, the energy of one ``unit`` of what it does, and where both come from.

    ``kind`` is "derived" if the table's arithmetic is counted for a known circuit, else "assumed".
    """

    name: str
    area_mm2: float
    pj: float
    unit: str
    kind: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Periphery:
    """The periphery of a bank whose rows have ``columns`` columns. ``node_nm`` is the node of its logic (45 nm is assumed)."""

    columns: int
    tree_columns: int
    clock_hz: int
    transposer_bits_per_cycle: int
    vector_words_per_cycle: int
    node_nm: int = 45

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise InputError(f"periphery: expected {field.name} of at least 1, got {getattr(self, field.name)}")

    # Cycles of its own clock ----------------------------------------------------------------------------------------------

    @property
    def tree_stages(self) -> int:
        """Return the stages of the tree: each adds neighbouring sums in pairs."""
        return (min(self.tree_columns, self.columns) - 1).bit_length()

    @property
    def read_cycles(self) -> int:
        """Return the cycles for which the tree needs a row of a product in the row buffer."""
        return -(-self.columns // self.tree_columns)

    @property
    def drain_cycles(self) -> int:
        """Return the cycles from the last columns of the last row to the sum in the accumulators."""
        return self.tree_stages + 1

    @property
    def operand_cycles(self) -> int:
        """Return the cycles in which the transpose unit writes a row of operands."""
        return -(-self.columns // self.transposer_bits_per_cycle)

    def vector_cycles(self, work: VectorWork) -> int:
        """Return the cycles of one bank's share of an operation on words."""
        return -(-work.word_operations // self.vector_words_per_cycle)

    def dram_cycles(self, cycles: int, tck_ps: int) -> int:
        """Return these cycles in cycles of the DRAM's clock, rounded up."""
        return -(-cycles * 10**12 // (self.clock_hz * tck_ps))

    # Energy and area ------------------------------------------------------------------------------------------------------

    @property
    def row_pj(self) -> float:
        """Return the energy to take a row of a product through the tree."""
        return self.columns * self._tree.pj

    @property
    def accumulate_pj(self) -> float:
        """Return the energy to add one dot product's count of ones to its accumulator."""
        return self._accumulator.pj

    def transpose_pj(self, bits: int) -> float:
        """Return the energy to take so many bits of operands through the transpose unit."""
        return bits * self._transposer.pj

    def word_pj(self, operation: str) -> float:
        """Return the energy of an operation (`VectorWork.operation`, or "quantise") on one word."""
        return sum(self._technology.operation(each).pj for each in _WORD_OPERATIONS.get(operation, _ANY))

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return the parts of a bank's periphery, for all chips of the rank together."""
        return self._tree, self._accumulator, self._transposer, *self._word_parts

    @property
    def area_mm2(self) -> float:
        """Return the area of a bank's periphery, for all chips of the rank together."""
        return sum(part.area_mm2 for part in self.parts)

    @cached_property
    def _technology(self) -> Technology:
        return energy_table(node_nm=self.node_nm)

    @cached_property
    def _tree(self) -> Part:
        """A full adder for each column, as counting n ones takes fewer than n, and a register behind each sum of each stage."""
        adder, register = self._technology.operation("int32_add"), self._technology.register_bit
        columns = min(self.tree_columns, self.columns)
        bits = sum(-(-columns >> stage) * (stage + 1) for stage in range(1, self.tree_stages + 1)) / columns
        each_mm2 = adder.area_mm2 / 32 + bits * register.area_mm2
        source = f"one of the 32 full adders of an int32 adder ({adder.source}) and {bits:.2f} register bits ({register.source})"
        pj = adder.pj / 32 + bits * register.pj
        return Part("adder tree", columns * each_mm2, pj, "column of a row", "derived", source)

    @cached_property
    def _accumulator(self) -> Part:
        """An adder and a register for as many dot products as the tree can end in a cycle: assumed one in 64 columns."""
        adder, register = self._technology.operation("int32_add"), self._technology.register_bit
        each = LogicFigure(
            adder.pj + ACCUMULATOR_BITS * register.pj, adder.area_mm2 + ACCUMULATOR_BITS * register.area_mm2, "assumed", ""
        )
        count = -(-min(self.tree_columns, self.columns) // 64)
        source = f"an int32 adder and {ACCUMULATOR_BITS} register bits; one for 64 columns of the tree; {adder.source}"
        return Part("accumulators", count * each.area_mm2, each.pj, "count of ones", "assumed", source)

    @cached_property
    def _transposer(self) -> Part:
        """Two square arrays of registers, one filled while the other is emptied. A bit is written and moved once."""
        register = self._technology.register_bit
        bits = 2 * OPERAND_BITS * self.transposer_bits_per_cycle
        source = f"two buffers of {OPERAND_BITS} rows of bits, each bit clocked twice; {register.source}"
        return Part("transpose unit", bits * register.area_mm2, 2 * register.pj, "bit", "assumed", source)

    @cached_property
    def _word_parts(self) -> tuple[Part, ...]:
        """Lanes for each operation of the table, of which one works at a time."""
        found = []
        for name, operations in _WORD_OPERATIONS.items():
            figures = [self._technology.operation(each) for each in operations]
            area = self.vector_words_per_cycle * sum(figure.area_mm2 for figure in figures)
            what = " + ".join(each.replace("_", " ") for each in operations)
            source = f"{what} for each word; {figures[0].source}"
            found.append(Part(name, 0.0 if name in WITHOUT_ADDERS else area, self.word_pj(name), "word", "assumed", source))
        return tuple(found)
