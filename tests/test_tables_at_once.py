"""Tables of all layers are made at once, and equal those that are made layer by layer, bank by bank, bin by bin."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_up import made_up_results

from simcore import simulate
from simcore.machine.counters import NOT_COUNTED
from simcore.results import Results
from simcore.results.banks import bank_layer_table, bank_table
from simcore.results.timeline import timeline_table


def layer_by_layer(results: Results) -> pd.DataFrame:
    """The table of banks of each layer by itself, below one another."""
    found = []
    for run in results.runs:
        if run.outcome is not None:
            table = bank_table([run], results._banks, results.kind.causes, run.outcome.cycles)
            table.insert(0, "layer", run.name)
            found.append(table)
    return pd.concat(found, ignore_index=True)


def bin_by_bin(results: Results) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for run in results.runs:
        outcome = run.outcome
        if outcome is None:
            continue
        edges = list(pairwise([*outcome.bin_start_cycles.tolist(), outcome.start_cycle + outcome.cycles]))
        for number, bank in enumerate(results._banks):
            for column, (start, end) in enumerate(edges):
                counts = (outcome.conflict_timeline[number, column], outcome.busy_timeline[number, column])
                rows.append((run.name, bank.scratchpad, bank.bank, start, end - start, *map(int, counts)))
    return pd.DataFrame(rows, columns=list(results.timeline.columns))


def test_random_counts() -> None:
    results = made_up_results()
    pd.testing.assert_frame_equal(results.bank_layers, layer_by_layer(results))
    pd.testing.assert_frame_equal(results.timeline, bin_by_bin(results))


def test_counters_of_bank_timings() -> None:
    """Banks that do not count have empty cells."""
    results = made_up_results()
    for number, run in enumerate(results.runs):
        if run.outcome is not None:
            counts = np.arange(len(results._banks), dtype=np.int64) + number
            run.outcome.counters["misses"] = np.where(counts % 3 == 0, NOT_COUNTED, counts)
    assert results.bank_layers["misses"].isna().any()
    pd.testing.assert_frame_equal(results.bank_layers, layer_by_layer(results))


@pytest.mark.slow
def test_a_run() -> None:
    results = simulate("lenet5", "edge-hybrid", layers="c1,s2,f6")
    pd.testing.assert_frame_equal(results.bank_layers, layer_by_layer(results))
    pd.testing.assert_frame_equal(results.timeline, bin_by_bin(results))


def test_the_number_of_tables_that_are_made_does_not_grow_with_the_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    results = made_up_results()
    made: list[int] = []

    def noting(*given: Any, **options: Any) -> Any:
        made.append(1)
        return pd.DataFrame(*given, **options)

    for module in ("banks", "timeline"):
        monkeypatch.setattr(f"simcore.results.{module}.frame", noting)
    bank_layer_table(results.runs * 50, results._banks, results.kind.causes)
    timeline_table(results.runs * 50, results._banks)
    assert len(made) == 2


def test_the_energy_of_layers_names_their_banks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from simcore.systolic import banks

    results, asked, named = made_up_results(), [], banks.bank_names
    monkeypatch.setattr("simcore.systolic.banks.bank_names", lambda system: asked.append(system) or named(system))
    results.kind.energy_of_layers(results.system, results.rates, results.runs * 50)
    assert len(asked) == 1
