"""Every network that imports is planned on every systolic preset."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from simcore.spec import System, load_system
from simcore.spec.load import preset_names
from workloads.dataflow.lowering import lower, work_of
from workloads.load import load_network
from workloads.network import LayerInstance
from workloads.networks import NETWORKS
from workloads.training import training_step

GOLDEN = Path(__file__).parent / "golden" / "nets"
#: Multiply-accumulates that were counted from the ONNX graphs by another program.
MACS = {
    "efficientnet_b0": 385_814_752,
    "mobilenet_v2": 300_774_272,
    "mobilenet_v3_large": 216_589_760,
    "densenet121": 2_834_161_664,
}
GRAPHS = sorted(path.stem for path in GOLDEN.glob("*.onnx"))
SYSTEMS = [system for system in map(load_system, preset_names()) if isinstance(system, System)]


def distinct(layers: list[LayerInstance]) -> list[LayerInstance]:
    """One layer of each kind and shape; the others are planned alike."""
    fields = {layer.name: {**vars(layer.layer), "name": ""} for layer in layers}
    known = {repr((type(layer.layer), fields[layer.name], layer.input_shapes)): layer for layer in layers}
    return list(known.values())


@pytest.mark.parametrize("name", MACS)
def test_the_graphs_import_with_the_macs_that_others_count(name: str) -> None:
    assert load_network(GOLDEN / f"{name}.onnx").macs() == MACS[name]


@cache
def layers_of_all_networks() -> list[LayerInstance]:
    """One layer of each kind and shape in the networks by name and the graphs that are imported."""
    networks = [load_network(name) for name in NETWORKS]
    networks += [load_network(GOLDEN / f"{name}.onnx") for name in GRAPHS if name not in NETWORKS]
    return distinct([layer for network in networks for layer in network.instances()])


@pytest.mark.slow
@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_every_layer_is_planned_on_every_preset(system: System) -> None:
    for layer in layers_of_all_networks():
        program = lower(layer, system)
        assert (program is None) == (work_of(layer) is None)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lenet5", "resnet20-32"])
def test_every_layer_of_a_training_step_is_planned_on_every_preset(name: str) -> None:
    step = training_step(load_network(name, 2), optimizer="adam")
    for layer in distinct(step.instances()):
        for system in SYSTEMS:
            if system.shapes == "standard":
                lower(layer, system)
