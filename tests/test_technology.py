"""The technology table: its numbers, the values between them, and their sources."""

from itertools import pairwise
from math import log

import pytest

from models.memories import Sram, SttMram
from models.technology import energy_table
from simcore.dram.energy import command_energy
from simcore.dram.resolve import load_dram
from simcore.errors import InputError
from simcore.timing.bank_timing import BankTiming

MIB = 1024 * 1024


def test_points_of_the_table_are_given_back_as_they_stand():
    # NVSim at 22 nm, 1 MiB, 128-bit words: SRAM 17.15 pJ, 15.57 pJ, 25.99 mW, 0.8131 mm2; STT-MRAM writes 139.5 pJ.
    figures = energy_table(node_nm=22).scratchpad("sram", MIB)
    assert figures.read_pj_per_byte * 16 == pytest.approx(17.15)
    assert figures.write_pj_per_byte * 16 == pytest.approx(15.57)
    assert (figures.leakage_mw, figures.area_mm2) == (pytest.approx(25.99), pytest.approx(0.8131))
    assert (figures.kind, figures.notes) == ("measured", ())
    assert energy_table(node_nm=22).scratchpad("stt-mram", MIB).write_pj_per_byte * 16 == pytest.approx(139.5)


def test_between_points_the_middle_on_log_axes_is_the_geometric_mean():
    table = energy_table(node_nm=22)
    low, middle, high = (table.scratchpad("sram", capacity * MIB) for capacity in (1, 2, 4))
    assert middle.area_mm2 == pytest.approx((low.area_mm2 * high.area_mm2) ** 0.5)
    assert middle.read_pj_per_byte == pytest.approx((low.read_pj_per_byte * high.read_pj_per_byte) ** 0.5)
    assert middle.kind == "derived"


@pytest.mark.parametrize(("capacity_bytes", "low_kib", "high_kib"), [(4 * 1024, 32, 256), (256 * MIB, 16384, 65536)])
def test_beyond_the_table_the_last_slope_continues_and_a_note_says_so(capacity_bytes, low_kib, high_kib):
    table = energy_table(node_nm=22)
    low, high, beyond = (table.scratchpad("stt-mram", capacity) for capacity in (low_kib * 1024, high_kib * 1024, capacity_bytes))
    steps = {4 * 1024: -1.0, 256 * MIB: 2.0}[capacity_bytes]  # 4 KiB is as far below 32 KiB as 256 KiB is above it
    assert beyond.area_mm2 == pytest.approx(low.area_mm2 * (high.area_mm2 / low.area_mm2) ** steps)
    assert beyond.kind == "assumed"
    assert f"stt-mram: an array of {capacity_bytes // 1024} KiB is outside the table (32 to 65536 KiB)" in beyond.notes[0]


def test_a_note_is_absent_at_the_ends_of_the_table():
    table = energy_table()
    assert not table.scratchpad("sram", 32 * 1024).notes
    assert not table.scratchpad("sram", 64 * MIB).notes


def test_a_bank_timing_is_charged_as_the_technology_it_names():
    table = energy_table()
    assert table.scratchpad(SttMram(), MIB) == table.scratchpad("stt-mram", MIB)
    assert table.scratchpad(Sram(), MIB) == table.scratchpad("sram", MIB)


def test_a_bank_timing_that_names_no_technology_is_charged_as_sram_with_a_note():
    class Own(BankTiming):
        @staticmethod
        def serve(params, bank, shared, now, op, row):
            return now + 1, now + 1

    figures = energy_table().scratchpad(Own(), MIB)
    assert figures.area_mm2 == energy_table().scratchpad("sram", MIB).area_mm2
    assert figures.notes == ("Own names no technology, so its energy and area are those of sram",)


def test_stt_is_denser_and_its_writes_cost_more_than_those_of_sram():
    table = energy_table(node_nm=22)
    sram, stt = table.scratchpad("sram", MIB), table.scratchpad("stt-mram", MIB)
    assert 2.5 < sram.area_mm2 / stt.area_mm2 < 3
    assert stt.write_pj_per_byte > 8 * sram.write_pj_per_byte


def test_macs_are_the_published_figures_at_45_and_7_nm():
    # Horowitz: int8 0.2 + 0.1, fp16 1.1 + 0.9, fp32 3.7 + 0.9. Jouppi: int8 0.07 + 0.03, bf16 0.21 + 0.38, fp32 1.31 + 0.38.
    at_45, at_7 = energy_table(node_nm=45), energy_table(node_nm=7)
    assert [at_45.mac_pj(size) for size in (1, 2, 4)] == pytest.approx([0.3, 2.0, 4.6])
    assert [at_7.mac_pj(size) for size in (1, 2, 4)] == pytest.approx([0.10, 0.59, 1.69])
    assert (at_45.mac(8).kind, at_45.mac(2).kind) == ("assumed", "derived")


def test_between_nodes_a_figure_lies_on_a_line_on_log_axes_and_its_source_says_so():
    # 45^(1 - s) 7^s = 22 has s = ln(45 / 22) / ln(45 / 7); each operation is 45 nm's times (7 nm's / 45 nm's)^s.
    share = log(45 / 22) / log(45 / 7)
    mac = energy_table(node_nm=22).mac(2)
    assert mac.pj == pytest.approx(1.1 * (0.21 / 1.1) ** share + 0.9 * (0.38 / 0.9) ** share)
    assert "22 nm interpolated between nodes" in mac.source
    assert "interpolated" not in energy_table(node_nm=7).mac(2).source


@pytest.mark.parametrize("word_bytes", [1, 2, 4, 8])
def test_a_smaller_node_takes_less_energy_and_area(word_bytes):
    macs = [energy_table(node_nm=node).mac(word_bytes) for node in range(45, 6, -1)]
    assert all(small.pj < large.pj and small.area_mm2 < large.area_mm2 for large, small in pairwise(macs))
    wires = [energy_table(node_nm=node).wire_mm.pj for node in range(45, 6, -1)]
    assert wires == sorted(wires, reverse=True)


@pytest.mark.parametrize(("node_nm", "nearest"), [(5, 7), (65, 45)])
def test_a_node_beyond_the_figures_is_refused_with_the_nearest(node_nm, nearest):
    with pytest.raises(InputError, match=rf"technology.node_nm: expected 7 to 45 nm, .* got {node_nm}; the nearest is {nearest}"):
        energy_table(node_nm=node_nm)


def test_scratchpads_have_figures_only_within_one_source():
    for node_nm, nearest in ((17, 16), (20, 22)):
        said = rf"22 to 45 nm or 7 to 16 nm, the nodes with figures of sram, got {node_nm}; the nearest is {nearest}"
        with pytest.raises(InputError, match=said):
            energy_table(node_nm=node_nm).scratchpad("sram", MIB)
    with pytest.raises(InputError, match=r"expected 22 to 45 nm, the nodes with figures of stt-mram, got 7; the nearest is 22"):
        energy_table(node_nm=7).scratchpad("stt-mram", MIB)
    low, between, high = (energy_table(node_nm=node).scratchpad("sram", MIB) for node in (22, 28, 32))
    share = log(28 / 22) / log(32 / 22)
    assert between.area_mm2 == pytest.approx(low.area_mm2 ** (1 - share) * high.area_mm2**share)
    assert (low.kind, between.kind) == ("measured", "derived")
    assert "28 nm interpolated between nodes" in between.source


def test_sram_at_7_nm_is_the_published_energy_of_64_bits():
    figures = energy_table(node_nm=7).scratchpad("sram", MIB)
    assert figures.read_pj_per_byte * 8 == pytest.approx(14)
    # 2^23 cells of 0.027 um2 on 70 % of the area.
    assert figures.area_mm2 == pytest.approx(2**23 * 0.027e-6 / 0.7, rel=1e-3)


@pytest.mark.parametrize(("kib", "at_45", "at_7"), [(8, 10, 7.5), (32, 20, 8.5), (1024, 100, 14)])
def test_sram_at_16_nm_lies_between_the_published_45_and_7_nm(kib, at_45, at_7):
    figures = energy_table(node_nm=16).scratchpad("sram", kib * 1024)
    share = log(45 / 16) / log(45 / 7)
    assert figures.read_pj_per_byte * 8 == pytest.approx(at_45 ** (1 - share) * at_7**share, rel=1e-3)
    assert figures.area_mm2 == pytest.approx(kib * 2**13 * 0.07e-6 / 0.7, rel=1e-3)


def test_a_second_port_widens_the_cell_by_two_wires_and_adds_two_transistors():
    # CACTI: a cell of 14.6 F x 10 F, widened by 2 x 2.5 F in both directions.
    one, two, four = (energy_table().ports(ports, volatile=True) for ports in (1, 2, 4))
    assert (one.area, one.access, one.leakage) == (1, 1, 1)
    assert two.area == pytest.approx(19.6 * 15 / 146)
    assert (two.access, two.leakage) == (pytest.approx(two.area**0.5), pytest.approx(8 / 6))
    assert four.area == pytest.approx(29.6 * 25 / 146)
    assert energy_table().ports(2, volatile=False).access == 1


def test_a_byte_of_hbm2_takes_less_than_half_of_one_of_ddr4():
    hbm2 = energy_table().main_memory("hbm2")
    assert hbm2.read_pj_per_byte == pytest.approx(8 * 3.92)
    assert hbm2.read_pj_per_byte < energy_table().main_memory("ddr4").read_pj_per_byte / 2


@pytest.mark.parametrize(("name", "standard"), [("ddr3", "ddr3_1600k"), ("ddr4", "ddr4_2400r"), ("hbm2", "hbm2_2000")])
def test_figures_of_main_memory_are_those_of_the_command_model(name, standard):
    figures, dram = energy_table().main_memory(name), load_dram(standard)
    each, cycle_ns = command_energy(dram), dram.tck_ps / 1000
    chips, transaction = each.chips_per_rank, dram.transaction_bytes
    assert figures.channel_bytes_per_s == pytest.approx(1e9 * transaction / (dram.burst_cycles * cycle_ns), rel=1e-3)
    assert figures.background_mw == pytest.approx(each.active_cycle_pj * chips / cycle_ns, rel=1e-3)
    assert figures.refresh_mw == pytest.approx(each.refresh_pj * chips / (dram.timing["nREFI"] * cycle_ns), rel=1e-3)
    if each.io_pj_per_bit is not None:
        around = each.activate_pj * chips / 80 / transaction + 8 * each.io_pj_per_bit
        assert figures.read_pj_per_byte == pytest.approx(each.read_pj * chips / transaction + around, rel=1e-3)
        assert figures.write_pj_per_byte == pytest.approx(each.write_pj * chips / transaction + around, rel=1e-3)


def test_every_number_has_a_source_and_says_what_kind_it_is():
    table = energy_table().table
    tables = [each for entry in table["scratchpads"].values() for each in entry["tables"]]
    single = [table[name] for name in ("operations", "logic_area", "register", "wires", "ports")]
    for entry in (*single, *table["main_memory"].values(), *tables):
        assert entry["source"]
        assert entry["kind"] in ("measured", "derived", "assumed")
    for each in tables:
        for points in each["nodes"].values():
            assert [point[0] for point in points] == sorted({point[0] for point in points})
        assert len({tuple(point[0] for point in points) for points in each["nodes"].values()}) == 1


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: energy_table("defualt"), r"technology.table 'defualt': no such technology table; did you mean 'default'\?"),
        (lambda: energy_table().main_memory("hmb2"), r"memory.type: expected one of ddr3, .* got 'hmb2'; did you mean 'hbm2'\?"),
        (lambda: energy_table().scratchpad("stt-ram", MIB), r"the technology table 'default' has no 'stt-ram'; did you mean"),
        (lambda: energy_table().mac_pj(3), r"expected words of 1, 2, 4, 8 bytes, got 3"),
    ],
)
def test_what_the_table_does_not_hold_is_refused(ask, message):
    with pytest.raises(InputError, match=message):
        ask()
