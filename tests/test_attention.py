"""Attention that keeps its scores on chip: traffic and words by hand, both engines alike, and why scores are spilled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from equality import Case, check_case, run_compiled
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from machines import ANY, instance_of, systems

from simcore import InputError, Results, from_torch, load_system, simulate
from simcore.program.outcome import Cause
from simcore.program.program import Op, OpKind, Port, Reg, Seg
from simcore.program.streams import element_word
from simcore.spec import System
from workloads.dataflow import lower
from workloads.dataflow.attention.blocks import attention_joined
from workloads.dataflow.attention.choice import Chosen, choose, fitting, moved_bytes_of
from workloads.dataflow.attention.phases import KEYS, SCORES, SUMS, WEIGHTS
from workloads.dataflow.attention.shape import AttentionShape, Tiling
from workloads.layers import Activation, Add, Attention, BatchNorm, Dropout, Input, MatMul, Softmax
from workloads.network import LayerInstance, Network, NetworkBuilder

SMALL = ("array.rows=4", "array.columns=4", "vector_unit.lanes=4")


def attention(heads: int, queries: int, keys: int, width: int, value_width: int, causal_tokens: int = 0) -> LayerInstance:
    shapes = (heads, queries, width), (heads, width, keys), (heads, keys, value_width)
    return instance_of(Attention("attention", causal_tokens), shapes)


def network(heads: int, queries: int, keys: int, width: int, *between: str, causal_tokens: int = 0) -> Network:
    """Two products with a softmax between them. ``between`` names layers that scale and mask the scores."""
    net = NetworkBuilder("attention")
    for name, shape in (("q", (heads, queries, width)), ("k", (heads, width, keys)), ("v", (heads, keys, width))):
        net.add(Input(name, shape))
    net.add(MatMul("scores"), ["q", "k"])
    for name in between:
        net.add(BatchNorm(name, scale=name == "scale", shift=name == "mask", size=1))
    net.add(Softmax("softmax", causal_tokens=causal_tokens))
    net.add(Dropout("dropout"))
    net.add(MatMul("mixed"), ["dropout", "v"])
    return net.build()


def moved(results: Results) -> tuple[int, int]:
    return int(results.layers["dram_read_bytes"].sum()), int(results.layers["dram_write_bytes"].sum())


def test_the_traffic_of_twelve_heads_that_fit() -> None:
    """12 heads of 128 queries and keys with 64 words each, of a byte; all 128 x 128 scores of a head fit."""
    tensor, scores = 12 * 128 * 64, 12 * 128 * 128
    assert (tensor, scores) == (98_304, 196_608)
    made = network(12, 128, 128, 64, "scale", "mask")
    spilled = simulate(made, "edge-sram")
    # Queries and keys give scores; the softmax reads and writes them; weights and values give results.
    assert moved(spilled) == (2 * tensor + scores + scores + tensor, scores + scores + tensor)
    flash = simulate(made, "edge-sram", overrides=["attention=flash"])
    assert moved(flash) == (3 * tensor, tensor)
    row = flash.tables()["attention"].to_dict("records")[0]
    assert (row["attention"], row["attention_parts"]) == ("flash", "scores, scale, mask, softmax, dropout")
    assert (row["query_bytes"], row["key_bytes"], row["result_bytes"]) == (98_304, 196_608, 98_304)
    assert (row["scores"], row["scores_left_out"], row["keys_stay"]) == (scores, 0, True)


#: Sums and scores of 64 queries and 64 keys fill the accumulator: 64 x (64 + 64) x 4 = 32768. Two tiles of keys or values of
#: 64 x 64 words fill the filters' scratchpad.
TIGHT = ("scratchpads.accumulator.capacity_bytes=32 KiB", "scratchpads.filter.capacity_bytes=8 KiB")


@pytest.mark.parametrize(
    ("causal", "keys_read", "scores"),
    [
        # 4 tiles of 64 queries: each reads all 256 keys and values, of 64 words.
        (False, 4 * 256, 256 * 256),
        # The first tile of queries sees the first tile of keys, the second two tiles, ...
        (True, 64 + 128 + 192 + 256, 64 * 64 * (1 + 2 + 3 + 4)),
    ],
)
def test_the_traffic_of_keys_that_do_not_fit(causal: bool, keys_read: int, scores: int) -> None:
    made = network(1, 256, 256, 64, causal_tokens=256)
    key = f"attention={'flash-causal' if causal else 'flash'}"
    found = simulate(made, "edge-sram", overrides=[key, *TIGHT])
    row = found.tables()["attention"].to_dict("records")[0]
    assert (row["queries_per_tile"], row["query_tiles"], row["keys_stay"]) == (64, 4, False)
    assert (row["query_bytes"], row["key_bytes"], row["result_bytes"]) == (16_384, keys_read * 2 * 64, 16_384)
    assert (row["scores"], row["scores_left_out"]) == (scores, 256 * 256 - scores)
    assert int(found.layers["macs"].sum()) == scores * 2 * 64


def test_heads_that_share_keys_read_them_once() -> None:
    """2 heads of keys, each for the rows of 4 heads of queries: 4 x 32 rows meet 32 keys of 16 words."""
    made = network(2, 4 * 32, 32, 16, causal_tokens=32)
    found = simulate(made, "edge-sram", overrides=["attention=flash"])
    assert moved(found) == (2 * 128 * 16 + 2 * (2 * 32 * 16), 2 * 128 * 16)


def test_the_words_at_the_ports_by_hand() -> None:
    """8 queries meet 12 keys of 6 words on a 4 x 4 array: 2 row folds of words by 3 column folds of keys, then 3 by 2."""
    found = simulate(network(1, 8, 12, 6), "edge-sram", overrides=["attention=flash", *SMALL]).layers
    row = found.set_index("layer").loc["mixed"]
    assert row["filter_read_words"] == 12 * 6 + 12 * 6
    # Queries enter for each of 3 column folds; 96 weights for each of 2 column folds of 6 words.
    assert row["ifmap_read_words"] == 3 * 48 + 2 * 96
    # Scores leave in 2 row folds, then weights; sums leave in 3 row folds, then results.
    assert row["output_write_words"] == 2 * 96 + 96 + 3 * 48 + 48
    # Scores are added to once and read twice; sums are added to twice and read once.
    assert row["psum_read_words"] == 96 + 2 * 96 + 2 * 48 + 48
    # Each fold: 4 steps of preload, 8 rows, 6 of drain. Passes of 4 lanes: 24 vectors of scores twice, 8 x 2 of sums.
    assert row["compute_cycles"] == (6 + 6) * (4 + 8 + 6) + 2 * 24 + 16


def test_sums_are_scaled_before_every_tile_of_keys_but_the_first() -> None:
    """8 queries meet 12 keys of 4 words, 4 at a time: 8 x (4 scores + 4 sums) x 4 bytes fill the accumulator."""
    lines = ("capacity_bytes=256 B", "banks=1", "line_bytes=16")
    system = load_system("edge-sram", [*SMALL, *(f"scratchpads.accumulator.{line}" for line in lines)])
    found = choose(AttentionShape(1, 8, 12, 4, 4), system)
    assert not isinstance(found, str)
    assert found.tiling == Tiling(8, 4)
    outcome = run_compiled(Case(system, (attention(1, 8, 12, 4, 4),))).outcomes[0]
    # Scores are read twice. Sums are scaled and added to for two tiles of keys, and read once for the results.
    assert outcome.port_words[Port.PSUM] == 2 * 96 + 2 * 32 + 2 * 32 + 32
    # Scores, weights, sums of three tiles, two scalings, results.
    assert outcome.port_words[Port.OUTPUT] == 96 + 96 + 3 * 32 + 2 * 32 + 32
    # Per tile of keys two folds of 4 + 8 + 6 steps, two passes over 8 vectors of scores, and one pass over those of the sums.
    assert outcome.compute_cycles == 3 * (2 * 18 + 2 * 8 + 8)


def test_several_arrays_take_a_head_each() -> None:
    """3 heads on 2 arrays: two turns, of which the second leaves an array without work."""
    asked = ["attention=flash", "array.count=2", *SMALL]
    one = simulate(network(3, 8, 8, 4), "edge-sram", overrides=["attention=flash", *SMALL])
    two = simulate(network(3, 8, 8, 4), "edge-sram", overrides=asked)
    macs = 8 * 8 * (4 + 4)
    arrays = two.tables()["arrays"]
    assert arrays[arrays["layer"] == "mixed"]["macs"].tolist() == [2 * macs, macs]
    assert set(arrays["split_by"]) == {"groups x 2"}
    assert moved(two) == moved(one)
    row = two.layers.set_index("layer").loc["mixed"]
    # A turn has two folds for each product, of 4 + 8 + 6 steps, which two arrays take together. The vector unit is one: it takes
    # 16 vectors of scores twice and 8 vectors of sums once for each head.
    assert row["compute_cycles"] == 2 * (2 + 2) * 18 + 3 * (2 * 16 + 8)
    assert row["macs"] == 3 * macs


SHAPES = st.builds(
    attention,
    heads=st.integers(1, 4),
    queries=st.integers(1, 9),
    keys=st.integers(1, 11),
    width=st.integers(1, 6),
    value_width=st.integers(1, 6),
)


def any_tiling(shape: AttentionShape, system: System, which: int, few_slots: bool) -> Chosen | None:
    """One of all tilings that fit, not only the fastest; with few slots keys and values come again for every tile of queries."""
    at_once = range(1, min(system.array.count, shape.groups) + 1)
    found = [chosen for groups in at_once for chosen in fitting(shape, groups, (1, 1 << 40), system)]
    if not found or isinstance(choose(shape, system), str):
        return None
    chosen = found[which % len(found)]
    if not few_slots:
        return chosen
    keys = replace(chosen.room.keys, slots=2)
    stay = 2 * chosen.tiling.key_tiles(shape) <= 2
    room = replace(chosen.room, keys=keys, queries=replace(chosen.room.queries, slots=1), stay=stay)
    return replace(chosen, room=room, moved_bytes=moved_bytes_of(shape, chosen.tiling, room, system))


@pytest.mark.slow
@settings(max_examples=16, deadline=None, derandomize=True)
@given(
    instance=SHAPES,
    is_causal=st.booleans(),
    which=st.integers(0, 1 << 20),
    few_slots=st.booleans(),
    system=systems(replace(ANY, dataflows=("ws", "is"), capacities=(1, 2, 8), unified=(False, False, True))),
)
def test_both_engines_agree_on_random_shapes_and_tiles(
    instance: LayerInstance, is_causal: bool, which: int, few_slots: bool, system: System
) -> None:
    system = system.model_copy(update={"tiling": "least-traffic"})
    queries, keys = instance.input_shapes[0][-2], instance.input_shapes[1][-1]
    instance = replace(instance, layer=Attention("attention", queries if is_causal and queries <= keys else 0))
    chosen = any_tiling(shape_of(instance), system, which, few_slots)
    assume(chosen is not None and chosen.steps < 800)
    assert chosen is not None
    with patch("workloads.dataflow.attention.work.choose", return_value=chosen):
        run = check_case(Case(system, (instance, instance)))
    for outcome in run.outcomes:
        assert int(outcome.dma_read_bytes.sum() + outcome.dma_write_bytes.sum()) == chosen.moved_bytes
        assert outcome.compute_cycles == chosen.steps


def shape_of(instance: LayerInstance) -> AttentionShape:
    (heads, queries, width), (*_, keys), (*_, value_width) = instance.input_shapes
    assert isinstance(instance.layer, Attention)
    return AttentionShape(heads, queries, keys, width, value_width, instance.layer.causal_tokens)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(instance=SHAPES, dataflow=st.sampled_from(["ws", "is"]), kib=st.sampled_from([1, 2, 64]))
def test_what_is_read_on_chip_was_written_before(instance: LayerInstance, dataflow: str, kib: int) -> None:
    """Walk through a Program step by step: each read finds words of elements that its tile or its own wait promises."""
    sizes = [f"scratchpads.accumulator.capacity_bytes={kib} KiB", "scratchpads.accumulator.banks=2"]
    system = load_system("edge-sram", [*SMALL, f"array.dataflow={dataflow}", *sizes])
    assume(not isinstance(choose(shape_of(instance), system), str))
    program = lower(instance, system)
    assert program is not None
    ops = program.ops
    promised = {
        (int(op[Op.REGION]), int(op[Op.TILE] - program.regions[op[Op.REGION], Reg.FIRST_TILE])): int(op[Op.DEP_COUNT])
        for op in ops[ops[:, Op.KIND] == OpKind.ACQUIRE]
    }
    moves = []
    for port in (Port.IFMAP, Port.PSUM, Port.OUTPUT):
        number = 0
        for segment in program.segments[port]:
            for element in range(segment[Seg.COUNT]):
                due = int(segment[Seg.DUE] + element * segment[Seg.DUE_STRIDE])
                moves.append((due, port is Port.OUTPUT, port, number, segment, element))
                number += 1
    written: dict[tuple[int, int], int] = {}
    for _, _, port, number, segment, element in sorted(moves, key=lambda move: move[:4]):
        region = int(segment[Seg.REGION])
        if region not in (WEIGHTS, SCORES, SUMS):
            continue
        for lane in range(segment[Seg.LANES]):
            tile, word = element_word(segment, program.geometry, element, lane)
            if port is Port.OUTPUT:
                written[region, word] = number
            elif segment[Seg.AFTER_WRITE] >= 0:
                assert written[region, word] <= segment[Seg.AFTER_WRITE] + element
            else:
                assert written[region, word] < promised[region, int(tile)]


def test_keys_that_come_again_come_from_the_same_place() -> None:
    program = lower(attention(1, 256, 256, 64, 64), load_system("edge-sram", TIGHT))
    assert program is not None
    loads = program.ops[(program.ops[:, Op.KIND] == OpKind.LOAD) & (program.ops[:, Op.REGION] == KEYS)]
    places = loads[:, Op.ADDRESS].tolist()
    assert places == 4 * places[: len(places) // 4]
    assert len(set(places)) == len(places) // 4


def test_a_single_query_begins_before_all_its_keys_are_loaded() -> None:
    """577 keys of 128 bytes are on their way for 4616 cycles at 16 bytes a cycle; smaller tiles cost fewer steps than that."""
    shape, system = AttentionShape(32, 1, 577, 128, 128), load_system("edge-sram")
    found = choose(shape, system)
    assert not isinstance(found, str)
    assert found.tiling.keys < 577
    outcome = run_compiled(Case(system, (attention(32, 1, 577, 128, 128),))).outcomes[0]
    first_tile_cycles = (1 + found.tiling.keys) * 128 // 16
    waited = int(outcome.stall_cycles[Cause.FIRST_FILL].sum())
    assert first_tile_cycles <= waited < first_tile_cycles + 100 < 577 * 128 // 16


@pytest.mark.parametrize(
    ("first", "end", "seen"), [(0, 4, 4), (4, 8, 8), (0, 8, 8), (6, 10, 8), (8, 10, 2), (3, 4, 4), (7, 8, 8)]
)
def test_rows_of_a_causal_mask_see_the_keys_up_to_their_own(first: int, end: int, seen: int) -> None:
    """Two heads of 8 tokens share 8 keys; with 5 cached ones each row sees 5 more."""
    assert AttentionShape(1, 16, 8, 4, 4, causal_tokens=8).seen_keys(first, end) == seen
    assert AttentionShape(1, 16, 13, 4, 4, causal_tokens=8).seen_keys(first, end) == seen + 5
    assert AttentionShape(1, 16, 8, 4, 4).seen_keys(first, end) == 8


def test_a_tile_of_queries_leaves_out_the_keys_that_none_of_its_rows_sees() -> None:
    tiles = list(Tiling(4, 3).query_tiles(AttentionShape(1, 10, 10, 4, 4, causal_tokens=10)))
    assert tiles == [(4, 2, 6), (4, 3, 9), (2, 4, 10)]


def why_of(made: Network, *overrides: str) -> tuple[Any, ...]:
    found = simulate(made, "edge-sram", overrides=["attention=flash", *overrides]).tables()["attention"]
    row = found.to_dict("records")[0]
    return row["attention"], row["attention_why"]


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        (("array.dataflow=os",), "dataflow 'os' gives scores in another order than it takes weights"),
        (("tiling=whole",), "tiling 'whole' runs layers as SCALE-Sim does"),
        (("scratchpads.accumulator.capacity_bytes=2 KiB", "array.rows=64"), "not even the smallest tile fits the scratchpads"),
    ],
)
def test_machines_that_spill_scores_say_why(overrides: tuple[str, ...], why: str) -> None:
    made = network(1, 8, 8, 600)
    assert why_of(made, *overrides) == ("spilled", why)
    spilled, asked = (simulate(made, "edge-sram", overrides=[*overrides, f"attention={where}"]) for where in ("spilled", "flash"))
    assert spilled.layers.equals(asked.layers)


def graph(*, mask: bool = False, twice: bool = False, heads: int = 2) -> Network:
    net = NetworkBuilder("attention")
    for name, shape in (("q", (2, 4, 8)), ("k", (heads, 8, 4)), ("v", (2, 4, 8)), ("m", (4, 4))):
        net.add(Input(name, shape))
    last = net.add(MatMul("scores"), ["q", "k"])
    last = net.add(Add("masked"), [last, "m"]) if mask else last
    net.add(Softmax("softmax"), [last])
    net.add(MatMul("mixed"), ["softmax", "v"])
    if twice:
        net.add(Activation("also"), ["softmax"])
    return net.build()


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (graph(mask=True), "'masked' reads a tensor of its own beside the scores"),
        (graph(twice=True), "another layer reads 'softmax', too"),
        (graph(heads=1), "heads are broadcast, or axes stand between the products"),
    ],
)
def test_networks_whose_scores_are_needed_elsewhere_say_why(made: Network, why: str) -> None:
    assert why_of(made) == ("spilled", why)


def test_a_network_keeps_its_counts_and_names_what_was_joined() -> None:
    made = network(2, 16, 16, 8, "scale", causal_tokens=16)
    flash, spilled = (simulate(made, "edge-sram", overrides=[f"attention={where}"]) for where in ("flash", "spilled"))
    assert int(flash.layers["macs"].sum()) == int(spilled.layers["macs"].sum()) == made.macs()
    rows = flash.layers.set_index("layer")
    assert rows.index.tolist() == ["scores", "scale", "softmax", "dropout", "mixed"]
    assert rows.loc["mixed", "op"] == "attention"
    assert rows["fused_into"].tolist()[:4] == ["mixed"] * 4
    assert rows.loc["mixed", "macs"] == made.macs()
    assert "attention" not in spilled.tables()
    with pytest.raises(InputError, match="choose 'mixed'"):
        simulate(made, "edge-sram", overrides=["attention=flash"], layers="softmax")
    assert simulate(made, "edge-sram", overrides=["attention=flash"], layers="mixed").cycles == flash.cycles


def test_the_vector_unit_takes_in_scores_twice_and_sums_once() -> None:
    found = simulate(network(1, 16, 16, 8), "edge-sram", overrides=["attention=flash"])
    spilled = simulate(network(1, 16, 16, 8), "edge-sram")
    per_word = float(spilled.layers.set_index("layer").loc["softmax", "vector_pj"]) / (3 * 256)
    assert float(found.layers["vector_pj"].sum()) == pytest.approx(per_word * (2 * 256 + 16 * 8))


def test_an_ideal_machine_moves_queries_keys_values_and_results_once() -> None:
    made = network(2, 16, 24, 8, "scale")
    flash = simulate(made, "ideal-ddr4-2400", overrides=["attention=flash"])
    assert moved(flash) == (2 * (16 + 24 + 24) * 8, 2 * 16 * 8)
    assert int(flash.layers["macs"].sum()) == made.macs()
    spilled = simulate(made, "ideal-ddr4-2400")
    assert sum(moved(spilled)) - sum(moved(flash)) == 4 * 2 * 16 * 24


def test_a_plan_that_is_made_again_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made = network(2, 16, 16, 8)
    kept = simulate(made, "edge-sram", overrides=["attention=flash"])
    monkeypatch.setattr("simcore.systolic.planned.KEPT_BYTES", 0)
    again = simulate(made, "edge-sram", overrides=["attention=flash"])
    assert all(again.tables()[name].equals(table) for name, table in kept.tables().items())


def test_a_layer_of_wrong_operands_is_refused() -> None:
    for shapes in ([(2, 4, 8), (2, 8, 4)], [(2, 4, 8), (2, 7, 4), (2, 4, 8)], [(2, 4, 8), (1, 8, 4), (2, 4, 8)]):
        with pytest.raises(InputError, match="attention"):
            Attention("attention").infer(shapes)


def test_the_causal_mask_is_known_from_the_models() -> None:
    from workloads.networks.language_models import language_model

    found = attention_joined(language_model("llama-like-2-16-2-16-1-8").prefill(6), causal=True)
    assert [(block.root, block.layer.causal_tokens if block.layer else 0) for block in found.blocks] == [
        ("block0.attention.mixed", 6),
        ("block1.attention.mixed", 6),
    ]


@pytest.mark.slow
def test_the_causal_mask_is_known_of_modules() -> None:
    torch = pytest.importorskip("torch")

    class Decoder(torch.nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, q: Any, k: Any, v: Any) -> Any:
            attend = torch.nn.functional.scaled_dot_product_attention
            return attend(attend(q, k, v, is_causal=True), k, v)

    module = from_torch(Decoder(), tuple(torch.zeros(1, 2, 6, 4) for _ in range(3)))
    found = [block.layer.causal_tokens for block in attention_joined(module, causal=True).blocks if block.layer is not None]
    assert found == [6, 0]
