"""How the time of an image follows tRAS, the number of banks and the columns of a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from simcore.studies.pim_dram.cases import Case, Runs
from simcore.studies.pim_dram.configuration import Configuration, Point
from simcore.studies.pim_dram.records import Row, ends, groups, records
from simcore.studies.pim_dram.settings import PimDramSettings

#: tRAS of DDR4-2666 in cycles (the preset: 43), three and five quarters of it; tRC = tRAS + tRP follows.
_RAS, _RP = (32, 54), 19
#: Banks of the channel (the preset: 16).
_BANKS = (4, 8)
#: Columns of a chip's row as the standard counts them, each of 64 bits in all chips together (the preset: 1024).
_COLUMNS = (512, 2048)


@dataclass(frozen=True)
class Changed:
    """A changed key, its value in words, and the configuration."""

    key: str
    value: int
    configuration: Configuration


def changes() -> list[Changed]:
    """Return every changed machine, with and without limits."""
    found = []
    for level in ("all", "multiply-only"):
        base = Point(level=level).configuration
        for cycles in _RAS:
            made = base.with_overrides(
                f"{base.name}-tRAS{cycles}", f"dram.overrides.nRAS={cycles}", f"dram.overrides.nRC={cycles + _RP}"
            )
            found.append(Changed("tRAS, cycles", cycles, made))
        for banks in _BANKS:
            found.append(Changed("banks", banks, base.with_overrides(f"{base.name}-{banks}banks", f"banks={banks}")))
        two = base.with_overrides(f"{base.name}-2ranks", "dram.overrides.rank=2")
        found.append(Changed("banks", 32, two))
        for count in _COLUMNS:
            made = base.with_overrides(f"{base.name}-{count}columns", f"dram.overrides.column={count}")
            found.append(Changed("columns", 64 * count, made))
    return found


def _networks(settings: PimDramSettings) -> tuple[str, ...]:
    return (settings.main_network,) if settings.quick else settings.chosen_networks


def sensitivity_cases(settings: PimDramSettings) -> list[Case]:
    """Return the simulations of the table."""
    changed = [change.configuration for change in changes()]
    base = [Point(level=level).configuration for level in ("all", "multiply-only")]
    return [Case(network, configuration) for network in _networks(settings) for configuration in (*base, *changed)]


def sensitivity_table(settings: PimDramSettings, runs: Runs) -> pd.DataFrame:
    """Return one row per network and changed key. ``relative`` is the time of an image over that of the preset."""
    rows = []
    for network in _networks(settings):
        for change in changes():
            made, level = change.configuration, change.configuration.level
            base = runs[Case(network, Point(level=level).configuration).key].figures["ms_per_image"]
            ms = runs[Case(network, made).key].figures["ms_per_image"]
            row: dict[str, Any] = {"network": network, "level": level, "key": change.key, "value": change.value}
            row |= {"ms_per_image": ms, "relative": ms / base}
            rows.append({**row, "configuration": made.name, "command": made.command(network)})
    return pd.DataFrame(rows)


def sensitivity_findings(table: pd.DataFrame) -> list[Row]:
    """Return, per level, key and value, the least and greatest time relative to the preset over the networks."""
    found = []
    for (level, key), rows in groups(records(table), "level", "key"):
        values = [{"value": value, **ends(of, "relative")} for (value,), of in groups(rows, "value")]
        found.append({"level": level, "key": key, "values": values})
    return found
