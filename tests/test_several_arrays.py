"""Several equal arrays side by side: they make their steps together, and each takes an equal share of a fold's columns."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machines import instance_of
from test_pe_values import CORNERS, FEW, QUICK, SLOW, check_values, convolutions, machine, products

from simcore import simulate
from simcore.errors import InputError
from simcore.program.arrays import columns_of
from simcore.program.outcome import CAUSE_NAMES
from simcore.program.program import Fold
from simcore.results.glossary import TERMS
from simcore.spec import System, load_system
from workloads.dataflow import lower
from workloads.layers import Input, Linear, MatMul
from workloads.network import LayerInstance, NetworkBuilder

FLOWS_AND_OVERLAPS = [("ws", "none"), ("ws", "wave"), ("is", "after-wave"), ("is", "wave"), ("os", "none"), ("os", "wave")]


def arrays(count: int, dataflow: str, overlap: str, rows: int, columns: int, pad: dict[str, Any], sums: str = "ofmap") -> System:
    """A machine with some arrays of rows x columns."""
    system = machine((dataflow, overlap, "skew-registers", sums), rows, columns, pad, tiling="whole")
    return system.model_copy(update={"array": system.array.model_copy(update={"count": count})})


@pytest.mark.parametrize(("dataflow", "overlap"), FLOWS_AND_OVERLAPS)
@FEW
@given(
    instance=st.one_of(convolutions(), products()),
    count=st.integers(2, 4),
    rows=st.integers(1, 4),
    columns=st.integers(1, 3),
    pad=st.sampled_from([QUICK, SLOW]),
    sums=st.sampled_from(["accumulator", "ofmap"]),
    seed=st.integers(0, 1000),
)
def test_what_several_arrays_write_is_numpys_product(
    dataflow: str,
    overlap: str,
    instance: LayerInstance,
    count: int,
    rows: int,
    columns: int,
    pad: dict[str, Any],
    sums: str,
    seed: int,
) -> None:
    check_values(instance, arrays(count, dataflow, overlap, rows, columns, pad, sums), seed)


@pytest.mark.parametrize(("dataflow", "overlap"), FLOWS_AND_OVERLAPS)
@pytest.mark.parametrize("count", [2, 3])
def test_a_ragged_grouped_padded_convolution_on_several_arrays_is_numpys(dataflow: str, overlap: str, count: int) -> None:
    check_values(CORNERS, arrays(count, dataflow, overlap, 5, 2, QUICK))


@pytest.mark.parametrize("columns", range(1, 9))
def test_a_folds_columns_are_shared_equally_and_in_order(columns: int) -> None:
    fold = Fold(-1, 0, rows=1, columns=columns, times=1, m0=0, n0=0, k0=0)
    for count in (1, 2, 3, 4):
        shares = [columns_of(fold, count, array) for array in range(count)]
        assert sum(shares) == columns
        assert shares[0] == max(shares) == -(-columns // count)
        assert sorted(shares, reverse=True) == shares


@pytest.mark.parametrize(
    ("dataflow", "overlap", "steps"),
    [
        # 20 x 12 by 12 x 30 on arrays of 4 rows and 5 columns. Weight stationary: 3 row folds, and 30 filters take 3 folds of
        # 2 x 5 columns. A fold takes R + M + R + C - 2 = 4 + 20 + 7 alone; behind a wave nine of them are 20 steps apart.
        ("ws", "none", 9 * 31),
        ("ws", "wave", 4 + 9 * 20 + 7),
        # Input stationary: 20 pixels take 2 folds of 10 columns; 30 filters stream.
        ("is", "none", 6 * (4 + 30 + 7)),
        ("is", "wave", 4 + 6 * 30 + 7),
        # Output stationary: 5 folds of 4 pixels by 3 of 10 filters, 12 taps each.
        ("os", "none", 15 * (12 + 7)),
        ("os", "wave", 15 * 12 + 7),
    ],
)
def test_two_arrays_take_twice_the_columns_and_drain_as_one(dataflow: str, overlap: str, steps: int) -> None:
    program = lower(instance_of(MatMul("matmul"), ((20, 12), (12, 30))), arrays(2, dataflow, overlap, 4, 5, QUICK))
    assert program is not None
    assert program.steps == steps


def test_several_arrays_need_skew_registers() -> None:
    with pytest.raises(InputError) as caught:
        load_system("edge-sram", ["array={count: 2, edge: skewed-fetch}"])
    assert "array.edge: expected 'skew-registers' with array.count 2, got 'skewed-fetch'" in str(caught.value)


def test_each_array_has_its_row_with_its_share_of_the_work_and_every_cycle_has_one_cause() -> None:
    """20 x 12 by 12 x 17: 17 filters on 2 x 8 columns are a fold of 8 and 8 and a fold of 1 and 0."""
    system = arrays(2, "ws", "wave", 4, 8, QUICK)
    network = NetworkBuilder("one product")
    network.add(Input("in", (20, 12)))
    network.add(Linear("fc", 17))
    results = simulate(network.build(), system, engine="simpy")
    table = results.tables()["arrays"]
    assert table["macs"].tolist() == [20 * 12 * 9, 20 * 12 * 8]
    stalls = [f"stall_{cause}_cycles" for cause in CAUSE_NAMES]
    assert (table["compute_cycles"] + table[stalls].sum(axis=1)).tolist() == [results.cycles] * 2
    assert table["array_utilisation_percent"].tolist() == pytest.approx(
        [100 * macs / (32 * results.cycles) for macs in table["macs"]]
    )
    assert results.layers["array_utilisation_percent"][0] == pytest.approx(table["array_utilisation_percent"].mean())
    assert set(table.columns) <= set(TERMS)
    assert [row["macs"] for row in results.to_json()["arrays"]] == table["macs"].tolist()


def test_one_array_has_no_table_of_arrays() -> None:
    network = NetworkBuilder("one product")
    network.add(Input("in", (2, 3)))
    network.add(Linear("fc", 4))
    assert "arrays" not in simulate(network.build(), arrays(1, "ws", "none", 2, 2, QUICK), engine="simpy").tables()
