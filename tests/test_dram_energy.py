"""Energy from IDD currents, with every term computed by hand."""

import numpy as np
import pytest

from simcore.dram.energy import command_energy, dram_energy, rank_energy, summed
from simcore.dram.resolve import load_dram
from simcore.errors import InputError

# DDR4-2400 8Gb x8: 1.2 V; IDD0 48, IDD2N 34, IDD3N 43, IDD4R 135, IDD4W 123, IDD5B 250 mA; tCK 0.833 ns; 8 chips.
DRAM = load_dram("ddr4_2400r")
CHIPS = 8


def counts(**given):
    return np.array([given.get(name, 0) for name in DRAM.commands], dtype=np.int64)


def energy(open_cycles=0, cycles=0, **given):
    return rank_energy(DRAM, counts(**given), open_cycles, cycles)


def test_an_activation_and_its_precharge():
    by_hand = 1.2 * (48 * 55 - 43 * 39 - 34 * 16) * 0.833
    assert energy(ACT=3).activate_pj == pytest.approx(3 * by_hand * CHIPS)
    assert energy(PREpb=3, PREab=2).chips_pj == 0


def test_a_read_and_a_write():
    assert energy(RD=5).read_pj == pytest.approx(5 * 1.2 * (135 - 43) * 4 * 0.833 * CHIPS)
    assert energy(RDA=5) == energy(RD=5)
    assert energy(WR=2, WRA=1).write_pj == pytest.approx(3 * 1.2 * (123 - 43) * 4 * 0.833 * CHIPS)


def test_ten_thousand_reads_are_dramsim3s_figure_times_the_clock_period():
    # DRAMsim3 prints 35328000 for 10000 RD and leaves tCK out.
    assert energy(RD=10_000).read_pj == pytest.approx(35_328_000 * 0.833)


def test_a_refresh_and_its_background_are_idd5b_for_trfc():
    found = energy(REFab=1, cycles=433)
    assert found.refresh_pj == pytest.approx(1.2 * (250 - 43) * 433 * 0.833 * CHIPS)
    assert found.chips_pj == pytest.approx(1.2 * 250 * 433 * 0.833 * CHIPS)


def test_background_is_active_while_a_bank_is_open():
    assert energy(cycles=100).background_pj == pytest.approx(1.2 * 34 * 100 * 0.833 * CHIPS)
    assert energy(open_cycles=40, cycles=100).background_pj == pytest.approx(1.2 * (43 * 40 + 34 * 60) * 0.833 * CHIPS)


def test_io_is_apart():
    # POD: a low bit draws 1.2 V through 34 + 60 ohm for half a clock; half of the bits are low. 64 bytes a burst.
    by_hand = 0.5 * 1.2**2 / 94 * (0.833 / 2) * 1000 * 512
    found = energy(RD=1, WR=1)
    assert found.io_pj == pytest.approx(2 * by_hand)
    assert found.total_pj == pytest.approx(found.chips_pj + 2 * by_hand)


def test_sstl_ends_in_half_the_supply():
    each = command_energy(load_dram("ddr3_1600k"))
    assert each.io_pj_per_bit == pytest.approx(0.75**2 / 94 * 0.625 * 1000)


def test_a_pseudo_channel_is_half_a_channel_of_128_bits_and_a_bank_refresh_its_share():
    dram = load_dram("hbm2_2000")
    each = command_energy(dram)
    assert each.chips_per_rank == 0.5
    assert each.io_pj_per_bit is None
    assert each.refresh_pj == pytest.approx(1.2 * (250 - 55) * 350 * 1.0)
    assert each.refresh_bank_pj == pytest.approx(each.refresh_pj / 16)
    one = np.array([1 if name == "REFpb" else 0 for name in dram.commands], dtype=np.int64)
    found = rank_energy(dram, one, 0, 0)
    assert found.refresh_pj == pytest.approx(each.refresh_pj / 16 * 0.5)
    assert found.io_pj is None


def test_pump_current_counts_where_its_standby_part_is_known(tmp_path):
    file = tmp_path / "pump.yaml"
    file.write_text("extends: ddr4_2400r\ncurrents:\n  8Gb_x8_2400:\n    milliamperes: {IPP0: 5, IPP3N: 3}\n")
    with_pump, without = command_energy(load_dram(file)), command_energy(DRAM)
    assert with_pump.activate_pj - without.activate_pj == pytest.approx(2.5 * 2 * 55 * 0.833)
    assert with_pump.idle_cycle_pj - without.idle_cycle_pj == pytest.approx(2.5 * 3 * 0.833)


def test_ranks_add_up():
    ranks = dram_energy(DRAM, np.array([counts(ACT=1, RD=2), counts(WR=3)]), np.array([10, 20]), 50)
    both = summed(ranks)
    assert both.total_pj == pytest.approx(ranks[0].total_pj + ranks[1].total_pj)
    assert (ranks[0].write_pj, ranks[1].read_pj) == (0, 0)


def test_energy_is_refused_where_currents_are_missing_or_cannot_be(tmp_path):
    for text, message in (
        ("extends: ddr4_2400r\ncurrents:\n  8Gb_x8_2400:\n    milliamperes: {IDD4R: null}\n",
         "mine: missing IDD4R in currents '8Gb_x8_2400'"),
        ("extends: ddr4_2400r\ncurrents:\n  8Gb_x8_2400:\n    milliamperes: {IDD4R: 40}\n",
         "mine: currents '8Gb_x8_2400' make read_pj negative (-11.9952 pJ); is a standby current larger than the operating "
         "current above it?"),
        ("extends: ddr5_4800an\n", "mine: no currents, so no energy; a preset may name a set of 'currents'"),
    ):  # fmt: skip
        (tmp_path / "mine.yaml").write_text(text)
        with pytest.raises(InputError) as caught:
            command_energy(load_dram(tmp_path / "mine.yaml"))
        assert str(caught.value) == message
