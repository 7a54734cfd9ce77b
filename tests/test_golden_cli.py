"""SCALE-Sim's figures through `simcore run --json` on SCALE-Sim's own files: a topology and a configuration."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simcore.cli import app

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

#: Small enough that a sample of every size of array, dataflow and mode runs in a second or two.
LONGEST_CYCLES = 20_000
EVERY = 19


def sample() -> list[Row]:
    with (Path(__file__).parent / "golden" / "scalesim" / "runs.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if int(row["formula_cycles"]) <= LONGEST_CYCLES]
    return rows[::EVERY]


def topology(row: Row) -> str:
    if row["kind"] == "gemm":
        return "Layer, M, N, K,\n" + ", ".join(row[name] for name in ("layer", "M", "N", "K")) + ",\n"
    sizes = ("ifmap_h", "ifmap_w", "filt_h", "filt_w", "channels", "filters", "stride")
    header = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
    return header + ", ".join([row["layer"], *(str(int(float(row[size]))) for size in sizes)]) + ",\n"


@pytest.mark.parametrize("row", sample(), ids=lambda row: "-".join(row[k] for k in ("layer", "dataflow", "array_h", "mode")))
def test_scale_sims_figures_come_out_of_its_own_files(row: Row, tmp_path: Path) -> None:
    (tmp_path / "net.csv").write_text(topology(row))
    (tmp_path / "machine.cfg").write_text(CFG.format(**row))
    result = CliRunner().invoke(app, ["run", str(tmp_path / "net.csv"), "--system", str(tmp_path / "machine.cfg"), "--json"])
    assert result.exit_code == 0, result.output
    (layer,) = json.loads(result.stdout)["layers"]
    assert layer["macs"] == int(row["macs"])
    assert layer["compute_cycles"] == int(row["formula_cycles"]) == float(row["Total Cycles"]) + 1 - float(row["Stall Cycles"])
    assert layer["mapping_efficiency"] == pytest.approx(float(row["Mapping Efficiency %"]))
    assert layer["sram_reads"] == {"ifmap": float(row["SRAM IFMAP Reads"]), "filter": float(row["SRAM Filter Reads"])}
    if row["dataflow"] != "os":
        assert layer["sram_writes"] == {"ofmap": float(row["SRAM OFMAP Writes"])}
