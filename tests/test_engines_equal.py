"""The compiled engine gives the reference engine's outcomes, cell by cell, for the same machine and traffic.

A failing case is printed as a script that runs it again. ``SIMCORE_HYPOTHESIS_PROFILE=deep`` draws thousands of new cases, from
seeds that are printed with a failure and can be given as ``SIMCORE_HYPOTHESIS_SEED``.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, fields, replace

import pytest
from equality import Case, check_case, run_compiled
from hypothesis import assume, given, note, seed, settings
from hypothesis import strategies as st
from machines import (
    AGAIN,
    ANY,
    CALM,
    CONTENDED,
    PREFETCHING,
    RESIDENT,
    Options,
    draw_folded_layer,
    draw_layer,
    draw_system,
    folded_layers,
    layers,
    networks,
    systems,
)

from simcore.engine.compiled.replay import blocks
from simcore.engine.shortcuts import Shortcuts
from simcore.program.outcome import CAUSE_NAMES
from workloads.network import LayerInstance

DEEP = os.environ.get("SIMCORE_HYPOTHESIS_PROFILE") == "deep"

shortcuts = st.builds(Shortcuts, **{item.name: st.booleans() for item in fields(Shortcuts)})
shuffle_seeds = st.one_of(st.none(), st.integers(0, 1 << 20))


@pytest.fixture(autouse=True)
def _short_layers_are_replayed(monkeypatch):
    """Repeat blocks of layers as short as these, where that shortcut is on."""
    for name, value in {"_FEWEST_STEPS": 0, "_CREDIT": 1, "_SHARED_CREDIT": 1, "_STEPS": 8, "_WHOLE_STEPS": 16}.items():
        monkeypatch.setattr(blocks, name, value)


@dataclass(frozen=True)
class Flavour:
    """A kind of machine and traffic. Cases of more cycles are not drawn, and ``shows`` must happen among those that are."""

    options: Options
    layers: st.SearchStrategy[list]
    max_cycles: int
    shows: tuple[str, ...]


def twice(two: list[LayerInstance]) -> list[LayerInstance]:
    """Two layers, both again, and the second once more."""
    return [*two, *two, two[1]]


FLAVOURS = {
    "any": Flavour(ANY, st.lists(layers(), min_size=1, max_size=3), 3000, CAUSE_NAMES),
    "contended": Flavour(CONTENDED, st.lists(layers(), min_size=1, max_size=2), 3000, ("preempted", "forwarded", *CAUSE_NAMES)),
    "calm": Flavour(CALM, st.lists(folded_layers(), min_size=1, max_size=2), 2500, ("forwarded",)),
    "again": Flavour(AGAIN, st.lists(layers(), min_size=2, max_size=2).map(twice), 4000, ("equal layers",)),
}


def draw_and_check(flavour: Flavour, examples: int, first_seed: int) -> Counter[str]:
    """Draw cases and compare the engines on each; counts the cases in which each thing happened."""
    chosen = first_seed
    if DEEP:
        examples = settings.default.max_examples
        chosen = int(os.environ.get("SIMCORE_HYPOTHESIS_SEED") or random.SystemRandom().randrange(1 << 32))
    happened: Counter[str] = Counter()

    @seed(chosen)
    @settings(max_examples=examples)
    @given(systems(flavour.options), flavour.layers, shortcuts, shuffle_seeds)
    def both_engines_agree(system, instances, shortcuts, shuffle_seed):
        case = Case(system, tuple(instances), shortcuts, shuffle_seed)
        note(f"SIMCORE_HYPOTHESIS_SEED={chosen}, or as a script:\n{case.script()}")
        # One layer too long to be simulated by SimPy within a test says nothing that a shorter one does not.
        assume(run_compiled(case).cycles <= flavour.max_cycles)
        happened.update(check_case(case).seen() | Counter(cases=1))

    both_engines_agree()
    return happened


@pytest.mark.parametrize("name", FLAVOURS)
def test_both_engines_give_equal_outcomes(name):
    assert draw_and_check(FLAVOURS[name], 10, 1)["cases"] >= 10


@pytest.mark.slow
@pytest.mark.parametrize("name", FLAVOURS)
def test_both_engines_give_equal_outcomes_on_many_more_machines(name):
    """Three draws from seeds of their own. What the flavour shows need not happen in each of them, but in all together."""
    happened = sum((draw_and_check(FLAVOURS[name], 32, first_seed) for first_seed in range(2, 5)), Counter())
    assert happened["cases"] >= 96
    assert not [thing for thing in FLAVOURS[name].shows if not happened[thing]], dict(happened)


#: Whole networks, whose tensors stay in scratchpads from layer to layer, or whose layers load first tiles of the next one.
NETWORKS = {
    "resident": Flavour(RESIDENT, networks(), 2500, ("resident",)),
    "ahead": Flavour(PREFETCHING, networks(), 3500, ("ahead",)),
    "both": Flavour(replace(PREFETCHING, layer_results="scratchpads"), networks(), 3500, ("resident", "ahead")),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_both_engines_give_equal_outcomes_of_whole_networks(name):
    happened = draw_and_check(NETWORKS[name], 6, 1)
    assert happened["cases"] >= 6
    assert all(happened[thing] >= 3 for thing in NETWORKS[name].shows), dict(happened)


@pytest.mark.slow
def test_every_shortcut_can_be_switched_off_with_equal_outcomes():
    pick = random.Random(4).choice
    for draw, options in ((draw_layer, CONTENDED), (draw_folded_layer, CALM)):
        for _ in range(15):
            system, layer = draw_system(pick, options), draw(pick)
            runs = [
                run_compiled(Case(system, (layer,), Shortcuts(**{**ON, name: False} if name else ON))) for name in (None, *ON)
            ]
            assert [found for run in runs[1:] for found in runs[0].outcomes[0].differences(run.outcomes[0])] == []


#: All shortcuts, by name.
ON = {item.name: True for item in fields(Shortcuts)}


def test_a_printed_case_is_the_case():
    pick = random.Random(8).choice
    for draw in (draw_layer, draw_folded_layer):
        case = Case(draw_system(pick), (draw(pick), draw(pick)), Shortcuts(idle_skipping=False), 5)
        read_back: dict[str, object] = {"__name__": "case"}
        exec(case.script(), read_back)
        assert read_back["case"] == case
