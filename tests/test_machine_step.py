"""Training as a machine carries it out: the words that it writes, gradients equal to torch's, and errors in every write."""

from __future__ import annotations

import numpy as np
import pytest

from simcore import load_system, simulate
from simcore.errors import InputError
from workloads.faults.injection import error_rates
from workloads.faults.pad_memory import PadMemory, Sites
from workloads.faults.step_writes import PADS, step_writes
from workloads.faults.words import Bf16
from workloads.learning.network import network_for, scores_network
from workloads.networks import lenet5
from workloads.training import training_step

torch = pytest.importorskip("torch", reason="torch (extra train) is not installed")

from test_write_errors_training import striped  # noqa: E402

from workloads.learning.machine_step.machine import MachineSetup  # noqa: E402
from workloads.learning.machine_step.parameters import Rule  # noqa: E402
from workloads.learning.machine_step.runner import StepRunner  # noqa: E402
from workloads.learning.machine_step.training import train_on_machine  # noqa: E402
from workloads.learning.module import GraphModule  # noqa: E402
from workloads.learning.setup import TrainingSetup  # noqa: E402

SYSTEM = load_system("train-sram")
KINDS = ("activations", "weights", "errors", None)
SMALL = MachineSetup(training=TrainingSetup(epochs=4, batch=8))


class Float32(Bf16):
    """Words that keep every value, so that nothing is rounded."""

    def encode(self, values):
        return np.ascontiguousarray(values, np.float32).view(np.uint32).copy(), 0

    def decode(self, words, scale):
        return words.view(np.float32)


def rates(rate: float = 0.0, bits: range | None = None, pads: tuple[str, ...] = tuple(PADS.values())) -> dict:
    """Error rates of all data in some scratchpads; bits of an accumulator's word count from its upper half."""
    found = {}
    for pad in PADS.values():
        wide = pad == "accumulator"
        named = bits if bits is None or not wide else [bit + 16 for bit in bits]
        for kind in KINDS:
            found[pad, kind] = error_rates(32 if wide else 16, rate if pad in pads else 0.0, named)
    return found


def trained_step(net_name: str, memory: PadMemory, image=(1, 8, 8), batch: int = 4):
    """Two steps of a network, by the machine and by torch: both networks, and the words that one step writes."""
    network = network_for(net_name, image, 10, batch)
    step = training_step(network, optimizer="momentum")
    writes = step_writes(step, SYSTEM)
    nets = []
    for _ in range(2):
        torch.manual_seed(0)
        nets.append(GraphModule(scores_network(network)).train())
    runner = StepRunner(nets[0], step, writes, Float32(), memory, "fp32")
    images, labels = torch.randn(batch, *image), torch.arange(batch)
    optimiser = torch.optim.SGD(nets[1].parameters(), lr=0.05, momentum=0.9)
    for _ in range(2):
        loss = runner.step(images, labels, Rule(0.05, 0.9))
        optimiser.zero_grad()
        expected = torch.nn.functional.cross_entropy(nets[1](images), labels)
        expected.backward()
        optimiser.step()
        assert loss == pytest.approx(expected.item(), rel=1e-5)
    return nets, writes


@pytest.mark.slow
def test_every_word_that_the_machine_writes_is_written_once_by_the_training():
    """Layer by layer, and in all: loads by the DMA and words of the output port of the run's tables."""
    network = network_for("small-cnn", (1, 8, 8), 10, 64)
    step = training_step(network, optimizer="momentum")
    writes, ran = step_writes(step, SYSTEM), simulate(step, SYSTEM)
    output = ran.ports[ran.ports["port"] == "output"].set_index("layer")["words"]
    loaded = ran.layers.set_index("layer")["dram_read_bytes"]
    for name, layer in writes.layers.items():
        assert sum(region.stored_words for region in layer.regions.values()) == output[name], name
        assert 2 * sum(region.loaded_words for region in layer.regions.values()) == loaded[name], name
    in_all = output.sum() + loaded.sum() // 2
    memory = PadMemory(rates(), 0)
    runner = StepRunner(GraphModule(scores_network(network)), step, writes, Bf16(), memory)
    runner.step(torch.randn(64, 1, 8, 8), torch.arange(64) % 10, Rule(0.05, 0.9))
    assert {pad: counts.words for pad, counts in memory.counts.items()} == writes.words()
    assert sum(counts.words for counts in memory.counts.values()) == in_all
    # conv2 sums 72 taps in 3 folds of 32: two of them write its 64 x 16 x 16 partial sums.
    assert writes.layers["conv2"].regions["psum"].stored_words == 2 * 64 * 16 * 16


def test_two_steps_without_errors_are_torchs():
    (found, expected), _ = trained_step("small-cnn", PadMemory(rates(), 0))
    for mine, theirs in zip(found.parameters(), expected.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("net", ["resnet20-narrow2", "vgg8-narrow32"])
def test_two_steps_of_networks_with_joins_strides_and_normalisations_are_torchs(net):
    (found, expected), _ = trained_step(net, PadMemory(rates(), 0), batch=2)
    for mine, theirs in zip(found.parameters(), expected.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-5)


def test_sums_that_are_added_fold_by_fold_are_the_product(monkeypatch):
    """A list of sites, though empty, makes every product go through its folds."""
    memory = PadMemory(rates(), 0)
    nowhere = Sites(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint32))
    monkeypatch.setattr(memory, "sum_sites", lambda region, folds, sums: nowhere)
    (found, expected), _ = trained_step("small-cnn", memory)
    for mine, theirs in zip(found.parameters(), expected.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-6)


def test_without_partial_sums_an_output_stationary_array_writes_none():
    step = training_step(network_for("small-cnn", (1, 8, 8), 10, 8), optimizer="momentum")
    still = step_writes(step, load_system("train-sram", ["array.dataflow=os", "array.fold_overlap=none"]))
    assert "accumulator" not in still.words()
    assert step_writes(step, SYSTEM).words()["accumulator"] > 0


@pytest.mark.slow
def test_training_learns_in_the_machines_words_and_equal_seeds_give_equal_runs():
    data = striped()
    for master in ("words", "fp32"):
        setup = MachineSetup(training=SMALL.training, master=master)
        found = train_on_machine(data, setup, rates(1e-6), 1)
        assert found.accuracy_percent == 100, master
        again = train_on_machine(data, setup, rates(1e-6), 1)
        assert (again.train_loss, again.writes) == (found.train_loss, found.writes)


@pytest.mark.slow
def test_errors_in_each_scratchpad_reach_the_training():
    data = striped()
    free = train_on_machine(data, SMALL, rates(), 0)
    for pad in PADS.values():
        hurt = train_on_machine(data, SMALL, rates(0.3, range(7), (pad,)), 0)
        assert hurt.writes[pad].failed_bits > 0
        assert all(counts.failed_bits == 0 for name, counts in hurt.writes.items() if name != pad)
        assert hurt.train_loss != free.train_loss, pad


@pytest.mark.slow
def test_failing_every_write_of_results_keeps_the_network_from_learning():
    assert train_on_machine(striped(), SMALL, rates(1.0, None, ("ofmap",)), 0).train_loss == pytest.approx(np.log(2), abs=0.01)


@pytest.mark.parametrize(
    ("system", "overrides", "message"),
    [
        ("edge-unified", [], "got unified"),
        ("train-sram", ["layer_results=scratchpads"], "expected scratchpads that keep their roles"),
        ("train-sram", ["dma.prefetch=next-layer"], "expected layers that load their own tiles alone"),
        ("train-sram", ["array.count=2"], "expected one array, got 2"),
    ],
)
def test_machines_that_training_does_not_follow_are_reported(system, overrides, message):
    with pytest.raises(InputError, match=message):
        step_writes(training_step(lenet5(batch=2)), load_system(system, overrides))


def test_bad_requests_are_reported():
    with pytest.raises(InputError, match="did you mean 'fp32'"):
        MachineSetup(master="fp23")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="word: expected a word format"):
        MachineSetup(training=TrainingSetup(word=None))
    with pytest.raises(InputError, match="batch: expected at most 32 images"):
        train_on_machine(striped(), MachineSetup(training=TrainingSetup(batch=33)), rates(), 0)
