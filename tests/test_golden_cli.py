"""All golden rows of SCALE-Sim through `simcore run --json` on SCALE-Sim's own files: a topology and a configuration."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from simcore.cli import app
from simcore.results import LayerRun, Results

Row = dict[str, str]

CFG = """[general]
run_name = golden

[architecture_presets]
ArrayHeight: {array_h}
ArrayWidth: {array_w}
IfmapSramSzkB: {ifmap_kb}
FilterSramSzkB: {filter_kb}
OfmapSramSzkB: {ofmap_kb}
IfmapOffset: 0
FilterOffset: 10000000
OfmapOffset: 20000000
Bandwidth: {bandwidth}
Dataflow: {dataflow}

[run_presets]
InterfaceBandwidth: {mode}
"""

HEADERS = {
    "gemm": "Layer, M, N, K,",
    "conv": "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,",
}
SIZES = {"gemm": ("M", "N", "K"), "conv": ("ifmap_h", "ifmap_w", "filt_h", "filt_w", "channels", "filters", "stride")}

#: The rows are run in so many tests, so that they can be shared out.
PARTS = 8


def golden_rows() -> list[Row]:
    with (Path(__file__).parent / "golden" / "scalesim" / "runs.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def files(rows: list[Row]) -> list[tuple[str, str, list[Row]]]:
    """Configuration, topology and rows of each run: the rows of one machine and one kind of topology."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((CFG.format(**row), row["kind"]), []).append(row)
    return [(cfg, topology(kind, group), group) for (cfg, kind), group in found.items()]


def topology(kind: str, rows: list[Row]) -> str:
    """SCALE-Sim's topology file of some rows of one kind."""
    lines = [
        HEADERS[kind],
        *(", ".join([row["layer"], *(str(int(float(row[size]))) for size in SIZES[kind])]) + "," for row in rows),
    ]
    return "\n".join(lines) + "\n"


def printed(cfg: str, csv_text: str, folder: Path) -> dict[str, dict[str, Any]]:
    """The layers that `simcore run --json` prints, by name."""
    (folder / "net.csv").write_text(csv_text)
    (folder / "machine.cfg").write_text(cfg)
    result = CliRunner().invoke(app, ["run", str(folder / "net.csv"), "--system", str(folder / "machine.cfg"), "--json"])
    assert result.exit_code == 0, result.output
    return {layer["name"]: layer for layer in json.loads(result.stdout)["layers"]}


def told_by_scale_sim(row: Row) -> dict[str, Any]:
    """What the JSON has to say of a row's layer."""
    told = {
        "macs": int(row["macs"]),
        "compute_cycles": int(row["formula_cycles"]),
        "compute_cycles, printed": float(row["Total Cycles"]) + 1 - float(row["Stall Cycles"]),
        "mapping_efficiency": float(row["Mapping Efficiency %"]),
        "sram_reads": {"ifmap": float(row["SRAM IFMAP Reads"]), "filter": float(row["SRAM Filter Reads"])},
        # SCALE-Sim counts writes of os that do not happen; each output is written once.
        "sram_writes": {"ofmap": int(row["M"]) * int(row["N"]) if row["dataflow"] == "os" else float(row["SRAM OFMAP Writes"])},
    }
    return told | {"cycles": "accounted for"}


def told_by_simcore(layer: dict[str, Any]) -> dict[str, Any]:
    """The same of the layer as printed."""
    told = {name: layer[name] for name in ("macs", "compute_cycles", "mapping_efficiency", "sram_reads", "sram_writes")}
    accounted = layer["compute_cycles"] + sum(layer["stall_cycles"].values()) == layer["cycles"]
    return told | {
        "compute_cycles, printed": layer["compute_cycles"],
        "cycles": "accounted for" if accounted else layer["cycles"],
    }


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_scale_sims_figures_come_out_of_its_own_files(part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = noted_runs(monkeypatch)
    for cfg, csv_text, rows in files(golden_rows())[part::PARTS]:
        layers = printed(cfg, csv_text, tmp_path)
        assert len(layers) == len(rows)
        for row in rows:
            assert told_by_simcore(layers[row["layer"]]) == told_by_scale_sim(row), row
            main_memory_moves_what_the_plan_says(runs[row["layer"]], row)


def noted_runs(monkeypatch: pytest.MonkeyPatch) -> dict[str, LayerRun]:
    """Filled by each command with what it prints of: outcomes and plans of its layers, by name."""
    from simcore.cli import run

    noted: dict[str, LayerRun] = {}
    simulate = run.simulate_as_asked

    def noting(options: Any, **asked: Any) -> Results:
        results = simulate(options, **asked)
        noted.clear()
        noted.update({layer.name: layer for layer in results.runs})
        return results

    monkeypatch.setattr(run, "simulate_as_asked", noting)
    return noted


def main_memory_moves_what_the_plan_says(run: LayerRun, row: Row) -> None:
    """The JSON adds the tensors up; apart, main memory sends what the plan loads and takes each result once."""
    assert run.outcome is not None
    assert run.outcome.dma_read_bytes.sum() == run.facts["dram_read_bytes"], row
    assert run.outcome.dma_write_bytes[-1] == int(row["M"]) * int(row["N"]), row


def test_every_golden_row_is_in_one_of_the_files() -> None:
    rows = golden_rows()
    found = files(rows)
    assert len(rows) == 877
    assert sum(len(group) for _, _, group in found) == 877
    assert sum(len(group) for part in range(PARTS) for _, _, group in found[part::PARTS]) == 877
    assert all(len({row["layer"] for row in group}) == len(group) for _, _, group in found)
