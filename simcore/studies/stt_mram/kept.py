"""What stored words suffer and what wears out: the stays of words and the lifetimes of scratchpads."""

from __future__ import annotations

from typing import Any

import pandas as pd

from models.arrays.cells import memory_cell
from models.cells.description import OPERATING_K
from models.cells.storage import CODE_BITS, DATA_BITS
from simcore.progress import OnProgress
from simcore.results import Results
from simcore.results.wear import first_to_fail
from simcore.simulation import simulate
from simcore.studies.form.part import Part
from simcore.studies.form.spread import spread
from simcore.studies.stt_mram.pulses import LEAKAGE_CLASS, SRAM_BYTES
from simcore.studies.stt_mram.settings import TRAINED, TRAINING_BATCH, SttMramSettings
from simcore.studies.stt_mram.systems import OPTIMIZER
from simcore.studies.stt_mram.thermal import thermal_findings, thermal_rows
from simcore.studies.stt_mram.variants import Variant
from simcore.systolic.of_results import system_of
from simcore.systolic.storage import KeptPad, pads_of

_DAY_S = 86400.0

#: A network, its batch, whether it trains, and the STT-MRAM cell.
Piece = tuple[str, int, bool, str]


def kept_tables(settings: SttMramSettings, on_progress: OnProgress | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables ``lifetimes`` (per network, pass and scratchpad) and ``thermal_stability`` (training steps).

    Both take the networks in the form and the batch in which they are trained.
    """
    networks = [TRAINED[name] for name in settings.chosen_networks]
    pieces = [(network, TRAINING_BATCH, trains, settings.cell) for network in networks for trains in (False, True)]
    done = spread(run_kept, pieces, settings.jobs, "stored words", on_progress)
    lifetimes, thermal = ([row for rows in column for row in rows] for column in zip(*done, strict=True))
    return pd.DataFrame(lifetimes), pd.DataFrame(thermal)


def study_kept(settings: SttMramSettings, on_progress: OnProgress | None) -> Part:
    """Return both tables with their findings and assumptions."""
    lifetimes, thermal = kept_tables(settings, on_progress)
    found = {"lifetimes": lifetime_findings(lifetimes), "thermal_stability": thermal_findings(thermal)}
    return Part({"lifetimes": lifetimes, "thermal_stability": thermal}, found, kept_assumptions(settings.cell))


def kept_assumptions(cell: str) -> tuple[str, ...]:
    """Return the assumptions behind both tables, one sentence each."""
    current, time = memory_cell(cell).described.read_current_ua, memory_cell(cell).described.read_ns
    return (
        "lifetimes: the run repeats for ever; a line lasts its cells' endurance (assumed), and nothing spreads its writes",
        "stored words stay until they are overwritten, which is at least until their last use; heat flips bits to and fro at "
        f"{OPERATING_K:g} K, with the energy barrier of 300 K",
        f"a read sends {current.value:.3g} uA ({current.kind}) for {time.value:g} ns ({time.kind}) through the junction, towards "
        "the antiparallel state, whatever the thermal stability; it lowers the barrier by (1 - I / Ic)^2, as in a macrospin",
        f"a code stores {CODE_BITS} bits for {DATA_BITS} and corrects one whenever a word is read, which writes the word back; a "
        "scrub reads each line in use and writes it back; neither costs cycles of the run, and the share of the banks' time that "
        "scrubs take stands in the table; the logic of codes is not counted",
    )


def run_kept(piece: Piece) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the lifetimes of one network and pass and, for a training step, its rows over the thermal stability."""
    network, batch, trains, cell = piece
    variant = Variant(leakage_class=LEAKAGE_CLASS, sram_bytes=SRAM_BYTES, cell=cell, iso="capacity", held=False)
    results = simulate(network, variant.system(), batch=batch, training=OPTIMIZER if trains else None)
    named = {"network": network, "pass": "training" if trains else "inference", "batch": batch, "cell": cell}
    named |= {"leakage_class": LEAKAGE_CLASS}
    lifetimes = [named | row for row in lifetime_rows(results)]
    configured = {"configuration": variant.configuration}
    if not trains:
        return [row | configured for row in lifetimes], []
    thermal = thermal_rows(results, kept_pads(results), variant)
    return [row | configured for row in lifetimes], [named | row | configured for row in thermal]


def lifetime_rows(results: Results) -> list[dict[str, Any]]:
    """Return a row per scratchpad: its most written line if the run repeats for ever, and the days until that line wears out.

    ``days_levelled`` spreads the writes of the bank evenly over its lines.
    """
    rows = []
    for bank in first_to_fail(results.wear):
        rows.append(
            {
                "scratchpad": bank["scratchpad"],
                "bank": bank["bank"],
                "writes_of_busiest_line": bank["busiest_line_writes"],
                "writes_per_s": bank["busiest_line_writes_per_s"],
                "endurance_writes": bank["endurance_writes"],
                "days": bank["lifetime_s"] / _DAY_S,
                "days_levelled": bank["lifetime_levelled_s"] / _DAY_S,
            }
        )
    return rows


def kept_pads(results: Results) -> list[KeptPad]:
    """Return, per scratchpad of STT-MRAM that the run writes, how its words stay."""
    assert results.line_wear is not None
    return pads_of(system_of(results), results.runs, results.line_wear)


def lifetime_findings(lifetimes: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, per network and pass, the scratchpad that wears out first, or is written most if none does."""
    found = []
    for (network, run), rows in lifetimes.groupby(["network", "pass"], sort=False):
        first = rows.sort_values(["days", "writes_per_s"], ascending=[True, False], kind="stable").iloc[0]
        keys = ("scratchpad", "writes_per_s", "endurance_writes", "days", "days_levelled", "batch", "leakage_class", "cell")
        found.append({"network": network, "pass": run, **{key: first[key] for key in keys}})
    return found
