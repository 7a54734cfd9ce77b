"""SCALE-Sim's stall-free figures, reproduced row by row from Programs alone."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from dataflow_walk import word_counts

from simcore.program.program import Geo, Kind, Op, OpKind, Port, Program, Seg
from simcore.spec.load import load_system
from simcore.spec.system import System
from workloads.dataflow import lower
from workloads.layers import Conv, Layer, Linear
from workloads.network import LayerInstance

Row = dict[str, str]


def golden_rows() -> list[Row]:
    with (Path(__file__).parent / "golden" / "scalesim" / "runs.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def number(row: Row, column: str) -> int:
    return int(float(row[column]))


@cache
def machine(dataflow: str, rows: int, columns: int, ifmap_kib: int, filter_kib: int, ofmap_kib: int) -> System:
    sets = [f"array.dataflow={dataflow}", f"array.rows={rows}", f"array.columns={columns}"]
    for name, size in (("ifmap", ifmap_kib), ("filter", filter_kib), ("ofmap", ofmap_kib)):
        sets.append(f"scratchpads.{name}.capacity_bytes={size * 1024}")
    return load_system("scale-sim-32x32-ws", sets)


def instance(row: Row) -> LayerInstance:
    layer: Layer
    if row["kind"] == "gemm":
        layer, shape = Linear(row["layer"], number(row, "N")), (number(row, "M"), number(row, "K"))
        return LayerInstance(row["layer"], layer, (shape,), layer.infer([shape]), 1, ())
    kernel = (number(row, "filt_h"), number(row, "filt_w"))
    layer = Conv(row["layer"], number(row, "filters"), kernel, (number(row, "stride"),) * 2, ceil_mode_scale_sim=True)
    image = (number(row, "channels"), number(row, "ifmap_h"), number(row, "ifmap_w"))
    return LayerInstance(row["layer"], layer, (image,), layer.infer([image]), 1, ())


@cache
def program_of(key: tuple[str, ...], index: int) -> Program:
    row = golden_rows_once()[index]
    system = machine(
        row["dataflow"], *(number(row, name) for name in ("array_h", "array_w", "ifmap_kb", "filter_kb", "ofmap_kb"))
    )
    program = lower(instance(row), system)
    assert program is not None
    return program


@cache
def golden_rows_once() -> list[Row]:
    return golden_rows()


def lowered() -> list[tuple[Row, Program]]:
    """Every row with its Program; rows that differ in mode and bandwidth only share one."""
    names = ("layer", "kind", "M", "N", "K", "dataflow", "array_h", "array_w", "ifmap_kb", "filter_kb", "ofmap_kb")
    first: dict[tuple[str, ...], int] = {}
    found = []
    for index, row in enumerate(golden_rows_once()):
        key = tuple(row[name] for name in names)
        found.append((row, program_of(key, first.setdefault(key, index))))
    return found


def words_of_segments(program: Program, port: int) -> int:
    """Words a port moves where no lane is empty: with skew registers and no padding every element fills its lanes."""
    segments = program.segments[port]
    assert not segments[:, Seg.SKEWED].any()
    if len(segments) and segments[0, Seg.KIND] != Kind.LINEAR:
        geometry = program.geometry
        assert geometry[Geo.PAD_H] == geometry[Geo.PAD_W] == 0
        for size, out, stride, kernel in (
            (Geo.H, Geo.OUT_H, Geo.STRIDE_H, Geo.KERNEL_H),
            (Geo.W, Geo.OUT_W, Geo.STRIDE_W, Geo.KERNEL_W),
        ):
            assert (geometry[out] - 1) * geometry[stride] + geometry[kernel] <= geometry[size]
    return int((segments[:, Seg.COUNT] * segments[:, Seg.LANES]).sum())


@pytest.mark.slow
def test_steps_equal_scale_sims_cycles_in_every_row() -> None:
    wrong = [(row, program.steps) for row, program in lowered() if program.steps != number(row, "formula_cycles")]
    assert wrong == []


@pytest.mark.slow
def test_total_cycles_are_steps_less_one_plus_stalls_in_every_row() -> None:
    for row, program in lowered():
        assert program.steps - 1 + number(row, "Stall Cycles") == number(row, "Total Cycles")


def test_mapping_efficiency_equals_scale_sims_to_the_last_bit_in_every_row() -> None:
    for row, program in lowered():
        assert program.facts["mapping_efficiency_percent"] == float(row["Mapping Efficiency %"]), row


def test_folds_and_macs_equal_scale_sims_in_every_row() -> None:
    for row, program in lowered():
        facts = program.facts
        assert (facts["row_folds"], facts["column_folds"]) == (number(row, "row_folds"), number(row, "col_folds"))
        assert facts["macs"] == number(row, "macs")


def test_scratchpad_word_counts_equal_scale_sims_in_every_row() -> None:
    for row, program in lowered():
        assert words_of_segments(program, Port.IFMAP) == number(row, "SRAM IFMAP Reads"), row
        assert words_of_segments(program, Port.FILTER) == number(row, "SRAM Filter Reads"), row
        writes = words_of_segments(program, Port.OUTPUT)
        if row["dataflow"] == "os":
            # SCALE-Sim adds folds x (rows + columns) to the outputs of os; the true count is one write per output.
            folds = number(row, "row_folds") * number(row, "col_folds")
            assert writes == number(row, "M") * number(row, "N")
            assert writes + folds * (number(row, "array_h") + number(row, "array_w")) == number(row, "SRAM OFMAP Writes")
        else:
            assert writes == number(row, "SRAM OFMAP Writes"), row


def test_word_counts_by_formula_equal_those_walked_word_by_word() -> None:
    small = [(row, program) for row, program in lowered() if program.facts["macs"] <= 3000]
    seen: set[int] = set()
    for _, program in small:
        if id(program) not in seen:
            seen.add(id(program))
            assert word_counts(program) == [words_of_segments(program, port) for port in range(4)]
    assert len(seen) >= 20


@pytest.mark.parametrize(("operand", "region", "column"), [("ifmap", 0, "DRAM IFMAP Reads"), ("filter", 1, "DRAM Filter Reads")])
def test_main_memory_reads_equal_scale_sims_where_the_operand_fits(operand: str, region: int, column: str) -> None:
    compared = 0
    for row, program in lowered():
        ops = program.ops[(program.ops[:, Op.KIND] == OpKind.LOAD) & (program.ops[:, Op.REGION] == region)]
        fits = number(row, column) <= number(row, f"{operand}_kb") * 1024 // 2
        if row["mode"] == "CALC" and fits:
            assert int(ops[:, Op.BYTES].sum()) == number(row, column), row
            assert len(np.unique(ops[:, Op.TILE])) == len(ops)
            compared += 1
    assert compared >= 150
