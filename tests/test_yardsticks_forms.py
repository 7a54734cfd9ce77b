"""What the kinds `roofline` and `ideal` print, save and read, and one error for bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import invoke, printed_json

from simcore import InputError, simulate
from simcore.results import TABLES
from simcore.results.glossary import all_terms
from simcore.spec import load_system, override_system
from simcore.yardsticks.spec import IdealSpec


def test_tables_are_those_of_every_kind_and_the_bounds(tmp_path: Path) -> None:
    results = simulate("lenet5", "titan-xp")
    assert set(results.tables()) == {*TABLES, "bounds"}
    assert all(len(results.tables()[name]) == 0 for name in ("banks", "bank_layers", "timeline"))
    assert list(results.banks.columns) == list(simulate("lenet5", "edge-sram", layers="output").banks.columns)
    columns = {str(column) for table in results.tables().values() for column in table.columns} - {"metric", "value", "unit"}
    assert columns <= set(all_terms())
    saved = results.save(tmp_path / "run")
    assert (saved / "bounds.parquet").is_file()
    manifest = json.loads((saved / "manifest.json").read_text())
    assert manifest["kind"] == manifest["system"]["kind"] == "roofline"


def test_bounds_say_which_time_is_the_longer() -> None:
    bounds = simulate("vgg16", "titan-xp").tables()["bounds"].set_index("layer")
    assert bounds.loc["conv1_2", "bound_by"] == "compute"
    assert bounds.loc["fc6", ["operator", "bound_by", "word_bytes"]].tolist() == ["linear", "memory", 4]
    longer = bounds[["compute_time_ns", "memory_time_ns"]].max(axis=1)
    layers = simulate("vgg16", "titan-xp").layers.set_index("layer")
    assert (layers.loc[bounds.index, "cycles"] >= longer * 1.582 - 1e-6).all()
    assert (layers.loc[bounds.index, "cycles"] < longer * 1.582 + 1).all()


def test_run_prints_bounds_and_where_the_efficiency_is_from() -> None:
    told = invoke("run", "vgg16", "--system", "pascal-titan-x").stdout
    assert "bound by" in told
    assert "Efficiency: conv reaches 64.2 % of its roof (derived: geometric mean" in " ".join(told.split())
    assert "Energy: unknown" in told


def test_the_same_run_is_rated_with_another_energy_but_not_with_another_bandwidth() -> None:
    results = simulate("lenet5", "ideal-ddr4-2400")
    dearer = override_system(load_system("ideal-ddr4-2400"), ["memory.pj_per_byte.value=325.0"])
    assert results.rated(dearer).layers["energy_pj"].sum() == pytest.approx(2 * results.layers["energy_pj"].sum())
    with pytest.raises(InputError, match="differs in more than costs"):
        results.rated(override_system(load_system("ideal-ddr4-2400"), ["memory.overrides.channel=2"]))
    with pytest.raises(InputError, match="differs in more than costs"):
        results.rated(load_system("ideal-titan-xp"))


def test_scale_sim_files_run(tmp_path: Path) -> None:
    (tmp_path / "net.csv").write_text("Layer, M, N, K,\nproduct, 20, 30, 40,\n")
    layer = printed_json("run", str(tmp_path / "net.csv"), "--system", "ideal-ddr4-2400")["layers"][0]
    assert layer["macs"] == 20 * 30 * 40
    assert (layer["dram_reads_bytes"], layer["dram_writes_bytes"]) == (20 * 40 + 40 * 30, 20 * 30)


def test_onnx_files_run(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"], name="product")],
        "net",
        [onnx.helper.make_tensor_value_info("x", 1, [1, 6])],
        [onnx.helper.make_tensor_value_info("y", 1, [1, 4])],
        [onnx.helper.make_tensor("w", 1, [6, 4], [0.0] * 24)],
    )
    onnx.save(onnx.helper.make_model(graph), tmp_path / "net.onnx")
    layer = printed_json("run", str(tmp_path / "net.onnx"), "--system", "titan-xp")["layers"][0]
    assert (layer["macs"], layer["dram_reads_bytes"], layer["dram_writes_bytes"]) == (24, 4 * 30, 4 * 4)


# Bad input ---------------------------------------------------------------------------------------------------------------------

GOOD = """\
kind: roofline
core_clock_hz: 1 GHz
peak_macs_per_s: {one_byte: 1 TMAC/s}
memory: {bytes_per_s: 100 GB/s}
"""

BAD_FILES = {
    "unknown kind": ("kind: rooflin", ":1: kind: expected a kind of machine, got 'rooflin'; did you mean 'roofline'?"),
    "kind is no text": ("kind: 7", ":1: kind: expected the name of a kind of machine, got 7"),
    "no bandwidth": ("memory: {}", ":4: memory: expected either bytes_per_s or standard, got neither"),
    "two bandwidths": (
        "memory: {bytes_per_s: 1 GB/s, standard: ddr4_2400r}",
        ":4: memory: expected either bytes_per_s or standard, got both; remove one with null",
    ),
    "unknown standard": ("memory: {standard: ddr4_2400x}", ":4: memory.standard: "),
    "overrides without a standard": (
        "memory: {bytes_per_s: 1 GB/s, overrides: {channel: 2}}",
        ":4: memory.overrides: expected overrides only with a standard, got overrides without one",
    ),
    "unknown override": ("memory: {standard: ddr4_2400r, overrides: {chanel: 2}}", ":4: memory.overrides"),
    "misspelt unit": (
        "memory: {bytes_per_s: 100 Gb/s}",
        ":4: memory.bytes_per_s: expected a bandwidth such as '480 GB/s', got '100 Gb/s'; did you mean 'GB/s'?",
    ),
    "no rate": (
        "peak_macs_per_s: {one_byte: 0}",
        ":3: peak_macs_per_s.one_byte: expected at least 1, got 0",
    ),
    "unknown word size": ("peak_macs_per_s: {one_bite: 1 TMAC/s}", ":3: unknown key 'one_bite' in peak_macs_per_s; did you mean"),
    "no peak for the words": (
        "words: {ifmap_bytes: 2}",
        ":3: peak_macs_per_s: expected a peak for words of 2 bytes (words.ifmap_bytes) or wider, got none",
    ),
    "a key of another kind": ("array: {rows: 4}", ":5: unknown key 'array'; known: name,"),
    "efficiency without a source": (
        "efficiency: {conv: {percent: 50, kind: measured}}",
        ":5: missing key 'source' in efficiency.conv",
    ),
    "efficiency of nothing": (
        "efficiency: {conv: {percent: 0, kind: measured, source: a test}}",
        ":5: efficiency.conv.percent: expected a number above 0",
    ),
    "unknown operator": (
        "efficiency: {pool: {percent: 50, kind: measured, source: a test}}",
        ":5: unknown key 'pool' in efficiency",
    ),
    "extends another kind": (
        "extends: edge-sram",
        ":5: extends: expected a system of kind 'roofline', got 'edge-sram' of kind 'systolic'",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files_are_reported_once_at_their_line(case: str, tmp_path: Path) -> None:
    change, expected = BAD_FILES[case]
    key = change.partition(":")[0]
    lines = GOOD.splitlines()
    kept = [change if line.startswith(f"{key}:") else line for line in lines]
    path = tmp_path / "machine.yaml"
    path.write_text("\n".join(kept if kept != lines else [*lines, change]) + "\n")
    for command in (("validate", str(path)), ("run", "lenet5", "--system", str(path))):
        result = invoke(*command)
        assert result.exit_code == 2
        assert result.stderr.startswith(f"simcore: {path}{expected}"), result.stderr
        assert result.stderr.count("simcore: ") == 1


BAD_COMMANDS = {
    "an engine of another kind": (
        ("run", "lenet5", "--system", "titan-xp", "--engine", "simpy"),
        "no engine named 'simpy'; kind 'roofline' has one engine, 'formula'",
    ),
    "a dataflow": (
        ("run", "lenet5", "--system", "ideal-ddr4-2400", "--dataflow", "ws"),
        "a machine of kind 'ideal' has no dataflows, got 'ws'; choose none",
    ),
    "values": (
        ("run", "lenet5", "--system", "titan-xp", "--check-values"),
        "a machine of kind 'roofline' computes no values to check; do not ask for a check of values",
    ),
    "banks": (
        ("banks", "lenet5", "--system", "titan-xp"),
        "a machine of kind 'roofline' has no banks; 'simcore run' prints the tables of this kind",
    ),
    "another kind by --set": (
        ("run", "lenet5", "--system", "titan-xp", "--set", "kind=ideal"),
        "--set kind=ideal: kind: expected 'roofline', the kind of the system, got 'ideal'; 'simcore list systems' shows the "
        "systems of each kind",
    ),
    "an unknown kind by --set": (
        ("run", "lenet5", "--set", "kind=systolik"),
        "--set kind=systolik: kind: expected a kind of machine, got 'systolik'; did you mean 'systolic'?",
    ),
    "an engine that no kind has": (("run", "lenet5", "--engine", "simpi"), "no engine named 'simpi'; did you mean 'simpy'?"),
    "more cycles than can be counted": (
        ("run", "vgg16", "--system", "ideal-titan-xp", "--set", "memory.bytes_per_s=1", "--set", "core_clock_hz=1000 GHz"),
        "layer 'conv1_1': expected at most 1e+18 core cycles in all, got more; "
        "a higher bandwidth or peak, or a slower core clock?",
    ),
    "SCALE-Sim's shapes in training": (
        ("run", "lenet5", "--system", "titan-xp", "--training", "--set", "shapes=scale-sim"),
        "shapes: expected shapes: standard for a training step, whose gradients have the shapes that everybody uses, got "
        "scale-sim; set shapes=standard",
    ),
    "a layer that joins another": (
        ("run", "lenet5", "--system", "titan-xp", "--layers", "tanh1"),
        "none of the layers tanh1 runs by itself; choose the layer that they join, or set fuse=false",
    ),
}


@pytest.mark.parametrize("case", BAD_COMMANDS)
def test_what_makes_no_sense_for_a_kind_is_one_clear_error(case: str) -> None:
    command, expected = BAD_COMMANDS[case]
    result = invoke(*command)
    assert (result.exit_code, result.stderr) == (2, f"simcore: {expected}\n")


def test_a_loader_that_needs_one_kind_refuses_another() -> None:
    with pytest.raises(InputError, match=r"^system titan-xp: expected a system of kind 'ideal', got one of kind 'roofline'$"):
        load_system("titan-xp", of=IdealSpec)


def test_a_null_takes_the_kind_back_so_that_the_default_holds(tmp_path: Path) -> None:
    path = tmp_path / "machine.yaml"
    path.write_text("kind: null\nextends: titan-xp\n")
    assert "expected a system of kind 'systolic', got 'titan-xp' of kind 'roofline'" in invoke("validate", str(path)).stderr
