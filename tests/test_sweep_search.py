"""A search by Optuna finds the front of a space without trying all of it, and goes on where it was."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from simcore import sweep
from simcore.errors import InputError

HAS_OPTUNA = importlib.util.find_spec("optuna") is not None
needs_optuna = pytest.mark.skipif(not HAS_OPTUNA, reason="needs the extra sweep (optuna)")
#: Bandwidth and clock of a formula's machine: 40 x 40 points, each a few milliseconds.
SPACE: dict[str, Any] = {
    "networks": ["lenet5"],
    "systems": ["ideal-titan-xp"],
    "product": {"core_clock_hz": {"from": 10**8, "to": 40 * 10**8, "step": 10**8}, "words.ifmap_bytes": [1, 2, 4, 8]},
    "objectives": ["time_ns", "cycles"],
}


def test_without_optuna_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match=r"a search needs the package optuna; pip install 'simcore\[sweep\]'"):
        sweep({**SPACE, "search": {"trials": 3}}, jobs=1)


@needs_optuna
@pytest.mark.parametrize("sampler", ["nsga2", "tpe", "random"])
def test_a_search_is_the_same_each_time_and_with_any_number_at_work(sampler: str, tmp_path: Path) -> None:
    space = {**SPACE, "search": {"trials": 24, "seed": 7, "at_once": 6, "sampler": sampler}}
    whole = sweep(space, tmp_path / "whole", jobs=1)
    assert len(whole.table) == 24
    assert (
        sweep({**space, "search": {**space["search"], "seed": 8}}, jobs=1).table["point"].tolist()
        != whole.table["point"].tolist()
    )
    begun = sweep({**space, "search": {**space["search"], "trials": 12}}, tmp_path / "out", jobs=1)
    assert begun.table.equals(whole.table.head(12))
    found = sweep(space, tmp_path / "out", jobs=1)
    assert found.table.equals(whole.table)
    assert found.counts["simulated"] == whole.counts["points"] - begun.counts["points"]


@needs_optuna
@pytest.mark.slow
def test_a_search_comes_to_the_front_and_points_at_random_do_not() -> None:
    # Wide words cost cycles and time alike; a fast clock costs cycles and saves time. So the front is one byte, at every clock.
    shares = {}
    for sampler in ("random", "nsga2", "tpe"):
        table = sweep({**SPACE, "search": {"trials": 120, "seed": 1, "sampler": sampler}}, jobs=1).table
        shares[sampler] = (table["words.ifmap_bytes"].tail(40) == 1).mean()
    assert shares["random"] < 0.4, "one in four by chance"
    assert min(shares["nsga2"], shares["tpe"]) > 0.5


@needs_optuna
def test_each_network_is_searched_by_itself_and_conditions_hold() -> None:
    space = {
        **SPACE,
        "networks": ["lenet5", "alexnet"],
        "conditions": ["words.ifmap_bytes <= 2", "core_clock_hz <= 2000000000"],
        "search": {"trials": 10, "at_once": 5},
    }
    table = sweep(space, jobs=1).table
    assert table["network"].tolist() == ["lenet5"] * 10 + ["alexnet"] * 10
    assert table["words.ifmap_bytes"].max() <= 2
    assert table["core_clock_hz"].max() <= 2 * 10**9


@needs_optuna
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"objectives": ["cycle"]}, "a point has no 'cycle' to compare"),
        ({"objectives": ["area_mm2"]}, "a point has no 'area_mm2' to compare"),
        ({"product": {}, "systems": None}, "expected axes besides network and run options"),
        ({"conditions": ["core_clock_hz < 1"]}, "hardly any meets the conditions"),
    ],
)
def test_a_search_that_cannot_go_on_is_one_clear_error(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        sweep({**SPACE, **changes, "search": {"trials": 2}}, jobs=1)
