"""Training behind a scratchpad: the words that each pass reads, determinism, and the whole study. Needs torch."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cells_by_hand import nominal_error_rate
from typer.testing import CliRunner
from write_device import DecadePerTenth

from simcore.errors import InputError
from workloads.faults.device import MacroDevice
from workloads.faults.injection import error_rates
from workloads.faults.placement import PlacedBits, Placement, Storage
from workloads.faults.word_memory import TENSORS, WordMemory
from workloads.faults.words import FixedPoint
from workloads.learning.data import Dataset
from workloads.learning.network import network_for
from workloads.learning.setup import Trained, TrainingSetup

torch = pytest.importorskip("torch", reason="torch (extra train) is not installed")

from torch import nn  # noqa: E402

from simcore.studies.form.result import StudyResult  # noqa: E402
from simcore.studies.write_errors import findings, training_runs  # noqa: E402
from simcore.studies.write_errors.settings import WriteErrorSettings  # noqa: E402
from simcore.studies.write_errors.study import study_write_errors  # noqa: E402
from simcore.studies.write_errors.training_runs import DataSource, Point, running  # noqa: E402
from workloads.learning.buffered import put_behind  # noqa: E402
from workloads.learning.with_errors import train  # noqa: E402


def rates(bits: int = 16, **of_tensor: float) -> dict[str, np.ndarray]:
    return {tensor: error_rates(bits, of_tensor.get(tensor, 0.0)) for tensor in TENSORS}


def striped(images: int = 64) -> Dataset:
    """Two classes that differ in the direction of their stripes; learnt in a few steps."""
    rng = np.random.default_rng(0)
    labels = np.arange(images, dtype=np.int64) % 2
    stripes = np.tile(np.sign(np.sin(np.arange(8) * np.pi / 2 + 0.1)), (8, 1)).astype(np.float32)
    found = np.stack([stripes if label else stripes.T for label in labels])[:, None]
    found = (found + rng.normal(0, 0.3, found.shape)).astype(np.float32)
    half = images // 2
    return Dataset("striped", 2, found[:half], labels[:half], found[half:], labels[half:])


QUICK = TrainingSetup(word="fixed16", reuse="own", epochs=4, batch=8)


def same(first: Trained, second: Trained) -> bool:
    return (first.accuracy_percent, first.train_loss, first.writes) == (second.accuracy_percent, second.train_loss, second.writes)


# What the passes read.


def one_linear(word: FixedPoint, pad: WordMemory) -> tuple[nn.Linear, nn.Sequential]:
    layer = nn.Linear(3, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[0.3, -0.6, 0.2], [0.9, 0.1, -0.4]]))
        layer.bias.zero_()
    net = nn.Sequential(layer)
    put_behind(net, word, pad)
    return layer, net


def test_forward_and_both_gradients_read_the_stored_words() -> None:
    word = FixedPoint(8, 4)
    layer, net = one_linear(word, WordMemory(rates(8), 0))
    inputs = torch.tensor([[0.27, -1.1, 0.5]], requires_grad=True)
    output = net(inputs)
    gradient = torch.tensor([[0.33, -0.2]])
    output.backward(gradient)

    def stored(values: torch.Tensor) -> torch.Tensor:
        return torch.round(values.detach() * 16) / 16

    x, w, e = stored(inputs), stored(layer.weight), stored(gradient)
    assert torch.equal(output, x @ w.T)
    assert torch.equal(inputs.grad, e @ w)
    assert torch.equal(layer.weight.grad, e.T @ x)


def test_an_error_in_the_stored_operand_is_seen_by_every_pass() -> None:
    word = FixedPoint(8, 4)
    pad = WordMemory(rates(8, activations=1.0), 0)
    layer, net = one_linear(word, pad)
    inputs = torch.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    output = net(inputs)
    output.backward(torch.ones(1, 2))
    assert torch.equal(output, torch.zeros(1, 2)), "the memory was empty and every write failed"
    assert torch.equal(layer.weight.grad, torch.zeros(2, 3)), "the weight gradient reads the same empty words"
    assert inputs.grad.abs().sum() > 0, "the input gradient does not read them"


def test_weights_whose_writes_all_fail_stay_the_first_that_were_stored() -> None:
    pad = WordMemory(rates(8), 0)
    layer, net = one_linear(FixedPoint(8, 4), pad)
    inputs = torch.tensor([[1.0, 0.0, 0.0]])
    first = net(inputs).detach()
    pad.rates["weights"][:] = 1.0
    with torch.no_grad():
        layer.weight.add_(1.0)
    assert torch.equal(net(inputs), first)


def test_outside_training_words_are_written_without_errors_and_not_counted() -> None:
    pad = WordMemory(rates(8, activations=1.0, weights=1.0), 0)
    _, net = one_linear(FixedPoint(8, 4), pad)
    net.eval()
    assert net(torch.tensor([[1.0, 0.0, 0.0]])).tolist() == [[pytest.approx(0.3125), pytest.approx(0.875)]]
    assert pad.counts["activations"].words == 0


@pytest.mark.slow
def test_each_tensor_is_written_once_a_minibatch() -> None:
    trained = train(striped(), TrainingSetup(epochs=1, batch=8), rates(), 0)
    parameters = 8 * 9 + 16 * 8 * 9 + 2 * 64
    assert trained.minibatches == 4
    assert trained.writes["weights"].words == 4 * parameters
    assert trained.writes["activations"].words == 4 * 8 * (64 + 8 * 16 + 64)
    assert trained.writes["errors"].words == 4 * 8 * (8 * 64 + 16 * 16 + 2)


# Runs.


def test_training_learns_and_equal_seeds_give_equal_runs() -> None:
    data = striped()
    first = train(data, QUICK, rates(errors=1e-3), 1)
    assert first.accuracy_percent == 100
    torch.rand(3)
    assert same(first, train(data, QUICK, rates(errors=1e-3), 1))
    assert not same(first, train(data, QUICK, rates(errors=1e-3), 2))


def test_rates_of_zero_leave_training_as_it_is_without_errors() -> None:
    data = striped()
    assert train(data, QUICK, rates(), 0).writes["errors"].failed_bits == 0
    with_tiny = train(data, QUICK, rates(activations=1e-15, weights=1e-15, errors=1e-15), 0)
    assert with_tiny.train_loss == train(data, QUICK, rates(), 0).train_loss


def test_wide_words_train_almost_as_float32_does() -> None:
    data = striped()
    exact = train(data, TrainingSetup(word=None, epochs=1, batch=8), rates(), 0)
    wide = train(data, TrainingSetup(word="fixed24", epochs=1, batch=8), rates(24), 0)
    assert wide.train_loss == pytest.approx(exact.train_loss, rel=1e-4)


def test_failing_every_write_keeps_the_network_from_learning() -> None:
    trained = train(striped(), QUICK, rates(errors=1.0), 0)
    assert trained.train_loss == pytest.approx(np.log(2), abs=0.3)


def test_a_run_that_overflows_is_reported_as_diverged() -> None:
    trained = train(striped(), TrainingSetup(word="bf16", epochs=10, batch=8), rates(weights=0.3, errors=0.3), 0)
    assert trained.diverged
    assert not np.isfinite(trained.train_loss)
    assert 0 <= trained.accuracy_percent <= 100


def test_training_leaves_torch_as_it_was() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    train(striped(), QUICK, rates(), 0)
    assert torch.equal(torch.rand(1), expected)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.slow
def test_a_network_with_joins_learns_behind_the_scratchpad() -> None:
    trained = train(striped(), TrainingSetup(net="resnet20", epochs=2, batch=8), rates(errors=1e-4), 0)
    assert trained.accuracy_percent == 100
    assert trained.writes["errors"].failed_bits > 0
    products = [instance for instance in network_for("resnet20", (1, 8, 8), 2).instances() if instance.macs]
    weights = sum(instance.parameters for instance in products) - 2
    assert trained.writes["weights"].words == trained.minibatches * weights, "the bias of the linear layer is not buffered"


def test_bad_setups_are_reported() -> None:
    with pytest.raises(InputError, match="did you mean 'vgg-like'"):
        TrainingSetup(net="vgglike")
    with pytest.raises(InputError, match="batch: expected at most 32 images"):
        train(striped(), TrainingSetup(batch=33), rates(), 0)
    with pytest.raises(InputError, match="epochs"):
        TrainingSetup(epochs=0)
    with pytest.raises(InputError, match="at least 2 seeds"):
        WriteErrorSettings(seeds=1)


# The study.


@pytest.fixture
def _striped_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_runs, "load_dataset", lambda name, folder: striped())


def test_equal_points_are_trained_once(_striped_digits: None) -> None:  # noqa: PT019
    done: list[tuple[int, int, str]] = []
    with running(DataSource(), on_progress=lambda *seen: done.append(seen)) as runner:
        point = Point("first", QUICK, rates())
        results = runner.train([point, Point("again", QUICK, rates())], [0, 1])
        results += runner.train([point], [0])
    assert [(point.experiment, seed) for point, seed, _ in results] == [
        ("first", 0),
        ("first", 1),
        ("again", 0),
        ("again", 1),
        ("first", 0),
    ]
    assert results[0][2] is results[2][2] is results[4][2]
    assert done == [(1, 2, "first"), (2, 2, "first")]


@pytest.fixture(scope="module")
def study() -> StudyResult:
    """A quick study on striped images with a made-up device and a placement of the user's."""
    own = Placement("own", Storage(voltage_v=0.9, pulse_ns=10), (PlacedBits("weights", Storage(error_rate=0.5)),))
    setup = TrainingSetup(epochs=2, batch=8)
    settings = WriteErrorSettings(quick=True, seeds=2, setup=setup, device=DecadePerTenth(), placements=(own,))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_runs, "load_dataset", lambda name, folder: striped())
        return study_write_errors(settings)


@pytest.mark.slow
def test_the_study_has_a_row_for_every_point_with_its_spread(study: StudyResult) -> None:
    swept = study.tables["error_rates"]
    assert len(swept) == 3 * swept["error_rate"].nunique()
    assert (swept["runs"] == 2).all()
    runs = study.tables["runs"]
    for row in swept.to_dict("records"):
        of_point = runs[
            (runs["experiment"] == "error-rate") & (runs["tensor"] == row["tensor"]) & (runs["error_rate"] == row["error_rate"])
        ]
        assert row["accuracy_mean_percent"] == pytest.approx(np.mean(of_point["accuracy_percent"]))
        assert row["accuracy_std_points"] == pytest.approx(np.std(of_point["accuracy_percent"], ddof=1))


@pytest.mark.slow
def test_losses_are_against_the_error_free_run_of_the_same_seed(study: StudyResult) -> None:
    runs = study.tables["runs"]
    assert runs["loss_points"].notna().all()
    for row in runs[runs["experiment"] == "error-rate"].to_dict("records"):
        free = runs[(runs["experiment"] == "error-free") & (runs["word"] == row["word"]) & (runs["seed"] == row["seed"])]
        assert row["loss_points"] == pytest.approx(free["accuracy_percent"].item() - row["accuracy_percent"])


@pytest.mark.slow
def test_energies_of_placements_follow_from_words_and_bits(study: StudyResult) -> None:
    table = study.tables["placements"].set_index("placement")
    assert table.loc["safe", "relative_write_energy"] == 1
    safe_pj = 16 * (table.loc["safe", "write_pj_per_word"] / 16)
    assert table.loc["all SRAM", "relative_write_energy"] == pytest.approx(16 * 0.05 / safe_pj)
    # A rate of 1e-2 takes 0.2 V (to a millivolt, upwards): 0.2^2 + 0.1 pJ a bit; the safe one of 1e-9 takes 0.9 V.
    assert table.loc["uniform 1e-02", "relative_write_energy"] == pytest.approx(0.14 / 0.91, rel=0.01)
    # By the pulse: 2 decades of 0.9 a nanosecond, 2.23 ns; the energy of the cell falls with it.
    assert table.loc["uniform 1e-02, short pulse", "weights_pulse_ns"] == 2.23
    assert table.loc["uniform 1e-02, short pulse", "relative_write_energy"] == pytest.approx((0.81 * 0.223 + 0.1) / 0.91)
    assert np.isnan(table.loc["own", "relative_write_energy"]), "an error rate without an energy"
    assert table.loc["bits 0-11 1e-02, rest SRAM", "sram_bits_percent"] == 25


@pytest.mark.slow
def test_the_chosen_placements_are_confirmed_from_seeds_that_did_not_choose_them(study: StudyResult) -> None:
    runs, table = study.tables["runs"], study.tables["placements"]
    for best in study.findings["best_placements"]:
        able = table[(table["loss_mean_points"] < 1) & (table["sram_bits_percent"] <= best["most_sram_percent"])]
        found = best["found"]
        assert found["relative_write_energy"] == able["relative_write_energy"].min()
        chosen = runs[(runs["experiment"] == "confirmation") & (runs["placement"] == found["placement"])]
        assert sorted(chosen["seed"]) == [2, 3]
        assert found["fresh_loss_mean_points"] == pytest.approx(chosen["loss_points"].mean())


def run_rows(experiment: str, losses: dict[tuple[str, object], list[float]]) -> list[dict[str, object]]:
    """Rows of a table of runs, for findings alone: (tensor, rate or bit) -> the losses of seeds 0, 1, ..."""
    column = "bits" if experiment == "bit" else "error_rate"
    common = {"experiment": experiment, "net": "n", "word": "w"}
    return [
        {**common, "tensor": tensor, column: value, "seed": seed, "loss_points": loss}
        for (tensor, value), seeds in losses.items()
        for seed, loss in enumerate(seeds)
    ]


def test_findings_by_hand() -> None:
    swept = {
        ("errors", 1e-3): [0.0, 0.2],
        ("errors", 1e-2): [4.0, 5.0],
        ("activations", 1e-3): [0.0, 0.0],
        ("activations", 1e-2): [1.0, 0.6],
        ("weights", 1e-3): [1.5, 1.0],
        ("weights", 1e-2): [0.0, -0.5],
    }
    bits = {(tensor, bit): [0.0] for tensor in TENSORS for bit in ("2", "5", "10")}
    bits |= {("errors", "5"): [0.3], ("activations", "10"): [0.3]}
    free = [{"experiment": "error-free", "net": "n", "word": "w", "seed": seed} for seed in range(2)]
    runs = pd.DataFrame([*free, *run_rows("error-rate", swept), *run_rows("bit", bits)])
    order = findings.sensitivity_order(runs)
    assert [(row["tensor"], row["seeds_above_next"]) for row in order] == [("errors", 2), ("weights", 1), ("activations", None)]
    assert order[0]["loss_mean_points"] == pytest.approx((2.0 + 2.6) / 2)
    assert order[0]["loss_std_points"] == pytest.approx(np.std([2.0, 2.6], ddof=1))
    assert findings.tolerated_rates(runs, 1.0) == {"activations": 1e-2, "weights": 0.0, "errors": 1e-3}
    assert findings.tolerant_low_bits(runs, 0.25) == {"activations": 6, "weights": 11, "errors": 3}


@pytest.mark.parametrize(("loss", "no_loss"), [(0.4, True), (0.6, False)])
def test_a_loss_is_reported_where_it_exceeds_the_spread_of_seeds(loss: float, no_loss: bool) -> None:
    common = {"net": "n", "word": "w", "test_images": 1000, "error_rate": 1e-6, "failed_bits": 9}
    free = [{**common, "experiment": "error-free", "seed": seed, "accuracy_percent": 97 + 0.5 * seed} for seed in range(3)]
    low = [{**common, "experiment": "low-rate", "seed": seed, "loss_points": loss} for seed in range(3)]
    found = findings.low_rate_loss(pd.DataFrame([*free, *low]), 1e-6)
    assert found["unnoticed_points"] == pytest.approx(0.5)
    assert found["no_loss"] is no_loss


@pytest.mark.slow
def test_the_study_is_written_as_json_and_tables(study: StudyResult, tmp_path: Path) -> None:
    study.write_into(tmp_path)
    read = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert read["findings"]["low_rates"]["no_loss"] is study.findings["low_rates"]["no_loss"]
    assert {path.stem for path in tmp_path.glob("*.csv")} == set(study.tables)
    assert len(read["tables"]["runs"]) == len(study.tables["runs"])
    assert [placement["name"] for placement in read["placements"]][-1] == "own"


def test_placements_of_a_name_that_is_taken_are_reported_before_training(_striped_digits: None) -> None:  # noqa: PT019
    settings = WriteErrorSettings(quick=True, device=DecadePerTenth(), placements=(Placement("safe", Storage(error_rate=0.1)),))
    with pytest.raises(InputError, match="got twice: safe"):
        study_write_errors(settings)


def test_without_torch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    with (
        pytest.raises(InputError, match=r"training needs the package torch; pip install 'simcore\[train\]'"),
        running(DataSource()),
    ):
        pass


def test_bad_options_of_the_command_are_one_line() -> None:
    from simcore.cli import app

    for options, message in (
        (["--word", "fp8"], "expected a word format"),
        (["--seeds", "1"], "at least 2 seeds"),
        (["--placement", "nowhere.yaml"], "nowhere.yaml: expected a readable file"),
        (["--jobs", "0"], "at least 1 process"),
        (["--dataset", "mnist"], "no data set is called 'mnist'"),
        (["--net", "resnet"], "no network named 'resnet'"),
        (["--reuse", "all"], "no way of reusing addresses"),
        (["--cell", "stt-34F2"], "no memory cell is called 'stt-34F2'"),
        (["--cell", "sram"], "sram is not written by a pulse"),
        (["--node", "28"], "node: expected one of 22, 32, 45"),
        (["--class", "low"], "class: expected one of hp, lop, lstp"),
        (["--capacity", "much"], "capacity:"),
        (["--capacity", "1KiB"], "capacity: expected 32 KiB to"),
    ):
        result = CliRunner().invoke(app, ["study", "write-errors", "--quick", *options])
        assert result.exit_code == 2, options
        assert message in result.stderr
        assert result.stderr.count("\n") == 1


@pytest.mark.slow
def test_the_command_prints_voltages_and_pulses_of_the_cell_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from simcore.cli import app

    monkeypatch.setattr(training_runs, "load_dataset", lambda name, folder: striped(256))
    options = ["--quick", "--epochs", "1", "--seeds", "2", "--jobs", "1", "--cell", "stt-54F2", "--capacity", "256KiB"]
    result = CliRunner().invoke(app, ["study", "write-errors", *options])
    assert result.exit_code == 0, result.output
    assert f"safe MRAM: write error rate {nominal_error_rate('stt-54F2'):.2g} at 10 ns, 1.25 V" in result.stdout
    assert "device: stt-54F2, macros of 256 KiB at 22 nm, lop" in result.stdout
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["placement", "write", "energy", "SRAM", "bits", "%", "pulse", "ns", "runs"] in [line[:9] for line in lines]
    assert ["safe", "1.000", "0", "10"] in [line[:4] for line in lines]
    assert ["all", "SRAM", "0.058", "100", "-"] in [line[:5] for line in lines]
    # The placement's name goes on in the next line.
    pulse = MacroDevice("stt-54F2", capacity_bytes=2**18).pulse_for(1e-2, 1.25)
    short = next(line for line in lines if line[:3] == ["uniform", "1e-02,", "short"])
    assert pulse < float(short[5]) < pulse + 0.011


@pytest.mark.slow
def test_two_processes_give_what_one_gives() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn (extra train) is not installed")
    points = [Point("p", TrainingSetup(epochs=1), rates(errors=rate)) for rate in (0.0, 1e-2)]
    source = DataSource(images=64)
    with running(source, jobs=1) as one, running(source, jobs=2) as two:
        for (_, _, first), (_, _, second) in zip(one.train(points, [0, 1]), two.train(points, [0, 1]), strict=True):
            assert same(first, second)
