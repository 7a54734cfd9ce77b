"""The tables of the issuer of micro-programs (`columns`)."""

from __future__ import annotations

from typing import NamedTuple

from simcore.engine.compiled.dram.tables import DeviceTables
from simcore.engine.compiled.tables import Table, Vector


class PimTables(NamedTuple):
    """The issuer and its device. The device has every command once for each part of the rules (`simcore.pim.causes`)."""

    device: DeviceTables
    fixed: Vector
    progress: Vector
    units: Table
    #: Waited cycles: [unit, cause].
    stalls: Table
    #: `simcore.pim.sequence.Sequence.operations` of all sequences, one after the other.
    operations: Table
    groups: Table
    peripheries: Table
    refreshes: Table
