"""The kind `pim-dram` on the command line: tables, JSON, options, values, what is explained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from command_line import invoke, printed_json
from pim_kind import SMALL

from simcore import simulate
from simcore.errors import WrongValuesError
from simcore.kinds.advice import Loss
from simcore.meanings.lookup import explain
from simcore.pim.value_check import dot_products
from simcore.pim_dram.losses import changes
from simcore.pim_dram.printed import printed_lines
from simcore.results import TABLES
from simcore.results.glossary import all_terms
from simcore.spec import load_system


def test_tables_are_those_of_every_kind_and_its_own_and_every_column_is_explained(tmp_path: Path) -> None:
    results = simulate("lenet5", "pim-dram-ddr4")
    assert set(results.tables()) == {*TABLES, "mapping", "phases", "commands", "activations"}
    assert not len(results.ports)  # an array's
    columns = {str(column) for table in results.tables().values() for column in table.columns} - {"metric", "value", "unit"}
    assert columns <= set(all_terms())
    results.save(tmp_path / "out")
    assert (tmp_path / "out" / "mapping.parquet").exists()


def test_the_json_has_the_commands_and_the_keys_of_every_kind() -> None:
    found, other = (printed_json("run", "lenet5", "--system", name) for name in ("pim-dram-ddr4", "titan-xp"))
    assert set(other) - {"bounds"} <= set(found)
    assert set(found["commands"]) == {"ACT", "PRE", "AAP", "AP", "RD", "WR", "REF"}
    assert sum(layer["cycles"] for layer in found["layers"]) == found["cycles"] == sum(found["phases"].values())


@pytest.mark.slow
@pytest.mark.parametrize("width", ["60", "80"])
def test_the_tables_fit_a_narrow_terminal(width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", width)
    result = invoke("run", "lenet5", "--system", "pim-dram-ddr4")
    assert result.exit_code == 0, result.output
    tables = [line for line in result.stdout.splitlines() if "  " in line]
    assert max(map(len, tables)) <= int(width)
    assert "Commands and" in result.stdout


@pytest.mark.slow
def test_precision_sets_the_bits_of_both_operands() -> None:
    short = printed_json("run", "lenet5", "--system", "pim-dram-ddr4", "--precision", "2x4")
    long = printed_json(
        *("run", "lenet5", "--system", "pim-dram-ddr4"),
        *("--set", "precision.weight_bits=2", "--set", "precision.activation_bits=4"),
    )
    assert short["cycles"] == long["cycles"]
    for bits, told in (("8x", "such as 8, or 4x8"), ("4x17", "--precision 4x17: expected 1 to 16 bits, got 17")):
        result = invoke("run", "lenet5", "--system", "pim-dram-ddr4", "--precision", bits)
        assert result.exit_code == 2
        assert told in result.stderr
    other = invoke("run", "lenet5", "--precision", "8")
    assert other.exit_code == 2
    assert "'systolic' has no precision in bits" in other.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "more", [("limits.refresh=all-bank",), ("placement=pipelined",), ("operands=bus", "weights=reloaded", "active_subarrays=2")]
)
def test_the_command_stream_has_the_counted_commands_and_breaks_no_rule(more: tuple[str, ...], tmp_path: Path) -> None:
    stream = tmp_path / "stream.csv"
    overrides = [text for change in ("dram.overrides={column: 16}", *more) for text in ("--set", change)]
    found = printed_json(
        *("run", "lenet5", "--system", "pim-dram-ddr4", "--precision", "2", "--layers", "c3,s4,f6"),
        *("--commands", str(stream), *overrides),
    )
    names = [line.split(",")[1] for line in stream.read_text().splitlines()[1:]]
    issued = found["commands"]
    assert sum(name.startswith(("ACT", "COPY")) for name in names) == issued["ACT"]
    assert sum(name.startswith("PRE") for name in names) == issued["PRE"]
    assert (names.count("RD"), names.count("WR"), names.count("REFab")) == (issued["RD"], issued["WR"], issued["REF"])
    checked = invoke("dram", "check", str(stream), "--standard", "pim-ddr4_2666")
    assert checked.exit_code == 0, checked.output
    assert "no violation" in checked.output


def test_a_stream_is_claimed_before_the_run_and_not_too_long(tmp_path: Path) -> None:
    result = invoke("run", "alexnet", "--system", "pim-dram-ddr4", "--commands", str(tmp_path / "stream.csv"))
    assert result.exit_code == 2
    assert "expected a stream of at most 2,000,000 commands" in result.stderr
    assert not (tmp_path / "stream.csv").exists()
    result = invoke("run", "lenet5", "--commands", str(tmp_path / "stream.csv"))
    assert result.exit_code == 2
    assert "'systolic' has no command stream of its own" in result.stderr
    result = invoke("run", "lenet5", "--system", "pim-dram-ddr4", "--commands", str(tmp_path / "no" / "stream.csv"))
    assert result.exit_code == 2


def test_an_operation_of_pimevals_table_writes_its_row_accesses(tmp_path: Path) -> None:
    stream = tmp_path / "stream.csv"
    found = printed_json("pim", "op", "mul", "--bits", "8", "--elements", "1000", "--commands", str(stream))
    lines = [line.split(",") for line in stream.read_text().splitlines()[1:]]
    assert [name for _, name, *_ in lines] == ["ACT", "PREpb"] * 108
    assert (int(lines[-1][0]) + 19) * 0.75 == found["runtime_ns"]
    assert invoke("dram", "check", str(stream), "--standard", "pim-ddr4_2666").exit_code == 0


def test_the_values_of_single_layers_are_checked() -> None:
    results = simulate("lenet5", "pim-dram-ddr4", layers="c3,s4", check_values=True, overrides=SMALL)
    assert results.values["c3"] == "equal"
    assert results.values["s4"].startswith("none")
    assert results.manifest["values_checked"]
    shown = invoke("run", "lenet5", "--system", "pim-dram-ddr4", "--precision", "3", "--check-values", "--layers", "f6")
    assert "Values: in 1 of 1 layers the mapped products equal numpy's integers" in shown.stdout.replace("\n", " ")


@pytest.mark.slow
def test_a_check_of_more_operations_than_are_issued_says_so() -> None:
    asked = ("run", "lenet5", "--system", "pim-dram-ddr4", "--precision", "2", "--check-values", "--layers", "f6")
    told = "the check includes the operations that the published count leaves out"
    for more, expected in ((("--set", "initialised=false"), True), ((), False)):
        assert (told in invoke(*asked, *more).stdout.replace("\n", " ")) is expected
        assert printed_json(*asked, *more).get("values_of_all_operations", False) is expected


def test_layers_without_products_have_nothing_to_check() -> None:
    shown = invoke("run", "lenet5", "--system", "pim-dram-ddr4", "--check-values", "--layers", "s2,s4").stdout
    assert "Values: nothing to check, because there are no products in s2, s4." in shown.replace("\n", " ")


@pytest.mark.parametrize("program", ["maj", "simdram"])
def test_signed_values_flow_through_a_whole_network(program: str) -> None:
    signed = ("precision={weight_bits: 3, activation_bits: 3, signed: true}", f"program={program}", "placement=pipelined")
    results = simulate("lenet5", "pim-dram-ddr4", check_values=True, overrides=signed)
    products = [run.name for run in results.runs if run.facts["mapped"]]
    assert len(products) == 5
    assert all(results.values[name] == "equal" for name in products)


def test_a_program_of_ones_own_is_found_beside_the_system_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text("from models.pim.maj import PROGRAMS\nMULTIPLY = PROGRAMS['mul']\n")
    (tmp_path / "mine.yaml").write_text("kind: pim-dram\nextends: pim-dram-ddr4\nprogram: mine.py:MULTIPLY\n")
    monkeypatch.chdir("/")
    results = simulate("lenet5", tmp_path / "mine.yaml", layers="f6")
    assert results.cycles == simulate("lenet5", "pim-dram-ddr4", layers="f6").cycles
    assert any(name.endswith("mine.py") for name in results.manifest["input_sha256"])
    refused = invoke("validate", str(tmp_path / "mine.yaml"), "--no-code")
    assert refused.exit_code == 0
    assert "not checked, because it runs code" in refused.output
    (tmp_path / "mine.py").write_text("MULTIPLY = 3\n")
    assert "mine.py:MULTIPLY" in invoke("run", "lenet5", "--system", str(tmp_path / "mine.yaml")).stderr


def test_wrong_products_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*given: Any, **more: Any) -> Any:
        return dot_products(*given, **more) + 1

    monkeypatch.setattr("workloads.pim.values.dot_products", wrong)
    with pytest.raises(WrongValuesError):
        simulate("lenet5", "pim-dram-ddr4", layers="f6", check_values=True, overrides=SMALL)


@pytest.mark.slow
def test_banks_prints_the_subarrays() -> None:
    result = invoke("banks", "lenet5", "--system", "pim-dram-ddr4", "--precision", "2")
    assert result.exit_code == 0
    assert "Subarrays of pim-dram-ddr4" in result.stdout
    found = printed_json("banks", "lenet5", "--system", "pim-dram-ddr4", "--precision", "2")
    assert [bank["scratchpad"] for bank in found["banks"]] == [f"bank{number}" for number in range(16)]
    assert found["banks"][0]["busy_cycles"] > found["banks"][15]["busy_cycles"] > 0


@pytest.mark.slow
def test_why_names_the_limits_and_tries_what_lifts_them() -> None:
    found = printed_json("why", "lenet5", "--system", "pim-dram-ddr4", "--layer", "c3")
    short = printed_json("why", "lenet5", "--system", "pim-dram-ddr4", "--layer", "f6", "--precision", "2")
    assert (
        short["cycles"]
        == printed_json("run", "lenet5", "--system", "pim-dram-ddr4", "--layers", "f6", "--precision", "2")["cycles"]
    )
    causes = {loss["cause"] for loss in found["losses"]}
    assert {"refresh", "multiply"} <= causes
    assert any(change["saved_cycles"] > 0 for loss in found["losses"] for change in loss["changes"])


def test_the_most_pairs_that_share_a_column_fit_the_rows() -> None:
    assert simulate("lenet5", "pim-dram-ddr4", layers="f6", overrides=("pairs_per_column=58",)).cycles > 0


def test_headings_are_explained_under_the_commands_that_print_them() -> None:
    for command, names in (("run", ("cols %", "subarr. %")), ("banks", ("occup. %", "subarray", "computing", "idle"))):
        for name in names:
            assert any(meaning.group.startswith(f"Headings of simcore {command}") for meaning in explain(name)), name


def keys_in(values: object) -> set[str]:
    """All keys of nested JSON values, without those that are names of layers."""
    nested = values.values() if isinstance(values, dict) else values if isinstance(values, list) else ()
    own = {key for key in values if key != "values"} if isinstance(values, dict) else set()
    return own.union(*map(keys_in, nested))


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("placement=pipelined", "initialised=false")])
def test_every_name_that_the_kind_shows_is_explained(more: tuple[str, ...]) -> None:
    arguments = ["lenet5", "--system", "pim-dram-ddr4", "--layers", "c3,s4", *[f"--set={each}" for each in (*SMALL, *more)]]
    found: set[str] = {"tFAW", "lock_step", "periphery.tree_columns", "subarr. %"}
    for command in ("run", "banks", "why"):
        found |= keys_in(printed_json(command, *arguments))
    found |= keys_in(printed_json("run", *arguments, "--check-values"))
    results = simulate("lenet5", "pim-dram-ddr4", layers="c3,s4", overrides=(*SMALL, *more))
    for table in (*results.kind.printed(results), *results.kind.printed_banks(results)):
        found.update(column for column in table.columns if column)
    for table in results.kind.printed(results)[1:]:
        found.update(str(row[0]) for row in table.rows)
    tables = results.tables()
    found.update(tables, *(table.columns for table in tables.values()), tables["totals"]["metric"], tables["area"]["part"])
    found |= keys_in(results.manifest["system"])
    layers = set(results.layers["layer"])
    for name in sorted(found - layers):
        assert explain(name), name


def test_a_run_without_a_product_tells_of_no_multiplication() -> None:
    for layers, told in (("s2", False), ("f6", True)):
        assert (
            any("One multiplication" in line for line in printed_lines(simulate("lenet5", "pim-dram-ddr4", layers=layers)))
            == told
        )


def test_against_the_vector_unit_only_its_own_width_is_tried() -> None:
    spec = load_system("pim-dram-ddr4")
    tried = [change.overrides for change in changes(spec, Loss("vector", "", 1, (), True))]
    assert [len(each) for each in tried] == [1]
    assert tried[0][0].startswith("periphery.vector_words_per_cycle=")
    assert len(changes(spec, Loss("periphery", "", 1, (), False))) == 3
