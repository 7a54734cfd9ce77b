"""Open-loop traffic on one scratchpad: requests arrive at given times, whether or not earlier ones are done.

Both engines run it (``simcore.engine.run_traffic``). It tests a scratchpad alone, without an array: against closed forms of
queueing theory, and with the random requests of ``simcore check``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from simcore.errors import InputError
from simcore.machine.machine import Scratchpad
from simcore.program.program import Int64Array, Port
from simcore.timing.bank_timing import READ, WRITE

#: The values of granted and done for a request that was not granted.
NOT_GRANTED = -1

_READERS = (Port.IFMAP, Port.FILTER, Port.PSUM)


@dataclass(frozen=True)
class Traffic:
    """Requests in order of arrival, one int64 value each. Requests of one cycle are ordered by port, then as they stand here.

    ``arrive`` is the cycle from which a request may be granted. ``port`` says who asks: IFMAP, FILTER and PSUM read, OUTPUT
    writes through the write buffer (of unlimited depth here, so that no arrival is delayed), DMA reads and writes directly.
    ``bank`` and ``row`` name the line; the bank is counted within the scratchpad. ``op`` is READ or WRITE. Raise InputError for
    arrays that break these rules.
    """

    arrive: Int64Array
    port: Int64Array
    bank: Int64Array
    row: Int64Array
    op: Int64Array

    def __post_init__(self) -> None:
        """Convert every array to int64. Raise InputError for arrays that break the rules of the class."""
        for item in fields(self):
            values = np.asarray(getattr(self, item.name))
            if values.ndim != 1 or (len(values) and values.dtype.kind not in "iu"):
                raise InputError(f"expected one integer for each request, got {values!r}", where=f"traffic.{item.name}")
            object.__setattr__(self, item.name, np.ascontiguousarray(values, dtype=np.int64))
        for item in fields(self):
            if len(getattr(self, item.name)) != len(self):
                message = f"expected {len(self)} values, one for each arrival, got {len(getattr(self, item.name))}"
                raise InputError(message, where=f"traffic.{item.name}")
        self._refuse("arrive", np.diff(self.arrive, prepend=0) < 0, "no earlier than 0 and the request before")
        self._refuse("port", (self.port < 0) | (self.port >= len(Port)), "a Port")
        self._refuse("op", (self.op != READ) & (self.op != WRITE), f"READ ({READ}) or WRITE ({WRITE})")
        self._refuse("op", np.isin(self.port, _READERS) & (self.op == WRITE), "READ from the ports ifmap, filter and psum")
        self._refuse("op", (self.port == Port.OUTPUT) & (self.op == READ), "WRITE from the port output")

    def __len__(self) -> int:
        return len(self.arrive)

    def _refuse(self, name: str, wrong: np.typing.NDArray[np.bool_], expected: str) -> None:
        """Raise InputError for the first request marked wrong."""
        if wrong.any():
            first = int(np.argmax(wrong))
            raise InputError(f"expected {expected}, got {getattr(self, name)[first]}", where=f"traffic.{name}[{first}]")

    def check_against(self, pad: Scratchpad) -> None:
        """Raise InputError for a request to a bank or row that the scratchpad does not have."""
        self._refuse("bank", (self.bank < 0) | (self.bank >= pad.banks), f"a bank of {pad.name}, 0 to {pad.banks - 1}")
        self._refuse("row", (self.row < 0) | (self.row >= pad.rows), f"a row of {pad.name}, 0 to {pad.rows - 1}")

    def describe(self, number: int) -> str:
        """Return one request in words."""
        kind = "write" if self.op[number] == WRITE else "read"
        port = Port(int(self.port[number])).name.lower()
        place = f"row {self.row[number]} in bank {self.bank[number]}"
        return f"request {number}: {kind} of {place} from {port}, arriving in cycle {self.arrive[number]}"


@dataclass(frozen=True)
class TrafficOutcome:
    """The cycles in which each request was granted and done, and the counts of each bank, as in an Outcome.

    ``granted`` is the first grant, also for a write that was preempted later. ``done`` belongs to the last grant. A request that
    was not granted before the run was stopped has -1 in both.
    """

    arrive: Int64Array
    granted: Int64Array
    done: Int64Array
    reads: Int64Array
    writes: Int64Array
    forwarded_reads: Int64Array
    preempted_writes: Int64Array
    conflict_cycles: Int64Array
    busy_cycles: Int64Array
    counters: Mapping[str, Int64Array] = field(default_factory=dict)

    @property
    def wait(self) -> Int64Array:
        """Return the cycles from arrival to the first grant."""
        return self.granted - self.arrive

    @property
    def response(self) -> Int64Array:
        """Return the cycles from arrival until the data are available or the write is over."""
        return self.done - self.arrive

    def differences(self, other: TrafficOutcome) -> list[str]:
        """Return the names of the fields in which two outcomes differ, with both values."""
        mine, theirs = self._cells(), other._cells()
        return [f"{name}: {mine[name]} != {theirs[name]}" for name in mine if not np.array_equal(mine[name], theirs[name])]

    def _cells(self) -> dict[str, Int64Array]:
        """Return all times and counts by name."""
        plain = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "counters"}
        return plain | {f"counters.{name}": counted for name, counted in self.counters.items()}

    def first_difference(self, other: TrafficOutcome) -> int | None:
        """Return the first request that was granted or done in different cycles, or None if there is none."""
        differs = (self.granted != other.granted) | (self.done != other.done)
        return int(np.argmax(differs)) if differs.any() else None


def bernoulli(
    rate: float,
    write_share: float,
    cycles: int,
    *,
    seed: int,
    banks: int = 1,
    rows: int = 1,
    reader: Port = Port.IFMAP,
    writer: Port = Port.OUTPUT,
) -> Traffic:
    """Return at most one request per cycle, which comes with probability ``rate`` and is a write with ``write_share``."""
    random = np.random.default_rng(seed)
    arrive = np.flatnonzero(random.random(cycles) < rate)
    return _requests(random, arrive, write_share, banks, rows, reader, writer)


def poisson(
    rate: float,
    write_share: float,
    cycles: int,
    *,
    seed: int,
    ticks_per_cycle: int = 1,
    banks: int = 1,
    rows: int = 1,
    reader: Port = Port.IFMAP,
    writer: Port = Port.OUTPUT,
) -> Traffic:
    """Return arrivals at random times, on average ``rate`` per cycle. Times are in ticks; a cycle has ``ticks_per_cycle``.

    The engines treat a tick as a cycle, so the latencies of the banks must be scaled as well.
    """
    random = np.random.default_rng(seed)
    times = np.sort(random.random(random.poisson(rate * cycles)))
    arrive = np.floor(times * cycles * ticks_per_cycle).astype(np.int64)
    return _requests(random, arrive, write_share, banks, rows, reader, writer)


def _requests(
    random: np.random.Generator, arrive: Int64Array, write_share: float, banks: int, rows: int, reader: Port, writer: Port
) -> Traffic:
    """Return requests at given times to random lines."""
    write = random.random(len(arrive)) < write_share
    return Traffic(
        arrive=arrive,
        port=np.where(write, int(writer), int(reader)),
        bank=random.integers(banks, size=len(arrive)),
        row=random.integers(rows, size=len(arrive)),
        op=np.where(write, WRITE, READ),
    )


def bursts(requests: int, *, seed: int, banks: int, rows: int, pauses: Sequence[int] = (0, 0, 0, 1, 2, 20)) -> Traffic:
    """Return requests from all ports, separated by random draws from ``pauses`` (in cycles)."""
    random = np.random.default_rng(seed)
    port = random.integers(len(Port), size=requests)
    dma_op = random.integers(2, size=requests)
    return Traffic(
        arrive=np.cumsum(random.choice(np.array(pauses, dtype=np.int64), size=requests)),
        port=port,
        bank=random.integers(banks, size=requests),
        row=random.integers(rows, size=requests),
        op=np.where(port == Port.DMA, dma_op, np.where(port == Port.OUTPUT, WRITE, READ)),
    )
