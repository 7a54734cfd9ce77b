"""The store of simulated steps: keys tell apart all that changes a cost, and damaged or foreign files are as good as none."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from simcore.kinds import kind_of
from simcore.pruning.simulating import simulate_step
from simcore.pruning.step_cost import StepCost, owner
from simcore.pruning.step_store import LOCKED, MARK, SUFFIX, StepStore, step_key, steps_folder
from simcore.simulation import machine_for
from simcore.spec.load import load_system
from workloads.layers import Activation
from workloads.load import load_network
from workloads.network import NetworkBuilder
from workloads.pruning import narrow

NETWORK = load_network("small-cnn-8", 8)
MACHINE = machine_for("titan-xp", None, ())


@pytest.fixture(name="cost", scope="module")
def a_cost() -> StepCost:
    return simulate_step(NETWORK, MACHINE)


def test_a_cost_reads_back_as_it_was_put(tmp_path, cost):
    store = StepStore(tmp_path)
    assert store.get("key") is None
    store.put("key", cost)
    assert store.get("key") == cost
    assert StepStore(None).get("key") is None


def test_keys_differ_by_network_batch_optimizer_and_machine():
    same = {
        step_key(NETWORK, MACHINE, "sgd"),
        step_key(load_network("small-cnn-8", 8), machine_for("titan-xp", None, ()), "sgd"),
    }
    others = {
        step_key(NETWORK.with_batch(9), MACHINE, "sgd"),
        step_key(narrow(NETWORK, {"conv1": 7}), MACHINE, "sgd"),
        step_key(NETWORK, MACHINE, "adam"),
        step_key(NETWORK, machine_for("titan-xp", None, ["words.ifmap_bytes=2"]), "sgd"),
        step_key(NETWORK, machine_for("edge-sram", None, ()), "sgd"),
    }
    assert len(same) == 1
    assert len(others) == 5
    assert not same & others


def test_keys_tell_apart_which_file_holds_what(tmp_path, monkeypatch):
    """Two files that exchange their contents are another machine, although the contents are the same."""
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    monkeypatch.setattr(type(kind_of(MACHINE)), "input_files", lambda kind, spec: [one, other])
    keys = []
    for contents in ("ab", "ba"):
        one.write_text(contents[0])
        other.write_text(contents[1])
        keys.append(step_key(NETWORK, MACHINE, "sgd"))
    assert None not in keys
    assert keys[0] != keys[1]


@pytest.mark.parametrize(
    ("system", "named"),
    [
        ("edge-sram", "scratchpads.ifmap.timing=mine.py:Slow"),
        ("edge-sram", "array.dataflow=mine.py:SLOW"),
        ("pim-dram-ddr4", "program=mine.py:SLOW"),
    ],
)
def test_a_machine_that_names_a_python_file_is_not_kept(system, named, tmp_path, monkeypatch):
    """The file may import others, an edit of which no key shows."""
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text("from elsewhere import *\n")
    assert step_key(NETWORK, load_system(system), "sgd") is not None
    assert step_key(NETWORK, load_system(system, [named]), "sgd") is None


@dataclass(frozen=True)
class OwnActivation(Activation):
    """A layer kind of the user's own, whose code no key shows."""


def test_what_a_users_own_code_decides_is_not_kept():
    net = NetworkBuilder("own")
    for name in NETWORK.order():
        layer = NETWORK.layer(name)
        net.add(OwnActivation(layer.name) if isinstance(layer, Activation) else replace(layer))
    assert step_key(net.build(8), MACHINE, "sgd") is None


def test_a_damaged_file_is_as_good_as_none(tmp_path, cost):
    store = StepStore(tmp_path)
    store.put("key", cost)
    path = tmp_path / f"key{SUFFIX}"
    whole = path.read_bytes()
    for content in (b"", whole[:-1], whole[:20], whole[:-1] + b"x", b"something else"):
        path.write_bytes(content)
        assert store.get("key") is None
    path.unlink()
    (tmp_path / "elsewhere").write_bytes(whole)
    path.symlink_to(tmp_path / "elsewhere")
    assert store.get("key") is None


def test_a_file_that_others_could_have_written_is_not_read(tmp_path, cost):
    store = StepStore(tmp_path)
    store.put("key", cost)
    (tmp_path / f"key{SUFFIX}").chmod(0o666)
    assert store.get("key") is None


def test_one_process_at_a_time_has_a_key(tmp_path):
    one, other = StepStore(tmp_path), StepStore(tmp_path)
    with one.alone("key") as first, other.alone("key") as second, other.alone("another") as third:
        assert (first, second, third) == (True, False, True)
    with other.alone("key") as after:
        assert after
    assert not list(tmp_path.glob(f"*{LOCKED}"))


def test_a_folder_that_cannot_be_written_is_told_and_nothing_fails(tmp_path, cost, capsys):
    store = StepStore(tmp_path / "gone")
    with store.alone("key") as alone:
        assert alone
        store.put("key", cost)
    assert "cannot keep a simulated step" in capsys.readouterr().err


def test_the_folder_is_marked_and_leaves_alone_what_is_not_simcores(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMCORE_CACHE_DIR", str(tmp_path))
    mine = tmp_path / "steps" / "mine"
    mine.mkdir(parents=True, mode=0o700)
    (mine / "notes.txt").write_text("my own")
    folder = steps_folder()
    assert folder is not None
    assert folder.parent == tmp_path / "steps"
    assert (folder / MARK).is_file()
    assert os.listdir(mine) == ["notes.txt"]


def test_layers_of_a_step_belong_to_layers_of_the_network():
    names = ["layer1.0.conv1", "layer1.0", "fc"]
    assert owner("layer1.0.conv1.input_gradient.phase_0_1", names) == "layer1.0.conv1"
    assert owner("fc.update", names) == "fc"
    assert owner("loss", names) == "loss"
