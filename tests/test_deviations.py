"""DEVIATIONS.md: each intended difference from SCALE-Sim's results is asserted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simcore import simulate
from simcore.errors import InputError
from simcore.program.outcome import CAUSE_NAMES
from simcore.results import Results

HEADER = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
CFG = """[architecture_presets]
ArrayHeight: {rows}
ArrayWidth: {columns}
IfmapSramSzkB: 64
FilterSramSzkB: 64
OfmapSramSzkB: 64
Bandwidth: 10
Dataflow: {dataflow}
[run_presets]
InterfaceBandwidth: {mode}
"""

#: M, N, K of a matrix product of more than one fold in each direction on 8x8, with ragged edges.
M, N, K = 20, 18, 19


def run(
    folder: Path,
    topology: str,
    *overrides: str,
    dataflow: str = "ws",
    size: int = 8,
    mode: str = "CALC",
    batch: int | None = None,
) -> Results:
    """A topology on an array of ``size`` x ``size``, both from SCALE-Sim's own files."""
    (folder / "net.csv").write_text(topology)
    (folder / "machine.cfg").write_text(CFG.format(rows=size, columns=size, dataflow=dataflow, mode=mode))
    return simulate(folder / "net.csv", folder / "machine.cfg", overrides=overrides, batch=batch)


def product(folder: Path, *overrides: str, **options: str) -> Results:
    """The matrix product of M, N, K."""
    return run(folder, f"Layer, M, N, K,\ngemm, {M}, {N}, {K},\n", *overrides, **options)  # type: ignore[arg-type]


def folds(rows: int, columns: int, size: int = 8) -> int:
    return -(-rows // size) * -(-columns // size)


def layer(results: Results) -> dict:
    return dict(results.layers.iloc[0])


@pytest.mark.parametrize(
    ("dataflow", "formula"),
    [
        ("os", folds(M, N) * (K + 8 + 8 - 2)),
        ("ws", folds(K, N) * (2 * 8 + 8 + M - 2)),
        ("is", folds(K, M) * (2 * 8 + 8 + N - 2)),
    ],
)
def test_cycles_are_a_count(tmp_path: Path, dataflow: str, formula: int) -> None:
    """SCALE-Sim's Total Cycles is this formula less one, plus stalls."""
    found = layer(product(tmp_path, dataflow=dataflow))
    assert found["compute_cycles"] == formula
    assert found["cycles"] == formula + sum(found[f"stall_{cause}_cycles"] for cause in CAUSE_NAMES)


def test_a_stalled_cycle_has_one_cause(tmp_path: Path) -> None:
    results = product(tmp_path, mode="USER")
    assert results.stalls["cycles"].sum() == results.cycles - layer(results)["compute_cycles"] > 0


def test_the_first_fill_counts(tmp_path: Path) -> None:
    near, far = product(tmp_path), product(tmp_path, "memory.latency_cycles=500")
    assert layer(far)["stall_first_fill_cycles"] - layer(near)["stall_first_fill_cycles"] >= 499
    assert far.cycles - near.cycles >= 499


def test_operands_share_one_memory_port(tmp_path: Path) -> None:
    """No more bytes than the port's bandwidth allows pass in the cycles the run takes, all operands together."""
    results = run(tmp_path, f"{HEADER}a, 18, 18, 3, 3, 16, 16, 1,\n", "memory.bytes_per_cycle=1", mode="USER")
    found = layer(results)
    assert results.cycles >= found["dram_read_bytes"] + found["dram_write_bytes"]
    assert found["stall_dram_wait_cycles"] + found["stall_first_fill_cycles"] + found["stall_drain_cycles"] > 0


def test_an_ifmap_that_fits_is_read_once(tmp_path: Path) -> None:
    found = layer(run(tmp_path, f"{HEADER}a, 10, 10, 3, 3, 8, 16, 1,\n", mode="USER"))
    ifmap_bytes, filter_bytes = 10 * 10 * 8, 3 * 3 * 8 * 16
    assert found["dram_read_bytes"] == ifmap_bytes + filter_bytes


def test_row_folds_come_in_the_order_of_reuse_where_the_ifmap_does_not_fit(tmp_path: Path) -> None:
    # 34 x 34 x 64 words, 74 kB: more than the 64 kB scratchpad; 2 columns of folds of all 9 * 64 taps.
    topology = f"{HEADER}a, 34, 34, 3, 3, 64, 16, 1,\n"
    small, large = (layer(run(tmp_path, topology, *sets)) for sets in ((), ("scratchpads.ifmap.capacity_bytes=128 KiB",)))
    assert small["compute_cycles"] == large["compute_cycles"]
    filter_bytes = 9 * 64 * 16
    assert large["dram_read_bytes"] == 34 * 34 * 64 + filter_bytes
    assert small["dram_read_bytes"] < 2 * 34 * 34 * 64 + filter_bytes


@pytest.mark.parametrize(("dataflow", "row_folds"), [("ws", -(-K // 8)), ("is", -(-K // 8))])
def test_partial_sums_are_read_back_and_results_stored_once(tmp_path: Path, dataflow: str, row_folds: int) -> None:
    found = layer(product(tmp_path, dataflow=dataflow))
    assert found["output_write_words"] == M * N * row_folds
    assert found["psum_read_words"] == M * N * (row_folds - 1)
    assert found["dram_write_bytes"] == M * N


def test_output_stationary_writes_each_result_once(tmp_path: Path) -> None:
    found = layer(product(tmp_path, dataflow="os"))
    assert found["output_write_words"] == M * N
    assert found["psum_read_words"] == 0


@pytest.mark.parametrize("dataflow", ["ws", "is", "os"])
def test_utilisation_divides_by_the_cycles_taken(tmp_path: Path, dataflow: str) -> None:
    results = product(tmp_path, dataflow=dataflow)
    assert layer(results)["array_utilisation_percent"] == pytest.approx(100 * M * N * K / (results.cycles * 64))


def test_sizes_round_up_only_where_asked(tmp_path: Path) -> None:
    """8x8 under a 3x3 filter of stride 2: 4x4 pixels rounded up, 3x3 rounded down."""
    topology = f"{HEADER}a, 8, 8, 3, 3, 4, 8, 2,\n"
    assert layer(run(tmp_path, topology))["macs"] == 4 * 4 * 8 * 36
    assert layer(run(tmp_path, topology, "shapes=standard"))["macs"] == 3 * 3 * 8 * 36


def test_words_of_a_step_in_one_line_are_one_access(tmp_path: Path) -> None:
    found = layer(product(tmp_path, dataflow="ws"))
    assert found["ifmap_read_words"] == M * K * -(-N // 8)
    assert found["ifmap_read_lines"] < found["ifmap_read_words"]
    single = layer(product(tmp_path, *(f"scratchpads.{pad}.line_bytes=1" for pad in ("ifmap", "filter", "ofmap"))))
    assert single["ifmap_read_lines"] == single["ifmap_read_words"]


def test_wider_words_move_more_bytes(tmp_path: Path) -> None:
    narrow, wide = layer(product(tmp_path)), layer(product(tmp_path, "words.ifmap_bytes=4"))
    assert wide["ifmap_read_words"] == narrow["ifmap_read_words"]
    assert wide["dram_read_bytes"] - narrow["dram_read_bytes"] == 3 * M * K


def test_an_unknown_dataflow_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="rs"):
        product(tmp_path, dataflow="rs")


def test_a_topology_needs_no_header_and_no_trailing_comma(tmp_path: Path) -> None:
    rows = "a, 8, 8, 3, 3, 4, 8, 1,\nb, 8, 8, 1, 1, 4, 8, 1,\n"
    usual = run(tmp_path, HEADER + rows)
    bare = run(tmp_path, rows.replace(",\n", "\n"))
    assert bare.layers[["layer", "macs", "cycles"]].equals(usual.layers[["layer", "macs", "cycles"]])


def test_names_mean_nothing(tmp_path: Path) -> None:
    named, plain = (run(tmp_path, f"{HEADER}{name}, 8, 8, 3, 3, 4, 8, 1,\n") for name in ("DP1", "a"))
    assert named.cycles == plain.cycles
    assert len(named.layers) == 1


def test_every_deviation_names_a_test_that_exists() -> None:
    page = (Path(__file__).parents[1] / "DEVIATIONS.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_[a-z_0-9]+)`", page))
    own = {name for name in globals() if name.startswith("test_")} - {"test_every_deviation_names_a_test_that_exists"}
    assert named == own


def test_writes_to_one_line_are_not_merged(tmp_path):
    """Outputs of 8 words in lines of 32: four neighbouring pixels share a line, and each is written to it on its own."""
    results = product(tmp_path, "scratchpads.ofmap.timing=stt-mram")
    ofmap = results.banks[results.banks["scratchpad"] == "ofmap"]
    # Slow writes, so that earlier ones to the same line are still in the buffer when the next comes.
    assert (ofmap["writes"] - ofmap["dma_writes"]).sum() == M * folds(K, N)
