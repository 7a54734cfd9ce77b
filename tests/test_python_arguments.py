"""In Python: overrides as a mapping, and errors that name arguments instead of options of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from simcore import load_system, simulate
from simcore.cli import app
from simcore.errors import InputError
from simcore.spec import System


def test_overrides_may_be_a_mapping() -> None:
    wanted = {
        "array.rows": 16,
        "scratchpads.ofmap.timing": "stt-mram",
        "memory": {"latency_cycles": np.int64(9)},
        "vector_unit.fuse": False,
    }
    texts = ["array.rows=16", "scratchpads.ofmap.timing=stt-mram", "memory.latency_cycles=9", "vector_unit.fuse=false"]
    assert load_system("edge-sram", wanted) == load_system("edge-sram", texts)
    named = simulate("lenet5", layers="c1", overrides=wanted, dataflow="os")
    said = simulate("lenet5", layers="c1", overrides=texts, dataflow="os")
    assert named.layers.equals(said.layers)
    assert isinstance(named.system, System)
    assert (named.system.array.rows, named.system.array.dataflow) == (16, "os")
    assert named.manifest["overrides"][:2] == ["array.rows=16", 'scratchpads.ofmap.timing="stt-mram"']
    assert load_system("edge-sram", named.manifest["overrides"][:2]).array.rows == 16  # type: ignore[attr-defined]


def test_a_mapping_changes_a_system_that_is_given_as_an_object() -> None:
    machine = load_system("edge-sram", of=System)
    assert simulate("lenet5", machine, layers="c1", overrides={"array.rows": 8}).system == load_system(
        "edge-sram", {"array.rows": 8, "name": machine.name}
    )


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ({"array.rows": 0}, "overrides['array.rows']: array.rows: expected at least 1, got 0"),
        ({"array.rowz": 4}, "overrides['array.rowz']: unknown key 'rowz' in array; did you mean 'rows'?"),
        ({"array..rows": 4}, "overrides['array..rows']: expected a key such as array.rows, got 'array..rows'"),
        ({"array": {}}, "overrides['array']: expected a value, got an empty mapping, which would change nothing"),
        (["array.rows=0"], "overrides: array.rows=0: array.rows: expected at least 1, got 0"),
        (["array.rows"], "overrides: array.rows: expected KEY=VALUE such as array.rows=16, got 'array.rows'"),
        (
            "array.rows=8",
            "overrides: expected a mapping such as {'array.rows': 16}, or a sequence of texts such as 'array.rows=16', got",
        ),
        ({8: 4}, "overrides: expected a mapping such as {'array.rows': 16}, or a sequence of texts such as 'array.rows=16', got"),
        (7, "overrides: expected a mapping such as {'array.rows': 16}, or a sequence of texts such as 'array.rows=16', got 7"),
    ],
)
def test_an_error_in_overrides_names_the_argument(overrides: Any, told: str) -> None:
    with pytest.raises(InputError) as caught:
        simulate("lenet5", overrides=overrides)
    assert str(caught.value).startswith(told)
    assert "--" not in str(caught.value)


def test_the_command_line_names_its_option() -> None:
    ended = CliRunner().invoke(app, ["run", "lenet5", "--set", "array.rows=0"])
    assert (ended.exit_code, ended.stderr) == (2, "simcore: --set array.rows=0: array.rows: expected at least 1, got 0\n")


@pytest.mark.parametrize(
    "arguments",
    [
        {"system": "ideal-titan-xp", "dataflow": "ws"},
        {"system": "ideal-titan-xp", "check_values": True},
        {"check_values": True},
        {"overrides": {"memory.standard": "ddr4_2400r"}},
        {"overrides": {"technology.leakage_class": "hp"}},
        {"engine": "fast"},
        {"dataflow": "xs"},
        {"layers": " , "},
        {"training": "adamm"},
        {"batch": 0},
    ],
    ids=str,
)
def test_no_error_in_python_speaks_of_options(arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        simulate("lenet5", **arguments)
    assert "--" not in str(caught.value)


def test_results_that_exist_are_told_in_both_languages(tmp_path: Path) -> None:
    results = simulate("lenet5", layers="c1")
    results.save(tmp_path / "out")
    with pytest.raises(InputError, match="overwrite=True"):
        results.save(tmp_path / "out")
