"""Findings from the runs: loss at low error rates, order of sensitivity, best placement. All are computed from the tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from simcore.studies.write_errors.accuracy_tables import ERROR_FREE
from workloads.faults.word_memory import TENSORS
from workloads.layers.held import TensorKind

#: The lowest swept rate that counts for a tensor's sensitivity, which is its average loss. Lower rates show no loss to average.
SENSITIVE_FROM = 1e-4


def low_rate_loss(runs: pd.DataFrame, highest_rate: float) -> dict[str, Any]:
    """Return whether write errors in all tensors at rates up to ``highest_rate`` cost accuracy.

    ``no_loss`` says that the mean loss against the error-free run of the same seed is at most ``unnoticed_points``, which is the
    standard deviation of the error-free runs, and at least one test image.
    """
    free = runs[(runs["experiment"] == ERROR_FREE) & _of_main(runs)]
    low = runs[(runs["experiment"] == "low-rate") & (runs["error_rate"] <= highest_rate)]
    by_rate = low.groupby("error_rate")["loss_points"].mean()
    unnoticed = max(float(free["accuracy_percent"].std()), 100.0 / float(free["test_images"].iloc[0]))
    return {
        "highest_error_rate": highest_rate,
        "runs": len(low),
        "failed_bits_per_run": float(low["failed_bits"].mean()),
        "loss_mean_points": float(by_rate.max()),
        "loss_max_points": float(low["loss_points"].max()),
        "unnoticed_points": unnoticed,
        "no_loss": bool(by_rate.max() <= unnoticed),
    }


def sensitivity_order(runs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the kinds of tensor, most sensitive first, with the loss averaged over the swept rates.

    The average is taken per seed; its mean and spread are over seeds. ``seeds_above_next`` counts the seeds, out of ``seeds``, in
    which the tensor loses more than the next one in order. It is None for the last tensor.
    """
    swept = runs[(runs["experiment"] == "error-rate") & _of_main(runs) & (runs["error_rate"] >= SENSITIVE_FROM)]
    by_seed = swept.pivot_table("loss_points", index="seed", columns="tensor", aggfunc="mean")
    ordered = [str(tensor) for tensor in by_seed.mean().sort_values(ascending=False).index]
    rows = []
    for tensor, after in zip(ordered, [*ordered[1:], None], strict=True):
        losses = by_seed[tensor]
        row: dict[str, Any] = {"tensor": tensor, "seeds": len(losses)}
        row |= {f"loss_{key}_points": float(losses.agg(key)) for key in ("mean", "std", "min", "max")}
        row["seeds_above_next"] = None if after is None else int((losses > by_seed[after]).sum())
        rows.append(row)
    return rows


def tolerated_rates(runs: pd.DataFrame, loss_points: float) -> dict[TensorKind, float]:
    """Return for each kind of tensor the highest swept rate at which, and below which, the mean loss is below ``loss_points``.

    The rate is 0 if the lowest swept rate already costs that much.
    """
    swept = runs[(runs["experiment"] == "error-rate") & _of_main(runs)]
    means = swept.groupby(["tensor", "error_rate"])["loss_points"].mean()
    found: dict[TensorKind, float] = {}
    for tensor in TENSORS:
        found[tensor] = 0.0
        for rate, mean in means.loc[tensor].sort_index().items():
            if mean >= loss_points:
                break
            found[tensor] = float(rate)
    return found


def tolerant_low_bits(runs: pd.DataFrame, loss_points: float) -> dict[TensorKind, int]:
    """Return for each kind of tensor how many of a word's lower bits may err, from the runs of single bit positions.

    They are all bits below the first known position whose mean loss reaches ``loss_points``, up to and including the last known
    position that stays below it.
    """
    of_bits = runs[(runs["experiment"] == "bit") & _of_main(runs)]
    means = of_bits.assign(bit=of_bits["bits"].astype(int)).groupby(["tensor", "bit"])["loss_points"].mean()
    found: dict[TensorKind, int] = {}
    for tensor in TENSORS:
        found[tensor] = 0
        for bit, mean in means.loc[tensor].sort_index().items():
            if mean >= loss_points:
                break
            found[tensor] = int(bit) + 1
    return found


def best_placement(placements: pd.DataFrame, loss_points: float, sram_percent: float) -> dict[str, Any] | None:
    """Return the placement with the least write energy among those that meet both limits, or None if there is none.

    The mean loss must be below ``loss_points``, and at most ``sram_percent`` of the written bits may lie in SRAM.
    """
    able = (placements["loss_mean_points"] < loss_points) & (placements["sram_bits_percent"] <= sram_percent)
    kept = placements[able & placements["relative_write_energy"].notna()]
    return None if kept.empty else _measured(kept.sort_values("relative_write_energy").iloc[0])


def with_fresh_seeds(best: Mapping[str, Any], confirmation: pd.DataFrame, loss_points: float) -> dict[str, Any]:
    """Return a best placement with its loss from fresh seeds, which had no part in finding it.

    ``halves_write_energy`` says that it takes at most half the write energy and that its mean loss with the fresh seeds is also
    below ``loss_points``.
    """
    fresh = _measured(confirmation[confirmation["placement"] == best["placement"]].iloc[0])
    told = {f"fresh_{key}": fresh[key] for key in ("runs", "loss_mean_points", "loss_std_points", "loss_max_points")}
    halves = best["relative_write_energy"] <= 0.5 and fresh["loss_mean_points"] < loss_points
    return {**best, **told, "halves_write_energy": bool(halves)}


def _measured(row: pd.Series[Any]) -> dict[str, Any]:
    """Return the measured costs of one placement as plain numbers."""
    keys = ("relative_write_energy", "sram_bits_percent", "loss_mean_points", "loss_std_points", "loss_max_points")
    return {"placement": str(row["placement"]), "runs": int(row["runs"]), **{key: float(row[key]) for key in keys}}


def _of_main(runs: pd.DataFrame) -> pd.Series[bool]:
    """Return a mask of the rows with the study's main net and word, which are those of its first error-free run."""
    first = runs[runs["experiment"] == ERROR_FREE].iloc[0]
    of_main: pd.Series[bool] = (runs["net"] == first["net"]) & (runs["word"] == first["word"])
    return of_main
