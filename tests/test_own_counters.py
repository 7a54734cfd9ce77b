"""A memory of one's own counts events: both engines give them per bank and layer, and tables, JSON and energy show them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from machines import instance_of
from typer.testing import CliRunner

from simcore.check import check_file
from simcore.cli.app import app
from simcore.engine import run_programs, run_traffic
from simcore.engine.shortcuts import Shortcuts
from simcore.errors import InputError
from simcore.machine.machine import build_machine
from simcore.machine.traffic import Traffic
from simcore.program.program import Port
from simcore.results import Results
from simcore.simulation import simulate
from simcore.spec import System, load_system
from simcore.timing.bank_timing import READ, WRITE, resolve_timing
from workloads.dataflow.lowering import lower
from workloads.layers import Conv

MODEL = f"{Path(__file__).parent / 'toys' / 'counting_rows.py'}:CountingRows"
COUNTED = {"row_hits", "row_misses", "bank_refreshes"}
LAYER = instance_of(Conv("conv", 6, (2, 2), padding=(1, 0, 1, 0)), ((2, 5, 5),))
ON_IFMAP = [f"scratchpads.ifmap.timing={MODEL}"]


@pytest.fixture(scope="module")
def lenet() -> Results:
    """Two layers of LeNet-5 whose ifmap lies in banks that count."""
    return simulate("lenet5", "edge-sram", layers="f5,output", overrides=ON_IFMAP)


def test_the_counts_are_those_that_an_open_row_gives_by_hand() -> None:
    # Row 3 is opened (4 cycles), hit (1), row 4 opened by a write (5), and hit after a refresh at 60 closed it: a miss.
    machine = build_machine(load_system("edge-sram", ON_IFMAP, of=System))
    columns = {"arrive": [0, 4, 5, 60], "port": [Port.IFMAP, Port.IFMAP, Port.DMA, Port.IFMAP], "bank": [0] * 4}
    traffic = Traffic(**{k: np.array(v) for k, v in {**columns, "row": [3, 3, 4, 4], "op": [READ, READ, WRITE, READ]}.items()})
    for engine in ("simpy", "compiled"):
        outcome = run_traffic(machine, "ifmap", traffic, engine=engine)
        assert outcome.done.tolist() == [4, 5, 10, 64]
        assert {name: int(counts[0]) for name, counts in outcome.counters.items()} == {
            "row_hits": 1,
            "row_misses": 3,
            "bank_refreshes": 1,
        }


def test_engines_count_alike_layer_by_layer_whatever_the_shortcuts() -> None:
    system = load_system("edge-sram", [*ON_IFMAP, "scratchpads.ifmap.ports_per_bank=2"], of=System)
    program = lower(LAYER, system)
    assert program is not None
    expected = run_programs(system, [program] * 3, "simpy")
    for shortcuts in (Shortcuts(), Shortcuts(False, False, False, False)):
        for one, other in zip(expected, run_programs(system, [program] * 3, shortcuts=shortcuts), strict=True):
            assert not one.differences(other)
    assert set(expected[0].counters) == COUNTED
    for outcome in expected:
        counted = outcome.counters["row_hits"] + outcome.counters["row_misses"]
        of_ifmap = slice(0, system.scratchpads["ifmap"].banks)
        # A write that a read preempts would be counted again; the ifmap's banks only write for the DMA.
        assert np.array_equal(counted[of_ifmap], (outcome.reads + outcome.writes)[of_ifmap])
        assert (counted[of_ifmap.stop :] == -2).all()  # -1 and -1: no counter there


def test_a_difference_in_a_counter_is_a_difference_of_outcomes() -> None:
    system = load_system("edge-sram", ON_IFMAP, of=System)
    program = lower(LAYER, system)
    assert program is not None
    (outcome,) = run_programs(system, [program])
    changed = replace(outcome, counters={**outcome.counters, "row_hits": outcome.counters["row_hits"] + 1})
    assert [text.partition(":")[0] for text in outcome.differences(changed)] == ["counters.row_hits"]


def test_equal_layers_count_again_with_constant_answers_that_count() -> None:
    target = MODEL.replace("CountingRows", "CountsOnly")
    pads = ("ifmap", "filter", "ofmap", "accumulator")
    system = load_system("edge-sram", [f"scratchpads.{pad}.timing={target}" for pad in pads], of=System)
    program = lower(LAYER, system)
    assert program is not None
    for outcome in run_programs(system, [program] * 3):
        assert np.array_equal(outcome.counters["accesses"], outcome.reads + outcome.writes)


def test_the_table_of_banks_has_a_column_per_counter_and_empty_cells_elsewhere(lenet: Results) -> None:
    banks, layers = lenet.banks, lenet.bank_layers
    counting = banks["scratchpad"] == "ifmap"
    assert (banks.loc[counting, "row_hits"] + banks.loc[counting, "row_misses"]).tolist() == (
        banks.loc[counting, "reads"] + banks.loc[counting, "writes"]
    ).tolist()
    assert banks.loc[~counting, list(COUNTED)].isna().all(axis=None)
    for name in COUNTED:
        assert layers[layers["scratchpad"] == "ifmap"].groupby("bank")[name].sum().tolist() == banks.loc[counting, name].tolist()
    assert banks["row_misses"].sum() > 0
    rows = lenet.to_json()["banks"]
    assert [row["row_misses"] for row in rows if row["scratchpad"] == "ifmap"] == banks.loc[counting, "row_misses"].tolist()
    assert {row["row_misses"] for row in rows if row["scratchpad"] == "filter"} == {None}
    assert json.loads(json.dumps(rows)) == rows
    assert lenet.manifest["bank_counters"]["row_hits"] == "Requests that found their row open."


def test_each_event_costs_what_the_parameters_say(lenet: Results) -> None:
    energy = lenet.energy.set_index("part")["energy_pj"]
    assert energy["ifmap_row_misses"] == pytest.approx(1.5 * lenet.banks["row_misses"].sum())
    assert energy["ifmap_bank_refreshes"] == pytest.approx(2.0 * lenet.banks["bank_refreshes"].sum())
    assert "ifmap_row_hits" not in energy
    layers = lenet.layers
    parts = [column for column in layers.columns if column.endswith("_pj") and column != "energy_pj"]
    assert layers["energy_pj"].tolist() == pytest.approx(layers[parts].sum(axis=1).tolist())
    assert lenet.manifest["energy_sources"]["ifmap, row_misses"] == "declared: CountingRows.miss_fj, 1.5 pJ an event"


def test_results_with_counters_are_saved_and_printed(lenet: Results, tmp_path: Path) -> None:
    saved = lenet.save(tmp_path / "out")
    header = (saved / "banks.csv").read_text().split("\n", 1)[0].split(",")
    assert set(header) >= COUNTED
    arguments = ["banks", "lenet5", "--layers", "output", "--set", ON_IFMAP[0]]
    printed = CliRunner().invoke(app, arguments)
    assert printed.exit_code == 0, printed.output
    assert "row_misses" in printed.output
    shown = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).output)
    assert {bank["row_hits"] is None for bank in shown["banks"] if bank["scratchpad"] == "ofmap"} == {True}


DECLARED = """from simcore import BankTiming
class Odd(BankTiming):
    parameters = {{"cycles": 1, "open_fj": 3}}
    bank_state = {{"row": 0}}
    {declared}
    @staticmethod
    def serve(params, bank, shared, now, op, row):
        {body}
        return now + 1, now + 1
"""


def odd(folder: Path, declared: str, body: str = "pass") -> str:
    """Write a model and return its name."""
    (folder / "odd.py").write_text(DECLARED.format(declared=declared, body=body))
    return f"{folder / 'odd.py'}:Odd"


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("counters = ['hits']", r"Odd.counters: expected a mapping from name to text, got \['hits'\]"),
        ("counters = {'hits': 0}", r"Odd.counters: expected a name and a text, got 'hits': 0"),
        (
            "counters = {'Row hits': ''}",
            r"Odd.counters: expected a name of small letters, digits and underscores, got 'Row hits'",
        ),
        ("counters = {'row': ''}", r"Odd.counters: 'row' is also among bank_state"),
        ("event_energy = {'hits': 'open_fj'}", r"Odd.event_energy: 'hits' is not among counters"),
        ("counters, event_energy = {'hits': ''}, {'hits': 'close_fj'}", r"'close_fj' is not among parameters"),
        ("counters, event_energy = {'hits': ''}, {'hits': 'cycles'}", r"whose name ends in _fj or _pj, got 'cycles'"),
    ],
)
def test_counters_declared_wrongly_are_refused(tmp_path: Path, declared: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        resolve_timing(odd(tmp_path, declared))


@pytest.mark.parametrize("name", ["reads", "bank", "stall_drain_cycles", "read"])
def test_a_counter_named_like_a_column_is_refused_before_the_run(tmp_path: Path, name: str) -> None:
    target = odd(tmp_path, f"counters = {{'{name}': 'mine'}}")
    with pytest.raises(InputError, match=rf"odd.py:2: expected a counter with a name of its own, got '{name}'"):
        simulate("lenet5", "edge-sram", layers="output", overrides=[f"scratchpads.ifmap.timing={target}"])


def test_one_name_with_two_meanings_is_refused(tmp_path: Path) -> None:
    target = odd(tmp_path, "counters = {'row_hits': 'something else'}")
    overrides = [*ON_IFMAP, f"scratchpads.filter.timing={target}"]
    with pytest.raises(InputError, match="counter 'row_hits': expected one meaning, got 'Requests that found"):
        simulate("lenet5", "edge-sram", layers="output", overrides=overrides)


def test_the_check_finds_a_counter_that_falls(tmp_path: Path) -> None:
    report = check_file(odd(tmp_path, "counters = {'hits': ''}", "bank[1] += 1 if op == 0 else -1"), requests=100)
    assert "counter 'hits' fell from 0 to -1; it may only grow" in str(report)


def test_the_model_passes_the_check_with_parameters() -> None:
    report = check_file(MODEL, {"miss_cycles": 9, "refresh_every": 7}, requests=400)
    assert report.ok, str(report)
    assert "miss_cycles=9" in str(report)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("miss_cycles=12", ""),
        ("miss_cycle=12", "CountingRows.miss_cycle: no such parameter; did you mean 'miss_cycles'?"),
        ("miss_cycles=fast", "--set miss_cycles=fast: expected an integer, got 'fast'"),
        ("miss_cycles", "--set miss_cycles: expected NAME=VALUE such as write_cycles=20, got 'miss_cycles'"),
        ("miss_cycles=0", "CountingRows.miss_cycles: expected at least 1, got 0"),
    ],
)
def test_simcore_check_takes_parameters(setting: str, message: str) -> None:
    done = CliRunner().invoke(app, ["check", MODEL, "--set", setting, "--json"])
    assert done.exit_code == (2 if message else 0)
    assert message in done.output
    assert message or json.loads(done.output)["parameters"]["miss_cycles"] == 12
