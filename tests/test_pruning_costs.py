"""The cost of a pruned training equals the closed forms, and on a machine the sum of its steps; layers add up to totals."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pytest

from simcore.pruning.layer_savings import layer_savings
from simcore.pruning.operations import operation_savings, operations_of
from simcore.pruning.order import PruneOrder
from simcore.pruning.result import PruneResult, prune
from simcore.pruning.step_cost import AMOUNTS, LayerCost, StepCost
from simcore.pruning.step_store import StepStore
from simcore.pruning.training import PROCEDURES, Training
from simcore.simulation import simulate
from tests.command_line import printed_json
from workloads.layers import Conv, Flatten, Input, Linear
from workloads.load import load_network
from workloads.network import Network, NetworkBuilder
from workloads.pruning import declared_log, narrow, schedule_from
from workloads.pruning.ideal import ideal_step

#: The convolutions of VGG16 for images of 32 x 32: (channels, filters, side of the image). The 512 features then give 10 classes.
VGG16 = (
    *((3, 64, 32), (64, 64, 32), (64, 128, 16), (128, 128, 16), (128, 256, 8), (256, 256, 8), (256, 256, 8)),
    *((256, 512, 4), (512, 512, 4), (512, 512, 4), (512, 512, 2), (512, 512, 2), (512, 512, 2)),
)


def closed_form(pruned: float) -> dict[str, float]:
    """Return what an image costs in a training step if the fraction ``pruned`` of every layer's filters is gone.

    A layer has channels x filters x taps x pixels multiply-accumulates in each pass, of which there are three, and two in the
    first layer, which needs no gradient of the image. A pass moves its weights, its input and its output once.
    """
    found = {"macs": 0.0, "weights": 0.0, "activations": 0.0}
    for index, (channels, filters, side) in enumerate((*VGG16, (512, 10, 0))):
        passes = 3 if index else 2
        read = channels * (1 - pruned if index else 1)
        made = filters * (1 - pruned if side else 1)
        taps, pixels = (9, side * side) if side else (1, 1)
        found["macs"] += passes * read * made * taps * pixels
        found["weights"] += passes * read * made * taps
        found["activations"] += passes * (read + made) * pixels
    return found


def counted(network: Network) -> dict[str, float]:
    """Return the same counts of a network, as the product finds them."""
    layers = ideal_step(network)
    return {
        "macs": sum(layer.macs for layer in layers),
        "weights": sum(layer.weight_accesses for layer in layers),
        "activations": sum(layer.activation_accesses for layer in layers),
    }


@pytest.mark.parametrize("pruned", ["0", "0.25", "0.5", "0.8"])
def test_a_step_of_vgg16_costs_what_the_closed_form_says(pruned):
    network = load_network("vgg16-32")
    log = declared_log(network, schedule_from(f"one-shot:{pruned}@0"), 1)
    dense, formula, found = closed_form(0), closed_form(float(pruned)), counted(narrow(network, log.live[0]))
    for name, whole in dense.items():
        # A fifth of 64 filters is no integer; halves and quarters are.
        within = 0.005 if pruned == "0.8" else 1e-12
        assert 1 - found[name] / whole == pytest.approx(1 - formula[name] / whole, rel=within, abs=1e-12)


def savings_of(text: str, epochs: int, baseline: int = 10) -> Mapping[str, float]:
    """Return what VGG16 saves under a schedule of dense training, pruning and retraining, in percent, by the product."""
    network = load_network("vgg16-32", 8)
    log = declared_log(network, schedule_from(text), epochs)
    training = Training(network=network, log=log, samples=50_000, retrain_epochs=baseline)
    return operation_savings(operations_of(training))["of_train_prune_retrain"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("linear:0.5", 42, 45),
        ("linear:0.5@0.2-0.8", 41, 43),
        ("linear:0.8", 59, 60),
        ("one-shot:0.5@0.5", 38, 40),
        ("one-shot:0.8@0.5", 48, 48),
        ("linear:0.8@0.25-1", 44, 45),
    ],
)
@pytest.mark.parametrize("epochs", [60, 200])
def test_schedules_save_what_the_feasibility_study_found(text, least, most, epochs):
    assert least - 0.5 <= savings_of(text, epochs)["macs"] <= most + 0.5


@pytest.mark.parametrize(
    ("text", "p_of_time"), [("linear:0.5", lambda t: 0.5 * t), ("cubic:0.8", lambda t: 0.8 * (1 - (1 - t) ** 3))]
)
def test_savings_of_a_whole_training_equal_the_closed_form(text, p_of_time):
    epochs = 40
    dense, last = closed_form(0), closed_form(p_of_time(1))
    found = savings_of(text, epochs)
    for name, ours in (("macs", "macs"), ("weights", "weight_accesses"), ("activations", "activation_accesses")):
        # Weights are moved once for a minibatch of 8 images, all else for every image; both cancel out.
        pruned = sum(closed_form(p_of_time(epoch / epochs))[name] for epoch in range(1, epochs + 1))
        saved = 100 * (1 - pruned / (epochs * dense[name] + 10 * last[name]))
        assert found[ours] == pytest.approx(saved, rel=0.005)


SMALL = {"network": "small-cnn-8", "samples": 100, "batch": 8, "schedule": "linear:0.5", "epochs": 4}


def small(**changes) -> PruneResult:
    return prune(PruneOrder(**{**SMALL, **changes}), store=StepStore(None))


def test_a_training_costs_its_steps_on_the_machine():
    result = small(systems=["titan-xp"], retrain_epochs=3)
    log = result.training.log
    assert result.training.minibatches == 13
    found = [
        simulate(narrow(load_network("small-cnn-8", 8), live), "titan-xp", training="sgd") for live in (log.filters, *log.live)
    ]
    cycles = [each.cycles for each in found]
    run = result.runs[0]
    assert run.totals["dense"]["cycles"] == 13 * 4 * cycles[0]
    assert run.totals["pruned_while_training"]["cycles"] == 13 * sum(cycles[1:])
    assert run.totals["train_prune_retrain"]["cycles"] == 13 * (4 * cycles[0] + 3 * cycles[4])
    macs = [sum(layer.macs for layer in each.runs) for each in found]
    assert run.totals["pruned_while_training"]["macs"] == 13 * sum(macs[1:])
    assert run.savings["of_dense"]["macs"] == pytest.approx(100 * (1 - sum(macs[1:]) / (4 * macs[0])))
    assert run.totals["dense"]["energy_pj"] is None


@pytest.mark.slow
@pytest.mark.parametrize(("systems", "epochs"), [(["edge-sram", "train-stt"], 4), (["edge-stt", "pim-dram-ddr4"], 1)])
def test_layers_add_up_to_totals_and_no_layer_computes_faster_than_its_array(systems, epochs):
    result = small(systems=systems, epochs=epochs)
    for run in result.runs:
        for procedure in PROCEDURES:
            layers = run.layers[procedure].values()
            for name in AMOUNTS:
                known, total = [amounts[name] for amounts in layers if amounts[name] is not None], run.totals[procedure][name]
                assert (known == []) == (total is None), (run.system, procedure, name)
                assert sum(known) == pytest.approx(total or 0, rel=1e-12), (run.system, procedure, name)
            words = run.totals[procedure]
            if run.system.startswith("pim"):
                assert words["weight_dram_bytes"] is words["activation_dram_bytes"] is words["weight_accesses"] is None
            else:
                assert words["weight_dram_bytes"] + words["activation_dram_bytes"] == words["dram_bytes"]
        for step in run.steps.values():
            assert all(layer.compute_cycles >= layer.macs / step.peak for layer in step.layers)


@pytest.mark.slow
def test_four_kinds_of_machine_in_one_command():
    systems = ("edge-sram", "edge-stt", "train-stt", "pim-dram-ddr4")
    found = printed_json(
        *("prune", "small-cnn-8", "--schedule", "linear:0.5,every=2", "--epochs", "4", "--samples", "64", "--batch", "8"),
        *("--system", ",".join(systems)),
    )
    assert tuple(found["systems"]) == systems
    keys = {"macs", "weight_accesses", "activation_accesses", "dram_bytes", "cycles", "energy_pj"}
    for system in found["systems"].values():
        assert all(keys <= system[procedure].keys() for procedure in PROCEDURES)
        assert {"of_dense", "of_train_prune_retrain"} == system["saving_percent"].keys()
    # Both edge machines multiply the same words; slower writes cost cycles only.
    sram, stt = (found["systems"][name]["dense"] for name in ("edge-sram", "edge-stt"))
    assert sram["weight_accesses"] == stt["weight_accesses"]
    assert sram["cycles"] < stt["cycles"]
    assert found["systems"]["pim-dram-ddr4"]["dense"]["weight_accesses"] is None


def wide(filters: int) -> Network:
    net = NetworkBuilder("wide")
    net.add(Input("image", (32, 8, 8)))
    net.add(Conv("conv1", filters, (3, 3), padding=(1, 1)))
    net.add(Conv("conv2", 32, (3, 3), padding=(1, 1)))
    net.add(Flatten("flat"))
    net.add(Linear("fc", 10))
    return net.build(8)


@pytest.mark.slow
def test_forty_filters_to_thirty_two_on_32_columns_names_the_array():
    """40 filters take two passes over 32 columns, and 32 take one: a fifth of the filters saves about half of the cycles."""
    order = PruneOrder(network=wide(40), samples=8, batch=8, schedule="one-shot:0.2@0", epochs=1, exempt=["conv2"])
    result = prune(order, store=StepStore(None))
    row, run = {row.layer: row for row in result.layer_rows_of("edge-sram")}["conv1"], result.runs[0]
    assert (row.filters, row.live_filters) == (40, 32)
    assert row.macs_saved_percent == pytest.approx(20)
    # A fold of n time steps takes n + 32 + 32 + 32 - 2 cycles. The forward pass has 32 x 9 taps along 9 times 32 rows, and 512
    # pixels (8 images of 8 x 8) in time; the gradient of the weights has the 512 pixels along 16 times 32 rows, and the 288 taps
    # in time. Both have the filters along the columns: 40 fill 32 columns and begin another 32, and 32 fill them once.
    once = 9 * (512 + 94) + 16 * (288 + 94)
    waits = []
    for step, computing in ((run.steps[0], 2 * once), (run.steps[1], once)):
        passes = [layer for layer in step.layers if layer.of == "conv1" and layer.macs]
        assert sum(layer.compute_cycles for layer in passes) == computing
        waits.append(sum(sum(layer.stall_cycles.values()) for layer in passes))
    assert (row.cycles, row.pruned_cycles) == (2 * once + waits[0], once + waits[1])
    assert row.cycles_saved_percent == pytest.approx(100 * (1 - (once + waits[1]) / (2 * once + waits[0])))
    assert row.cycles_saved_percent > 35  # of the half that computing saves, waits leave so much
    assert row.cause.startswith("array filled 62 -> 100 % (40 -> 32 filters)")


def made_up(macs: int, compute: int, waits: int, moved: int) -> StepCost:
    """Return a step of one layer on an array of 10 x 10, all filled, which waits for main memory and moves so many bytes."""
    layer = LayerCost(
        **{"name": "conv", "of": "conv", "op": "conv", "pass_name": "forward", "macs": macs, "cycles": compute + waits},
        **{"compute_cycles": compute, "mapped_cycles": macs / 100, "stall_cycles": {"dram_wait": waits}, "dram_bytes": moved},
        **dict.fromkeys(("weight_accesses", "activation_accesses", "weight_dram_bytes", "activation_dram_bytes")),
        **dict.fromkeys(("energy_pj", "write_pj")),
    )
    return StepCost((layer,), layer.cycles, 10**9, 100.0, {})


@pytest.mark.parametrize(
    ("pruned", "cause"),
    [
        # 75 % of the work is gone, and what was moved four times is moved once: 90 % of the bytes are gone.
        (
            made_up(25_000, 300, 400, 400),
            "a tensor now fits, 4.0 -> 1.0 bytes moved a word: 90 % of its bytes saved, waits for it 80 -> 57 %",
        ),
        # 75 % of the work is gone, but only 20 % of the bytes.
        (made_up(25_000, 300, 3200, 3200), "bound by main memory: 20 % of its bytes saved, waits for it 80 -> 91 %"),
        # As much is saved of both: nothing to explain.
        (made_up(25_000, 250, 1000, 1000), ""),
    ],
)
def test_what_main_memory_makes_of_a_layer_is_named(pruned, cause):
    dense = made_up(100_000, 1000, 4000, 4000)
    (row,) = layer_savings(dense, pruned, {"conv": 40}, {"conv": 20}, {"conv": (1000, 400)})
    assert row.cause == cause


def test_every_nth_network_stands_for_its_neighbours_and_says_so():
    every = small(systems=["titan-xp"])
    some = small(systems=["titan-xp"], every_nth=2)
    assert every.every_nth_note is None
    assert some.every_nth_note.startswith("3 of 5 distinct networks were simulated; each of the other 2 counts as a mix")
    assert (every.simulated, some.simulated) == (5, 3)
    macs = [each.runs[0].totals["pruned_while_training"]["macs"] for each in (every, some)]
    assert macs[0] == macs[1]
    # Epoch 1 trains the second network: the mix of the first and the third that has its multiply-accumulates.
    one, two, three = (every.runs[0].steps[place].totals for place in (0, 1, 2))
    share = Fraction(two["macs"] - three["macs"], one["macs"] - three["macs"])
    assert some.training.shares[1] == ((0, share), (2, 1 - share))


def test_the_log_of_a_training_gives_what_its_schedule_gave(tmp_path):
    from workloads.pruning.log_file import write_log

    declared = small(systems=["titan-xp"])
    path = tmp_path / "log.parquet"
    write_log(declared.training.log, path)
    logged = prune(PruneOrder(network="small-cnn-8", samples=100, batch=8, log=path, systems=["titan-xp"]), store=StepStore(None))
    assert logged.runs[0].totals == declared.runs[0].totals
