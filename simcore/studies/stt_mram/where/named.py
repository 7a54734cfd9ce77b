"""The named configurations: for each scope, those with the fewest departures from the preset that reach the claimed range."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from simcore.studies.stt_mram.gains import SCOPES
from simcore.studies.stt_mram.settings import CLAIMED_GAIN
from simcore.studies.stt_mram.where.configuration import Configuration
from simcore.studies.stt_mram.where.rerating import CONFIGURATION, joule_rows

#: What a named configuration has in common with the SRAM: capacity, area, or the claim at each of the two.
EQUALS = ("capacity", "area", "both")


def reach_table(gains: pd.DataFrame) -> pd.DataFrame:
    """Return one row per scope, ``equal`` and configuration: least and greatest gain over the networks, and how many are claimed.

    The claim is "up to 15 to 22 times", so ``reached`` says that the greatest gain lies in that range. With ``equal`` "both" it
    says so of equal capacity and of equal area, and ``greatest_gain`` is the greater of the two.
    """
    low, high = CLAIMED_GAIN
    frames = []
    for scope in SCOPES:
        column = f"{scope}_gain"
        inside = gains.assign(inside=gains[column].between(low, high))
        groups = inside.groupby([*CONFIGURATION, "iso"], sort=False)
        found = groups.agg(
            least_gain=(column, "min"),
            greatest_gain=(column, "max"),
            networks=(column, "size"),
            networks_inside=("inside", "sum"),
        ).reset_index()
        found["reached"] = found["greatest_gain"].between(low, high)
        both = found.groupby(CONFIGURATION, sort=False).agg(
            least_gain=("least_gain", "min"),
            greatest_gain=("greatest_gain", "max"),
            networks=("networks", "sum"),
            networks_inside=("networks_inside", "sum"),
            reached=("reached", "all"),
        )
        frames += [found.rename(columns={"iso": "equal"}), both.reset_index().assign(equal="both")]
        frames[-1].insert(0, "scope", scope)
        frames[-2].insert(0, "scope", scope)
    return pd.concat(frames, ignore_index=True)


def named_table(reach: pd.DataFrame) -> pd.DataFrame:
    """Return the configuration for each scope and ``equal`` that reaches the claimed range with the fewest departures.

    Of equally many departures the one of fewest steps along the axes counts, then the one with most networks inside. ``only`` is
    the value of ``--only`` that runs it again. A scope that reaches the range nowhere has no row.
    """
    reached = reach[reach["reached"]].copy()
    found = [configuration_in(row) for row in reached.to_dict("records")]
    reached["departures"] = [len(each.departures) for each in found]
    reached["steps"] = [each.steps for each in found]
    reached["only"] = [each.text for each in found]
    order = ["departures", "steps", "networks_inside"]
    best = (
        reached.sort_values(order, ascending=[True, True, False], kind="stable").groupby(["scope", "equal"], sort=False).head(1)
    )
    place = {(scope, equal): at for at, (scope, equal) in enumerate((scope, equal) for scope in SCOPES for equal in EQUALS)}
    ranks = [place[scope, equal] for scope, equal in zip(best["scope"], best["equal"], strict=True)]
    return best.assign(rank=ranks).sort_values("rank").drop(columns=["rank", "reached"]).reset_index(drop=True)


def configuration_in(row: Any) -> Configuration:
    """Return the configuration that a row names."""
    return Configuration(**{key: row[key] for key in CONFIGURATION})


def joule_table(runs: pd.DataFrame, named: pd.DataFrame) -> pd.DataFrame:
    """Return the joules of a training step by part: a row per named configuration, network and memory."""
    rows: list[dict[str, Any]] = []
    for text, configuration in {row["only"]: configuration_in(row) for row in named.to_dict("records")}.items():
        rows += ({"only": text, **row} for row in configuration_joules(runs, configuration))
    return pd.DataFrame(rows, columns=None if rows else ["only", "network", "iso"])


def configuration_joules(runs: pd.DataFrame, configuration: Configuration) -> Iterator[dict[str, Any]]:
    """Yield the joules of each network and memory at a configuration."""
    leakage = configuration.leakage_point
    wanted = {key: getattr(configuration, key) for key in ("sram_kib", "clock_mhz", "batch", "array")}
    wanted |= {"leakage_class": leakage.leakage_class}
    kept = runs[(runs[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    yield from joule_rows(kept.to_dict("records"), leakage, configuration.memory_point, configuration.residue_percent)
