"""Part 5: the write pulse against the cycles of a training step."""

from __future__ import annotations

from typing import Any

import pandas as pd

from simcore.program.outcome import CAUSE_NAMES
from simcore.progress import OnProgress
from simcore.results import Results
from simcore.simulation import network_for
from simcore.studies.form.planned_once import simulate_planned_once
from simcore.studies.form.spread import spread
from simcore.studies.stt_mram.settings import MIB, TRAINING_BATCH, SttMramSettings
from simcore.studies.stt_mram.systems import OPTIMIZER, measured, stall_cycles
from simcore.studies.stt_mram.variants import Variant

PULSES_NS = (2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20)
#: Networks and the images of their steps. A quick study takes the first one.
NETWORKS = (("lenet5", TRAINING_BATCH), ("resnet18-32", TRAINING_BATCH))
LEAKAGE_CLASS, SRAM_BYTES = "lop", MIB
#: A network's pulses are run in so many pieces, which processes can share.
PIECES = 2

Piece = tuple[str, int, tuple[Variant, ...]]


def pulse_table(settings: SttMramSettings, on_progress: OnProgress | None) -> pd.DataFrame:
    """Return one row per network and pulse: cycles, stalled cycles by cause, energy.

    The voltage keeps the error rate at the cell's budget, as the mean over cells that vary. Voltages do not affect the cycles.
    """
    variants = tuple(_variant(settings.cell, pulse_ns) for pulse_ns in PULSES_NS)
    each = -(-len(variants) // PIECES)
    pieces = [
        (network, batch, variants[first : first + each])
        for network, batch in (NETWORKS[:1] if settings.quick else NETWORKS)
        for first in range(0, len(variants), each)
    ]
    done = spread(run_pulses, pieces, settings.jobs, "write pulses", on_progress)
    return pd.DataFrame([row for rows in done for row in rows])


def _variant(cell: str, pulse_ns: float) -> Variant:
    return Variant(LEAKAGE_CLASS, SRAM_BYTES, cell, "capacity", pulse_ns=pulse_ns)


def run_pulses(piece: Piece) -> list[dict[str, Any]]:
    """Return the rows of a network and pulses. All of them have the same plan."""
    network, batch, variants = piece
    systems = [variant.system() for variant in variants]
    step = network_for(network, systems[0], batch, OPTIMIZER)
    runs = zip(variants, simulate_planned_once(step, systems), strict=True)
    return [{"network": network, "batch": batch, **_row(variant, results)} for variant, results in runs]


def _row(variant: Variant, results: Results) -> dict[str, Any]:
    row: dict[str, Any] = {"cell": variant.cell, "leakage_class": variant.leakage_class}
    row |= {"pulse_ns": variant.pulse_ns, "voltage_v": variant.written_v}
    row |= {f"{cause}_cycles": cycles for cause, cycles in stall_cycles(results).items()}
    return row | measured(results) | {"configuration": variant.configuration}


def pulse_findings(pulses: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the findings per network.

    They say whether the cycles never fall as the pulse grows, the cycles at both ends, and the stall cause that grows most.
    """
    found = []
    for network, rows in pulses.groupby("network", sort=False):
        first, last = rows.iloc[0], rows.iloc[-1]
        growth = {cause: int(last[f"{cause}_cycles"] - first[f"{cause}_cycles"]) for cause in CAUSE_NAMES}
        most = max(growth, key=lambda cause: growth[cause])
        told: dict[str, Any] = {
            "network": network,
            "cell": first["cell"],
            "monotone": bool(rows["cycles"].is_monotonic_increasing),
        }
        told |= {"pulses_ns": [float(first["pulse_ns"]), float(last["pulse_ns"])]}
        told |= {"cycles": [int(first["cycles"]), int(last["cycles"])], "grows_most": most, "grows_by_cycles": growth[most]}
        found.append(told)
    return found
