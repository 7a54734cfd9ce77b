"""A machine runs the same networks that the study trains, as inference and as a training step."""

import pytest

from simcore import load_system, simulate
from simcore.errors import InputError
from workloads.dataflow import lower_network
from workloads.learning.network import network_for
from workloads.load import load_network
from workloads.training import PASSES, training_step


@pytest.mark.slow
@pytest.mark.parametrize("name", ["small-cnn", "vgg-like"])
def test_a_training_step_of_what_is_trained_runs(name: str) -> None:
    step = training_step(network_for(name, (1, 8, 8), 10, batch=8))
    results = simulate(step, "train-sram")
    assert set(results.passes["pass"]) == set(PASSES)
    assert results.layers["macs"].sum() == step.macs()
    assert (results.passes["cycles"] > 0).all()


def test_every_layer_of_a_step_on_images_of_cifar_has_a_program() -> None:
    step = training_step(network_for("vgg-like", (3, 32, 32), 10, batch=2))
    lowered = lower_network(step, load_system("train-sram"))
    views = {instance.name for instance, program, fused_into in lowered if program is None and fused_into is None}
    assert views == {"flatten", "flatten.input_gradient"}


@pytest.mark.parametrize("name", ["small-cnn", "vgg-like"])
def test_a_registered_network_is_that_of_the_digits(name: str) -> None:
    registered, trained = load_network(name, 4), network_for(name, (1, 8, 8), 10, batch=4)
    assert registered.instances() == trained.instances()
    assert (registered.name, registered.batch) == (trained.name, 4)


def test_bad_images_and_names_are_reported() -> None:
    with pytest.raises(InputError, match="did you mean 'vgg-like'"):
        network_for("vgglike", (1, 8, 8), 10)
    with pytest.raises(InputError, match="square images"):
        network_for("small-cnn", (1, 10, 10), 10)
    with pytest.raises(InputError, match="at least 1 image"):
        network_for("small-cnn", (1, 8, 8), 10, batch=0)
