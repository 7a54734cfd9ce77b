"""``simulate(check_values=True)`` and ``simcore run --check-values`` report equal values, and wrong values stop the run."""

from __future__ import annotations

import inspect
import json
import types
from itertools import product
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
import pytest
from command_line import invoke
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import instance_of
from test_pe_values import convolutions, numpys, products, tensors

from simcore import InputError, simulate
from simcore.engine.reference import pe, values
from simcore.errors import WrongValuesError
from simcore.results import Results
from workloads.dataflow.values import draw_tensors, numpy_product
from workloads.layers import Activation, Add, Conv, Flatten, Input, Linear, MatMul, Pool
from workloads.network import LayerInstance

SMALL = ("array.rows=4", "array.columns=3")
OUTPUT = ("run", "lenet5", "--layers", "output,s4", "--engine", "simpy", "--check-values", "--set", "array.rows=8")


def network() -> nx.DiGraph:
    """One layer of each kind that the array runs, and of each kind of layer that it does not."""
    layers = [
        (Input("image", (4, 7, 7)), ()),
        (Conv("conv", 6, (3, 3), stride=(2, 2), padding=(1, 1)), ("image",)),
        (Activation("relu"), ("conv",)),
        (Conv("grouped", 6, (2, 2), groups=2, dilation=(2, 1)), ("relu",)),
        (Conv("depthwise", 6, (2, 2), padding=(0, 0, 1, 1), groups=6), ("grouped",)),
        (Add("sum"), ("grouped", "depthwise")),
        (Pool("pool", "max", (2, 2), stride=(1, 1)), ("sum",)),
        (Flatten("flat"), ("pool",)),
        (Linear("fc", 5), ("flat",)),
        (MatMul("matmul"), ("depthwise", "depthwise2")),
        (Conv("depthwise2", 6, (1, 2), groups=6), ("image2",)),
        (Input("image2", (6, 3, 3)), ()),
    ]
    graph = nx.DiGraph()
    for layer, _ in layers:
        graph.add_node(layer.name, layer=layer)
    for layer, inputs in layers:
        for producer in inputs:
            graph.add_edge(producer, layer.name)
    return graph


def checked(*overrides: str, **options: Any) -> Results:
    return simulate(network(), "edge-sram", engine="simpy", check_values=True, overrides=[*SMALL, *overrides], **options)


# What is said ------------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("dataflow", "shapes"), list(product(("ws", "os", "is"), ("standard", "scale-sim"))))
def test_every_product_is_checked_and_every_other_layer_says_why_it_has_none(dataflow: str, shapes: str) -> None:
    found = checked(f"shapes={shapes}", dataflow=dataflow)
    none = {
        "relu": "none: joined conv",
        "sum": "none: vector unit",
        "pool": "none: vector unit",
        "flat": "none: moves no data",
    }
    assert found.values == dict.fromkeys(("conv", "grouped", "depthwise", "depthwise2", "fc", "matmul"), "equal") | none
    assert found.layers.set_index("layer")["values"].to_dict() == found.values
    assert found.manifest["values_checked"] is True


def test_a_batch_is_checked_image_by_image() -> None:
    assert set(checked(layers="fc,grouped", batch=3).values.values()) == {"equal"}


def test_checked_values_change_no_other_cell() -> None:
    tables, plain = (
        checked(layers="conv,fc").tables(),
        simulate(network(), "edge-sram", layers="conv,fc", overrides=SMALL).tables(),
    )
    for name in tables:
        shown = [column for column in tables[name].columns if column != "values"]
        assert tables[name][shown].equals(plain[name][shown]), name


@pytest.mark.slow
def test_the_command_line_says_it_in_json_and_in_the_table() -> None:
    found = invoke(*OUTPUT, "--json")
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["values"] == {"s4": "none: vector unit", "output": "equal"}
    table = invoke(*OUTPUT).stdout
    ends = {line.split()[0]: line.split()[-1] for line in table.splitlines()[2:4]}
    assert ends == {"s4": "none", "output": "equal"}
    assert "Values: in 1 of 2 layers the array's product equals numpy's, word by word (seed 0)" in table
    assert max(map(len, table.splitlines())) <= 100


def test_without_the_option_nothing_is_said_of_values() -> None:
    assert "values" not in json.loads(invoke("run", "lenet5", "--layers", "output", "--json").stdout)
    assert "alues" not in invoke("run", "lenet5", "--layers", "output").stdout


def test_the_compiled_engine_has_no_values_to_check() -> None:
    found = invoke("run", "lenet5", "--check-values")
    assert found.exit_code == 2
    assert found.stderr == (
        "simcore: only engine 'simpy' can check values, got 'compiled'; its PEs multiply; choose engine 'simpy'\n"
    )
    with pytest.raises(InputError, match="only engine 'simpy'"):
        simulate("lenet5", check_values=True)


# What is drawn -----------------------------------------------------------------------------------------------------------------


def drawn(monkeypatch: pytest.MonkeyPatch, **options: Any) -> dict[str, np.ndarray]:
    """The ifmaps that a run draws, by layer."""
    found = {}

    def noting(instance: LayerInstance, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        found[instance.name], filters = draw_tensors(instance, random)
        return found[instance.name], filters

    monkeypatch.setattr("workloads.dataflow.values.draw_tensors", noting)
    checked(**options)
    return found


def test_numbers_follow_from_the_seed_and_the_layers_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    both, alone = drawn(monkeypatch, layers="fc,conv"), drawn(monkeypatch, layers="conv")
    assert np.array_equal(both["conv"], alone["conv"])
    assert both["conv"].min() < -100
    assert both["conv"].max() > 100
    monkeypatch.setattr("test_value_check.SMALL", (*SMALL, "seed=1"))
    assert not np.array_equal(drawn(monkeypatch, layers="conv")["conv"], alone["conv"])


# What it is held against -------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(instance=st.one_of(convolutions(), products()), seed=st.integers(0, 1000))
def test_the_product_by_im2col_is_that_by_strided_slices(instance: LayerInstance, seed: int) -> None:
    ifmap, filters = tensors(instance, seed)
    assert np.array_equal(numpy_product(instance, ifmap, filters), numpys(instance, ifmap, filters))


def test_a_convolution_worked_by_hand() -> None:
    """Rows 1 2 3, 4 5 6, 7 8 9; the filter takes a pixel less the one right of it, below it doubled: 1-2+2*4-2*5 = -3."""
    instance = instance_of(Conv("conv", 1, (2, 2)), ((1, 3, 3),))
    ifmap, filters = np.arange(1, 10).reshape(1, 1, 3, 3), np.array([[[[1, -1], [2, -2]]]])
    assert numpy_product(instance, ifmap, filters).tolist() == [[[[-3, -3], [-3, -3]]]]


def test_a_layer_without_a_product_is_refused() -> None:
    instance = instance_of(Activation("relu"), ((3,),))
    with pytest.raises(InputError, match="expected a matrix product, got op 'activation'"):
        numpy_product(instance, np.zeros((1, 3), np.int64), np.zeros((1, 3), np.int64))


# Seeded faults -----------------------------------------------------------------------------------------------------------------


class Mutant(NamedTuple):
    """``old``, found once in the module, becomes ``new``."""

    name: str
    module: types.ModuleType
    old: str
    new: str
    dataflow: str = "ws"


MUTANTS = [
    Mutant(
        "one PE multiplies wrongly", pe, "total = value * stationary", "total = value * stationary + ((row, column) == (2, 1))"
    ),
    Mutant("one PE of os multiplies wrongly", pe, "value * north[0]", "value * north[0] * (row < 3)", "os"),
    Mutant("a PE adds the sum of its own", pe, "self.sums[old][row - 1, column]", "self.sums[old][row, column]"),
    Mutant("a PE takes its stationary operand late", pe, "if time == 0:", "if time == 1:", "is"),
    Mutant("os keeps the sum of the fold before", pe, "(total if time else 0)", "total", "os"),
    Mutant("partial sums are not added", values, "(partial_sums[number] if partial_sums else 0)", "0"),
]


def mutate(monkeypatch: pytest.MonkeyPatch, mutant: Mutant) -> None:
    """Let the reference engine use the module with its fault."""
    source = inspect.getsource(mutant.module)
    assert source.count(mutant.old) == 1
    faulty = types.ModuleType("faulty")
    monkeypatch.setitem(__import__("sys").modules, "faulty", faulty)
    exec(compile(source.replace(mutant.old, mutant.new), "faulty.py", "exec"), faulty.__dict__)
    name = {pe: "PeArray", values: "ValueFlow"}[mutant.module]
    monkeypatch.setattr(f"simcore.engine.reference.run.{name}", getattr(faulty, name))


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_a_seeded_fault_of_the_pes_is_caught(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate(monkeypatch, mutant)
    with pytest.raises(WrongValuesError, match=r"layer 'conv': [\d,]+ of 96 values differ from numpy's"):
        checked(layers="conv", dataflow=mutant.dataflow)


def test_a_wrong_value_ends_the_command_with_one_line_and_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    mutate(monkeypatch, MUTANTS[0])
    found = invoke(*OUTPUT, "--json")
    assert found.exit_code == 1
    assert found.stdout == ""
    (line,) = found.stderr.splitlines()
    assert line.startswith("simcore: WrongValuesError: layer 'output': ")
    assert "of 10 values differ from numpy's; the first is (0, " in line


def test_an_operand_that_comes_at_the_wrong_time_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    mutate(monkeypatch, Mutant("", values, "if segment[Seg.REVERSE] else time", "+ segment[Seg.REVERSE]"))
    with pytest.raises(
        WrongValuesError, match=r"layer 'conv': no operand reached lane \d+ of the array for time \d+ of fold \d+"
    ):
        checked(layers="conv")


def test_a_word_that_is_never_written_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    mutate(monkeypatch, Mutant("", values, "self.operands.write(", "value == value // 2 * 2 and self.operands.write("))
    with pytest.raises(WrongValuesError, match=r"layer 'fc': word \d+ of tile \d+ of region \d+ was never written"):
        checked(layers="fc", dataflow="os")


# Progress ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("engine", "least"), [("compiled", 2), ("simpy", 8)])
def test_progress_counts_array_steps_and_ends_at_all_of_them(engine: str, least: int) -> None:
    told: list[tuple[int, int, str]] = []
    found = simulate(
        "lenet5", layers="f6,output", engine=engine, overrides=["array.rows=16"], progress=lambda *what: told.append(what)
    )
    assert len(told) >= least
    done = [step for step, _, _ in told]
    assert done == sorted(done)
    assert done[-1] == found.layers["compute_cycles"].sum()
    assert {total for _, total, _ in told} == {done[-1]}
    assert list(dict.fromkeys(name for _, _, name in told)) == ["f6", "output"]
