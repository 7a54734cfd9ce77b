"""The kind `pim-dram`: cycles by hand, sums, equal engines, energy, and one error for bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from simcore import InputError, simulate
from simcore.cli import app
from simcore.engine.shortcuts import Shortcuts
from simcore.errors import WrongValuesError
from simcore.meanings.lookup import explain
from simcore.pim.value_check import dot_products
from simcore.results import TABLES, Results
from simcore.results.glossary import all_terms
from simcore.results.trace_files import TraceOrder
from simcore.spec import load_system
from workloads.layers import Activation, Add, Conv, Flatten, Input, Linear, Pool
from workloads.network import Network, NetworkBuilder

PRESETS = ("pim-dram-ddr3", "pim-dram-ddr4", "pim-dram-hbm2")
#: Rows so short that layers of LeNet-5 fill all banks, and few bits, so that the reference engine runs them in no time.
SMALL = ("dram.overrides={column: 16}", "precision={weight_bits: 2, activation_bits: 2}")


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def printed_json(*arguments: str) -> dict[str, Any]:
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


#: Published measurements of a Pascal Titan X in ms an image, and the estimated speedup over it with operands of 2 bits.
SPEEDUPS = {"alexnet": (0.315, 5.95), "vgg16": (2.60, 6.01), "resnet18": (0.634, 22.3)}


def require_conserved(results: Results) -> None:
    layers, tables = results.layers, results.tables()
    causes = layers[[f"stall_{cause}_cycles" for cause in results.kind.causes]].sum(axis=1)
    assert (layers["compute_cycles"] + causes == layers["cycles"]).all()
    assert layers["cycles"].sum() == results.cycles == results.passes["cycles"].sum()
    assert results.stalls["cycles"].sum() == causes.sum()
    phases = tables["phases"]
    every = phases[phases["image"] == "every"].groupby("layer", sort=False)["cycles"].sum()
    assert (every == layers[layers["cycles"] > 0].set_index("layer")["cycles"]).all()
    assert results.scratchpads["stall_cycles"].sum() == causes.sum()
    issued = results.to_json()["commands"]
    assert issued["ACT"] >= 2 * issued["AAP"] + issued["AP"]
    assert issued["PRE"] == issued["ACT"] - issued["AAP"]
    energy = layers[[name for name in layers if name.endswith("_pj") and name != "energy_pj"]]
    assert energy.sum(axis=1).tolist() == pytest.approx(layers["energy_pj"].tolist())
    assert sum(results.part_energies_pj.values()) == pytest.approx(layers["energy_pj"].sum())
    assert results.part_energies_pj["activate"] > 0


# By hand -----------------------------------------------------------------------------------------------------------------------


def test_replay_changes_no_table_of_a_layer() -> None:
    options: Any = {"layers": "c3,s4,f5", "overrides": (*SMALL, "active_subarrays=2")}
    replayed = simulate("lenet5", "pim-dram-ddr4", **options)
    plain = simulate("lenet5", "pim-dram-ddr4", shortcuts=Shortcuts(pim_replay=False), **options)
    for name, table in replayed.tables().items():
        assert table.equals(plain.tables()[name]), name


@pytest.mark.slow
def test_whole_networks_run_and_are_conserved() -> None:
    for network in ("alexnet", "resnet18"):
        require_conserved(simulate(network, "pim-dram-ddr4"))


def test_multiplications_of_a_layer_by_hand() -> None:
    """LeNet-5's c3 has 1,600 dot products of 150 pairs. Without limits one round takes 26 operations of 62 cycles."""
    bare = (
        *SMALL,
        "limits={trrd: false, tfaw: false, command_bus: false, refresh: none}",
        "initialised=false",
        "transfers=false",
    )
    results = simulate("lenet5", "pim-dram-ddr4", layers="c3", overrides=(*bare, "periphery.enabled=false"))
    row = results.tables()["mapping"].iloc[0]
    # 8,192 columns hold 54 dot products of 150 pairs; 16 subarrays work at a time.
    assert row["dots_per_row"] <= 54
    assert row["row_sets"] >= 1600 / 54
    assert row["rounds"] == -(-row["row_sets"] // 16)
    operations = 7 * 2 * 2 - 4 * 2
    assert results.cycles == row["rounds"] * operations * 62
    commands = results.to_json()["commands"]
    assert commands["AAP"] == results.to_json()["program"]["aap"] * row["rounds"] * 16
    assert commands["ACT"] == 2 * commands["AAP"] + commands["AP"]


def test_presets_issue_all_operations_that_exact_values_need() -> None:
    counts = {}
    for initialised in ("true", "false"):
        override = (f"initialised={initialised}",)
        counts[initialised] = simulate("lenet5", "pim-dram-ddr4", layers="f6", overrides=override).to_json()["program"]
    assert simulate("lenet5", "pim-dram-ddr4", layers="f6").to_json()["program"] == counts["true"]
    assert (counts["true"]["aap"], counts["false"]["aap"]) == (8 * 64 - 2 * 8 - 2, 7 * 64 - 4 * 8)
    assert not load_system("pim-dram-feasibility").to_yaml_dict()["initialised"]


def test_moved_words_are_bursts_on_the_bus() -> None:
    """f6 has 84 dot products of 120 pairs, in one subarray of one bank: 120 words come, 84 leave, in bursts of 64 bytes."""
    results = simulate("lenet5", "pim-dram-ddr4", layers="f6")
    issued = results.to_json()["commands"]
    assert (issued["WR"], issued["RD"]) == (2, 2)
    layers = results.layers.set_index("layer")
    assert layers.loc["f6", ["dram_read_bytes", "dram_write_bytes"]].tolist() == [128, 128]
    # Weights stay: 8 rows of 128 bursts, before the first image.
    first = results.tables()["phases"].set_index("image").loc["first"]
    assert (first["phase"], first["phase_repeats"]) == ("weights", 8)
    # With operands over the bus, 8 rows of 8 KB come in the round instead.
    bus = simulate("lenet5", "pim-dram-ddr4", layers="f6", overrides=("operands=bus",)).to_json()["commands"]
    assert (bus["WR"], bus["RD"]) == (8 * 128, 2)


def test_a_round_of_a_layer_by_hand() -> None:
    """Without limits on activations f6 writes 8 rows, multiplies once and reads 16 rows, each held for 43 cycles (16 x 2 ns)."""
    free = ("limits={trrd: false, tfaw: false, command_bus: false, refresh: none}",)
    phases = simulate("lenet5", "pim-dram-ddr4", layers="f6", overrides=free).tables()["phases"]
    every = phases[phases["image"] == "every"].groupby("phase")["cycles"].sum()
    read = 19 + 43 + 19  # tRCD, the tree has the row, tRP
    written = 19 + 43 + 20 + 19  # tRCD, the transpose unit writes, tWR, tRP
    assert every["multiply"] == 494 * 62 + 16 * read + 8 * written


def test_the_core_clock_is_that_of_the_dram() -> None:
    system = load_system("pim-dram-ddr4")
    assert system.core_clock_hz == round(1e12 / 750)
    assert "core_clock_hz" not in system.to_yaml_dict()
    assert load_system("pim-dram-ddr4", ["dram.standard=pim-ddr4_2400r"]).core_clock_hz == round(1e12 / 833)


# What adds up ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("system", PRESETS)
def test_cycles_and_energy_of_every_preset_are_conserved(system: str) -> None:
    require_conserved(simulate("lenet5", system, batch=2))


@pytest.mark.parametrize("system", PRESETS)
@pytest.mark.parametrize("more", [(), ("banks=3",), ("banks=5", "weights=reloaded", "operands=bus")])
def test_cycles_and_energy_of_a_pipeline_are_conserved(system: str, more: tuple[str, ...]) -> None:
    results = simulate("lenet5", system, overrides=("placement=pipelined", *SMALL, *more))
    require_conserved(results)
    found = results.to_json()["pipeline"]
    assert results.layers["cycles"].max() <= found["interval_cycles"] <= results.cycles
    assert found["latency_cycles"] == found["stages"] * found["interval_cycles"]


def test_stages_of_a_pipeline_write_their_weights_at_the_same_time() -> None:
    results = simulate("lenet5", "pim-dram-ddr4", overrides=("placement=pipelined", *SMALL))
    phases = results.tables()["phases"]
    first = phases[phases["image"] == "first"].groupby("layer")["cycles"].sum()
    assert first.max() <= results.to_json()["weights_once_cycles"] < first.sum()


def test_the_times_of_a_pipeline_are_those_of_its_interval() -> None:
    result = invoke(
        *("run", "lenet5", "--system", "pim-dram-ddr4", "--batch", "2"),
        *(word for text in ("placement=pipelined", *SMALL) for word in ("--set", text)),
    )
    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    assert "time between images, us" in said
    assert "time, us" not in said
    assert "all figures are those of one of the 2 images of the batch" in said


def test_subarrays_that_would_only_wait_are_named() -> None:
    notes = plan_notes(simulate("lenet5", "pim-dram-ddr4", overrides=("active_subarrays=16", *SMALL)))
    assert any("of 16 active subarrays of a bank compute at a time" in note for note in notes)
    assert plan_notes(simulate("lenet5", "pim-dram-ddr4", overrides=SMALL)) == ()


def plan_notes(results: Results) -> tuple[str, ...]:
    notes: tuple[str, ...] = results.details["placed"].notes
    return notes


@pytest.mark.parametrize("network", SPEEDUPS)
def test_multiplications_alone_reach_the_published_estimate(network: str) -> None:
    gpu_ms, expected = SPEEDUPS[network]
    bits = ("precision={weight_bits: 2, activation_bits: 2}",)
    found = simulate(network, "pim-dram-feasibility", overrides=bits).to_json()["pipeline"]
    assert gpu_ms * 1e6 / found["interval_ns"] == pytest.approx(expected, rel=0.05)


def test_one_subarray_stands_for_all_that_share_nothing() -> None:
    lifted = (
        "limits={trrd: false, tfaw: false, command_bus: false, refresh: none}",
        "transfers=false",
        "periphery.enabled=false",
    )
    for more in ((), ("placement=pipelined", "dram.overrides={column: 16, rank: 2}")):
        options: Any = {"layers": "c3,f6", "overrides": (*SMALL, *lifted, "active_subarrays=2", *more)}
        short = simulate("lenet5", "pim-dram-ddr4", **options)
        long = simulate("lenet5", "pim-dram-ddr4", shortcuts=Shortcuts(equal_layers=False), **options)
        for name, table in short.tables().items():
            assert table.equals(long.tables()[name]), name


@pytest.mark.parametrize(
    "more", [("active_subarrays=2",), ("placement=pipelined", "banks=3"), ("operands=bus", "program=simdram")]
)
def test_both_engines_give_the_same_tables(more: tuple[str, ...]) -> None:
    layers = "s4,output" if "banks=3" not in more else "s4,f6,output"
    options: Any = {"layers": layers, "overrides": (*SMALL, *more)}
    one, other = (simulate("lenet5", "pim-dram-ddr4", engine=engine, **options) for engine in ("compiled", "simpy"))
    assert one.to_json() | {"engine": "", "wall_s": 0, "simulated_cycles_per_s": 0} == other.to_json() | {
        "engine": "",
        "wall_s": 0,
        "simulated_cycles_per_s": 0,
    }
    for name, table in one.tables().items():
        assert table.equals(other.tables()[name]), name


@pytest.mark.parametrize(
    "better",
    [
        "dram.overrides.channel=2",
        "limits.refresh=none",
        "limits.trrd=false",
        "limits.tfaw=false",
        "limits.command_bus=false",
        "initialised=false",
        "precision.activation_bits=1",
        "precision.weight_bits=1",
    ],
)
def test_more_of_the_machine_or_fewer_limits_never_cost_a_cycle(better: str) -> None:
    before = simulate("lenet5", "pim-dram-ddr4", layers="c3,f5", overrides=SMALL)
    after = simulate("lenet5", "pim-dram-ddr4", layers="c3,f5", overrides=(*SMALL, better))
    assert (after.layers["cycles"] <= before.layers["cycles"]).all()


@pytest.mark.parametrize("limits", ["{trrd: true}", "{trrd: false, tfaw: false, command_bus: false}", "{refresh: none}"])
def test_more_subarrays_never_cost_a_cycle(limits: str) -> None:
    """With tFAW a mapping for more subarrays can take more multiplications in all, so fewer of them compute."""
    machine = (*SMALL, f"limits={limits}")
    cycles = [
        simulate("lenet5", "pim-dram-ddr4", layers="c3,f5", overrides=(*machine, f"active_subarrays={n}")).cycles
        for n in (1, 2, 4, 8)
    ]
    assert cycles == sorted(cycles, reverse=True)


SWITCH = st.sampled_from(["true", "false"])


@st.composite
def machines(draw: st.DrawFn) -> tuple[str, ...]:
    """Overrides of pim-dram-ddr4: a machine with short rows, few banks and narrow operands."""
    pipelined = draw(st.booleans())
    chosen = {
        "dram.overrides": f"{{column: 16, rank: {draw(st.sampled_from([1, 2]))}, nWLOV: {draw(st.integers(0, 9))}}}",
        "banks": draw(st.integers(1, 6)),
        "active_subarrays": draw(st.integers(1, 3)),
        "lock_step": draw(SWITCH),
        **{f"limits.{name}": draw(SWITCH) for name in ("trrd", "tfaw", "command_bus", "count_rows")},
        "limits.power_cycles": draw(st.sampled_from([0, 600])),
        "limits.refresh": draw(st.sampled_from(["none", "all-bank"])),
        "limits.aap_activations": draw(st.sampled_from([1, 2])),
        "program": draw(st.sampled_from(["maj", "simdram"])),
        "initialised": draw(SWITCH),
        "precision.weight_bits": draw(st.integers(1, 3)),
        "precision.activation_bits": draw(st.integers(1, 3)),
        "pairs_per_column": draw(st.integers(1, 3)),
        "placement": "pipelined" if pipelined else "together",
        "weights": draw(st.sampled_from(["resident", "reloaded"])),
        "operands": draw(st.sampled_from(["transposer", "bus"])),
        "transfers": draw(SWITCH),
        "periphery.enabled": draw(SWITCH),
    }
    return tuple(f"{key}={value}" for key, value in chosen.items())


def small_network(batch: int) -> Network:
    builder = NetworkBuilder("small")
    image = builder.add(Input("image", (4, 7, 7)))
    first = builder.add(Conv("conv", 6, kernel=3, padding=1), [image])
    builder.add(Activation("relu", "relu"))
    second = builder.add(Conv("branch", 6, kernel=1), [first])
    builder.add(Add("sum"), [first, second])
    builder.add(Pool("pool", "max", kernel=2, stride=2))
    builder.add(Flatten("flat"))
    builder.add(Linear("fc", 9))
    return builder.build(batch)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(overrides=machines(), batch=st.integers(1, 3))
def test_random_machines_conserve_cycles_and_energy(overrides: tuple[str, ...], batch: int) -> None:
    require_conserved(simulate(small_network(batch), "pim-dram-ddr4", overrides=overrides))


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(overrides=machines())
def test_engines_and_shortcuts_agree_on_random_machines(overrides: tuple[str, ...]) -> None:
    network = small_network(1)
    tables = simulate(network, "pim-dram-ddr4", overrides=overrides).tables()
    plain = simulate(
        network, "pim-dram-ddr4", overrides=overrides, shortcuts=Shortcuts(equal_layers=False, pim_replay=False)
    ).tables()
    meant = simulate(network, "pim-dram-ddr4", engine="simpy", overrides=overrides).tables()
    for name, table in tables.items():
        assert table.equals(plain[name]), name
        assert table.equals(meant[name]), name


def test_more_banks_never_cost_a_cycle() -> None:
    cycles = [simulate("lenet5", "pim-dram-ddr4", layers="c3", overrides=(*SMALL, f"banks={n}")).cycles for n in (1, 2, 4, 8, 16)]
    assert cycles == sorted(cycles, reverse=True)
    assert cycles[0] > 4 * cycles[-1]


# Forms -------------------------------------------------------------------------------------------------------------------------


def test_tables_are_those_of_every_kind_and_its_own_and_every_column_is_explained(tmp_path: Path) -> None:
    results = simulate("lenet5", "pim-dram-ddr4")
    assert set(results.tables()) == {*TABLES, "mapping", "phases", "commands"}
    columns = {str(column) for table in results.tables().values() for column in table.columns} - {"metric", "value", "unit"}
    assert columns <= set(all_terms())
    results.save(tmp_path / "out")
    assert (tmp_path / "out" / "mapping.parquet").exists()


def test_the_json_has_the_commands_and_the_keys_of_every_kind() -> None:
    found, other = (printed_json("run", "lenet5", "--system", name) for name in ("pim-dram-ddr4", "titan-xp"))
    assert set(other) - {"bounds"} <= set(found)
    assert set(found["commands"]) == {"ACT", "PRE", "AAP", "AP", "RD", "WR", "REF"}
    assert sum(layer["cycles"] for layer in found["layers"]) == found["cycles"] == sum(found["phases"].values())


@pytest.mark.parametrize("width", ["60", "80"])
def test_the_tables_fit_a_narrow_terminal(width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", width)
    result = invoke("run", "lenet5", "--system", "pim-dram-ddr4")
    assert result.exit_code == 0, result.output
    tables = [line for line in result.stdout.splitlines() if "  " in line]
    assert max(map(len, tables)) <= int(width)
    assert "Commands and" in result.stdout


# Options ---------------------------------------------------------------------------------------------------------------------


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


def test_banks_prints_the_subarrays() -> None:
    result = invoke("banks", "lenet5", "--system", "pim-dram-ddr4", "--precision", "2")
    assert result.exit_code == 0
    assert "Subarrays of pim-dram-ddr4" in result.stdout
    found = printed_json("banks", "lenet5", "--system", "pim-dram-ddr4", "--precision", "2")
    assert [bank["scratchpad"] for bank in found["banks"]] == [f"bank{number}" for number in range(16)]
    assert found["banks"][0]["busy_cycles"] > found["banks"][15]["busy_cycles"] > 0


# Bad input ---------------------------------------------------------------------------------------------------------------------

BAD = {
    "dram.standard=ddr4_2400x": "expected a DRAM standard, a preset or a file, got 'ddr4_2400x'",
    "dram.standard=ddr5_4800an": "no command COPY",
    "dram.overrides={nRCDX: 3}": "nRCDX",
    "dram.overrides={nRCD: -1}": "overrides",
    "dram.overrides={nREFI: 100}": "expected tRFC <= tREFI",
    "banks=0": "banks",
    "banks=17": "expected at most 16, as pim-ddr4_2666 has",
    "active_subarrays=65": "expected at most 64",
    "active_subarrays=0": "active_subarrays",
    "limits.refresh=sometimes": "limits.refresh",
    "limits.refresh=per-bank": "has no per-bank refresh",
    "limits.aap_activations=3": "limits.aap_activations",
    "limits.aap_activations=true": "expected 1 or 2, got true",
    "limits.power_cycles=-1": "limits.power_cycles",
    "limits.tfaw=maybe": "limits.tfaw",
    "limits.tfav=false": "tfaw",
    "program=mja": "no family of micro-programs 'mja'",
    "program=none.py:PROGRAM": "none.py",
    "program=''": "program",
    "precision.weight_bits=0": "precision.weight_bits",
    "precision.weight_bits=17": "precision.weight_bits",
    "precision.activation_bits=4.5": "precision.activation_bits",
    "pairs_per_column=0": "pairs_per_column",
    "pairs_per_column=1000": "pairs_per_column: expected at most 58 pairs, got 1000; one pair takes 56 of the 512 rows",
    "placement=apart": "placement",
    "banks_per_layer=2": "expected none, because all banks work on each layer",
    "banks_per_layer=0": "banks_per_layer",
    "weights=forgotten": "weights",
    "operands=post": "operands",
    "periphery.tree_columns=0": "periphery.tree_columns",
    "periphery.clock_hz=fast": "periphery.clock_hz",
    "core_clock_hz=1 GHz": "expected no core_clock_hz in a machine of this kind",
    "words.ifmap_bytes=2": "expected no words in a machine of this kind",
    "array.rows=3": "array",
}


@pytest.mark.parametrize("change", BAD)
def test_bad_input_is_one_clear_error(change: str) -> None:
    result = invoke("run", "lenet5", "--system", "pim-dram-ddr4", "--set", change)
    assert result.exit_code == 2, result.output
    assert BAD[change] in result.stderr
    assert "Traceback" not in result.output
    assert result.stderr.count("simcore:") == 1


def test_what_the_kind_cannot_do_is_refused() -> None:
    with pytest.raises(InputError, match="has no dataflows"):
        simulate("lenet5", "pim-dram-ddr4", dataflow="ws")
    with pytest.raises(InputError, match="no engine named"):
        simulate("lenet5", "pim-dram-ddr4", engine="formula")
    with pytest.raises(InputError, match="has no scratchpads to trace"):
        simulate("lenet5", "pim-dram-ddr4", trace=TraceOrder(Path()))
    with pytest.raises(InputError, match="none of the layers"):
        simulate("lenet5", "pim-dram-ddr4", layers="tanh1")
    with pytest.raises(InputError, match="expected at most 16, as pim-ddr4_2666 has, got 17"):
        simulate("lenet5", "pim-dram-ddr4", overrides=("placement=pipelined", "banks_per_layer=17"))
    with pytest.raises(InputError, match="the limit is"):
        simulate("vgg16", "pim-dram-ddr4", engine="simpy")


def test_a_file_of_the_kind_is_validated(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("kind: pim-dram\nextends: pim-dram-ddr4\nbanks: 99\nprecision: {weight_bits: 0}\n")
    result = invoke("validate", str(path))
    assert result.exit_code == 2
    assert "mine.yaml:3" in result.stderr
    assert "mine.yaml:4" in result.stderr
    path.write_text("kind: pim-dram\nextends: pim-dram-ddr4\npairs_per_column: 59\n")
    assert "mine.yaml:3: pairs_per_column: expected at most 58 pairs, got 59" in invoke("validate", str(path)).stderr
    for line in ("program: majj", "pairs_per_column: 59"):
        path.write_text(f"kind: pim-dram\nextends: pim-dram-ddr4\n{line}\n")
        told = invoke("validate", str(path)).stderr
        assert "mine.yaml:3: " in told
        assert invoke("run", "lenet5", "--system", str(path)).stderr == told
    path.write_text("kind: pim-dram\nextends: pim-dram-ddr4\nbanks: 4\n")
    assert invoke("validate", str(path)).exit_code == 0


def test_why_names_the_limits_and_tries_what_lifts_them() -> None:
    found = printed_json("why", "lenet5", "--system", "pim-dram-ddr4", "--layer", "c3")
    causes = {loss["cause"] for loss in found["losses"]}
    assert {"refresh", "multiply"} <= causes
    assert any(change["saved_cycles"] > 0 for loss in found["losses"] for change in loss["changes"])


def test_the_most_pairs_that_share_a_column_fit_the_rows() -> None:
    assert simulate("lenet5", "pim-dram-ddr4", layers="f6", overrides=("pairs_per_column=58",)).cycles > 0


def test_headings_are_explained_under_the_commands_that_print_them() -> None:
    for command, names in (("run", ("cols %", "subarr. %")), ("banks", ("occup. %", "subarray", "computing", "idle"))):
        for name in names:
            assert any(meaning.group.startswith(f"Headings of simcore {command}") for meaning in explain(name)), name


def test_names_of_the_kind_are_explained() -> None:
    for name in ("tFAW", "lock_step", "rounds", "AAP", "active_subarrays", "periphery.tree_columns", "subarr. %", "computing"):
        assert explain(name), name
    results = simulate("lenet5", "pim-dram-ddr4", layers="f6")
    for table in results.kind.printed(results)[1:]:
        for row in table.rows:
            assert explain(str(row[0])), row[0]
