"""Memory macros: rows of the table, values between them, equal capacity and area, writes, and the simulator's timings."""

import csv
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from cells_by_hand import JUNCTIONS, nominal_error_rate, refined

from models.arrays.cells import memory_cell, memory_cells
from models.arrays.compare import iso_area, iso_capacity
from models.arrays.interpolation import figures_at, monotone_cubic
from models.arrays.macro import memory_macro
from models.arrays.ratio import access_pj, energy_ratio, power_mw
from models.arrays.scratchpad import bank_timing, cycles, scratchpad_figures, scratchpad_of
from models.arrays.table import Figures, families
from models.arrays.write import WriteDesign, pulse_ns_for, voltage_v_for, write_point
from models.junction.junction import Junction
from models.memories import Sram, SttMram
from models.technology import energy_table
from simcore.errors import InputError
from simcore.machine.machine import build_machine
from simcore.spec import load_system
from simcore.systolic.rates import energy_rates

GOLDEN = Path(__file__).parent / "golden" / "mram" / "nvsim_arrays.csv"
KIB, MIB = 1024, 1024 * 1024

CELLS = {
    "sram": "sram",
    "stt_aggr": "stt-34.5F2",
    "stt_ikeda": "stt-40F2",
    "stt_sample": "stt-54F2",
    "stt_nvmx_best": "stt-14F2",
    "stt_nvmx_worst": "stt-75F2",
}
TARGETS = {
    "ReadEDP": "read-edp",
    "Area": "area",
    "ReadLatency": "read-latency",
    "WriteEDP": "write-edp",
    "LeakagePower": "leakage",
}
COLUMNS = ("area_mm2", "read_ns", "write_ns", "read_pJ", "write_pJ", "leak_mW")


def figures(macro) -> list[float]:
    return [getattr(macro, name) for name in Figures._fields]


def golden_rows() -> list[dict[str, str]]:
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_of_the_golden_file_comes_back_exactly():
    rows = golden_rows()
    assert len(rows) == 237
    for row in rows:
        macro = memory_macro(
            CELLS[row["cell"]],
            int(row["capacity_KiB"]) * KIB,
            node_nm=int(row["node_nm"]),
            leakage_class=row["roadmap"].lower(),
            word_bits=int(row["word_bits"]),
            target=TARGETS[row["opt"]],
        )
        assert figures(macro) == [float(row[column]) for column in COLUMNS]
        assert macro.kind == "measured"


def test_a_capacity_left_out_is_found_again_within_the_errors_allowed(monkeypatch):
    errors = np.array(leave_one_out(monkeypatch))
    assert len(errors) == 135
    median, ninth = np.median(errors, axis=0), np.percentile(errors, 90, axis=0)
    for index, name in enumerate(Figures._fields):
        allowed = (0.12, 0.40) if name == "leakage_mw" else (0.06, 0.20)
        assert median[index] <= allowed[0], name
        assert ninth[index] <= allowed[1], name


def leave_one_out(monkeypatch) -> list[list[float]]:
    """Relative errors per figure: every inner row of every line of at least five capacities, found from its line's other rows.

    The figures known alone are left out too.
    """
    errors = []
    for family, lines in families().items():
        for word_bits, line in lines.items():
            for left_out in list(line)[1:-1] if len(line) >= 5 else []:
                rest = {capacity: row for capacity, row in line.items() if capacity != left_out}
                known = {128: rest, word_bits: rest}
                with monkeypatch.context() as patch:
                    patch.setattr("models.arrays.interpolation.single_figures", dict)
                    patch.setattr("models.arrays.interpolation.lines_of", lambda _, known=known: known)
                    found, kind = figures_at(family, left_out, word_bits)
                assert kind == "derived"
                errors.append([abs(got / wanted - 1) for got, wanted in zip(found, line[left_out], strict=True)])
    return errors


@pytest.mark.parametrize(
    ("sram_kib", "area_mm2", "fitting_kib"),
    [
        (32, 0.0401, (128, 64, 64)),
        (256, 0.2186, (512, 512, 512)),
        (1024, 0.8131, (4096, 2048, 2048)),
        (2048, 1.698, (8192, 4096, 8192)),
        (4096, 3.100, (16384, 8192, 8192)),
        (8192, 5.829, (32768, 16384, 16384)),
        (16384, 11.08, (65536, 32768, 32768)),
    ],
)
def test_what_fits_into_the_area_of_an_sram(sram_kib, area_mm2, fitting_kib):
    # 22 nm, low operating power, 128-bit words.
    sram = memory_macro("sram", sram_kib * KIB)
    assert sram.area_mm2 == pytest.approx(area_mm2, rel=1e-3)
    found = [iso_area(sram, cell) for cell in ("stt-34.5F2", "stt-54F2", "stt-40F2")]
    assert tuple(1 << (macro.capacity_bytes // KIB).bit_length() - 1 for macro in found) == fitting_kib
    for macro in found:
        at_end = macro.capacity_bytes == 64 * MIB
        assert (0.9 if at_end else 0.99) < macro.area_mm2 / sram.area_mm2 <= 1


@pytest.mark.parametrize(("sram_kib", "factor"), [(256, 3.97), (1024, 4.32), (2048, 4.86), (4096, 4.44), (8192, 4.47)])
def test_the_largest_that_fits_in_whole_kib(sram_kib, factor):
    sram = memory_macro("sram", sram_kib * KIB)
    largest = iso_area(sram, "stt-34.5F2")
    assert largest.capacity_bytes / sram.capacity_bytes == pytest.approx(factor, rel=0.015)
    one_more = memory_macro("stt-34.5F2", largest.capacity_bytes + KIB)
    assert largest.area_mm2 <= sram.area_mm2 < one_more.area_mm2


def test_where_the_table_ends_the_largest_macro_in_it_is_the_answer():
    sram = memory_macro("sram", 64 * MIB)
    assert iso_area(sram, "stt-34.5F2").capacity_bytes == 64 * MIB


def test_equal_area_at_a_word_width_that_the_table_holds_at_one_capacity_alone():
    sram = memory_macro("sram", MIB, word_bits=256)
    stt = iso_area(sram, "stt-34.5F2")
    assert (stt.word_bits, stt.capacity_bytes > 2 * MIB) == (256, True)
    assert stt.area_mm2 <= sram.area_mm2 < memory_macro("stt-34.5F2", stt.capacity_bytes + KIB, word_bits=256).area_mm2


def test_an_area_below_the_smallest_macro_is_refused():
    with pytest.raises(InputError) as caught:
        iso_area(memory_macro("stt-34.5F2", 32 * KIB), "sram")
    assert (
        str(caught.value)
        == "iso area: expected an area of at least 0.0401 mm2 (32 KiB of sram, the smallest in the table), got 0.01103 mm2"
    )


def test_equal_capacity_keeps_everything_but_the_cell():
    sram = memory_macro("sram", MIB, leakage_class="hp")
    stt = iso_capacity(sram, "stt-54F2")
    assert (stt.cell.name, stt.capacity_bytes, stt.leakage_class, stt.node_nm, stt.word_bits) == ("stt-54F2", MIB, "hp", 22, 128)


def test_density_of_34_5_f2_cells_is_three_to_four_times_that_of_sram_from_128_kib_on():
    for capacity in (512 * KIB, MIB, 4 * MIB, 16 * MIB):
        sram = memory_macro("sram", capacity)
        assert 3 < sram.area_mm2 / iso_capacity(sram, "stt-34.5F2").area_mm2 < 4.3


def test_with_low_standby_power_transistors_the_mram_leaks_more_at_1_mib():
    sram, stt = (memory_macro(cell, MIB, leakage_class="lstp") for cell in ("sram", "stt-34.5F2"))
    assert sram.leakage_mw / stt.leakage_mw == pytest.approx(0.57, abs=0.005)


def test_between_capacities_all_figures_lie_between_those_of_the_neighbours():
    for cell in memory_cells():
        low, middle, high = (figures(memory_macro(cell, capacity * MIB)) for capacity in (1, 2, 4))
        for a, b, c in zip(low, middle, high, strict=True):
            assert min(a, c) < b < max(a, c)


def test_a_figure_known_alone_is_met_and_leaves_the_others_interpolated():
    sram, low, high = (memory_macro("sram", capacity * MIB) for capacity in (8, 4, 16))
    assert (sram.area_mm2, sram.read_ns) == (pytest.approx(5.829), pytest.approx(3.52))
    assert sram.leakage_mw == pytest.approx((low.leakage_mw * high.leakage_mw) ** 0.5)
    assert sram.kind == "derived"


def test_mram_is_read_faster_than_sram_from_8_mib_on():
    for capacity_mib, faster in ((4, False), (8, True), (16, True)):
        sram, stt = (memory_macro(cell, capacity_mib * MIB) for cell in ("sram", "stt-34.5F2"))
        assert (stt.read_ns < sram.read_ns) == faster


def test_between_word_widths_the_two_long_lines_are_met():
    # At 256 KiB the table has 128 and 512 bits; the effect of 256 bits there is that at 1 MiB, made to agree with both.
    at_128, at_256, at_512 = (memory_macro("sram", 256 * KIB, word_bits=word) for word in (128, 256, 512))
    assert (at_128.kind, at_256.kind, at_512.kind) == ("measured", "assumed", "measured")
    assert at_128.read_pj < at_256.read_pj < at_512.read_pj
    assert "256-bit words" in at_256.notes[-1]
    between = figures(memory_macro("sram", 256 * KIB, word_bits=511))
    assert between == pytest.approx(figures(at_512), rel=0.01)


def test_stt_energy_is_nearly_in_proportion_to_the_word_width_and_sram_energy_is_not():
    narrow, wide = (memory_macro("stt-34.5F2", 2 * MIB, word_bits=word) for word in (32, 512))
    assert 12 < wide.write_pj / narrow.write_pj < 16
    assert memory_macro("sram", 2 * MIB, word_bits=512).write_pj < 12 * memory_macro("sram", 2 * MIB, word_bits=32).write_pj


def test_at_45_nm_widths_between_the_two_lines_are_interpolated():
    at_128, at_256, at_512 = (memory_macro("stt-54F2", 4 * MIB, node_nm=45, word_bits=word) for word in (128, 256, 512))
    assert at_128.write_pj < at_256.write_pj < at_512.write_pj
    assert at_256.area_mm2 == pytest.approx((at_128.area_mm2 * at_512.area_mm2) ** 0.5)


def test_a_monotone_cubic_follows_a_power_law_and_has_no_extremum_of_its_own():
    x = np.array([0.0, 1.0, 3.0, 4.0, 7.0])
    assert [monotone_cubic(x, 2 * x + 1, at) for at in (0, 0.5, 3, 6.9, 7)] == pytest.approx([1, 2, 7, 14.8, 15])
    step = np.array([0.0, 0.0, 1.0, 1.0, 1.0])
    values = [monotone_cubic(x, step, at) for at in np.linspace(0, 7, 71)]
    assert (np.diff(values) > -1e-12).all()
    assert (values[0], values[10], values[-1]) == (0, 0, 1)


def test_the_same_cubic_as_scipys_pchip():
    interpolate = pytest.importorskip("scipy.interpolate")
    generator = np.random.default_rng(8)
    for _ in range(50):
        x = np.cumsum(generator.uniform(0.2, 2, 6))
        y = generator.normal(size=6)
        at = float(generator.uniform(x[0], x[-1]))
        assert monotone_cubic(x, y, at) == pytest.approx(float(interpolate.PchipInterpolator(x, y)(at)), abs=1e-12)


def test_a_write_takes_its_pulse_and_its_energy_beside_the_peripheral_circuits():
    # 5.283 ns = 5 + 0.283 and 42.462 pJ = 128 x 0.252 + 10.2: another pulse changes the first parts alone.
    macro = memory_macro("stt-34.5F2", MIB)
    longer = macro.with_write(pulse_ns=10)
    assert longer.write_ns == pytest.approx(10.283)
    assert longer.write_pj == pytest.approx(42.462 + 128 * 0.252)
    assert longer.write.error_rate < 1e-12 < macro.write.error_rate
    assert (longer.read_ns, longer.read_pj, longer.area_mm2, longer.leakage_mw) == (
        macro.read_ns,
        macro.read_pj,
        macro.area_mm2,
        macro.leakage_mw,
    )


def test_a_lower_voltage_saves_energy_with_its_square_and_errs_more():
    macro = memory_macro("stt-54F2", MIB)
    lower = macro.with_write(voltage_v=1.25 / 2**0.5)
    assert lower.write_pj == pytest.approx(139.477 - 64)
    assert lower.write_ns == pytest.approx(macro.write_ns)
    assert lower.write.error_rate > 1e4 * macro.write.error_rate


def test_writes_can_be_changed_again_and_back():
    macro = memory_macro("stt-34.5F2", MIB)
    back = macro.with_write(voltage_v=1.0, pulse_ns=3).with_write()
    assert figures(back) == pytest.approx(figures(macro))
    assert back.write == macro.write


def test_at_its_nominal_point_a_cell_errs_as_its_current_and_pulse_say():
    for name in JUNCTIONS:
        assert write_point(memory_cell(name)).error_rate == pytest.approx(nominal_error_rate(name), rel=5e-3)
        assert WriteDesign().nominal_error_rate(memory_cell(name)) == write_point(memory_cell(name)).error_rate
    assert write_point(memory_cell("stt-75F2")).error_rate < 1e-14, "200 ns at 1.5 times the critical current"


def test_halving_the_write_energy_costs_the_error_rate_of_a_1_v_10_ns_device():
    # Overdrive 3 at 10 ns, as in the table of voltages and pulses: half the energy by voltage costs 6.4e-5, by time 4.1e-4.
    design = WriteDesign(Junction().with_critical_current(80 / 3))
    cell = memory_cell("stt-54F2")
    by_voltage, by_time = write_point(cell, 0.7 * 1.25, None, design), write_point(cell, None, 5, design)
    assert by_voltage.energy_pj == pytest.approx(0.49)
    assert by_voltage.error_rate == pytest.approx(6.44e-5, rel=0.02)
    assert by_time.error_rate == pytest.approx(4.09e-4, rel=0.02)


def test_the_directions_of_an_asymmetric_junction_err_apart():
    design = WriteDesign(Junction(current_asymmetry=1.2))
    cell = memory_cell("stt-54F2")
    point = write_point(cell, design=design)
    for rate, current_ua in ((point.error_rate_p_to_ap, 25.171 * 1.2**0.5), (point.error_rate_ap_to_p, 25.171 / 1.2**0.5)):
        assert rate == pytest.approx(refined(80 / current_ua, 10 / 1.62275, 60), rel=0.01)
    assert design.nominal_error_rate(cell) == point.error_rate_p_to_ap > point.error_rate > point.error_rate_ap_to_p


def test_variation_among_cells_raises_the_error_rate():
    cell = memory_cell("stt-54F2")
    plain, varied = (write_point(cell, 1.0, 10, WriteDesign(sigma=sigma)).error_rate for sigma in (0, 0.05))
    assert 2 < varied / plain < 4


def test_pulse_and_voltage_for_a_target_are_inverses():
    cell = memory_cell("stt-34.5F2")
    pulse = pulse_ns_for(cell, 1e-5, voltage_v=1.0)
    assert write_point(cell, 1.0, pulse).error_rate == pytest.approx(1e-5, rel=1e-6)
    assert voltage_v_for(cell, 1e-5, pulse) == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize(
    ("leakage_class", "ratios"),
    [
        ("hp", {0: 78, 1: 49, 5: 20, 8: 14}),
        ("lop", {0: 32, 0.1: 21, 0.2: 16, 1: 5.9, 5: 2.1}),
        ("lstp", {0: 2.0, 1: 1.4}),
    ],
)
def test_the_energy_ratio_of_16_mib_falls_with_the_access_rate(leakage_class, ratios):
    sram, stt = (memory_macro(cell, 16 * MIB, leakage_class=leakage_class) for cell in ("sram", "stt-34.5F2"))
    for rate, expected in ratios.items():
        assert energy_ratio(sram, stt, rate) == pytest.approx(expected, rel=0.03)


def test_the_energy_ratio_is_the_quotient_of_powers_and_banks_share_the_accesses():
    sram, stt = memory_macro("sram", MIB), memory_macro("stt-34.5F2", MIB)
    assert access_pj(sram, 0) == sram.read_pj
    assert access_pj(sram, 1) == sram.write_pj
    assert power_mw(stt, 2, 0.5, macros=4) == pytest.approx(4 * stt.leakage_mw + stt.read_pj + stt.write_pj)
    assert energy_ratio(sram, stt, 2, 0.5, 4) == pytest.approx(power_mw(sram, 2, 0.5, 4) / power_mw(stt, 2, 0.5, 4))


def test_cycles_cover_the_time_and_never_count_a_rounding_error():
    assert [cycles(time, 10**9) for time in (0.01, 1.0, 1.0000001, 1.001, 5.283)] == [1, 1, 1, 2, 6]
    assert cycles(1.817, 7 * 10**8) == 2
    assert cycles(3 * 0.1, 10 * 10**9) == 3


def test_a_bank_is_timed_as_its_macro():
    assert bank_timing(memory_macro("sram", 2 * MIB), 10**9) == Sram(read_cycles=2, write_cycles=1)
    assert bank_timing(memory_macro("stt-54F2", MIB), 10**9) == SttMram(read_cycles=3, write_cycles=11)
    assert bank_timing(memory_macro("stt-54F2", MIB).with_write(pulse_ns=4), 10**9) == SttMram(read_cycles=3, write_cycles=5)


def test_a_macros_figures_are_those_of_the_technology_table_where_both_know_it():
    ours, table = scratchpad_figures(memory_macro("stt-54F2", MIB)), energy_table(node_nm=22).scratchpad("stt-mram", MIB)
    for name in ("read_pj_per_byte", "write_pj_per_byte", "leakage_mw", "area_mm2"):
        assert getattr(ours, name) == pytest.approx(getattr(table, name), rel=2e-3)


def test_a_scratchpad_of_macros_in_one_call_and_laid_upon_a_system():
    made = scratchpad_of("stt-34.5F2", 2 * MIB, 16, 16, 10**9, pulse_ns=3)
    assert (made.macro.capacity_bytes, made.macro.word_bits, made.macros_per_bank) == (128 * KIB, 128, 1)
    assert made.leakage_mw == pytest.approx(16 * made.macro.leakage_mw)
    assert made.area_mm2 == pytest.approx(16 * made.macro.area_mm2)
    sizes = ("capacity_bytes=2 MiB", "banks=16", "line_bytes=16", "macro={cell: stt-34.5F2, pulse_ns: 3}")
    system = load_system("edge-sram", ["technology.node_nm=22", *(f"scratchpads.ofmap.{size}" for size in sizes)])
    machine = build_machine(system)
    assert machine.timings[machine.scratchpads[machine.scratchpad_index("ofmap")].groups[0]] == made.timing
    assert (made.timing.values["read_cycles"], made.timing.values["write_cycles"]) == (2, 4)
    bank = energy_rates(system).banks[machine.scratchpads[machine.scratchpad_index("ofmap")].first_bank]
    assert (bank.leakage_mw, bank.write_pj) == (made.figures.leakage_mw, made.figures.write_pj_per_byte * 16)


def test_small_banks_share_a_macro_and_wide_lines_are_spread_over_several():
    # 16 banks of 16 KiB and 32-byte lines, as in edge-sram; 32 banks of 128 KiB and 256-byte lines, as in cloud-128x128-ws.
    small, wide = scratchpad_of("sram", 256 * KIB, 16, 32, 10**9), scratchpad_of("stt-54F2", 4 * MIB, 32, 256, 10**9)
    assert (small.macro.capacity_bytes, small.macro.word_bits, small.macros_per_bank) == (32 * KIB, 256, Fraction(1, 2))
    assert small.leakage_mw == pytest.approx(8 * small.macro.leakage_mw)
    assert (wide.macro.capacity_bytes, wide.macro.word_bits, wide.macros_per_bank) == (64 * KIB, 1024, 2)
    assert wide.area_mm2 == pytest.approx(64 * wide.macro.area_mm2)
    assert wide.figures.write_pj_per_byte * 256 == pytest.approx(2 * wide.macro.write_pj)
    assert (small.figures.kind, wide.figures.kind) == ("assumed", "assumed")
    assert "2 banks share a macro" in small.figures.notes[-1]
    assert "2 macros side by side" in wide.figures.notes[-1]


def test_at_hp_a_32_byte_line_takes_two_macros_of_the_128_bits_that_the_table_has():
    made = scratchpad_of("stt-34.5F2", MIB, 4, 32, 10**9, leakage_class="hp")
    assert (made.macro.word_bits, made.macro.capacity_bytes, made.macros_per_bank) == (128, 128 * KIB, 2)


def test_every_macro_names_its_source_and_leakage_class():
    for cell in memory_cells():
        macro = memory_macro(cell, 8 * MIB)
        assert macro.source.startswith("NVSim 6334d00")
        assert "lop" in macro.notes[0]
        assert "repeaters" in macro.notes[-1]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: memory_macro("stt-34F2", MIB), "no memory cell is called 'stt-34F2'; did you mean 'stt-34.5F2'?"),
        (
            lambda: memory_macro("sram", 128 * MIB),
            "capacity: expected 32 KiB to 65,536 KiB for sram at 22 nm, lop, optimised for read-edp with 128-bit words, "
            "got 131,072 KiB",
        ),
        (
            lambda: memory_macro("sram", 31 * KIB),
            "capacity: expected 32 KiB to 65,536 KiB for sram at 22 nm, lop, optimised for read-edp with 128-bit words, "
            "got 31 KiB",
        ),
        (
            lambda: memory_macro("sram", 32 * MIB, word_bits=256),
            "capacity: expected 32 KiB to 16,384 KiB for sram at 22 nm, lop, optimised for read-edp with 256-bit words, "
            "got 32,768 KiB",
        ),
        (lambda: memory_macro("sram", "2MiB"), "capacity_bytes: expected a whole number above 0, got '2MiB'"),
        (lambda: memory_macro("sram", MIB, word_bits=128.5), "word_bits: expected a whole number above 0, got 128.5"),
        (lambda: memory_macro("sram", MIB, node_nm=14), "node: expected one of 22, 32, 45 for sram, got 14"),
        (
            lambda: memory_macro("sram", MIB, node_nm=45, leakage_class="hp"),
            "class: expected one of lop for sram at 45 nm, got 'hp'",
        ),
        (
            lambda: memory_macro("sram", MIB, target="speed"),
            "no optimisation target is called 'speed'; known: read-edp, read-latency, write-edp, area, leakage",
        ),
        (
            lambda: memory_macro("stt-40F2", MIB, word_bits=64),
            "word_bits: expected words of 128 bits for stt-40F2 at 22 nm, lop, optimised for read-edp, got 64",
        ),
        (
            lambda: memory_macro("sram", MIB, word_bits=2048),
            "word_bits: expected words of 32 to 1024 bits for sram at 22 nm, lop, optimised for read-edp, got 2048",
        ),
        (
            lambda: memory_macro("sram", MIB).with_write(pulse_ns=3),
            "sram is not written by a pulse, so it has no write voltage, pulse or write error rate",
        ),
        (lambda: memory_macro("stt-54F2", MIB).with_write(voltage_v=-1), "voltage: expected a number above 0, got -1"),
        (
            lambda: energy_ratio(memory_macro("sram", MIB), memory_macro("sram", MIB, word_bits=64), 1),
            "expected macros of one word width, got 128 and 64 bits",
        ),
        (lambda: access_pj(memory_macro("sram", MIB), 1.5), "write_share: expected a share from 0 to 1, got 1.5"),
        (
            lambda: scratchpad_of("sram", MIB, 3, 16, 10**9),
            "expected a capacity that is a multiple of the banks, got 1048576 bytes in 3 banks",
        ),
        (lambda: cycles(1, 0), "clock: expected a clock above 0 Hz, got 0"),
    ],
)
def test_what_the_table_does_not_hold_is_refused(ask, message):
    with pytest.raises(InputError) as caught:
        ask()
    assert str(caught.value) == message


def test_every_deviation_of_the_stt_mram_models_names_a_test_that_exists():
    page = (Path(__file__).parents[1] / "DEVIATIONS.md").read_text(encoding="utf-8")
    named = re.findall(r"`tests/(test_\w+\.py)::(test_\w+)`", page)
    assert len(named) >= 6
    for file, test in named:
        assert f"def {test}(" in (Path(__file__).parent / file).read_text(encoding="utf-8")
