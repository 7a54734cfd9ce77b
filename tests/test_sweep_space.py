"""SPACE.yaml: what it may say, which points it means, and the errors in it, each with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from simcore.errors import InputError, InputErrors
from simcore.sweeps.conditions import condition
from simcore.sweeps.reading import read_space
from simcore.sweeps.resolve import Resolver
from simcore.sweeps.space import Space
from simcore.sweeps.table import shown_value
from simcore.sweeps.wanted import wanted_choices


def space_of(tmp_path: Path, text: str) -> Space:
    (tmp_path / "space.yaml").write_text(text)
    return read_space(tmp_path / "space.yaml")


def points(space: Space, *keys: str) -> list[tuple[object, ...]]:
    resolver = Resolver(space.folder)
    return [tuple(shown_value(choice[key]) for key in keys) for choice in wanted_choices(space, resolver)]


def test_axes_are_crossed_and_those_of_a_zip_vary_together(tmp_path: Path) -> None:
    space = space_of(
        tmp_path,
        """
networks: [lenet5, alexnet]
run: {batch: 2}
set: {dma.outstanding_bursts: 8}
product:
  array.rows: [4, 8]
zip:
  - {array.columns: [1, 2, 3], run.dataflow: [ws, os, is]}
""",
    )
    keys = ("network", "array.rows", "array.columns", "run.dataflow", "system", "run.batch", "dma.outstanding_bursts")
    expected = [
        (network, rows, columns, dataflow, "edge-sram", 2, 8)
        for network in ("lenet5", "alexnet")
        for rows in (4, 8)
        for columns, dataflow in ((1, "ws"), (2, "os"), (3, "is"))
    ]
    assert points(space, *keys) == expected
    assert space.combinations == len(expected)


def test_ranges_add_or_multiply(tmp_path: Path) -> None:
    space = space_of(
        tmp_path,
        """
networks: lenet5
product:
  array.rows: {from: 3, to: 10, step: 3}
  array.columns: {from: 4, to: 40, times: 2}
  run.batch: {from: 1, to: 2}
""",
    )
    axes = {axis.key: [value.value for value in axis.values] for axis in space.axes}
    assert axes["array.rows"] == [3, 6, 9]
    assert axes["array.columns"] == [4, 8, 16, 32]
    assert axes["run.batch"] == [1, 2]


def test_conditions_read_what_varies_and_what_the_system_has(tmp_path: Path) -> None:
    space = space_of(
        tmp_path,
        """
networks: [lenet5]
systems: [edge-sram, edge-stt]
product:
  array.rows: [8, 32, 64]
  scratchpads.ifmap.capacity_bytes: [128 KiB, 256 KiB]
conditions:
  - array.rows <= array.columns            # 32 columns in both systems
  - system != 'edge-stt' or array.rows == 8
  - scratchpads.ifmap.capacity_bytes < 256 KiB or array.rows in [8]
""".replace("< 256 KiB", "< '256 KiB'"),
    )
    assert points(space, "system", "array.rows", "scratchpads.ifmap.capacity_bytes") == [
        ("edge-sram", 8, "128 KiB"),
        ("edge-sram", 8, "256 KiB"),
        ("edge-sram", 32, "128 KiB"),
        ("edge-stt", 8, "128 KiB"),
        ("edge-stt", 8, "256 KiB"),
    ]


def test_a_condition_sees_into_a_value_that_is_a_mapping() -> None:
    memories = [{"model": "dram", "standard": "ddr4_2400r"}, {"model": "simple", "clock_hz": "1 GHz"}]
    memories[1] |= {"latency_cycles": 9, "bytes_per_cycle": 4}
    space = read_space({"networks": "lenet5", "product": {"memory": memories}, "conditions": ["memory.model == 'simple'"]})
    found = list(wanted_choices(space, Resolver(None)))
    assert [choice["memory"].value["latency_cycles"].value for choice in found] == [9]  # type: ignore[index,union-attr,call-overload]


VALUES = {"a.b": 6, "c": "64 KiB", "name": "x", "flag": True}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b == 6 and c == 65536", True),
        ("c >= '64 KiB'", True),
        ("1 <= a.b // 4 < 2 and a.b % 4 == 2", True),
        ("a.b / 4 == 1.5 and -a.b < 0", True),
        ("not flag or name == 'y'", False),
        ("flag == true and name not in ['y', 'z']", True),
        ("max(a.b, 7) - min(a.b, 7, 5) == 2", True),
        ("name == 'x' or a.b / 0 > 1", True),
    ],
)
def test_conditions_by_hand(text: str, expected: bool) -> None:
    assert condition(text, "here").holds(VALUES.__getitem__) is expected


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "open('x')",
        "a.b ** 9 == 1",
        "[x for x in (1, 2)]",
        "(lambda: 1)()",
        "f'{a.b}'",
        "a[0] == 1",
        "max(*c) == 1",
        "max() == 1",
        "a.b ==",
        "1 is 1",
        "a.b << 2",
        "b'x' == 1",
        "(" * 150 + "1" + ")" * 150,
        "1" * 300,
        "-" * 190 + "1",
    ],
)
def test_what_is_no_condition_is_refused_and_never_executed(text: str) -> None:
    with pytest.raises(InputError, match=r"^here: "):
        condition(text, "here").holds(VALUES.__getitem__)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name < 3", "expected two numbers to put in order, got 'x' and 3"),
        ("a.b", "expected a condition that is true or false, 'a.b' gives 6"),
        ("name * 9 == 1", "expected a number, got 'x'"),
        ("a.b and flag", "expected true or false, got 6"),
        ("a.b in 6", "expected a list such as"),
        ("a.b % 0 == 1", "expected no division by zero"),
        ("a.b" + " * 9999999999" * 5 + " == 1", "expected smaller numbers"),
    ],
)
def test_values_that_do_not_fit_a_condition_are_named(text: str, message: str) -> None:
    with pytest.raises(InputError, match=f"^here: {message.replace('(', '[(]')}"):
        condition(text, "here").holds(VALUES.__getitem__)


def test_all_errors_of_a_space_come_at_once_with_their_lines(tmp_path: Path) -> None:
    text = """networks: [lenet5]
sistems: [edge-sram]
run: {bach: 3}
product:
  array.rows: []
  run.engin: [simpy]
  array.columns: {from: 8, to: 4}
zip:
  - array.columns: [1, 2]
    dma.burst_bytes: [64]
conditions:
  - array.rows <
search: {trials: 0}
"""
    with pytest.raises(InputErrors) as caught:
        space_of(tmp_path, text)
    lines = [str(error).removeprefix(f"{tmp_path}/") for error in caught.value.errors]
    assert lines == [
        "space.yaml:2: unknown key 'sistems'; did you mean 'systems'?",
        "space.yaml:5: array.rows: expected values, got an empty list",
        "space.yaml:6: unknown run option 'run.engin'; did you mean 'engine'?",
        "space.yaml:7: array.columns: expected a range that rises, got 8 to 4",
        f"space.yaml:9: 'array.columns' is given twice; first at {tmp_path}/space.yaml:7",
        "space.yaml:9: zip: expected equally many values of each key, got: array.columns has 2, dma.burst_bytes has 1",
        "space.yaml:3: unknown key 'bach'; did you mean 'batch'?",
        "space.yaml:12: expected an expression, got 'array.rows <'; an expression may hold keys, numbers, texts in quotes, "
        "+ - * / // %, comparisons, in [...], and, or, not, max() and min()",
        "space.yaml:13: search.trials: expected an integer from 1 to 100000, got 0",
    ]


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({}, "missing key 'networks'"),
        ({"networks": 3}, "expected the name or file of a network, got 3"),
        ({"networks": "lenet6"}, "no network named 'lenet6'"),
        ({"networks": "lenet5", "systems": "edge-sramm"}, "did you mean 'edge-sram'"),
        ({"networks": "lenet5", "product": {"array.row": [1, 2]}}, "unknown key 'row' in array; did you mean 'rows'"),
        ({"networks": "lenet5", "run": {"engine": "fast"}}, "no engine named 'fast'"),
        ({"networks": "lenet5", "run": {"layers": "c9"}}, "no layer matches 'c9'"),
        ({"networks": "lenet5", "conditions": ["array.rowz > 3"]}, "no key 'array.rowz' in system 'edge-sram'"),
        ({"networks": "lenet5", "conditions": ["array.rows > 99"]}, "no point of the space meets its conditions"),
        ({"networks": "lenet5", "objectives": ["mx:cycles"]}, "expected min:METRIC or max:METRIC, got 'mx:cycles'"),
        ({"networks": "lenet5", "product": {"array.rows": {"from": 1, "to": 10**9}}}, "expected at most 100,000 values"),
    ],
)
def test_a_space_of_which_no_point_can_be_made_is_one_clear_error(space: dict[str, object], message: str) -> None:
    from simcore import sweep

    with pytest.raises(InputError) as caught:
        sweep(space, jobs=1)
    assert message in str(caught.value)


def test_files_of_a_space_lie_beside_it(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("extends: edge-sram\narray: {rows: 4}\n")
    space = space_of(tmp_path, "networks: lenet5\nsystems: mine.yaml\n")
    choice = next(space.choices())
    machine = Resolver(space.folder).machine(choice)
    assert (machine.name, machine.to_yaml_dict()["array"]["rows"]) == ("mine", 4)
