"""The recorder of micro-programs: it checks the use of rows while a program writes down its operations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simcore.errors import InputError, did_you_mean
from simcore.pim.language import Kind, Line, Operation
from simcore.pim.rows import MAJORITIES, ComputeRows

#: What a program gives as rows of one activation: one word line or several.
Lines = Line | Iterable[Line]

#: The longest program. A product of 31 by 31 bits has some ten thousand operations.
MOST_OPERATIONS = 1_000_000


@dataclass(frozen=True)
class Recording:
    """A micro-program for operands of given widths: its operations, and the names of all rows, by number."""

    rows: tuple[str, ...]
    inputs: tuple[tuple[Line, ...], ...]
    out: tuple[Line, ...]
    zero: int
    one: int
    operations: tuple[Operation, ...]

    @property
    def published(self) -> tuple[Operation, ...]:
        """Return the operations that the published count of the family has."""
        return tuple(operation for operation in self.operations if not operation.uncounted)


class Recorder:
    """The subarray as a program sees it. ``s["T0"]`` is a row by its name, ``~s["DCC0"]`` its inverting word line.

    Every method raises InputError, with the number of the operation, for a use of rows that no subarray allows.
    """

    def __init__(self, rows: ComputeRows, widths: Iterable[int], out_bits: int, inputs: str = "abc") -> None:
        self.compute = rows
        self._names: list[str] = list(rows.names)
        self._number = {name: at for at, name in enumerate(self._names)}
        self.inputs = tuple(self._data(name, width) for name, width in zip(inputs, widths, strict=False))
        self._operands = frozenset(line.row for operand in self.inputs for line in operand)
        self.out = self._data("out", out_bits)
        self._constants = frozenset(self._number[name] for name in rows.constants)
        self._written = set(self._operands | self._constants)
        self._scratch: dict[str, tuple[Line, ...]] = {}
        self._operations: list[Operation] = []

    def __getitem__(self, name: str) -> Line:
        """Return the word line of a compute row."""
        if name not in self._number:
            raise InputError(f"no compute row '{name}'", hint=did_you_mean(name, self.compute.names))
        return Line(self._number[name])

    @property
    def zero(self) -> Line:
        """Return the row of zeros."""
        return self[self.compute.zero]

    @property
    def one(self) -> Line:
        """Return the row of ones."""
        return self[self.compute.one]

    def scratch(self, name: str, bits: int = 1) -> tuple[Line, ...]:
        """Return further data rows, which can be activated alone only. The same name gives the same rows."""
        if name not in self._scratch:
            if f"{name}0" in self._number:
                raise InputError(f"expected another name of scratch rows, because a row '{name}0' exists")
            self._scratch[name] = self._data(name, bits)
        if len(self._scratch[name]) != bits:
            raise InputError(f"expected {len(self._scratch[name])} scratch rows '{name}' as before, got {bits}")
        return self._scratch[name]

    def aap(self, source: Lines, target: Lines, *, uncounted: bool = False) -> None:
        """Activate the source rows, then the target rows, and precharge: the target takes the (majority) value of the source."""
        self._record(Operation(Kind.AAP, _tuple(source), _tuple(target), 0, uncounted))

    def ap(self, rows: Lines, *, uncounted: bool = False) -> None:
        """Activate rows and precharge: all take their majority."""
        self._record(Operation(Kind.AP, _tuple(rows), (), 0, uncounted))

    def shift(self, source: Lines, target: Lines, columns: int) -> None:
        """Copy as `aap`, with every value moved by ``columns`` towards higher columns (negative: lower). Zeros come in."""
        self._record(Operation(Kind.SHIFT, _tuple(source), _tuple(target), columns))

    def read(self, rows: Lines) -> None:
        """Activate rows, give their (majority) value to the bank's periphery, and precharge."""
        self._record(Operation(Kind.READ, _tuple(rows)))

    def recording(self) -> Recording:
        """Return what was recorded. Raise InputError if a row of the result was never written."""
        for bit, line in enumerate(self.out):
            if line.row not in self._written:
                raise InputError(f"bit {bit} of the result (row '{self._names[line.row]}') is never written")
        zero, one = (self._number[name] for name in self.compute.constants)
        return Recording(tuple(self._names), self.inputs, self.out, zero, one, tuple(self._operations))

    def _data(self, name: str, bits: int) -> tuple[Line, ...]:
        first = len(self._names)
        for bit in range(bits):
            self._number[f"{name}{bit}"] = first + bit
            self._names.append(f"{name}{bit}")
        return tuple(Line(first + bit) for bit in range(bits))

    def _record(self, operation: Operation) -> None:
        where = f"operation {len(self._operations)}"
        if len(self._operations) == MOST_OPERATIONS:
            raise InputError(f"expected at most {MOST_OPERATIONS:,} operations, got more")
        self._check_activation(operation.first, where)
        if len(operation.first) not in MAJORITIES:
            got = f"{len(operation.first)} ({self._told(operation.first)})"
            raise InputError(f"{where}: expected 1, 3 or 5 rows in a first activation, got {got}")
        for line in operation.first:
            if line.row not in self._written:
                raise InputError(f"{where}: row '{self._names[line.row]}' is activated before anything was written to it")
        changed = list(operation.second)
        if operation.second:
            self._check_activation(operation.second, where)
        elif operation.kind in (Kind.AAP, Kind.SHIFT):
            raise InputError(f"{where}: expected a row to write to, got none")
        if len(operation.first) > 1:
            changed += operation.first
        self._check_writable(changed, where)
        if {line.row for line in operation.first} & {line.row for line in operation.second}:
            raise InputError(f"{where}: a row is both source and target ({self._told(operation.second)})")
        self._written |= {line.row for line in changed}
        self._operations.append(operation)

    def _check_activation(self, lines: tuple[Line, ...], where: str) -> None:
        """Check that one address of the row decoder raises these word lines."""
        for line in lines:
            if not isinstance(line, Line) or not 0 <= line.row < len(self._names):
                raise InputError(f"{where}: expected rows of this subarray, got {line!r}")
            if line.inverted and self._names[line.row] not in self.compute.inverting:
                raise InputError(f"{where}: row '{self._names[line.row]}' has no inverting word line")
        if len(lines) != 1 and not self.compute.has_group(self._word_lines(lines)):
            raise InputError(f"{where}: no address raises the rows ({self._told(lines)}) together")

    def _check_writable(self, changed: list[Line], where: str) -> None:
        for line in changed:
            name = self._names[line.row]
            if line.row in self._constants:
                raise InputError(f"{where}: the row '{name}' of constants would be overwritten")
            if line.row in self._operands:
                raise InputError(f"{where}: the operand's row '{name}' would be overwritten")

    def _word_lines(self, lines: Iterable[Line]) -> list[str]:
        return [f"{'~' * line.inverted}{self._names[line.row]}" for line in lines]

    def _told(self, lines: Iterable[Line]) -> str:
        return ", ".join(self._word_lines(lines))


def _tuple(lines: Lines) -> tuple[Line, ...]:
    if not isinstance(lines, Line | Iterable):
        raise InputError(f"expected rows of this subarray, got {lines!r}")
    return (lines,) if isinstance(lines, Line) else tuple(lines)
