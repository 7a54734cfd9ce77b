"""The System: presets, composition, overrides, and the errors for bad input."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from simcore.errors import InputError, InputErrors
from simcore.spec import load_system, override_system, preset_names, validate_file

PAD = "{capacity_bytes: 1 KiB, banks: 4, line_bytes: 16, timing: sram}"
SMALL = f"""\
core_clock_hz: 1 GHz
array:
  rows: 4
  columns: 4
  dataflow: ws
  partial_sums: ofmap
scratchpads:
  ifmap: {PAD}
  filter: {PAD}
  ofmap: {PAD}
memory:
  clock_hz: 500 MHz
  latency_cycles: 10
  bytes_per_cycle: 8
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, so that places in messages are short."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(text: str, name: str = "m.yaml") -> str:
    Path(name).write_text(text)
    return name


def lines_of(caught: pytest.ExceptionInfo[InputError]) -> list[str]:
    return str(caught.value).split("\n")


# Presets


def test_the_presets_are_these() -> None:
    expected = {
        "edge-sram",
        "edge-stt",
        "edge-hybrid",
        "edge-stt-buffered",
        "edge-unified",
        "scale-sim-32x32-ws",
        "cloud-128x128-ws",
        "tpu-v3-core",
    }
    assert expected <= set(preset_names())


@pytest.mark.parametrize("name", preset_names())
def test_preset_loads_under_its_own_name_and_round_trips(name: str) -> None:
    system = load_system(name)
    assert system.name == name
    assert system.description
    assert type(system).model_validate(yaml.safe_load(yaml.safe_dump(system.to_yaml_dict()))) == system


def test_edge_stt_differs_from_edge_sram_in_its_timings_alone() -> None:
    sram, stt = load_system("edge-sram").to_yaml_dict(), load_system("edge-stt").to_yaml_dict()
    for name, pad in stt["scratchpads"].items():
        assert pad.pop("timing") == {"model": "stt-mram", "parameters": {}}
        assert sram["scratchpads"][name].pop("timing") == {"model": "sram", "parameters": {}}
    assert {key for key in sram if sram[key] != stt[key]} == {"name", "description"}


def test_edge_hybrid_has_half_its_operand_banks_of_each_kind() -> None:
    pads = load_system("edge-hybrid").scratchpads
    for name in ("ifmap", "filter", "ofmap"):
        assert pads[name].memory_of_banks == ("sram",) * 8 + ("stt-mram",) * 8
    assert set(pads["accumulator"].memory_of_banks) == {"sram"}


def test_edge_unified_has_the_capacity_and_banks_of_edge_sram() -> None:
    separate, unified = load_system("edge-sram").scratchpads, load_system("edge-unified").scratchpads
    assert set(unified) == {"unified", "accumulator"}
    operands = [separate[name] for name in ("ifmap", "filter", "ofmap")]
    assert unified["unified"].capacity_bytes == sum(pad.capacity_bytes for pad in operands)
    assert unified["unified"].banks == sum(pad.banks for pad in operands)


# Reading


def test_plain_file_takes_defaults_and_its_own_name(folder: Path) -> None:
    system = load_system(written(SMALL, "tiny.yaml"))
    assert (system.name, system.seed, system.array.port_window, system.dma.burst_bytes) == ("tiny", 0, 8, 64)
    assert system.scratchpads["ifmap"].capacity_bytes == 1024
    assert system.memory.clock_hz == 500_000_000


def test_path_object_is_a_file_and_never_a_preset(folder: Path) -> None:
    with pytest.raises(InputError, match="expected a preset system or a file, got 'edge-sram'"):
        load_system(Path("edge-sram"))


def test_extends_lays_the_file_upon_its_base(folder: Path) -> None:
    written(SMALL, "base.yaml")
    Path("sub").mkdir()
    system = load_system(written("extends: ../base.yaml\narray: {rows: 8}\n", "sub/child.yaml"))
    assert (system.name, system.array.rows, system.array.columns) == ("child", 8, 4)


def test_extends_replaces_bank_groups_by_a_timing_and_back(folder: Path) -> None:
    one = load_system(written("extends: edge-hybrid\nscratchpads: {ifmap: {timing: sram}}\n"))
    assert one.scratchpads["ifmap"].bank_groups is None
    groups = "[{banks: 4, timing: sram}, {banks: 12, timing: stt-mram}]"
    two = load_system(written(f"extends: edge-sram\nscratchpads: {{ifmap: {{bank_groups: {groups}}}}}\n"))
    assert two.scratchpads["ifmap"].timing is None
    assert [group.banks for group in two.scratchpads["ifmap"].bank_groups or ()] == [4, 12]


def test_a_timing_that_names_its_model_takes_no_parameters_over(folder: Path) -> None:
    written("extends: edge-sram\nscratchpads: {ifmap: {timing: {model: stt-mram, parameters: {write_cycles: 9}}}}\n", "base.yaml")
    same = load_system(written("extends: base.yaml\nscratchpads: {ifmap: {timing: {parameters: {read_cycles: 2}}}}\n"))
    assert same.scratchpads["ifmap"].timing is not None
    assert same.scratchpads["ifmap"].timing.parameters == {"write_cycles": 9, "read_cycles": 2}
    other = load_system(written("extends: base.yaml\nscratchpads: {ifmap: {timing: {model: sram}}}\n"))
    assert other.scratchpads["ifmap"].timing is not None
    assert other.scratchpads["ifmap"].timing.parameters == {}


def test_timing_file_is_relative_to_the_file_that_names_it(folder: Path) -> None:
    Path("sub").mkdir()
    text = SMALL.replace("timing: sram", "timing: mine.py:Slow", 1)
    timing = load_system(written(text, "sub/m.yaml")).scratchpads["ifmap"].timing
    assert timing is not None
    assert timing.model == "sub/mine.py:Slow"


def test_content_hash_tells_machines_apart_and_not_their_names() -> None:
    system = load_system("edge-sram")
    assert override_system(system, ["name=other"]).content_hash() == system.content_hash()
    assert override_system(system, ["seed=1"]).content_hash() != system.content_hash()


# Overrides


def test_set_lays_values_upon_a_system() -> None:
    system = load_system("edge-sram", ["array.rows=16", "scratchpads.ifmap.capacity_bytes=1 MiB", "dma={outstanding_bursts: 4}"])
    assert system.array.rows == 16
    assert system.scratchpads["ifmap"].capacity_bytes == 2**20
    assert (system.dma.outstanding_bursts, system.dma.burst_bytes) == (4, 64)


def test_set_timing_takes_a_file_and_drops_the_bank_groups() -> None:
    pad = load_system("edge-hybrid", ["scratchpads.ifmap.timing=mine.py:Slow"]).scratchpads["ifmap"]
    assert pad.timing is not None
    assert pad.timing.model == "mine.py:Slow"
    assert pad.bank_groups is None


def test_set_reaches_one_bank_group_and_one_parameter() -> None:
    pads = load_system(
        "edge-hybrid",
        ["scratchpads.ifmap.bank_groups.1.timing=sram", "scratchpads.accumulator.timing.parameters.read_cycles=3"],
    ).scratchpads
    assert set(pads["ifmap"].memory_of_banks) == {"sram"}
    timing = pads["accumulator"].timing
    assert timing is not None
    assert (timing.model, timing.parameters) == ("sram", {"read_cycles": 3})


def test_set_null_takes_a_key_back() -> None:
    system = load_system("edge-sram", ["array.partial_sums=ofmap", "scratchpads.accumulator=null"])
    assert set(system.scratchpads) == {"ifmap", "filter", "ofmap"}


def test_override_leaves_the_system_as_it_was() -> None:
    system = load_system("edge-sram")
    before = copy.deepcopy(system.to_yaml_dict())
    assert override_system(system, ["array.rows=8"]).array.rows == 8
    assert system.to_yaml_dict() == before


KEYS_OF_ARRAY = "rows, columns, count, dataflow, fold_overlap, edge, partial_sums, port_window"
BAD_SETS: list[tuple[str, str]] = [
    ("nonsense", "expected KEY=VALUE such as array.rows=16, got 'nonsense'"),
    ("array..rows=1", "expected KEY=VALUE such as array.rows=16, got 'array..rows=1'"),
    ("aray.rows=4", "unknown key 'aray'; did you mean 'array'?"),
    ("array.rws=4", "unknown key 'rws' in array; did you mean 'rows'?"),
    ("array.rows=0", "array.rows: expected at least 1, got 0"),
    ("array.rows='32'", "array.rows: expected an integer, got '32'"),
    ("array.rows=3.5", "array.rows: expected an integer, got 3.5"),
    ("array.rows=2000000", "array.rows: expected at most 1048576, got 2000000"),
    ("array.rows.x=3", "expected a mapping at array.rows to set 'x' in, got the value 32"),
    ("array=3", f"array: expected a mapping with keys {KEYS_OF_ARRAY}, got 3"),
    ("array.dataflow=wss", "array.dataflow: expected 'ws', 'os' or 'is', got 'wss'; did you mean 'ws'?"),
    ("array.dataflow=rs", "array.dataflow: expected 'ws', 'os' or 'is', got 'rs'"),
    ("array.fold_overlap=true", "array.fold_overlap: expected 'none', 'after-wave' or 'wave', got true"),
    (
        "array={edge: skewed-fetch, fold_overlap: wave}",
        "array.edge: expected 'skew-registers' with array.fold_overlap 'wave', got 'skewed-fetch'; or set array.fold_overlap: "
        "after-wave",
    ),
    ("name=''", "name: expected text that is not empty, got ''"),
    ("seed=true", "seed: expected an integer, got true"),
    ("seed=-1", "seed: expected at least 0, got -1"),
    ("words.psum_bytes=3", "words.psum_bytes: expected 1, 2, 4 or 8, got 3"),
    ("words.psum_bytes=true", "words.psum_bytes: expected 1, 2, 4 or 8, got true"),
    ("core_clock_hz=1 GHZ", "core_clock_hz: expected a frequency such as '1 GHz', got '1 GHZ'; did you mean 'GHz'?"),
    (
        "scratchpads.ifmap.capacity_bytes=64 parsecs",
        "scratchpads.ifmap.capacity_bytes: expected a size such as '64 KiB', got '64 parsecs'; units: B, KiB, MiB, GiB",
    ),
    (
        "scratchpads.ifmap.capacity_bytes=1000",
        "scratchpads.ifmap.capacity_bytes: expected a multiple of banks x line_bytes = 512, got 1000",
    ),
    ("scratchpads.ifmap.banks=0", "scratchpads.ifmap.banks: expected at least 1, got 0"),
    ("scratchpads.ifmap.bnaks=4", "unknown key 'bnaks' in scratchpads.ifmap; did you mean 'banks'?"),
    ("scratchpads.imap.banks=3", "unknown key 'imap' in scratchpads; did you mean 'ifmap'?"),
    ("scratchpads.ifmap.bank_groups=3", "scratchpads.ifmap.bank_groups: expected a list, got 3"),
    ("scratchpads.ifmap.timing=null", "scratchpads.ifmap: expected one of timing, macro and bank_groups, got none of them"),
    (
        "scratchpads.ifmap.timing.parameters.write_cycles=x",
        "scratchpads.ifmap.timing.parameters.write_cycles: expected an integer, got 'x'",
    ),
    (
        "scratchpads.ifmap.bank_groups=[{banks: 3, timing: sram}]",
        "scratchpads.ifmap.bank_groups: expected groups of 16 banks in all, got 3",
    ),
    (
        "scratchpads.ifmap.write_buffer.high_watermark=9",
        "scratchpads.ifmap.write_buffer.high_watermark: expected at most the depth 8, got 9",
    ),
    (
        "scratchpads.ifmap.write_buffer.low_watermark=2",
        "scratchpads.ifmap.write_buffer.low_watermark: expected a high_watermark beside low_watermark 2, got none",
    ),
    (
        "scratchpads.ifmap.write_buffer={preemption: resume, read_priority: false}",
        "scratchpads.ifmap.write_buffer.preemption: expected read_priority: true with preemption 'resume', got false",
    ),
    (
        "scratchpads.ifmap.write_buffer={high_watermark: 4, low_watermark: 4}",
        "scratchpads.ifmap.write_buffer.low_watermark: expected less than high_watermark 4, got 4",
    ),
    (
        "scratchpads.ifmap={timing: sram, bank_groups: [{banks: 16, timing: sram}]}",
        "scratchpads.ifmap: expected one of timing, macro and bank_groups, got timing and bank_groups",
    ),
    ("array.rows=!x 3", "expected a plain value, got '3' tagged '!x'"),
    ("scratchpads.ifmap=null", "scratchpads: expected ifmap, filter and ofmap, or unified alone, got filter, ofmap"),
    (
        "scratchpads.accumulator=null",
        "scratchpads: expected an accumulator with array.partial_sums 'accumulator', got none; "
        "add scratchpads.accumulator or set array.partial_sums: ofmap",
    ),
    (
        "dma.burst_bytes=96",
        "dma.burst_bytes: expected a multiple or a divisor of scratchpads.accumulator.line_bytes = 128, got 96",
    ),
    ("memory.latncy_cycles=5", "unknown key 'latncy_cycles' in memory; did you mean 'latency_cycles'?"),
    (
        "array.rows=[1",
        "expected YAML, got a syntax error: expected ',' or ']', but got '<stream end>'; while parsing a flow sequence",
    ),
]


@pytest.mark.parametrize(("text", "message"), BAD_SETS, ids=[text for text, _ in BAD_SETS])
def test_bad_set_is_reported_in_one_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load_system("edge-sram", [text])
    assert str(caught.value) == f"overrides: {text}: {message}"


def test_set_outside_a_list_names_the_indices() -> None:
    with pytest.raises(InputError) as caught:
        load_system("edge-hybrid", ["scratchpads.ifmap.bank_groups.2.banks=4"])
    text = "overrides: scratchpads.ifmap.bank_groups.2.banks=4"
    assert str(caught.value) == f"{text}: expected an index of scratchpads.ifmap.bank_groups from 0 to 1, got '2'"


def test_xor_needs_a_power_of_two_of_banks() -> None:
    sets = ["scratchpads.ifmap.interleaving=xor", "scratchpads.ifmap.capacity_bytes=240 KiB", "scratchpads.ifmap.banks=15"]
    with pytest.raises(InputError) as caught:
        load_system("edge-sram", sets)
    message = "scratchpads.ifmap.banks: expected a power of two with interleaving 'xor', got 15"
    assert str(caught.value) == f"overrides: scratchpads.ifmap.banks=15: {message}"


def test_line_holds_whole_words() -> None:
    with pytest.raises(InputError) as caught:
        load_system("edge-sram", ["scratchpads.filter.line_bytes=1", "words.filter_bytes=2"])
    message = "scratchpads.filter.line_bytes: expected a multiple of words.filter_bytes = 2, got 1"
    assert str(caught.value) == f"overrides: scratchpads.filter.line_bytes=1: {message}"


# Bad files


BAD_FILES: list[tuple[str, str, str]] = [
    ("unknown key", SMALL + "arry: 3\n", "m.yaml:15: unknown key 'arry'; did you mean 'array'?"),
    ("missing key", SMALL.replace("  rows: 4\n", ""), "m.yaml:2: missing key 'rows' in array"),
    ("missing section", SMALL.replace("core_clock_hz: 1 GHz\n", ""), "m.yaml:1: missing key 'core_clock_hz'"),
    ("duplicate key", SMALL.replace("  columns: 4", "  rows: 4"), "m.yaml:4: duplicate key 'rows'; first written at m.yaml:3"),
    ("wrong type", SMALL.replace("rows: 4", "rows: [4]"), "m.yaml:3: array.rows: expected an integer, got a list"),
    (
        "wrong word",
        SMALL.replace("dataflow: ws", "dataflow: on"),
        "m.yaml:5: array.dataflow: expected 'ws', 'os' or 'is', got true",
    ),
    (
        "list for a mapping",
        SMALL.replace(f"ifmap: {PAD}", "ifmap: []"),
        "m.yaml:8: scratchpads.ifmap: expected a mapping with keys capacity_bytes, banks, line_bytes, ports_per_bank, "
        "interleaving, arbiter, timing, macro, bank_groups, write_buffer, got a list",
    ),
    (
        "accumulator too many",
        SMALL.replace("memory:", f"  accumulator: {PAD}\nmemory:"),
        "m.yaml:11: scratchpads.accumulator: expected no accumulator with array.partial_sums 'ofmap', got one; "
        "remove it (accumulator: null) or set array.partial_sums: accumulator",
    ),
    (
        "extends nothing",
        SMALL + "extends: edge-srm\n",
        "m.yaml:15: expected a preset system or a file, got 'edge-srm'; did you mean 'edge-sram'?",
    ),
    ("extends no file", SMALL + "extends: gone.yaml\n", "m.yaml:15: expected a file, found none at 'gone.yaml'"),
    ("extends a number", SMALL + "extends: 3\n", "m.yaml:15: extends: expected a preset's name or a file, got 3"),
    ("extends itself", SMALL + "extends: m.yaml\n", "m.yaml:15: extends: expected no cycle, got m -> m"),
    (
        "no YAML",
        "array: {rows: 4\n",
        "m.yaml:2: expected YAML, got a syntax error: expected ',' or '}', but got '<stream end>'; while parsing a flow mapping",
    ),
    ("a tag", SMALL.replace("rows: 4", "rows: !py 4"), "m.yaml:3: expected a plain value, got '4' tagged '!py'"),
    (
        "an alias of itself",
        SMALL + "words: &w\n  a: *w\n",
        "m.yaml:15: expected a value, got an alias of the mapping or list that holds it",
    ),
    ("a list as key", SMALL + "? [a]\n: 3\n", "m.yaml:15: expected a name as key, got a mapping or list"),
]


@pytest.mark.parametrize(("kind", "text", "message"), BAD_FILES, ids=[kind for kind, _, _ in BAD_FILES])
def test_bad_file_is_reported_with_its_line(folder: Path, kind: str, text: str, message: str) -> None:
    path = written(text)
    with pytest.raises(InputError) as caught:
        load_system(path)
    assert lines_of(caught)[0] == message
    assert str(validate_file(path)[0]) == message


def test_all_errors_are_reported_at_once(folder: Path) -> None:
    text = (
        SMALL.replace("rows: 4", "rows: 0")
        .replace("columns: 4", "colums: 4")
        .replace("latency_cycles: 10", "latency_cycles: soon")
    )
    path = written(text + "seed: -1\nvector_unit: {lanes: 0}\n")
    with pytest.raises(InputErrors) as caught:
        load_system(path, ["dma.burst_bytes=0", "core_clock_hz=fast"])
    assert sorted(lines_of(caught)) == sorted(
        [
            "overrides: core_clock_hz=fast: core_clock_hz: expected a frequency such as '1 GHz', got 'fast'",
            "m.yaml:15: seed: expected at least 0, got -1",
            "m.yaml:3: array.rows: expected at least 1, got 0",
            "m.yaml:2: missing key 'columns' in array",
            "m.yaml:4: unknown key 'colums' in array; did you mean 'columns'?",
            "overrides: dma.burst_bytes=0: dma.burst_bytes: expected at least 1, got 0",
            "m.yaml:13: memory.latency_cycles: expected an integer, got 'soon'",
            "m.yaml:16: vector_unit.lanes: expected at least 1, got 0",
        ]
    )
    assert len(validate_file(path)) == 6


def test_errors_of_a_base_are_reported_at_the_base(folder: Path) -> None:
    written(SMALL.replace("rows: 4", "rows: 0"), "base.yaml")
    assert [str(error) for error in validate_file(written("extends: base.yaml\nseed: -1\n"))] == [
        "m.yaml:2: seed: expected at least 0, got -1",
        "base.yaml:3: array.rows: expected at least 1, got 0",
    ]


def test_longer_cycle_of_extends_is_reported_whole(folder: Path) -> None:
    written("extends: b.yaml\n", "a.yaml")
    written("extends: a.yaml\n", "b.yaml")
    with pytest.raises(InputError) as caught:
        load_system("a.yaml")
    assert str(caught.value) == "b.yaml:1: extends: expected no cycle, got a -> b -> a"


@pytest.mark.parametrize(("text", "came"), [("", "None"), ("- 1\n", "[1]"), ("hello\n", "'hello'")])
def test_what_is_no_mapping_is_no_system(folder: Path, text: str, came: str) -> None:
    with pytest.raises(InputError) as caught:
        load_system(written(text))
    assert str(caught.value).startswith("m.yaml")
    assert str(caught.value).endswith(f"got {came}")


def test_unknown_names_and_files_are_reported(folder: Path) -> None:
    Path("m.json").write_text("{}")
    Path("bytes.yaml").write_bytes(b"\xff\xfe\x00")
    Path("bell.yaml").write_text("name: \a")
    cases: dict[str, str] = {
        "edge-srm": "expected a preset system or a file, got 'edge-srm'; did you mean 'edge-sram'?",
        "gone.yaml": "expected a file, found none at 'gone.yaml'",
        "m.json": "expected a file ending in .yaml, .yml, .cfg, got 'm.json'",
        "bell.yaml": r"bell.yaml: expected YAML, got the character '\x07', which it does not allow",
        "bytes.yaml": "bytes.yaml: expected a readable file, got: not UTF-8 text",
    }
    for source, message in cases.items():
        with pytest.raises(InputError) as caught:
            load_system(source)
        assert str(caught.value) == message
        assert [str(error) for error in validate_file(source)] == [message]


def test_good_file_has_no_errors(folder: Path) -> None:
    assert validate_file(written(SMALL)) == []


def test_spec_is_frozen() -> None:
    array: Any = load_system("edge-sram").array
    with pytest.raises(ValueError, match="frozen"):
        array.rows = 3


HIDING = """\
extends: {base}
array: {{rows: 0, colums: 8}}
scratchpads:
  ifmap: {{timing: nosuch, capacity_bytes: 100}}
  ofmap: {{interleaving: foo}}
  oops: {{banks: 1}}
dma: {{burst_bytes: 48}}
memory: {{model: dram, standard: ddr4_2400r, overrides: {{nRCDD: 1}}, controller: {{read_queue: 0}}}}
technology: {{table: nosuch}}
"""
FOUND = [
    "2: array.rows: expected at least 1",
    "2: unknown key 'colums' in array",
    "4: scratchpads.ifmap.capacity_bytes: expected a multiple of banks x line_bytes = 512",
    "4: scratchpads.ifmap.timing: no bank timing is called 'nosuch'",
    "5: scratchpads.ofmap.interleaving: expected 'low-order'",
    "6: unknown key 'oops' in scratchpads",
    "7: dma.burst_bytes: expected a multiple or a divisor of scratchpads.ifmap.line_bytes = 32",
    "8: memory.controller.read_queue: expected at least 1",
    "8: memory.overrides.nRCDD: expected a timing or a level of the standard",
]


def test_errors_behind_other_errors_are_reported_in_one_go(folder: Path) -> None:
    """A rule about several keys, an error of a bank timing, of a DRAM and of the technology each hide behind a wrong key."""
    told = [str(error) for error in validate_file(written(HIDING.format(base="edge-sram")))]
    assert len(told) == len(set(told))
    for start in [*FOUND, "9: technology.table"]:
        assert [line for line in told if line.startswith(f"m.yaml:{start}")], start
    assert all(line.startswith("m.yaml:") for line in told)


def test_a_base_that_is_missing_hides_no_other_error_and_makes_none(folder: Path) -> None:
    told = [str(error) for error in validate_file(written(HIDING.format(base="edge-srm")))]
    assert told[0] == "m.yaml:1: expected a preset system or a file, got 'edge-srm'; did you mean 'edge-sram'?"
    assert not [line for line in told if "missing key" in line]
    own = ("2: array.rows", "2: unknown key", "5: scratchpads.ofmap.interleaving", "6: unknown key", "8: memory.controller")
    for start in own:
        assert [line for line in told if line.startswith(f"m.yaml:{start}")], start
    with pytest.raises(InputError) as caught:
        load_system(written(HIDING.format(base="edge-srm")))
    assert str(caught.value) == told[0]


@pytest.mark.parametrize("name", preset_names())
def test_no_error_comes_from_the_values_that_stand_in(name: str, folder: Path) -> None:
    """One wrong key of a sound file gives one error."""
    wrong, told = ("core_clock_hz", "expected a frequency such as '1 GHz', got 'fast'")
    if load_system(name).kind == "pim-dram":  # whose clock is the DRAM's
        wrong, told = ("seed", "expected an integer, got 'fast'")
    lines = [f"extends: {name}", f"{wrong}: fast"]
    assert [str(error) for error in validate_file(written("\n".join(lines)))] == [f"m.yaml:2: {wrong}: {told}"]
    assert len(validate_file(written(f"extends: {name}\nwords: {{ifmap_bytes: 3}}\n"))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "array: {rows: 0}",
        "scratchpads: {ifmap: {banks: many}}",
        "scratchpads: {accumulator: {line_bytes: 0}}",
        "dma: {burst_bytes: x}",
        "scratchpads: {accumulator: {write_buffer: {depth: x, high_watermark: 20}}}",
        "array: {partial_sums: nowhere}",
        "scratchpads: {filter: {timing: nosuch}}",
        "memory: {latency_cycles: 0}",
        "technology: 5",
    ],
)
def test_one_wrong_key_gives_one_error(text: str, folder: Path) -> None:
    assert len(validate_file(written(f"extends: edge-sram\n{text}\n"))) == 1
