"""The tables of the compiled DRAM: the device's, those of the request controllers on it, and those of main memory."""

from __future__ import annotations

from typing import NamedTuple

from simcore.engine.compiled.tables import Table, Vector


class DeviceTables(NamedTuple):
    """The DRAM itself, all channels (`device_columns`). Any issuer of commands works on it through `device`."""

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
    """How an address is cut (`simcore.dram.mapping.AddressMapping`), nodes per level, and room for the numbers of one address."""

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
    #: Slots by age, and those that are free: [channel, place].
    order: Table
    free: Table
    priority: Table
    uses: Table
    #: In which cycle and on which bus a request of the queue hit the open row of a bank.
    hit_banks: Vector
    counts: Table
    answers: Table


class TraceTables(NamedTuple):
    """A trace: the first cycle in which each request may come, whether it is a write, its address."""

    earliest: Vector
    write: Vector
    address: Vector


class MemoryTables(NamedTuple):
    """The DRAM as main memory: controllers, the FIFOs of transactions before them, and the bursts these belong to."""

    controllers: ControllerTables
    #: Its clock and the core's.
    link: Vector
    fifos: Table
    waiting: Table
    notes: Table
