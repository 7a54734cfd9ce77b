"""The technology table: its numbers, the values between them, and their sources."""

import pytest

from models.memories import Sram, SttMram
from models.technology import energy_table
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


def test_macs_at_45_nm_are_horowitz_and_scale_to_the_node():
    at_45, at_22 = energy_table(node_nm=45), energy_table(node_nm=22)
    assert [at_45.mac_pj(size) for size in (1, 2, 4)] == [0.3, 2.0, 4.6]
    assert at_22.mac_pj(1) == pytest.approx(0.3 * 0.294)
    assert (at_45.mac(8).kind, at_22.mac(1).kind) == ("assumed", "derived")


def test_main_memory_costs_1300_pj_for_64_bits():
    assert energy_table().dram_pj_per_byte * 8 == 1300


def test_every_number_has_a_source_and_says_what_kind_it_is():
    table = energy_table().table
    entries = [*table["mac"].values(), table["logic_scaling"], table["dram"], *table["scratchpads"].values()]
    assert all(entry["source"] and entry["kind"] in ("measured", "derived", "assumed") for entry in entries)
    for entry in table["scratchpads"].values():
        assert set(entry["nodes"]) == set(table["logic_scaling"]["factor"])
        for points in entry["nodes"].values():
            assert [point[0] for point in points] == sorted({point[0] for point in points})


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: energy_table("defualt"), r"technology.table 'defualt': no such technology table; did you mean 'default'\?"),
        (lambda: energy_table(node_nm=28), r"technology.node_nm: expected one of 45, 32, 22, got 28"),
        (lambda: energy_table().scratchpad("stt-ram", MIB), r"the technology table 'default' has no 'stt-ram'; did you mean"),
        (lambda: energy_table().mac_pj(3), r"expected words of 1, 2, 4, 8 bytes, got 3"),
    ],
)
def test_what_the_table_does_not_hold_is_refused(ask, message):
    with pytest.raises(InputError, match=message):
        ask()
