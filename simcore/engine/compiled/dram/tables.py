"""The tables of the compiled DRAM, for the device, the request controllers that use it, and main memory."""

from __future__ import annotations

from typing import NamedTuple

from simcore.engine.compiled.tables import Table, Vector


class DeviceTables(NamedTuple):
    """The device of all channels (`device_columns`). Any issuer of commands uses it through `device`."""

    commands: Table
    rules: Table
    #: The last cycles of a command at each node, one row per rule with a window.
    rings: Table
    #: The first cycle in which a bank may take a command: [command, bank].
    ready: Table
    banks: Table
    ranks: Table
    #: Commands issued: [rank, command].
    issued: Table
    totals: Vector
    log: Table


class MappingTables(NamedTuple):
    """The bits of an address (`simcore.dram.mapping.AddressMapping`), nodes per level, and room for an address's numbers."""

    fields: Table
    xors: Table
    sizes: Vector
    numbers: Vector


class ControllerTables(NamedTuple):
    """The request controllers of all channels on their device (`columns`)."""

    device: DeviceTables
    mapping: MappingTables
    #: Constants of a run.
    fixed: Vector
    progress: Vector
    channels: Table
    slots: Table
    #: Slots by age, and the free ones: [channel, place].
    order: Table
    free: Table
    priority: Table
    uses: Table
    #: The cycle and the bus in which a request of the queue hit the open row of a bank.
    hit_banks: Vector
    counts: Table
    answers: Table


class TraceTables(NamedTuple):
    """A trace: the first cycle in which each request may come, whether it is a write, and its address."""

    earliest: Vector
    write: Vector
    address: Vector


class MemoryTables(NamedTuple):
    """The DRAM as main memory: controllers, the FIFOs of transactions before them, and the bursts of these transactions."""

    controllers: ControllerTables
    #: The relation of the DRAM's clock to the core's.
    link: Vector
    fifos: Table
    waiting: Table
    notes: Table
    #: Accepted transactions that are not yet handed over.
    trace: Table
