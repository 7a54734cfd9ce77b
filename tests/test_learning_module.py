"""A network as a torch module: shapes, parameters and products equal the graph's, and values equal numpy's. Needs torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simcore.errors import InputError, InputErrors
from workloads import layers
from workloads.learning.network import network_for, scores_network
from workloads.load import load_network
from workloads.network import Network, NetworkBuilder
from workloads.networks import NETWORKS

torch = pytest.importorskip("torch", reason="torch (extra train) is not installed")

from torch import nn  # noqa: E402

from workloads.learning.buffered import Buffered, put_behind  # noqa: E402
from workloads.learning.module import GraphModule  # noqa: E402

SIZED = [
    network_for(name, image, classes, batch=4)
    for name, image, classes in [
        ("small-cnn", (3, 12, 12), 10),
        ("vgg-like", (3, 32, 32), 10),
        ("alexnet", (1, 8, 8), 10),
        ("alexnet", (3, 50, 70), 7),
        ("resnet18", (2, 9, 15), 3),
        ("resnet20", (1, 8, 8), 10),
        ("vgg8", (1, 8, 8), 10),
        ("vgg16", (3, 64, 48), 100),
    ]
]


IMPORTED = [load_network(Path(__file__).parent / "golden" / "nets" / f"{name}.onnx") for name in ("alexnet", "resnet18", "vgg16")]


def products(module: nn.Module, output: torch.Tensor) -> int:
    """Multiply-accumulates of the convolutions and linear layers in a module that gave ``output``, padding included."""
    found = [part for part in module.modules() if isinstance(part, nn.Conv2d | nn.Linear)]
    return sum(output.numel() * part.weight[0].numel() for part in found)


@pytest.mark.slow
@pytest.mark.parametrize(
    "network",
    [*SIZED, *IMPORTED, *(build(batch=2) for build in NETWORKS.values())],
    ids=lambda network: f"{network.name}-{len(network.graph)}",
)
def test_a_module_has_the_shapes_parameters_and_products_of_its_network(network: Network) -> None:
    outputs: dict[str, torch.Tensor] = {}
    with torch.device("meta"):
        net = GraphModule(network)
        for instance in network.instances():
            net.layer(instance.name).register_forward_hook(
                lambda module, inputs, output, name=instance.name: outputs.update({name: output})
            )
        image = network.layer(network.order()[0]).infer(())
        assert net(torch.empty(network.batch, *image)).shape == (network.batch, *network.instances()[-1].output_shape)
    for instance in network.instances():
        module, output = net.layer(instance.name), outputs[instance.name]
        assert tuple(output.shape) == (network.batch, *instance.output_shape), instance.name
        assert instance.parameters == sum(weights.numel() for weights in module.parameters()), instance.name
        assert instance.macs == products(module, output), instance.name
    assert sum(weights.numel() for weights in net.parameters()) == network.parameters()


def test_names_carry_side_and_classes() -> None:
    network = load_network("resnet20-48-7", batch=2)
    assert (network.name, network.batch) == ("resnet20-48-7", 2)
    assert network.layer("image").infer(()) == (3, 48, 48)
    assert network.instances()[-1].output_shape == (7,)
    assert load_network("vgg16-32").instances() == NETWORKS["vgg16-32"]().instances()
    # He et al. 2016, section 4.2: 0.27 M parameters.
    assert round(load_network("resnet20-32").parameters() / 1e6, 2) == 0.27
    # Listed by W. Yang's pytorch-classification: 2.47 M parameters.
    assert round(load_network("alexnet-32").parameters() / 1e6, 2) == 2.47


def joined() -> Network:
    """Every kind of join, windows that reach over the edge, and views."""
    net = NetworkBuilder("joined")
    net.add(layers.Input("image", (2, 7, 6)))
    trunk = net.add(layers.Conv("trunk", 4, (3, 2), (2, 1), (1, 0, 0, 1), (1, 2), groups=2, bias=True))
    norm = net.add(layers.BatchNorm("norm"))
    net.add(layers.Activation("act", "tanh"))
    side = net.add(layers.Conv("side", 4, (1, 1)))
    total = net.add(layers.Add("sum"), [norm, side, trunk])
    both = net.add(layers.Concat("both"), [total, trunk])
    largest = net.add(layers.Pool("largest", "max", (2, 2), (2, 2), (0, 0, 1, 0), ceil_mode=True), [both])
    mean = net.add(layers.Pool("mean", "avg", (3, 3), (2, 2), (1, 1)), [both])
    net.add(layers.GlobalPool("whole"), [largest])
    scale = net.add(layers.Identity("same"))
    net.add(layers.Mul("scaled"), [mean, scale])
    net.add(layers.Dropout("dropout"))
    net.add(layers.Flatten("flatten"))
    net.add(layers.Linear("fc", 3))
    return net.build()


def windows(
    values: np.ndarray, kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int] = (1, 1)
) -> np.ndarray:
    """(channels, rows, columns, taps) of an image that is padded already."""
    extents = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    rows, columns = (range(0, size - extent + 1, s) for size, extent, s in zip(values.shape[1:], extents, stride, strict=True))
    taken = [
        [values[:, r : r + extents[0] : dilation[0], c : c + extents[1] : dilation[1]].reshape(len(values), -1) for c in columns]
        for r in rows
    ]
    return np.moveaxis(np.array(taken), 2, 0)


def by_numpy(image: np.ndarray, net: GraphModule) -> np.ndarray:
    """What ``joined`` gives for one image, written out by hand."""
    of = {name: [weights.numpy() for weights in net.layer(name).parameters()] for name in ("trunk", "norm", "side", "fc")}
    padded = np.pad(image, ((0, 0), (1, 0), (0, 1)))
    groups = [windows(padded[group : group + 1], (3, 2), (2, 1), (1, 2))[0] for group in (0, 1)]
    filters, bias = of["trunk"]
    trunk = np.stack([groups[out // 2] @ filters[out].ravel() + bias[out] for out in range(4)])
    norm_layer = net.layer("norm")
    mean, variance = norm_layer.running_mean.numpy(), norm_layer.running_var.numpy()
    scale, shift = (each[:, None, None] for each in of["norm"])
    norm = (trunk - mean[:, None, None]) / np.sqrt(variance[:, None, None] + 1e-5) * scale + shift
    side = np.tensordot(of["side"][0][:, :, 0, 0], np.tanh(norm), axes=1)
    both = np.concatenate([norm + side + trunk, trunk])
    rows, columns = both.shape[1:]
    over = np.pad(both, ((0, 0), (0, rows % 2), (0, columns % 2)), constant_values=-np.inf)
    largest = windows(over, (2, 2), (2, 2)).max(axis=-1)
    around = ((0, 0), (1, 1), (1, 1))
    summed, counted = (windows(np.pad(each, around), (3, 3), (2, 2)).sum(axis=-1) for each in (both, np.ones_like(both)))
    scaled = summed / counted * largest.mean(axis=(1, 2), keepdims=True)
    weights, offset = of["fc"]
    return weights @ scaled.ravel() + offset


def test_values_are_those_of_numpy() -> None:
    torch.manual_seed(1)
    net = GraphModule(joined()).eval()
    with torch.no_grad():
        net.layer("norm").running_mean.uniform_(-1, 1)
        net.layer("norm").running_var.uniform_(0.5, 2)
        net.layer("norm").weight.uniform_(0.5, 2)
        images = torch.randn(3, 2, 7, 6)
        found = net(images).numpy()
        for image, output in zip(images.numpy(), found, strict=True):
            assert np.allclose(output, by_numpy(image, net), atol=1e-5)


def test_views_and_matrices_keep_the_batch_apart() -> None:
    builder = NetworkBuilder("attention")
    source = builder.add(layers.Input("image", (4, 2, 3)))
    rows = builder.add(layers.Reshape("rows", (4, -1)), [source])
    columns = builder.add(layers.Transpose("columns", (1, 0)))
    builder.add(layers.MatMul("scores"), [rows, columns])
    builder.add(layers.Softmax("softmax", 0))
    last = builder.add(layers.Concat("twice", -1), ["softmax", "softmax"])
    net = GraphModule(builder.build())
    values = np.random.default_rng(0).normal(size=(5, 4, 2, 3)).astype(np.float32)
    found = net(torch.from_numpy(values)).numpy()
    for image, output in zip(values.reshape(5, 4, 6), found, strict=True):
        scores = np.exp(image @ image.T)
        once = scores / scores.sum(axis=0, keepdims=True)
        assert np.allclose(output, np.concatenate([once, once], axis=1), atol=1e-6), last


def test_several_inputs_and_outputs() -> None:
    builder = NetworkBuilder("pair")
    left, right = builder.add(layers.Input("left", (3,))), builder.add(layers.Input("right", (3,)))
    builder.add(layers.Activation("negated", "neg"), [left])
    builder.add(layers.Mul("product"), [left, right])
    net = GraphModule(builder.build())
    a, b = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[4.0, 5.0, 6.0]])
    negated, product = net(a, b)
    assert torch.equal(negated, -a)
    assert torch.equal(product, a * b)


def test_every_product_of_a_graph_lies_behind_the_scratchpad() -> None:
    net = GraphModule(NETWORKS["resnet20-32"]())
    put_behind(net, None, None)
    assert [part for part in net.modules() if isinstance(part, Buffered)] == [
        net.layer(instance.name) for instance in net.network.instances() if instance.layer.op in ("conv", "linear")
    ]
    padded = NetworkBuilder("padded")
    padded.add(layers.Input("image", (1, 4, 4)))
    padded.add(layers.Conv("conv", 1, (2, 2), padding=(0, 0, 1, 1)))
    net = GraphModule(padded.build())
    put_behind(net, None, None)
    assert isinstance(net.layer("conv")[1], Buffered)


def test_layers_that_cannot_be_trained_are_reported_all_at_once() -> None:
    builder = NetworkBuilder("odd")
    builder.add(layers.Input("image", (4, 8, 8)))
    builder.add(layers.BatchNorm("shifted", scale=False))
    builder.add(layers.LRN("lrn", 5))
    builder.add(layers.Pool("mean", "avg", (2, 2), (1, 1), (0, 0, 1, 1)))
    with pytest.raises(InputErrors) as told:
        GraphModule(builder.build())
    assert [str(error).partition(":")[0] for error in told.value.errors] == [
        "layer 'shifted' (batch-norm)",
        "layer 'mean' (pool)",
    ]


@pytest.mark.parametrize(
    ("name", "image", "classes", "message"),
    [
        ("small-cnn", (1, 8, 9), 10, "expected square images with a side of 8, 12, 16, ... , got 8 x 9"),
        ("vgg-like", (1, 10, 10), 10, "expected square images"),
        ("vgg16-32", (1, 8, 8), 10, r"network 'vgg16-32': expected a network for images \(1, 8, 8\) and 10 classes, got one for"),
        ("vgg16-32", (3, 32, 32), 100, r"\(3, 32, 32\) and 100 classes, got one for \(3, 32, 32\) that gives \(10,\)"),
        ("vgg17", (1, 8, 8), 10, "no network named 'vgg17', and no .onnx or .csv file; did you mean 'vgg16'"),
        ("vgg16-0", (1, 8, 8), 10, "network: expected a side and classes of at least 1, got 'vgg16-0'"),
    ],
)
def test_networks_that_do_not_fit_the_images_are_reported(name: str, image: tuple[int, ...], classes: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        network_for(name, image, classes)


def test_a_network_of_two_outputs_is_not_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    builder = NetworkBuilder("two")
    image = builder.add(layers.Input("image", (1, 8, 8)))
    builder.add(layers.GlobalPool("pool"), [image])
    builder.add(layers.Flatten("flatten"), [image])
    monkeypatch.setitem(NETWORKS, "two", builder.build)
    with pytest.raises(InputError, match=r"got one for \(1, 8, 8\) that gives \(1, 1, 1\) and \(64,\)"):
        network_for("two", (1, 8, 8), 64)


def test_the_softmax_that_closes_a_network_is_left_to_the_loss() -> None:
    builder = NetworkBuilder("closed")
    builder.add(layers.Input("scores", (4,)))
    builder.add(layers.Softmax("inner"))
    builder.add(layers.Linear("fc", 3))
    open_network = builder.build(batch=2)
    builder.add(layers.Softmax("softmax"))
    assert scores_network(builder.build(batch=2)).instances() == open_network.instances()
    assert scores_network(open_network) is open_network


def test_a_family_without_a_side_names_one() -> None:
    with pytest.raises(InputError, match=r"no network named 'vgg11', .*; for images of 32 x 32: 'vgg11-32'"):
        load_network("vgg11")
