"""Access traces as files: Parquet tables and, for a DRAM, the texts that trace-driven DRAM simulators read.

Rows go to the disk while the run goes on, one Parquet row group after another, so that memory does not grow with the trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from simcore.errors import InputError, did_you_mean
from simcore.program.program import Int64Array, Port
from simcore.program.traces import NOTHING, Access, Answer, Event, Traced, Transaction
from simcore.saving.failures import refusals_of

if TYPE_CHECKING:
    from simcore.kinds import MachineKind
    from simcore.spec import MachineSpec

SCRATCHPADS, DRAM = "scratchpads", "dram"
#: What can be traced, and the stem of its files.
STEMS = {SCRATCHPADS: "scratchpad_trace", DRAM: "dram_trace"}

#: The rows of a row group. Only the last one of a file has fewer.
GROUP_ROWS = 1 << 17

_OPERATIONS = ("read", "write")


@dataclass(frozen=True)
class TraceOrder:
    """The wish for traces of ``kinds`` (STEMS), in files in ``folder``, which exists.

    Accesses of core cycles ``first_cycle`` up to, not with, ``end_cycle`` are traced. ``told_as`` is the folder in messages. The
    caller makes sure that the folder is complete or absent. Raise InputError for another kind, and for cycles that cannot be.
    """

    folder: Path
    kinds: tuple[str, ...] = (SCRATCHPADS,)
    first_cycle: int = 0
    end_cycle: int | None = None
    told_as: Path | None = None

    def __post_init__(self) -> None:
        for kind in self.kinds:
            if kind not in STEMS:
                raise InputError(f"no trace of {kind!r}", hint=did_you_mean(kind, STEMS))
        if self.first_cycle < 0 or (self.end_cycle is not None and self.end_cycle <= self.first_cycle):
            found = f"{self.first_cycle}:{'' if self.end_cycle is None else self.end_cycle}"
            raise InputError(f"expected traced cycles from 0 on, of which the second is larger, got {found}")

    def require(self, kind: MachineKind[Any, Any], machine: MachineSpec, engine: str) -> None:
        """Raise InputError if the machine makes no such accesses."""
        for wanted in self.kinds:
            kind.require_trace(machine, wanted)

    def engine_of(self, kind: MachineKind[Any, Any]) -> str | None:
        """Return None: every engine writes traces, so that the kind's own default holds."""
        return None

    def files(self, kind: MachineKind[Any, Any], machine: MachineSpec) -> AbstractContextManager[Written]:
        """Open the files, as `trace_files` does."""
        return trace_files(self, list(dict.fromkeys(bank.scratchpad for bank in kind.banks(machine))))


@dataclass(frozen=True)
class Written:
    """The orders of traces to the engine, and the number of rows written so far, by kind."""

    traced: Traced
    rows: dict[str, int]

    def facts(self) -> dict[str, Any]:
        """Return what a manifest says about the traces."""
        cycles = [self.traced.first_cycle, self.traced.end_cycle]
        return {"cycles": cycles, "files": {f"{STEMS[kind]}.parquet": rows for kind, rows in self.rows.items()}}


@contextmanager
def trace_files(order: TraceOrder, scratchpads: Sequence[str]) -> Iterator[Written]:
    """Open the files of traces, and yield the order for an engine; ``scratchpads`` are the names of the machine's.

    The files are complete when the block ends without an exception. Raise InputError if the system refuses to write.
    """
    rows = dict.fromkeys(order.kinds, 0)
    shown = order.told_as or order.folder
    with ExitStack() as stack:
        takes = {}
        for kind in rows:
            columns = _access_columns(scratchpads) if kind == SCRATCHPADS else _transaction_columns()
            with refusals_of(shown):
                table = stack.enter_context(_table(order.folder / f"{STEMS[kind]}.parquet", columns))
                texts = stack.enter_context(_texts(order.folder)) if kind == DRAM else {}
            takes[kind] = _take(kind, table, texts, rows, shown)
        yield Written(Traced(takes.get(SCRATCHPADS), takes.get(DRAM), order.first_cycle, order.end_cycle), rows)
        with refusals_of(shown):
            stack.close()


def _take(
    kind: str, table: _Table, texts: Mapping[_Line, IO[str]], rows: dict[str, int], shown: Path
) -> Callable[[str, Int64Array], None]:
    def take(layer: str, found: Int64Array) -> None:
        """Write the records ``found`` of ``layer`` into the table and the text files."""
        with refusals_of(shown):
            table.add(layer, found)
            for line, file in texts.items():
                file.write(line(found))
        rows[kind] += len(found)

    return take


# The columns of a table. Each is a column of the engine's rows; a tuple names its values by their numbers.


@dataclass(frozen=True)
class _Column:
    at: int
    names: tuple[str, ...] | None = None

    @property
    def type(self) -> Any:
        return pa.int64() if self.names is None else pa.dictionary(pa.int32(), pa.string())

    def array(self, rows: Int64Array) -> Any:
        values = rows[:, self.at]
        if self.names is None:
            return pa.array(values, mask=values == NOTHING)
        return pa.DictionaryArray.from_arrays(values.astype(np.int32), list(self.names))


def _access_columns(scratchpads: Sequence[str]) -> dict[str, _Column]:
    return {
        "cycle": _Column(Access.CYCLE),
        "scratchpad": _Column(Access.SCRATCHPAD, tuple(scratchpads)),
        "bank": _Column(Access.BANK),
        "bank_port": _Column(Access.BANK_PORT),
        "row": _Column(Access.ROW),
        "port": _Column(Access.PORT, tuple(port.name.lower() for port in Port)),
        "operation": _Column(Access.WRITE, _OPERATIONS),
        "event": _Column(Access.EVENT, tuple(event.name.lower() for event in Event)),
        "arrived_cycle": _Column(Access.ARRIVED),
        "done_cycle": _Column(Access.DONE),
        "free_cycle": _Column(Access.FREE),
    }


def _transaction_columns() -> dict[str, _Column]:
    return {
        "cycle": _Column(Transaction.CYCLE),
        "dram_cycle": _Column(Transaction.DRAM_CYCLE),
        "channel": _Column(Transaction.CHANNEL),
        "address": _Column(Transaction.ADDRESS),
        "operation": _Column(Transaction.WRITE, _OPERATIONS),
        "answer": _Column(Transaction.ANSWER, tuple(answer.name.lower() for answer in Answer)),
    }


@dataclass
class _Table:
    """A Parquet file that grows by row groups."""

    writer: Any
    columns: dict[str, _Column]
    waiting: list[tuple[str, Int64Array]] = field(default_factory=list)
    rows: int = 0

    def add(self, layer: str, rows: Int64Array) -> None:
        """Add rows of a layer, and write whole row groups."""
        while self.rows + len(rows) >= GROUP_ROWS:
            fits = GROUP_ROWS - self.rows
            self.waiting.append((layer, rows[:fits]))
            self.write()
            rows = rows[fits:]
        self.waiting.append((layer, rows))
        self.rows += len(rows)

    def write(self) -> None:
        """Write the waiting rows as one row group."""
        waiting, self.waiting, self.rows = [part for part in self.waiting if len(part[1])], [], 0
        if not waiting:
            return
        layers = list(dict.fromkeys(name for name, _ in waiting))
        numbers = np.repeat([layers.index(name) for name, _ in waiting], [len(rows) for _, rows in waiting])
        rows = np.concatenate([rows for _, rows in waiting])
        arrays = [pa.DictionaryArray.from_arrays(numbers.astype(np.int32), layers)]
        arrays += [column.array(rows) for column in self.columns.values()]
        self.writer.write_table(pa.Table.from_arrays(arrays, schema=_schema(self.columns)), row_group_size=GROUP_ROWS)


def _schema(columns: Mapping[str, _Column]) -> Any:
    layer = ("layer", pa.dictionary(pa.int32(), pa.string()))
    return pa.schema([layer, *((name, column.type) for name, column in columns.items())])


@contextmanager
def _closing(file: Any) -> Iterator[Any]:
    """Close a file or a writer at the end. After an exception it will be removed, so what it lacks does not matter then."""
    try:
        yield file
    except BaseException:
        with suppress(OSError):
            file.close()
        raise
    file.close()


@contextmanager
def _table(path: Path, columns: dict[str, _Column]) -> Iterator[_Table]:
    # simcore opens the file, because pyarrow takes no path that is not UTF-8.
    with _closing(open(path, "wb")) as file, _closing(pq.ParquetWriter(file, _schema(columns), compression="zstd")) as writer:
        table = _Table(writer, columns)
        yield table
        table.write()


#: Writes rows as the lines of a text.
_Line = Callable[[Int64Array], str]


def simcore_lines(rows: Int64Array) -> str:
    """Return ``DRAM_CYCLE R|W HEX_ADDRESS`` for each row, as ``simcore dram`` reads it."""
    return _lines("%d %s %x\n", ("R", "W"), rows, (Transaction.DRAM_CYCLE, Transaction.WRITE, Transaction.ADDRESS))


def ramulator_lines(rows: Int64Array) -> str:
    """Return ``LD|ST 0xADDRESS`` for each row, as the LoadStoreTrace of Ramulator 2 reads it. It has no times."""
    return _lines("%s 0x%x\n", ("LD", "ST"), rows, (Transaction.WRITE, Transaction.ADDRESS))


def dramsim3_lines(rows: Int64Array) -> str:
    """Return ``0xADDRESS READ|WRITE DRAM_CYCLE`` for each row, as DRAMsim3 reads it."""
    return _lines("0x%x %s %d\n", ("READ", "WRITE"), rows, (Transaction.ADDRESS, Transaction.WRITE, Transaction.DRAM_CYCLE))


def _lines(line: str, operations: tuple[str, str], rows: Int64Array, columns: Sequence[int]) -> str:
    values = [rows[:, column].tolist() for column in columns]
    values[columns.index(Transaction.WRITE)] = [operations[write] for write in rows[:, Transaction.WRITE].tolist()]
    return "".join([line % numbers for numbers in zip(*values, strict=True)])


#: The texts of a DRAM's trace, by the end of their names.
TEXTS: Mapping[str, _Line] = {
    ".txt": simcore_lines,
    ".ramulator.txt": ramulator_lines,
    ".dramsim3.txt": dramsim3_lines,
}


@contextmanager
def _texts(folder: Path) -> Iterator[dict[_Line, IO[str]]]:
    with ExitStack() as stack:
        paths = {line: folder / f"{STEMS[DRAM]}{end}" for end, line in TEXTS.items()}
        files = ((line, open(path, "w", encoding="ascii", newline="\n")) for line, path in paths.items())  # noqa: SIM115
        yield {line: stack.enter_context(_closing(file)) for line, file in files}
