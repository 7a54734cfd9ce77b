"""The technology of a System: the source of its energies, areas and leakage, and the gating of its banks."""

from __future__ import annotations

from typing import Annotated, Literal

from simcore.reading.keys import key
from simcore.reading.values import Count, CountOrNone, ErrorRate, Percent, Spec, Text, Writes


class GatingSpec(Spec):
    """Power gating: an idle bank is cut off from power.

    A bank that keeps its contents without power is cut off whenever it serves no access. Any other bank is cut off during layers
    that never access it and in which its scratchpad keeps nothing for a later layer. The defaults are assumed.
    """

    leakage_percent: Annotated[
        Percent, key("Leakage of a bank that is cut off, as a share of its normal leakage.", "percent", cycles=False)
    ] = 0.0
    wake_cycles: Annotated[
        CountOrNone,
        key(
            "Cycles before each access in which a bank that keeps its contents leaks in full. No access waits.",
            "cycles",
            cycles=False,
        ),
    ] = 1


class TechnologySpec(Spec):
    """The source of energies, areas and leakage."""

    table: Annotated[Text, key("Name of the table of energies, areas and leakage.", cycles=False)] = "default"
    node_nm: Annotated[
        Count,
        key(
            "Process node of logic and memories: 22 to 45, or 7 to 16 with SRAM alone (docs/energy.md). Macros: 22, 32, 45. "
            "Cycles depend on it only where banks are made of macros.",
            "nm",
            cycles=True,
        ),
    ] = 45
    leakage_class: Annotated[
        Literal["hp", "lop", "lstp"],
        key(
            "Transistors by the names of ITRS: high performance (`hp`), low operating power (`lop`), low standby power (`lstp`). "
            "Cycles depend on them only where banks are made of macros.",
            cycles=True,
        ),
    ] = "lop"
    gating: Annotated[GatingSpec | None, key("Power gating of idle banks. Without it no bank is ever cut off.")] = None
    endurance_writes: Annotated[
        Writes | None,
        key("Writes that a line endures, in place of the table's figures. Writes do not wear SRAM.", cycles=False),
    ] = None
    stored_error_rate: Annotated[
        ErrorRate | None,
        key(
            "Share of the stored bits that heat and reads may leave wrong in banks of STT-MRAM macros when their words are "
            "overwritten. Each scratchpad gets the least that keeps it in the run: nothing, a code of 72 bits for 64, or that "
            "code and scrubs, and the run is charged with their energy. Without the key, neither is charged.",
            "per bit",
            cycles=False,
        ),
    ] = None
