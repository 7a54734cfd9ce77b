"""Every golden row of SCALE-Sim run on the compiled engine from SCALE-Sim's own files: none is refused, none gets stuck."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from test_golden_cli import CFG, Row, topology

from simcore.engine.compiled.run import CompiledEngine
from simcore.machine import build_machine
from simcore.outcome import Outcome
from simcore.program import Port, Program
from simcore.spec.load import load_system
from workloads.dataflow import lower_network
from workloads.load import load_network

Run = tuple[Row, Program, Outcome]


def rows_by_machine() -> dict[str, list[Row]]:
    """The rows under the text of their configuration: rows of one machine run one after another on it."""
    found: dict[str, list[Row]] = {}
    with (Path(__file__).parent / "golden" / "scalesim" / "runs.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(CFG.format(**row), []).append(row)
    return found


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    folder = tmp_path_factory.mktemp("golden")
    cfg, csv_file = folder / "machine.cfg", folder / "net.csv"
    found = []
    for text, rows in rows_by_machine().items():
        cfg.write_text(text)
        system = load_system(cfg)
        engine = CompiledEngine(build_machine(system))
        for row in rows:
            csv_file.write_text(topology(row))
            ((_, program, _),) = lower_network(load_network(csv_file), system)
            assert program is not None
            found.append((row, program, engine.run(program)))
    return found


def test_all_877_rows_run_to_their_end_with_scale_sims_stall_free_cycles(runs: list[Run]) -> None:
    assert len(runs) == 877
    wrong = [row for row, _, outcome in runs if outcome.compute_cycles != int(row["formula_cycles"])]
    assert wrong == []


def test_every_cycle_of_every_row_computes_or_has_a_cause(runs: list[Run]) -> None:
    wrong = [row for row, _, outcome in runs if outcome.compute_cycles + outcome.stall_cycles.sum() != outcome.cycles]
    assert wrong == []


def test_words_the_ports_moved_equal_scale_sims_in_every_row(runs: list[Run]) -> None:
    for row, _, outcome in runs:
        words = outcome.port_words
        assert words[Port.IFMAP] == float(row["SRAM IFMAP Reads"]), row
        assert words[Port.FILTER] == float(row["SRAM Filter Reads"]), row
        if row["dataflow"] == "os":
            # SCALE-Sim counts writes of os that do not happen; each output is written once.
            assert words[Port.OUTPUT] == int(row["M"]) * int(row["N"]), row
        else:
            assert words[Port.OUTPUT] == float(row["SRAM OFMAP Writes"]), row


def test_mapping_efficiency_equals_scale_sims_in_every_row(runs: list[Run]) -> None:
    wrong = [row for row, program, _ in runs if program.facts["mapping_efficiency_percent"] != float(row["Mapping Efficiency %"])]
    assert wrong == []


def test_main_memory_sends_what_the_plan_loads_and_takes_each_result_once(runs: list[Run]) -> None:
    for row, program, outcome in runs:
        assert outcome.dma_read_bytes.sum() == program.facts["dram_read_bytes"], row
        assert outcome.dma_write_bytes[-1] == int(row["M"]) * int(row["N"]), row
