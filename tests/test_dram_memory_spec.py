"""``memory`` is a latency and a bandwidth, or a DRAM: how one replaces the other, and the errors for bad input."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from simcore.clock import core_cycle_of, cycle_ratio
from simcore.dram.controller import ControllerSpec
from simcore.errors import InputError
from simcore.machine.machine import DramMemory, build_machine
from simcore.reading.tree import MEMORY_KEYS
from simcore.spec import DramMemorySpec, SimpleMemorySpec, System, load_system, override_system, validate_file

SMALL = """\
core_clock_hz: 1 GHz
array: {rows: 4, columns: 4, dataflow: ws, partial_sums: ofmap}
scratchpads:
  ifmap: &pad {capacity_bytes: 1 KiB, banks: 4, line_bytes: 16, timing: sram}
  filter: *pad
  ofmap: *pad
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, so that places in messages are short."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def dram_of(system: System) -> DramMemorySpec:
    assert isinstance(system.memory, DramMemorySpec)
    return system.memory


def told(*sets: str) -> str:
    with pytest.raises(InputError) as caught:
        load_system("edge-sram", sets)
    return str(caught.value)


@pytest.mark.parametrize(
    "sets",
    [
        ["memory=ddr4_2400r"],
        ["memory.model=dram", "memory.standard=ddr4_2400r"],
        ["memory.standard=ddr4_2400r", "memory.model=dram"],
        ["memory={model: dram, standard: ddr4_2400r}"],
    ],
)
def test_every_way_to_set_a_dram_leaves_the_same_machine(sets: list[str]) -> None:
    system = load_system("edge-sram", sets)
    assert system.memory == DramMemorySpec(standard="ddr4_2400r")
    assert System.model_validate(yaml.safe_load(yaml.safe_dump(system.to_yaml_dict()))) == system


def test_a_dram_named_by_text_takes_more_keys() -> None:
    sets = ["memory=ddr4_2400r", "memory.controller.scheduler=fcfs", "memory.overrides.rank=2"]
    found = dram_of(load_system("edge-sram", sets))
    assert (found.controller, found.overrides) == (ControllerSpec(scheduler="fcfs"), {"rank": 2})
    assert found.resolved().counts[1] == 2


def test_a_model_that_is_named_takes_the_other_ones_keys_away() -> None:
    assert told("memory.model=dram") == "overrides: memory.model=dram: missing key 'standard' in memory"
    with pytest.raises(InputError) as caught:
        override_system(load_system("edge-sram", ["memory=ddr4_2400r"]), ["memory.model=simple"])
    where = "overrides: memory.model=simple"
    assert sorted(str(caught.value).split("\n")) == [
        f"{where}: missing key '{key}' in memory" for key in ("bytes_per_cycle", "clock_hz", "latency_cycles")
    ]


def test_back_to_a_latency_and_a_bandwidth() -> None:
    sets = ["memory.model=simple", "memory.clock_hz=1 GHz", "memory.latency_cycles=9", "memory.bytes_per_cycle=8"]
    back = override_system(load_system("edge-sram", ["memory=ddr4_2400r"]), sets)
    assert back.memory == SimpleMemorySpec(clock_hz=10**9, latency_cycles=9, bytes_per_cycle=8)


def test_the_keys_of_a_model_are_its_specs() -> None:
    for model, spec in (("simple", SimpleMemorySpec), ("dram", DramMemorySpec)):
        assert {"model", *MEMORY_KEYS[model]} == set(spec.model_fields)


def test_a_table_is_found_beside_the_file_that_names_it(folder: Path) -> None:
    Path("sub").mkdir()
    Path("sub/mine.yaml").write_text("extends: ddr4_2400r\n")
    Path("sub/mine.py").write_text("WIDE = {'extends': 'ddr4_2400r', 'name': 'wide'}\n")
    for text, name in (("mine.yaml", "mine.yaml"), ("{model: dram, standard: 'mine.py:WIDE'}", "mine.py:WIDE")):
        Path("sub/machine.yaml").write_text(SMALL + f"memory: {text}\n")
        assert dram_of(load_system("sub/machine.yaml")).standard == f"sub/{name}"


def test_the_clock_is_the_standards(folder: Path) -> None:
    machine = build_machine(load_system("edge-sram", ["memory=ddr4_2400r"]))
    assert isinstance(machine.memory, DramMemory)
    # 833 ps at 1 GHz.
    assert machine.memory_ratio == (833, 1000) == cycle_ratio(10**9, 833)
    assert [core_cycle_of(k, 833, 1000) for k in (0, 1, 6, 1000)] == [0, 1, 5, 833]


BAD = [
    (
        "memory=ddr4_2400",
        "memory.standard: expected a DRAM standard, a preset or a file, got 'ddr4_2400'; did you mean 'ddr4_2400u'?",
    ),
    ("memory.model=drom", "memory.model: expected 'simple' or 'dram', got 'drom'; did you mean 'dram'?"),
    ("memory=5", "memory: expected a mapping, or the name of a DRAM standard, got 5"),
    ("memory=[1]", "memory: expected a mapping, or the name of a DRAM standard, got a list"),
    (
        "memory.standard=ddr4_2400r",
        "memory.standard: a key of model 'dram', but this memory is of model 'simple'; "
        "for a DRAM, set memory=ddr4_2400r or memory.model=dram",
    ),
    (
        "memory.controller.read_queue=8",
        "memory.controller: a key of model 'dram', but this memory is of model 'simple'; "
        "for a DRAM, set memory=NAME or memory.model=dram",
    ),
    ("memory=none.yaml", "memory.standard: expected a file, found none at 'none.yaml'"),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=[text for text, _ in BAD])
def test_a_bad_memory_is_reported_in_one_line(text: str, message: str) -> None:
    assert told(text) == f"overrides: {text}: {message}"


BAD_DRAMS = [
    ("memory.controller.schedular=fcfs", "unknown key 'schedular' in memory.controller; did you mean 'scheduler'?"),
    ("memory.overrides.rnk=2", "memory.overrides.rnk: expected a timing or a level of the standard; did you mean 'rank'?"),
    ("memory.overrides.rank=3", "memory.overrides: organisations.8Gb_x8.counts.rank: expected a power of two, got 3"),
    ("memory.overrides.rank=0", "memory.overrides.rank: expected at least 1, got 0"),
    (
        "memory.controller.mapping=RoBaRaCo",
        "memory.controller.mapping: no address mapping named 'RoBaRaCo'; did you mean 'RoBaRaCoCh'?",
    ),
    ("memory.latency_cycles=3", "unknown key 'latency_cycles' in memory; known: model, standard, overrides, controller"),
    (
        "memory.controller.row_policy.timeout_cycles=9",
        "memory.controller.row_policy.timeout_cycles: takes effect only with name 'timeout', got name 'open'",
    ),
    (
        "memory.controller.refresh=per-bank",
        "memory.controller: ddr4_2400r: no command with role refresh_bank, which refresh 'per-bank' needs",
    ),
    (
        "memory.overrides.nRC=3",
        "memory.overrides: nRAS (tRAS) is 39 cycles and nRC (tRC) 3: expected tRAS <= tRC, "
        "because a row cycle holds its activation",
    ),
]


@pytest.mark.parametrize(("text", "message"), BAD_DRAMS, ids=[text for text, _ in BAD_DRAMS])
def test_a_bad_key_of_a_dram_is_reported_in_one_line(text: str, message: str) -> None:
    assert told("memory=ddr4_2400r", text) == f"overrides: {text}: {message}"


def test_a_core_clock_without_a_ratio_of_small_terms_is_refused() -> None:
    message = "memory: expected a core clock of whole kHz beside a DRAM, got 999999937 Hz with a DRAM cycle of 833 ps"
    assert told("core_clock_hz=999999937", "memory=ddr4_2400r") == f"overrides: memory=ddr4_2400r: {message}"
    load_system("edge-sram", ["core_clock_hz=999937 kHz", "memory=ddr4_2400r"])


def test_errors_of_a_file_name_its_lines_and_those_of_the_table(folder: Path) -> None:
    Path("mine.yaml").write_text("extends: ddr4_2400r\nbuses: [comand]\nbusses: red\n")
    Path("m.yaml").write_text(SMALL + "memory:\n  model: dram\n  standard: mine.yaml\n")
    assert [str(error) for error in validate_file("m.yaml")] == [
        "m.yaml:9: memory.standard: mine.yaml:3: unknown key 'busses'; did you mean 'buses'?"
    ]
    Path("m.yaml").write_text(SMALL + "memory:\n  model: dram\n  standard: ddr4_2400r\n  controler: {}\n")
    assert [str(error) for error in validate_file("m.yaml")] == [
        "m.yaml:10: unknown key 'controler' in memory; did you mean 'controller'?"
    ]


def test_a_table_that_is_not_there_is_reported_with_all_other_errors(folder: Path) -> None:
    wrong = "memory:\n  model: dram\n  standard: none.yaml\n  controller: {read_queue: 0, row_policy: {accesses: 9}}\n"
    Path("m.yaml").write_text(SMALL.replace("rows: 4", "rows: 0") + wrong)
    assert [str(error) for error in validate_file("m.yaml")] == [
        "m.yaml:2: array.rows: expected at least 1, got 0",
        "m.yaml:9: memory.standard: expected a file, found none at 'none.yaml'",
        "m.yaml:10: memory.controller.row_policy.accesses: takes effect only with name 'closed-after', got name 'open'",
        "m.yaml:10: memory.controller.read_queue: expected at least 1, got 0",
    ]


def test_overrides_controller_and_mapping_are_reported_together(folder: Path) -> None:
    both = ["memory.overrides.rnk=2", "memory.controller.refresh=per-bank", "memory.controller.mapping=RoBaRaCo"]
    lines = told("memory=ddr4_2400r", *both).split("\n")
    assert [line.split(": ", 2)[2].split("; ")[0] for line in lines] == [
        "memory.overrides.rnk: expected a timing or a level of the standard",
        "memory.controller: ddr4_2400r: no command with role refresh_bank, which refresh 'per-bank' needs",
        "memory.controller.mapping: no address mapping named 'RoBaRaCo'",
    ]


@pytest.mark.parametrize("key", ["write_low_watermark", "write_high_watermark", "write_pulse.set_share"])
def test_true_is_no_share(key: str) -> None:
    assert f"memory.controller.{key}: expected a number, got true" in told("memory=ddr4_2400r", f"memory.controller.{key}=true")
