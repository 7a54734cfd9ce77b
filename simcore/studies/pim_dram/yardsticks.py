"""The yardsticks: measured times of a GPU, and simulated GPUs, ideal machines and systolic arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from simcore.progress import OnProgress
from simcore.simulation import simulate
from simcore.studies.form.spread import spread
from simcore.studies.pim_dram.settings import BATCHES, PimDramSettings

#: Overrides that make the words of a yardstick 8 bits wide.
_BYTES = tuple(f"words.{name}_bytes=1" for name in ("ifmap", "filter", "ofmap"))
#: Milliseconds of a forward pass of a batch of 16 images.
MEASURED_MS = {"alexnet": 5.04, "vgg16": 41.59, "resnet18": 10.14}
MEASURED = "measured-pascal-titan-x-b16"


@dataclass(frozen=True)
class Yardstick:
    """A machine with which DRAM is compared, and its batch. ``over`` is "gpu", "ideal" or "systolic"."""

    name: str
    over: str
    batch: int
    system: str = ""
    overrides: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """Return the command line that runs it, or the source of what was measured."""
        if not self.system:
            return "jcjohnson/cnn-benchmarks: Pascal Titan X, cuDNN 5.1, fp32, forward, batch 16"
        words = ("--system", self.system, *(f"--set {each}" for each in self.overrides), f"--batch {self.batch}")
        return f"simcore run NETWORK {' '.join(words)}"


def yardsticks(quick: bool) -> tuple[Yardstick, ...]:
    """Return the yardsticks. A quick study has one systolic array, at batch 1."""
    found = [Yardstick(MEASURED, "gpu", 16)]
    for batch in BATCHES:
        found += [
            Yardstick(f"pascal-titan-x-b{batch}", "gpu", batch, "pascal-titan-x"),
            Yardstick(f"titan-xp-b{batch}", "gpu", batch, "titan-xp"),
            Yardstick(f"titan-xp-int8-b{batch}", "gpu", batch, "titan-xp", _BYTES),
            Yardstick(f"ideal-titan-xp-b{batch}", "ideal", batch, "ideal-titan-xp"),
            Yardstick(f"ideal-titan-xp-int8-b{batch}", "ideal", batch, "ideal-titan-xp", _BYTES),
        ]
    arrays = ("cloud-128x128-ws",) if quick else ("cloud-128x128-ws", "tpu-v3-core")
    of_arrays = [
        Yardstick(f"{name}-b{batch}", "systolic", batch, name) for name in arrays for batch in BATCHES[: 1 if quick else None]
    ]
    return (*found, *of_arrays)


@dataclass(frozen=True)
class _Run:
    network: str
    yardstick: Yardstick


def yardstick_table(settings: PimDramSettings, on_progress: OnProgress | None) -> pd.DataFrame:
    """Return one row per network and yardstick: milliseconds per image, and energy per image where it is known."""
    runs = [_Run(network, each) for network in settings.chosen_networks for each in yardsticks(settings.quick)]
    return pd.DataFrame(spread(_row, runs, settings.jobs, "yardsticks", on_progress))


def _row(run: _Run) -> dict[str, Any]:
    network, yardstick = run.network, run.yardstick
    row: dict[str, Any] = {"network": network, "yardstick": yardstick.name, "over": yardstick.over, "batch": yardstick.batch}
    if yardstick.system:
        found = simulate(network, yardstick.system, batch=yardstick.batch, overrides=yardstick.overrides)
        ms = found.cycles * 1e3 / found.system.core_clock_hz
        energy_pj = float(found.energy["energy_pj"].sum()) if len(found.energy) else float("nan")
    else:
        ms, energy_pj = MEASURED_MS[network], float("nan")
    row |= {"kind": "simulated" if yardstick.system else "measured", "ms_per_image": ms / yardstick.batch}
    return row | {"uj_per_image": 1e-6 * energy_pj / yardstick.batch, "command": yardstick.command}


def speedups(network: str, ms_per_image: float, table: pd.DataFrame) -> Mapping[str, float]:
    """Return how many times less time an image takes than on each yardstick, as columns ``over_NAME``."""
    rows = table[table["network"] == network]
    return {f"over_{name}": ms / ms_per_image for name, ms in zip(rows["yardstick"], rows["ms_per_image"], strict=True)}
