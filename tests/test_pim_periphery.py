"""The periphery of a bank of DRAM that computes: its cycles, energies and areas, each with a source."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models.pim.periphery import Periphery
from models.technology import energy_table
from simcore.errors import InputError
from simcore.pim.mapping.vector_work import VectorWork

BANK = Periphery(
    columns=65536, tree_columns=4096, clock_hz=500_000_000, transposer_bits_per_cycle=4096, vector_words_per_cycle=512
)


def test_a_row_goes_through_the_tree_in_sixteen_cycles_and_the_last_needs_its_stages() -> None:
    assert BANK.read_cycles == BANK.operand_cycles == 16
    assert (BANK.tree_stages, BANK.drain_cycles) == (12, 13)


def test_a_tree_as_wide_as_the_row_or_of_an_odd_width() -> None:
    def tree(columns: int) -> Periphery:
        return Periphery(columns=8, tree_columns=columns, clock_hz=1, transposer_bits_per_cycle=3, vector_words_per_cycle=1)

    assert [(tree(width).read_cycles, tree(width).tree_stages) for width in (1, 3, 8, 100)] == [(8, 0), (3, 2), (1, 3), (1, 3)]
    assert tree(1).operand_cycles == 3


def test_cycles_become_those_of_the_dram_rounded_up() -> None:
    assert BANK.dram_cycles(16, 750) == 43  # 32 ns are 42.67 cycles of 0.75 ns
    assert BANK.dram_cycles(3, 750) == 8
    assert BANK.dram_cycles(0, 750) == 0


def test_words_take_a_lane_each() -> None:
    work = VectorWork(operation="relu", read_words=1000, written_words=1000, word_operations=1025)
    assert BANK.vector_cycles(work) == 3


def test_energies_are_sums_of_the_tables_arithmetic() -> None:
    """Stage s of the tree has columns / 2^s sums of s + 1 bits: two columns share 2 bits, four 3 bits, ..."""
    table = energy_table(node_nm=45)
    bits = sum((stage + 1) / 2**stage for stage in range(1, 13))
    assert BANK.row_pj == pytest.approx(65536 * (0.1 / 32 + bits * 9.71e-3))
    assert BANK.accumulate_pj == pytest.approx(0.1 + 32 * 9.71e-3)
    assert BANK.transpose_pj(100) == pytest.approx(100 * 2 * 9.71e-3)
    assert BANK.word_pj("relu") == table.operation("int32_add").pj == 0.1
    assert BANK.word_pj("batch-norm") == pytest.approx(1.1 + 0.1)
    assert BANK.word_pj("tanh") == BANK.word_pj("softmax") == pytest.approx(1.1 + 0.9)


def test_every_part_has_an_area_or_shares_one_and_a_source() -> None:
    shared = {part.name for part in BANK.parts if part.area_mm2 == 0}
    assert shared == {"add", "pool", "global-pool"}
    assert all(part.pj > 0 and part.source and part.kind in ("derived", "assumed") for part in BANK.parts)
    tree = BANK.parts[0]
    bits = sum((stage + 1) / 2**stage for stage in range(1, 13))
    assert tree.area_mm2 == pytest.approx(4096 * (137 / 32 + bits * 7.82) * 1e-6)
    assert BANK.area_mm2 == sum(part.area_mm2 for part in BANK.parts)


def test_the_areas_of_the_manual_are_those_of_all_parts() -> None:
    page = (Path(__file__).parents[1] / "docs" / "pim-dram-mapping.md").read_text(encoding="utf-8")
    *areas, total = [float(area) for area in re.findall(r"^\|.* ([0-9.]+) mm² \|$", page, re.MULTILINE)]
    assert [part.area_mm2 for part in BANK.parts if part.area_mm2] == pytest.approx(areas, abs=0.0006)
    assert total == pytest.approx(BANK.area_mm2, abs=0.0006)


def test_a_later_node_takes_less() -> None:
    later = Periphery(**{**vars_of(BANK), "node_nm": 7})
    assert later.row_pj < BANK.row_pj / 2
    assert later.area_mm2 < BANK.area_mm2 / 10


def vars_of(periphery: Periphery) -> dict[str, int]:
    return {name: getattr(periphery, name) for name in periphery.__dataclass_fields__}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"tree_columns": 0}, "periphery: expected tree_columns of at least 1, got 0"),
        ({"clock_hz": -5}, "periphery: expected clock_hz of at least 1, got -5"),
    ],
)
def test_a_periphery_without_columns_or_clock_is_refused(change, told) -> None:
    with pytest.raises(InputError) as caught:
        Periphery(**{**vars_of(BANK), **change})
    assert str(caught.value) == told


def test_arithmetic_without_figures_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"the technology table 'default' has no operation 'int9_add'; did you mean 'int32_add'\?"
    ):
        energy_table().operation("int9_add")
