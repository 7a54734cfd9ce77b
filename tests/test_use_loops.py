"""Loops over uses of tiles in compiled code: plans are those that numpy and Python's lists make."""

from __future__ import annotations

import random
from collections import OrderedDict

import numpy as np
import pytest
from machines import ANY, draw_conv, draw_linear, draw_system

from simcore.errors import InputError
from simcore.program.program import Program
from workloads.dataflow import array_plan, lower, plan_kernels, tiling
from workloads.dataflow.uses import Uses

FORMS = ("compiled", "numpy")


def in_form(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let plans be made by "compiled" code, or without."""
    monkeypatch.setattr(plan_kernels, "COMPILED_FROM_USES", 0)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0" if form == "compiled" else "1")


def planned(seed: int) -> Program | None:
    """Return the plan of a drawn layer on a drawn machine, or None if a scratchpad is too small."""
    pick = random.Random(seed).choice
    system, layer = draw_system(pick, ANY), pick((draw_conv, draw_conv, draw_linear))(pick)
    try:
        return lower(layer, system)
    except InputError:
        return None


@pytest.mark.slow
def test_plans_of_random_layers_are_those_of_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers of several groups on several arrays are among them, with folds that read a tile through several filter rows."""
    seen = 0
    for seed in range(60):
        found = []
        for form in FORMS:
            in_form(form, monkeypatch)
            monkeypatch.setattr(tiling, "_known", OrderedDict())
            monkeypatch.setattr(array_plan, "_planned", OrderedDict())
            found.append(planned(seed))
        compiled, by_numpy = found
        assert (compiled is None) == (by_numpy is None)
        if compiled is None or by_numpy is None:
            continue
        seen += 1
        for mine, other in ((compiled.ops, by_numpy.ops), (compiled.regions, by_numpy.regions)):
            assert np.array_equal(mine, other), seed
    assert seen > 40


def drawn_uses(seed: int) -> tuple[Uses, np.ndarray]:
    """Return the uses of runs of elements, of which each uses a tile at most once, and the first element of each run."""
    draw = np.random.default_rng(seed)
    runs, tiles = int(draw.integers(2, 9)), int(draw.integers(3, 12))
    tile = [np.sort(draw.permutation(tiles)[: draw.integers(1, tiles)]) for _ in range(runs)]
    starts = 20 * np.arange(runs)
    first = [start + np.arange(len(each)) for start, each in zip(starts, tile, strict=True)]
    begins = np.concatenate(first)
    return Uses(np.concatenate(tile), begins, begins + draw.integers(0, 3, len(begins))), starts


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(20))
def test_first_uses_and_the_tiles_of_two_runs_are_those_that_one_counts(
    seed: int, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_form(form, monkeypatch)
    uses, starts = drawn_uses(seed)
    tiles = uses.tile.tolist()
    assert uses.first_of_tiles.tolist() == [tiles.index(tile) for tile in sorted(set(tiles))]
    runs = [set(uses.tile[(uses.first >= start) & (uses.first < start + 20)].tolist()) for start in starts]
    assert uses.of_two_runs(starts) == max(len(one | other) for one, other in zip([set(), *runs], runs, strict=False))
