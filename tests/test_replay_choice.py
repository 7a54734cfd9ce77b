"""The kernel of block replay is compiled only where it pays, and what is chosen changes no table."""

from __future__ import annotations

import logging

import pytest

from simcore import simulate
from simcore.engine import replay_choice
from simcore.engine.replay_choice import replay_that_pays
from simcore.engine.shortcuts import Shortcuts


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has simulated nothing, whose cache has no kernel for replay."""
    monkeypatch.setattr(replay_choice, "_steps", [0])
    monkeypatch.setattr(replay_choice, "is_compiled", lambda: False)


def test_short_runs_go_without_a_kernel_until_they_are_many(cold: None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "simcore.engine")
    most = replay_choice.WORTH_STEPS
    assert replay_that_pays(Shortcuts(), most // 2) == Shortcuts(block_replay=False)
    assert replay_that_pays(Shortcuts(idle_skipping=False), 0) == Shortcuts(idle_skipping=False, block_replay=False)
    assert caplog.messages == []
    assert replay_that_pays(Shortcuts(), most - most // 2) == Shortcuts()
    assert len(caplog.messages) == 1


def test_a_long_run_compiles_it_and_a_switch_holds(cold: None) -> None:
    assert replay_that_pays(Shortcuts(block_replay=False), replay_choice.WORTH_STEPS) == Shortcuts(block_replay=False)
    assert replay_that_pays(Shortcuts(), 0) == Shortcuts()


def test_a_kernel_that_is_kept_is_used_at_once(cold: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_choice, "is_compiled", lambda: True)
    assert replay_that_pays(Shortcuts(), 1) == Shortcuts()


@pytest.mark.slow
def test_a_run_gives_the_same_tables_and_manifest_without_the_kernel(cold: None, monkeypatch: pytest.MonkeyPatch) -> None:
    without = simulate("alexnet", "edge-stt", layers="conv2")
    monkeypatch.setattr(replay_choice, "is_compiled", lambda: True)
    found = simulate("alexnet", "edge-stt", layers="conv2")
    for name, table in found.tables().items():
        assert table.equals(without.tables()[name]), name
    assert found.manifest["shortcuts"] == without.manifest["shortcuts"]
