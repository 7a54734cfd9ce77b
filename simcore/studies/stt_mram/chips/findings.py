"""What the tables of chips show: whether twice less write energy is reached, by what, and the front of energy and accuracy."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd

from simcore.studies.stt_mram.chips.made import GUARDED_RATE
from simcore.studies.stt_mram.chips.search import LOST_POINTS, TOLERATED_LOSS_POINTS
from simcore.studies.stt_mram.settings import CLAIMED_WRITE_GAIN

#: In what a chip combines: operands in SRAM, or another array.
OTHER_SILICON = "array|slices|groups"
#: In what a chip combines: upper bits that no write of a whole training is expected to fail.
SAFE_UPPER_BITS = "guard|slices"
#: What chips combine, each with one part more than the chip before it.
CHAINS = (
    ("reference", "baseline", "baseline, accumulator", "baseline, accumulator, errors"),
    ("reference", "guard", "guard, accumulator", "guard, accumulator, errors"),
)
#: What names a table's training, and the seeds.
NAMED = ("net", "data", "format", "seeds", "fresh_seeds")


def contribution_findings(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return for each format what each step contributes, and the best chip that loses too little to matter.

    Operands in SRAM save write energy whatever STT-MRAM does, and another array writes other words, so these chips have a finding
    of their own. ``reached`` says that the best of the others saves more than the claimed gain, and loses less than the limit
    from the first seeds and, where they were run, from fresh ones. ``reached_without_errors`` says it of chips without errors
    in low bits. ``best_guarded`` has upper bits that hardly fail. ``chains`` give what each part adds to the parts before it.
    ``upper_bits`` counts the runs of chips whose upper bits are written at the cell's own error rate, and those that are lost,
    whose seeds it names: chips draw the same random numbers from one seed, so that their trainings may be lost together.
    """
    return [_of_format(rows) for _, rows in table.groupby("format", sort=False)]


def _of_format(rows: pd.DataFrame) -> dict[str, Any]:
    gains = {str(parts): float(gain) for parts, gain in rows.set_index("combines")["write_energy_gain"].items()}
    confirmed = rows[_confirmed(rows)]
    good = confirmed[~confirmed["combines"].str.contains(OTHER_SILICON)]
    hybrid = confirmed[confirmed["combines"].str.contains(OTHER_SILICON)]
    tolerant = good["combines"].str.contains("errors")
    alone = good[good["combines"].isin(("voltage, errors", "pulse, errors"))]
    best = _told(good)
    first = rows.iloc[0]
    return {
        **{name: str(first[name]) for name in NAMED},
        **{name: int(first[name]) for name in ("epochs", "batch")},
        "limit_points": TOLERATED_LOSS_POINTS,
        "guarded_error_rate": GUARDED_RATE,
        "gains": gains,
        "chains": [_added(gains, chain) for chain in CHAINS if set(chain) <= set(gains)],
        "upper_bits": _lost(rows[~rows["combines"].str.contains(SAFE_UPPER_BITS)]),
        "best": best,
        "best_without_errors": _told(good[~tolerant]),
        "best_guarded": _told(good[good["combines"].str.contains("guard")]),
        "best_other_silicon": _told(hybrid),
        "reached": best is not None and best["write_energy_gain"] > CLAIMED_WRITE_GAIN,
        "reached_without_errors": bool((good[~tolerant]["write_energy_gain"] > CLAIMED_WRITE_GAIN).any()),
        "reached_by_errors_alone": bool((alone["write_energy_gain"] > CLAIMED_WRITE_GAIN).any()),
    }


def _added(gains: dict[str, float], chain: tuple[str, ...]) -> dict[str, float]:
    """Return, by the part that a chip has more than the chip before it, how many times less write energy it takes."""
    found = {}
    for before, after in pairwise(chain):
        (added,) = set(after.split(", ")) - set(before.split(", "))
        found[added] = gains[after] / gains[before]
    return found


def _lost(rows: pd.DataFrame) -> dict[str, Any]:
    runs, lost = rows["runs"] + rows["fresh_runs"], rows["lost_runs"] + rows["fresh_lost_runs"]
    told = " ".join(str(each) for name in ("lost_seeds", "fresh_lost_seeds") for each in rows[name].dropna())
    seeds = sorted({int(float(seed)) for seed in told.split()})
    return {"runs": int(runs.sum()), "lost": int(lost.sum()), "lost_points": LOST_POINTS, "lost_seeds": seeds}


def _confirmed(rows: pd.DataFrame) -> pd.Series[bool]:
    fresh = rows["fresh_loss_mean_points"]
    kept: pd.Series[bool] = (rows["loss_mean_points"] < TOLERATED_LOSS_POINTS) & (fresh.isna() | (fresh < TOLERATED_LOSS_POINTS))
    return kept


def _told(rows: pd.DataFrame) -> dict[str, Any] | None:
    known = rows[rows["write_energy_gain"].notna()]
    if known.empty:
        return None
    row = known.sort_values("write_energy_gain").iloc[-1]
    keys = (
        "write_energy_gain",
        "varied_write_energy_gain",
        "stays_write_energy_gain",
        "stays_step_energy_gain",
        "step_energy_gain",
        "relative_cycles",
        "sram_bits_percent",
        "loss_mean_points",
        "loss_std_points",
    )
    fresh = ("fresh_loss_mean_points", "fresh_loss_std_points")
    return {
        "chip": str(row["chip"]),
        "bits_that_err": str(row["bits_that_err"]),
        **{key: float(row[key]) for key in (*keys, *fresh)},
    }


def front(table: pd.DataFrame) -> pd.Series[bool]:
    """Return which chips of a format no other one beats in loss and gain, and equals or beats in the other."""
    kept = []
    for row in table.itertuples(index=False):
        same = table[table["format"] == row.format]
        no_worse = (same["loss_mean_points"] <= row.loss_mean_points) & (same["write_energy_gain"] >= row.write_energy_gain)
        better = (same["loss_mean_points"] < row.loss_mean_points) | (same["write_energy_gain"] > row.write_energy_gain)
        kept.append(not (no_worse & better).any())
    return pd.Series(kept, index=table.index, dtype=bool)


def net_findings(nets: pd.DataFrame) -> list[dict[str, Any]]:
    """Return for each larger network what the chip that is kept, its last one, saves and loses."""
    kept = nets.groupby("net", sort=False).tail(1)
    energies = ("write_energy_gain", "stays_write_energy_gain", "step_energy_gain")
    keys = (*energies, "accuracy_mean_percent", "loss_mean_points", "loss_std_points")
    named = ("net", "data", "format", "chip", "bits_that_err", "seeds")
    return [
        {**{key: str(row[key]) for key in named}, "epochs": int(row["epochs"]), **{key: float(row[key]) for key in keys}}
        for row in kept.to_dict("records")
    ]
