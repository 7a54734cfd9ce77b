"""Several equal arrays: they make their steps together, and share each layer along the sides that save most cycles."""

from __future__ import annotations

from typing import Any

import pytest
from equality import Case, check_case, run_compiled
from hypothesis import given
from hypothesis import strategies as st
from machines import instance_of
from test_pe_values import CORNERS, FEW, QUICK, SLOW, check_values, convolutions, machine, products

from simcore import simulate
from simcore.errors import InputError
from simcore.program.outcome import CAUSE_NAMES, Cause, Outcome
from simcore.program.program import Fold
from simcore.program.split import Split
from simcore.results.glossary import TERMS
from simcore.spec import System, load_system
from workloads.dataflow import array_plan as lowering
from workloads.dataflow import lower, tiling
from workloads.layers import Conv, Input, Linear, MatMul
from workloads.network import LayerInstance, NetworkBuilder

#: Whole networks or machines, a tenth of a second and more each.
pytestmark = pytest.mark.slow

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
        split = Split(columns=count)
        shares = [split.share(fold, place, sums_stay=False).columns for place in split.places()]
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


def product_of(m: int, k: int, n: int, heads: int = 1) -> LayerInstance:
    """Products (m x k) by (k x n) side by side."""
    return instance_of(MatMul("matmul"), ((heads, m, k), (heads, k, n)))


#: Layers that several arrays share along each side, on arrays of R rows and C columns. Without overlap, a fold of weight
#: stationary takes R + M + R + C - 2 steps, and one of output stationary K + R + C - 2. Behind a wave, all folds take R steps, a
#: gap of max(M, R) for each fold but the last, and M + R + C - 2.
SHARED = {
    "six groups of one filter": (
        instance_of(Conv("conv", 6, (3, 3), groups=6), ((6, 5, 5),)), ("ws", "none", 9, 4), 2, "groups x 2", 3 * (9 + 9 + 11)
    ),
    "four heads": (product_of(6, 8, 3, heads=4), ("ws", "wave", 8, 4), 2, "groups x 2", 8 + 8 + 6 + 10),
    "five heads": (product_of(6, 8, 3, heads=5), ("ws", "wave", 8, 4), 3, "groups x 3", 8 + 8 + 6 + 10),
    "four images": (
        instance_of(Conv("conv", 4, (1, 1)), ((8, 3, 3),), batch=4), ("ws", "wave", 8, 4), 2, "pixels x 2", 8 + 18 + 10
    ),
    "an odd number of pixels": (product_of(35, 8, 4), ("ws", "none", 8, 4), 2, "pixels x 2", 8 + 18 + 10),
    "two sides": (product_of(40, 8, 8), ("ws", "wave", 8, 4), 4, "filters x 2, pixels x 2", 8 + 20 + 10),
    "pixels along the rows": (product_of(12, 5, 3), ("os", "none", 4, 3), 2, "pixels x 2", 2 * (5 + 5)),
    "filters in time": (product_of(3, 8, 20), ("is", "none", 8, 4), 2, "filters x 2", 8 + 10 + 10),
    "a third array that nothing is left for": (product_of(35, 8, 8), ("ws", "none", 8, 4), 3, "filters x 2", 8 + 35 + 10),
}  # fmt: skip


@pytest.mark.parametrize(("instance", "kind", "count", "split_by", "steps"), SHARED.values(), ids=SHARED)
def test_the_arrays_share_the_side_that_saves_most_cycles(
    instance: LayerInstance, kind: tuple[str, str, int, int], count: int, split_by: str, steps: int
) -> None:
    program = lower(instance, arrays(count, *kind, QUICK))
    assert program is not None
    assert (program.facts["split_by"], program.steps) == (split_by, steps)


@pytest.mark.parametrize(("dataflow", "overlap"), FLOWS_AND_OVERLAPS)
@pytest.mark.parametrize("instance", [CORNERS, product_of(5, 7, 6, heads=3)], ids=["convolution", "heads"])
def test_every_way_to_share_a_layer_gives_numpys_product_in_both_engines(
    instance: LayerInstance, dataflow: str, overlap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three arrays share along one side, or four along two; the engines agree, and each multiplication is one array's."""
    chosen = lowering.tilings
    for count in (3, 4):
        system = arrays(count, dataflow, overlap, 5, 2, QUICK)
        seen = set()
        for way in range(tiling.MOST_WAYS + 1):
            monkeypatch.setattr(lowering, "tilings", lambda *layer, way=way: chosen(*layer)[way : way + 1] or chosen(*layer)[:1])
            program = lower(instance, system)
            assert program is not None
            if program.facts["split_by"] not in seen:
                check_values(instance, system, seed=way)
                check_case(Case(system, (instance,), shuffle_seed=way))
                assert sum(program.facts["macs_of_arrays"]) == program.facts["macs"]
            seen.add(program.facts["split_by"])
        assert len(seen) > 2


#: Layers of one to four kinds of sides worth sharing.
LAYERS = {
    "conv": instance_of(Conv("conv", 64, (3, 3), padding=(1, 1, 1, 1)), ((32, 28, 28),)),
    "stem": instance_of(Conv("conv", 32, (7, 7), stride=(2, 2), padding=(3, 3, 3, 3)), ((3, 56, 56),)),
    "depthwise": instance_of(Conv("conv", 64, (3, 3), padding=(1, 1, 1, 1), groups=64), ((64, 14, 14),)),
    "images": instance_of(Conv("conv", 16, (1, 1)), ((64, 7, 7),), batch=4),
    "heads": product_of(49, 64, 49, heads=12),
    "linear": instance_of(Linear("linear", 1000), ((512,),)),
}


def outcome_of(instance: LayerInstance, system: str, *changes: str) -> Outcome:
    loaded = load_system(system, ["array.edge=skew-registers", *changes], of=System)
    (outcome,) = run_compiled(Case(loaded, (instance,))).outcomes
    return outcome


def cycles_of(instance: LayerInstance, system: str, *changes: str) -> int:
    return outcome_of(instance, system, *changes).cycles


@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
@pytest.mark.parametrize("system", ["edge-sram", "tpu-v3-core"])
def test_more_arrays_cost_no_cycles(system: str, dataflow: str) -> None:
    for name, instance in LAYERS.items():
        one, two, four = (cycles_of(instance, system, f"array.count={n}", f"array.dataflow={dataflow}") for n in (1, 2, 4))
        assert max(two, four) <= one, name


def test_more_arrays_cost_cycles_where_partial_sums_cannot_be_written_faster() -> None:
    """Two arrays write twice the partial sums in a step. Slow banks of the accumulator take them no faster; quick ones do.

    They wait more cycles for these banks than the steps that they save; all other stalls together do not grow. Two arrays
    fill the write buffer in half the steps. With room for the lines of 64 writes there is no loss: each bank gets as many
    writes from two arrays as from one, and has the whole layer's time for them.
    """
    (one, two), quick, deep = (
        [
            outcome_of(LAYERS["conv"], "edge-stt", f"array.count={n}", *(f"scratchpads.accumulator.{key}" for key in keys))
            for n in (1, 2)
        ]
        for keys in (["timing=stt-mram"], ["timing=sram"], ["timing=stt-mram", "write_buffer.depth=64"])
    )
    waits = two.stall_cycles[Cause.WRITE_BACKPRESSURE].sum() - one.stall_cycles[Cause.WRITE_BACKPRESSURE].sum()
    assert one.cycles < two.cycles < one.cycles + waits - (one.compute_cycles - two.compute_cycles)
    assert two.writes.tolist() == one.writes.tolist()
    assert deep[1].cycles < deep[0].cycles
    assert quick[1].cycles < 0.7 * quick[0].cycles


def test_arrays_that_would_wait_for_main_memory_together_stay_idle() -> None:
    """512,000 weights are read once each, at 4 bytes per cycle; one array needs about a hundredth of that time."""
    instance, slow = LAYERS["linear"], "memory={clock_hz: 1 GHz, latency_cycles: 9, bytes_per_cycle: 4}"
    system = load_system("tpu-v3-core", [slow], of=System)
    program = lower(instance, system)
    assert program is not None
    assert program.facts["split_by"] == "-"
    assert program.facts["macs_of_arrays"] == [512_000, 0]
    assert cycles_of(instance, "tpu-v3-core", slow) == cycles_of(instance, "tpu-v3-core", slow, "array.count=1")


def test_several_arrays_need_skew_registers() -> None:
    with pytest.raises(InputError) as caught:
        load_system("edge-sram", ["array={count: 2, edge: skewed-fetch}"])
    assert "array.edge: expected 'skew-registers' with array.count 2, got 'skewed-fetch'" in str(caught.value)


def test_each_array_has_its_row_with_its_share_of_the_work_and_every_cycle_has_one_cause() -> None:
    """21 x 12 by 12 x 17: 17 filters are 3 folds of 8 columns, for each of which one array takes 11 pixels and the other 10."""
    system = arrays(2, "ws", "wave", 4, 8, QUICK)
    network = NetworkBuilder("one product")
    network.add(Input("in", (21, 12)))
    network.add(Linear("fc", 17))
    results = simulate(network.build(), system, engine="simpy")
    table = results.tables()["arrays"]
    assert table["macs"].tolist() == [11 * 12 * 17, 10 * 12 * 17]
    assert table["split_by"].tolist() == ["pixels x 2"] * 2
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
