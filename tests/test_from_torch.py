"""PyTorch modules as networks: exact multiply-accumulates, names of modules, nothing allocated, clear errors."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import simcore
from simcore.cli import app
from simcore.errors import InputError
from simcore.extensions.no_code import is_refusal, without_code
from workloads.importers.onnx import load_onnx
from workloads.load import load_network
from workloads.training import training_step

torch = pytest.importorskip("torch")
nn = torch.nn

from workloads.importers.pytorch.export import HANDLERS  # noqa: E402
from workloads.importers.pytorch.tensors import SHAPED, VIEWS  # noqa: E402


class Residual(nn.Module):
    """A block of a residual network, whose last functions work in place."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.conv2, self.bn2 = nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.relu, self.shortcut = nn.ReLU(inplace=True), nn.Conv2d(8, 8, 1)

    def forward(self, x: Any) -> Any:
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        y += self.shortcut(x)
        return self.relu(y)


class Recurrent(nn.Module):
    """An embedding, a recurrent network, and a linear layer of its last output."""

    def __init__(self, kind: Any, layers: int, *, first: bool, both: bool) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 12)
        self.rnn = kind(12, 16, layers, batch_first=first, bidirectional=both)
        self.last = nn.Linear(32 if both else 16, 5)

    def forward(self, x: Any) -> Any:
        return self.last(self.rnn(self.embed(x))[0][:, -1])


class Grouped(nn.Module):
    """Attention of four heads of queries that share two of keys and values."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(32, width, bias=False) for width in (32, 16, 16))

    def forward(self, x: Any) -> Any:
        b, n, _ = x.shape
        q, k, v = (each(x).view(b, n, -1, 8).transpose(1, 2) for each in (self.q, self.k, self.v))
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return mixed.transpose(1, 2).reshape(b, n, -1)


class Scaled(nn.Module):
    """Attention whose scale and mask the tracing exporter writes as nodes of their own, and a group normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.qkv = nn.GroupNorm(2, 8), nn.Linear(32, 96)

    def forward(self, x: Any) -> Any:
        q, k, v = (each.reshape(-1, 8, 4, 8).transpose(1, 2) for each in self.qkv(self.norm(x)).chunk(3, -1))
        return nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)


def cnn() -> Any:
    return nn.Sequential(
        *(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, 3, groups=2, padding="same"), nn.Hardswish(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        *(nn.Dropout(), nn.Linear(16, 4)),
    )


def encoder() -> Any:
    return nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, activation="gelu")


def tokens() -> Any:
    return torch.zeros(2, 7, dtype=torch.int64)


#: Module, arguments, and multiply-accumulates by hand.
CASES: dict[str, tuple[Any, Any, int]] = {
    "cnn": (cnn, lambda: torch.zeros(2, 3, 16, 16), 2 * (8 * 8 * 8 * 27 + 16 * 4 * 4 * 4 * 9 + 16 * 4)),
    "residual": (Residual, lambda: torch.zeros(2, 8, 6, 6), 2 * 36 * 8 * (72 + 72 + 8)),
    "encoder": (encoder, lambda: torch.zeros(2, 10, 32), 2 * (10 * 32 * (4 * 32 + 2 * 64) + 2 * 10 * 10 * 32)),
    "grouped": (Grouped, lambda: torch.zeros(2, 10, 32), 2 * (10 * 32 * 64 + 2 * 10 * 10 * 32)),
    "lstm": (
        lambda: Recurrent(nn.LSTM, 2, first=True, both=True),
        tokens,
        2 * 7 * 2 * 4 * 16 * ((12 + 16) + (32 + 16)) + 2 * 32 * 5,
    ),
    "gru": (lambda: Recurrent(nn.GRU, 1, first=False, both=False), tokens, 2 * 7 * 3 * 16 * (12 + 16) + 2 * 16 * 5),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_module_has_the_macs_and_parameters_that_follow_by_hand(case: str) -> None:
    make, given, macs = CASES[case]
    module = make()
    found = simcore.from_torch(module, given())
    assert found.macs() == macs
    assert found.parameters() == sum(parameter.numel() for parameter in module.parameters())
    assert module.training


@pytest.mark.slow
@pytest.mark.parametrize("case", ["cnn", "residual", "lstm", "gru"])
def test_a_module_has_the_macs_and_batch_of_its_own_onnx_file(case: str, tmp_path: Path) -> None:
    make, given, _ = CASES[case]
    module = make().eval()
    file = tmp_path / "module.onnx"
    torch.onnx.export(module, (given(),), file, dynamo=False, opset_version=17)
    by_file, by_export = load_onnx(file), simcore.from_torch(module, given())
    assert (by_export.macs(), by_export.batch) == (by_file.macs(), by_file.batch)


@pytest.mark.slow
@pytest.mark.parametrize("system", ["edge-sram", "cloud-128x128-ws", "edge-stt"])
def test_a_module_and_its_own_onnx_file_take_the_same_cycles(system: str, tmp_path: Path) -> None:
    module, given, file = Scaled().eval(), torch.zeros(1, 8, 32), tmp_path / "module.onnx"
    torch.onnx.export(module, (given,), file, dynamo=False, opset_version=17)
    networks = load_onnx(file), simcore.from_torch(module, given)
    cycles = [int(simcore.simulate(found, system).layers["cycles"].sum()) for found in networks]
    assert max(cycles) <= 1.02 * min(cycles)


def test_weights_that_layers_share_are_counted_once() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words, self.head = nn.Embedding(50, 8), nn.Linear(8, 50, bias=False)
            self.head.weight = self.words.weight

        def forward(self, x: Any) -> Any:
            return self.head(self.words(x))

    found = simcore.from_torch(Tied(), tokens())
    assert (found.parameters(), found.macs()) == (50 * 8, 2 * 7 * 8 * 50)


def test_what_nothing_reads_is_left_out() -> None:
    class Attended(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inside = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x: Any) -> Any:
            return self.inside(x, x, x)[0]  # and not the mean of the weights

    assert "reduce" not in {i.layer.op for i in simcore.from_torch(Attended(), torch.zeros(1, 4, 8)).instances()}


def test_a_rolled_axis_is_two_parts_in_the_other_order() -> None:
    class Rolled(nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.roll(x, (-1, 2), (1, 2)).relu()

    ops = [i.layer.op for i in simcore.from_torch(Rolled(), torch.zeros(1, 4, 6)).instances()]
    assert ops == ["part", "part", "concat", "part", "part", "concat", "activation"]


def test_layers_have_the_names_of_their_modules() -> None:
    layers = simcore.from_torch(Residual(), torch.zeros(2, 8, 6, 6)).instances()
    found = {instance.name: instance.layer.op for instance in layers}
    named = {"conv1": "conv", "bn1": "batch-norm", "relu": "activation", "relu#2": "activation", "add": "add", "shortcut": "conv"}
    assert {name: found.get(name) for name in named} == named


def test_what_works_in_place_is_what_later_calls_read() -> None:
    layers = {instance.name: instance for instance in simcore.from_torch(Residual(), torch.zeros(1, 8, 6, 6)).instances()}
    assert layers["conv2"].producers == ("relu",)
    assert layers["relu#2"].producers == ("add",)


def test_no_weight_is_allocated() -> None:
    with torch.device("meta"):
        module = nn.Linear(2**20, 2**20)
    assert simcore.from_torch(module, torch.zeros(1, 2**20, device="meta")).parameters() == 2**40 + 2**20


def test_axis_0_is_the_batch() -> None:
    found = simcore.from_torch(nn.Linear(8, 4), torch.zeros(1, 5, 8), batch=3)
    assert (found.batch, found.macs()) == (3, 3 * 5 * 8 * 4)
    with pytest.raises(InputError, match="expected no --batch for a graph without one batch axis"):
        simcore.from_torch(Mixed(), torch.zeros(4, 6), batch=2)


class Mixed(nn.Module):
    """A product along axis 0, which therefore is no batch."""

    def forward(self, x: Any) -> Any:
        return x.T @ x


@pytest.mark.slow
def test_operators_that_have_no_layer_are_decomposed() -> None:
    class Entropy(nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.special.entr(x)

    ops = {instance.layer.op for instance in simcore.from_torch(Entropy(), torch.zeros(2, 6), fusion=False).instances()}
    assert "mul" in ops


class Spectrum(nn.Module):
    """A Fourier transform, for which there is no layer, ahead of a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(6, 3)

    def forward(self, x: Any) -> Any:
        return self.last(torch.fft.fft(x).real.relu())


@pytest.mark.slow
def test_operators_without_a_layer_are_listed_or_skipped() -> None:
    with pytest.raises(InputError, match=r"unsupported operators: aten\._fft_r2c \(1x: _fft_r2c\).*view_as_real"):
        simcore.from_torch(Spectrum(), torch.zeros(2, 6))
    found = simcore.from_torch(Spectrum(), torch.zeros(2, 6), skip_unsupported=True)
    assert found.macs() == 2 * 6 * 3
    assert "without 2 unsupported nodes" in found.name


class Branch(nn.Module):
    """A module whose graph depends on values."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values * 2 if values.sum() > 0 else values


@pytest.mark.parametrize(("module", "shape"), [(nn.Linear(8, 4), (1, 5)), (Branch(), (4,))])
def test_what_torch_logs_and_prints_of_an_error_does_not_reach_the_screen(
    module: nn.Module, shape: tuple[int, ...], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match="torch cannot export the module"):
        simcore.from_torch(module, torch.zeros(shape))
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert (told, *capsys.readouterr()) == ([], "", "")


def test_a_module_that_torch_cannot_run_is_one_error() -> None:
    with pytest.raises(InputError, match=r"^Linear: torch cannot export the module \(RuntimeError: .*\); torch.export must"):
        simcore.from_torch(nn.Linear(8, 4), torch.zeros(1, 5))
    with pytest.raises(InputError, match=r"expected a torch\.nn\.Module, got int"):
        simcore.from_torch(3, torch.zeros(1))


def test_arguments_may_have_names() -> None:
    class Pair(nn.Module):
        def forward(self, a: Any, *, b: Any) -> Any:
            return a @ b

    assert simcore.from_torch(Pair(), {"a": torch.zeros(2, 3, 4), "b": torch.zeros(2, 4, 5)}).macs() == 2 * 3 * 4 * 5


def test_without_torch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InputError, match=r"needs the package torch; pip install 'simcore\[train\]'"):
        simcore.from_torch(None, None)


def test_every_operator_of_the_tables_is_one_of_atens() -> None:
    assert [name for name in sorted({*HANDLERS, *SHAPED, *VIEWS}) if not hasattr(torch.ops.aten, name)] == []


# Files ------------------------------------------------------------------------------------------------------------------------

FILE = """
import pathlib
import torch
pathlib.Path(__file__).with_name("ran").write_text("")

def make():
    return torch.nn.Sequential(torch.nn.Embedding(2**20, 2**20), torch.nn.Linear(2**20, 3))

def fails():
    return 1 / 0

def other():
    return 5
"""


def file(folder: Path) -> str:
    (folder / "net.py").write_text(FILE)
    return str(folder / "net.py")


def test_a_function_of_a_file_makes_the_module_without_its_weights(tmp_path: Path) -> None:
    found = load_network(f"{file(tmp_path)}:make", inputs=["1x4:int64"])
    assert (found.name, found.macs()) == ("make", 4 * 3 * 2**20)
    assert found.file == tmp_path / "net.py"


def test_the_command_line_runs_a_module_of_a_file(tmp_path: Path) -> None:
    asked = ["run", f"{file(tmp_path)}:make", "--input", "1x4:int64", "--system", "ideal-ddr4-2400", "--json"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    assert f'"macs": {4 * 3 * 2**20}' in result.stdout


@pytest.mark.parametrize(
    ("name", "inputs", "message"),
    [
        ("make", [], "expected the shapes of the module's arguments, such as --input 1x3x224x224, got none"),
        ("make", ["1xx2"], "--input: expected sizes such as 1x3x224x224, or with a type 1x128:int64, got '1xx2'"),
        ("make", ["1x0"], "--input: expected at most 16 sizes from 1 to 2147483647, got '1x0'"),
        ("make", ["1x4:int46"], "got 'int46'; did you mean 'int64'?"),
        ("make", ["1x4"], "torch cannot export the module"),
        ("mak", ["1x4"], "no function 'mak'; did you mean 'make'?"),
        ("fails", ["1x4"], "'fails' fails with ZeroDivisionError: division by zero"),
        ("other", ["1x4"], "expected 'other' to return a torch.nn.Module, got int"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_error(tmp_path: Path, name: str, inputs: list[str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        load_network(f"{file(tmp_path)}:{name}", inputs=inputs)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_options_of_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--input gives all sizes"):
        load_network(f"{file(tmp_path)}:make", inputs=["1x4:int64"], dims={"n": 3})
    with pytest.raises(InputError, match="with --input, got 'lenet5'"):
        load_network("lenet5", inputs=["1x1x28x28"])


def test_no_file_is_executed_where_no_code_may_run(tmp_path: Path) -> None:
    with without_code() as left_out, pytest.raises(InputError) as caught:
        load_network(f"{file(tmp_path)}:make", inputs=["1x4:int64"])
    assert is_refusal(caught.value)
    assert len(left_out) == 1
    assert not (tmp_path / "ran").exists()


class Positions(nn.Module):
    """Factors that are computed, a mask that is kept in a buffer, and a learnt shift: only the shift is trained."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 6, bias=False)
        self.shift = nn.Parameter(torch.zeros(6))
        self.register_buffer("mask", torch.zeros(5, 6))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        factors = torch.arange(5, device=values.device)[:, None].cos()
        return (self.linear(values) * (factors * torch.ones(6, device=values.device)) + self.mask) + self.shift


def test_only_parameters_are_trained() -> None:
    found = simcore.from_torch(Positions(), torch.zeros(2, 5, 4))
    assert found.parameters() == 4 * 6 + 6
    updates = [each for each in training_step(found).instances() if each.layer.pass_name == "update"]
    assert [each.output_shape for each in updates] == [(6,), (6, 4)]
