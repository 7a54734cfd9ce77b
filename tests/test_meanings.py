"""Every key of a user's file has a meaning at its field, and every printed name can be explained."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from printed_headings import printed_headings
from typer.testing import CliRunner

from simcore import simulate
from simcore.cli import app
from simcore.dram.standard import load_standard, pim_names, standard_names
from simcore.errors import InputError
from simcore.meanings import keys_page
from simcore.meanings.headings import GROUPS, spoken
from simcore.meanings.keys import all_keys
from simcore.meanings.lookup import all_meanings, explain
from simcore.pim.limits import CAUSES as PIM_CAUSES
from simcore.program.outcome import CAUSE_NAMES
from simcore.program.program import Port
from simcore.results import metrics_page
from simcore.results.glossary import SCRATCHPADS, all_terms
from simcore.systolic.printed import totals_table

LEAVES = [item for item in all_keys() if item.values != "keys of its own"]


def said(name: str) -> str:
    return " ".join(" ".join([meaning.group, meaning.text, *meaning.details]) for meaning in explain(name))


def test_every_key_has_a_meaning_and_says_whether_cycles_depend_on_it() -> None:
    lacking = [
        f"{item.file}: {item.path}"
        for item in all_keys()
        if not item.meaning.endswith(".") or (item.changes_cycles is not None) != (item in LEAVES)
    ]
    told = "write Annotated[TYPE, key('What it means.', 'unit', cycles=True or False)] at the field (simcore/reading/keys.py)"
    assert not lacking, told


def test_the_reference_has_every_key_of_every_kind_and_of_dram_tables() -> None:
    paths = {(item.file, item.path) for item in all_keys()}
    assert {
        ("every kind", "extends"),
        ("systolic", "scratchpads.NAME.bank_groups.INDEX.macro.beside.INDEX.bits_percent"),
        ("systolic", "memory.controller.write_pulse.set_share"),
        ("ideal and roofline", "memory.pj_per_byte.value"),
        ("roofline", "efficiency.vector.percent"),
        ("DRAM tables", "constraints.NAME.window"),
    } <= paths
    assert len(paths) + 1 == len(all_keys())  # memory.model stands once for each model


@pytest.mark.slow
def test_the_keys_page_is_what_explain_says() -> None:
    page = Path(__file__).parents[1] / "docs" / "system-keys.md"
    assert page.read_text(encoding="utf-8") == keys_page.markdown(), "python -m simcore.meanings.keys_page > docs/system-keys.md"
    command = [sys.executable, "-W", "error", "-m", "simcore.meanings.keys_page"]
    printed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (printed.returncode, printed.stdout, printed.stderr) == (0, keys_page.markdown(), "")


def test_values_and_defaults_follow_from_the_types() -> None:
    found = {item.path: (item.values, item.unit, item.default) for item in all_keys() if not item.only_with}
    assert found["array.port_window"] == ("an integer from 1 to 2^20", "elements", "8")
    assert found["array.edge"] == ("`skew-registers` or `skewed-fetch`", "", "skew-registers")
    assert found["dma.burst_bytes"] == ("a size such as `64 KiB`, or a number of bytes", "bytes", "64 B")
    assert found["core_clock_hz"] == ("a frequency such as `1 GHz`, or a number of Hz", "Hz", "needed")
    assert found["scratchpads.NAME.write_buffer.high_watermark"] == ("an integer from 1 to 2^20", "lines", "none")
    assert found["technology.gating.leakage_percent"] == ("a number from 0 to 100", "percent", "0.0")
    assert found["speeds.NAME.timings"] == ("a mapping from names to cycles or expressions", "cycles", "none")
    assert found["name"][2] == "the file's"


@pytest.mark.slow
def test_every_printed_heading_is_explained() -> None:
    named = {name.casefold() for meaning in all_meanings() for name in (meaning.name, meaning.name.rpartition(".")[2])}
    printed = printed_headings()
    assert {"map %", "bound by", "conflict cyc."} <= set(printed)
    lacking = {heading: file for heading, file in printed.items() if heading and spoken(heading).casefold() not in named}
    assert not lacking, "define them in simcore/meanings/headings.py"


def test_no_heading_is_defined_that_is_a_column_or_defined_twice() -> None:
    names = [name for headings in GROUPS.values() for name in headings]
    assert len(names) == len(set(names))
    assert not set(names) & set(all_terms())


def test_every_row_of_the_totals_is_explained() -> None:
    for system in ("edge-stt", "edge-sram-ddr4"):
        results = simulate("lenet5", system, layers="c1")
        for row in totals_table(results).rows:
            assert explain(str(row[0]).removeprefix("ddr4_2400r ")), row[0]


@pytest.mark.slow
def test_every_key_cause_scratchpad_port_and_timing_is_explained() -> None:
    for item in all_keys():
        assert item.meaning in {meaning.text for meaning in explain(item.path)}
        assert item.meaning in {meaning.text for meaning in explain(item.steps[-1])}
    ports = [port.name.lower() for port in Port]
    for name in (*CAUSE_NAMES, *ports, *SCRATCHPADS, *all_terms()):
        assert explain(name)
    for standard in standard_names():
        spec = load_standard(standard).spec
        for name, text in spec.parameters.items():
            assert text in said(name)
            assert text in said(f"t{name[1:].upper()}")
        for name, rule in spec.constraints.items():
            assert f"at least {rule.latency} cycles" in said(name)


def keys_in(values: object) -> set[str]:
    """All keys of nested JSON values."""
    nested = values.values() if isinstance(values, dict) else values if isinstance(values, list) else ()
    return (set(values) if isinstance(values, dict) else set()).union(*map(keys_in, nested))


def test_every_cause_command_and_key_of_pim_is_explained() -> None:
    multiply = ["pim", "multiply", "--bits", "2", "--variation", "10", "--json"]
    commands = {name for standard in (*standard_names(), *pim_names()) for name in load_standard(standard).spec.commands}
    found = {*PIM_CAUSES, *commands}
    for arguments in (multiply, ["pim", "op", "mul", "--bits", "8", "--elements", "9", "--json"]):
        found |= keys_in(json.loads(CliRunner().invoke(app, arguments).stdout))
    assert {"lock_step", "activate", "wrong_products_percent", "runtime_ns", "REFpb"} <= found
    for name in sorted(found):
        assert explain(name), name
    for cause in PIM_CAUSES:
        assert "Stall causes" in {meaning.group for meaning in explain(cause)}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rows", "Rows of processing elements"),
        ("write_buffer.depth", "Entries of the buffer"),
        ("scratchpads.ifmap.banks", "serve requests independently"),
        ("scratchpads.ifmap.bank_groups.0.timing.model", "bank timing"),
        ("latency_cycles", "with memory.model: simple"),
        ("Map %", "processing elements that hold work"),
        ("tFAW", "window in which at most four ACT may come"),
        ("tCCD_S", "other bank group"),
        ("nLINK", "a row's way over the links of two subarrays"),
        ("nHALF", "what the other half of the row adds"),
        ("nAAD", "ACT to the second activation of an AAP"),
        ("nCMD", "which all subarrays of a channel share"),
        ("nPOW", "period in which the power allows 32 activations"),
        ("global-pool", "Always 0, because it works in the adders of ReLU"),
        ("energy mac, uJ", "energy of one multiply-accumulate"),
        ("energy dram_refresh, uJ", "refresh power by memory.type"),
        ("area array, mm2", "Area of a part of the machine"),
        ("area in all, mm2", "as a metric, their sum"),
        ("port_window", "Values: an integer from 1 to 2^20; default: 8. Effect: cycles can depend on it."),
        ("wake_cycles", "Effect: no cycle depends on it."),
    ],
)
def test_explain_finds_names_as_a_user_types_them(name: str, words: str) -> None:
    assert words in said(name)


def test_one_name_may_have_several_meanings() -> None:
    groups = [meaning.group for meaning in explain("ifmap")]
    assert groups == ["Scratchpads", "Ports"]
    for name, groups in (
        ("rank", ["DRAM", "DRAM that multiplies"]),
        ("bound_by", ["Bounds of yardsticks", "DRAM that multiplies"]),
    ):
        assert [meaning.group for meaning in explain(name)[:2]] == groups
        assert all(f"| `{name}` | - | {meaning.text} |" in metrics_page.markdown() for meaning in explain(name)[:2])
    shown = CliRunner().invoke(app, ["explain", "memory"]).stdout
    assert "(Columns of banks)" in shown
    assert "(Keys of kind systolic)" in shown
    assert "(Keys of kinds ideal and roofline)" in shown


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("write_backpresure", "did you mean 'write_backpressure'"),
        ("arry.rows", "did you mean 'array.rows'"),
        ("depht", "did you mean 'depth'"),
        ("qqqqqqqqqq", "'simcore explain' lists all"),
        ("q" * 5000, "'simcore explain' lists all"),
    ],
)
def test_an_unknown_name_gives_the_nearest_names_and_exit_code_2(name: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        explain(name)
    assert (caught.value.hint or "").startswith(hint)
    ended = CliRunner().invoke(app, ["explain", name])
    assert ended.exit_code == 2
    assert hint in ended.stderr


def test_without_a_name_everything_is_listed() -> None:
    shown = json.loads(CliRunner().invoke(app, ["explain", "--json"]).stdout)
    assert [row["name"] for row in shown] == [meaning.name for meaning in all_meanings()]
