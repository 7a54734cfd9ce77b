"""SCALE-Sim's .cfg files as systems."""

from __future__ import annotations

from pathlib import Path

import pytest

from simcore.errors import InputError
from simcore.spec import System, load_system, validate_file

CFG = """\
[general]
run_name = small

[architecture_presets]
ArrayHeight:    32
ArrayWidth:     16
IfmapSramSzkB:   64
FilterSramSzkB:  1
OfmapSramSzkB:   2
IfmapOffset:    0
FilterOffset:   10000000
OfmapOffset:    20000000
Bandwidth : 10
Dataflow : ws
MemoryBanks: 1
ReadRequestBuffer: 32
WriteRequestBuffer: 32

[layout]
IfmapCustomLayout: False
IfmapSRAMBankBandwidth: 10

[sparsity]
SparsitySupport : false
SparseRep : ellpack_block

[run_presets]
InterfaceBandwidth: CALC
UseRamulatorTrace: False
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(text: str) -> System:
    Path("m.cfg").write_text(text)
    return load_system("m.cfg")


def message(text: str) -> str:
    with pytest.raises(InputError) as caught:
        load(text)
    return str(caught.value)


def test_cfg_is_a_system_of_scale_sims_shapes_and_words() -> None:
    system = load(CFG)
    assert (system.name, system.shapes, system.tiling) == ("small", "scale-sim", "whole")
    assert (system.array.rows, system.array.columns, system.array.dataflow) == (32, 16, "ws")
    assert (system.array.fold_overlap, system.array.edge, system.array.partial_sums) == ("none", "skew-registers", "ofmap")
    assert set(system.words.model_dump(exclude={"of_quantised"}).values()) == {1}
    sizes = {name: pad.capacity_bytes for name, pad in system.scratchpads.items()}
    assert sizes == {"ifmap": 65536, "filter": 1024, "ofmap": 2048}


def test_bandwidth_counts_in_user_mode_only() -> None:
    assert load(CFG).memory.bytes_per_cycle == 256
    assert load(CFG.replace("CALC", "USER")).memory.bytes_per_cycle == 10
    assert load(CFG.replace("CALC", "USER").replace("Bandwidth : 10", "Bandwidth : 10, 7,9")).memory.bytes_per_cycle == 7


def test_preset_is_the_cfg_of_its_name() -> None:
    text = (
        CFG.replace("ArrayWidth:     16", "ArrayWidth: 32")
        .replace("SzkB:  1\n", "SzkB: 64\n")
        .replace("SzkB:   2\n", "SzkB: 64\n")
    )
    assert load(text).content_hash() == load_system("scale-sim-32x32-ws").content_hash()


def test_only_the_architecture_is_needed_and_the_file_names_it() -> None:
    text = CFG[CFG.index("[architecture_presets]") : CFG.index("[layout]")]
    system = load(text)
    assert (system.name, system.memory.bytes_per_cycle) == ("m", 256)


def test_keys_are_read_in_any_case_and_the_first_versions_spelling() -> None:
    text = CFG.replace("ArrayHeight", "arrayheight").replace("[general]", "[General]").replace("SramSzkB", "SramSz")
    assert load(text) == load(CFG)


def test_indented_commented_and_quoted_text_is_read() -> None:
    text = "# made by hand\n; twice\n" + CFG.replace("ArrayWidth:     16", "    ArrayWidth =16   ").replace(
        "= small", '= "small"'
    )
    assert load(text) == load(CFG)


def test_overrides_lie_upon_a_cfg() -> None:
    Path("m.cfg").write_text(CFG)
    assert load_system("m.cfg", ["array.dataflow=os"]).array.dataflow == "os"


def test_yaml_file_extends_a_cfg() -> None:
    Path("m.cfg").write_text(CFG)
    Path("child.yaml").write_text("extends: m.cfg\nscratchpads: {ofmap: {timing: stt-mram}}\n")
    system = load_system("child.yaml")
    assert system.name == "child"
    assert system.scratchpads["ofmap"].memory_of_banks[0] == "stt-mram"


BAD: list[tuple[str, str, str, str]] = [
    ("dataflow", "Dataflow : ws", "Dataflow : rs", "m.cfg:14: Dataflow: expected os, ws, is, got 'rs'"),
    ("mode", "CALC", "CALCULATE", "m.cfg:28: InterfaceBandwidth: expected CALC or USER, got 'CALCULATE'"),
    (
        "key",
        "ArrayHeight",
        "ArrayHight",
        "m.cfg:5: unknown key 'ArrayHight' in [architecture_presets]; did you mean 'ArrayHeight'?",
    ),
    (
        "run key",
        "InterfaceBandwidth",
        "InterfaceBandwith",
        "m.cfg:28: unknown key 'InterfaceBandwith' in [run_presets]; did you mean 'InterfaceBandwidth'?",
    ),
    ("section", "[layout]", "[layuot]", "m.cfg:19: unknown section [layuot]; did you mean 'layout'?"),
    ("size", "SzkB:   64", "SzkB:   64kB", "m.cfg:7: IfmapSramSzkB: expected an integer of at least 1, got '64kB'"),
    ("zero", "ArrayWidth:     16", "ArrayWidth: 0", "m.cfg:6: ArrayWidth: expected an integer of at least 1, got '0'"),
    ("line", "Dataflow : ws", "Dataflow ws", "m.cfg:14: expected [section] or KEY: VALUE, got 'Dataflow ws'"),
    ("headless", "[general]\n", "", "m.cfg:1: expected a [section] before the first key, got 'run_name = small'"),
    (
        "twice",
        "MemoryBanks: 1",
        "Dataflow: os",
        "m.cfg:15: duplicate key 'Dataflow' in [architecture_presets]; first written at m.cfg:14",
    ),
    ("missing", "Dataflow : ws\n", "", "m.cfg:4: missing key 'Dataflow' in [architecture_presets]"),
    (
        "sparsity",
        "SparsitySupport : false",
        "SparsitySupport : true",
        "m.cfg:24: SparsitySupport: expected false (sparse runs are not simulated), got 'true'",
    ),
]


@pytest.mark.parametrize(("kind", "old", "new", "expected"), BAD, ids=[kind for kind, *_ in BAD])
def test_bad_cfg_is_reported_with_its_line(kind: str, old: str, new: str, expected: str) -> None:
    assert old in CFG
    assert message(CFG.replace(old, new, 1)).split("\n")[0] == expected


def test_bandwidth_is_needed_in_user_mode() -> None:
    text = CFG.replace("CALC", "USER").replace("Bandwidth : 10\n", "")
    assert message(text) == "m.cfg:4: missing key 'Bandwidth' in [architecture_presets]"


def test_file_without_the_architecture_is_refused() -> None:
    assert message("[general]\nrun_name = x\n") == "m.cfg: missing section [architecture_presets]"


def test_all_errors_of_a_cfg_are_reported_at_once() -> None:
    text = CFG.replace("Dataflow : ws", "Dataflow : rs").replace("ArrayHeight:    32", "ArrayHeight: many")
    assert message(text).split("\n") == [
        "m.cfg:5: ArrayHeight: expected an integer of at least 1, got 'many'",
        "m.cfg:14: Dataflow: expected os, ws, is, got 'rs'",
    ]
    assert len(validate_file("m.cfg")) == 2
