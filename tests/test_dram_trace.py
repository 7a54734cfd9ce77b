"""Traces of requests and address mappings."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from simcore.dram.commands import read_commands
from simcore.dram.mapping import address_mapping
from simcore.dram.resolve import load_dram
from simcore.dram.trace import read_trace
from simcore.errors import InputError

GOLDEN = Path(__file__).parent / "golden" / "dram"
DDR4 = load_dram("ddr4_2400r")


def decoded(dram, mapping, *addresses):
    numbers = address_mapping(dram, mapping).decode(np.array(addresses, dtype=np.int64), len(dram.levels))
    return [tuple(row) for row in numbers.T.tolist()]


def test_a_trace_is_read_plain_or_gzipped(tmp_path):
    text = "# a comment\n0 R 63fb40\n\n7 W 0x40\n"
    (tmp_path / "plain").write_text(text)
    (tmp_path / "packed").write_bytes(gzip.compress(text.encode()))
    for name in ("plain", "packed"):
        trace = read_trace(tmp_path / name)
        assert (trace.earliest.tolist(), trace.op.tolist(), trace.address.tolist()) == ([0, 7], [0, 1], [0x63FB40, 0x40])


EXPECTED = "{f}:2: expected 'CYCLE R|W HEX_ADDRESS', got "
BAD = {
    "0 R 40\n1 X 40\n": EXPECTED + "'1 X 40'",
    "0 R 40\n1 R\n": EXPECTED + "'1 R'",
    "0 R 40\n1 R 40 2\n": EXPECTED + "'1 R 40 2'",
    "0 R 40\nsoon R 40\n": EXPECTED + "'soon R 40'",
    "0 R 40\n1 R 4g\n": EXPECTED + "'1 R 4g'",
    "0 R 40\n-1 R 40\n": "{f}:2: expected cycle and address from 0 to 2^48 - 1, got '-1 R 40'",
    "0 R 40\n1 R 1000000000000\n": "{f}:2: expected cycle and address from 0 to 2^48 - 1, got '1 R 1000000000000'",
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_trace_is_reported_with_its_line(tmp_path, text):
    file = tmp_path / "mine.trace"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_trace(file)
    assert str(caught.value) == BAD[text].replace("{f}", str(file))


def test_a_missing_and_a_damaged_trace_are_reported(tmp_path):
    with pytest.raises(InputError) as caught:
        read_trace(tmp_path / "none.trace")
    assert str(caught.value) == f"{tmp_path / 'none.trace'}: expected a file, found none"
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"0 R 40\n" * 1000)[:-12])
    with pytest.raises(InputError, match="expected a whole gzip file"):
        read_trace(tmp_path / "cut.gz")
    (tmp_path / "bytes").write_bytes(b"0 R \xff\xfe\n")
    with pytest.raises(InputError, match="not UTF-8"):
        read_trace(tmp_path / "bytes")


def test_robaracoch_puts_a_row_s_lines_next_to_each_other():
    # row 16 | bank 2 | bank group 2 | rank 0 | column 7 | channel 0 | offset 6
    address = (53 << 17) | (1 << 15) | (3 << 13) | (9 << 6) | 5
    assert decoded(DDR4, "RoBaRaCoCh", address) == [(0, 0, 3, 1, 53, 9)]


@pytest.mark.parametrize(("name", "preset", "shift"), [("ram_ddr4_2400R", "ddr4_2400r", 0), ("ram_hbm2_2000", "hbm2_2000", 1)])
def test_robaracoch_gives_the_addresses_of_ramulators_activations(name, preset, shift):
    dram, trace = load_dram(preset), read_trace(GOLDEN / "traces" / "rand_mix21.1k.trace.gz")
    mapped = set(decoded(dram, "RoBaRaCoCh", *(trace.address >> shift) & ((1 << 31) - 1 if shift else -1)))
    act = dram.roles["activate"]
    issued = {
        command.address
        for command in read_commands(GOLDEN / "commands" / f"{name}.rand_mix21.1k.csv.gz", dram)
        if command.command == act
    }
    assert len(issued) > 900
    assert issued <= mapped


def test_mop4clxor_by_hand():
    # From the offset up: column 2 bits, bank group 2, bank 2, column 5 bits, row 16.
    # Then bank group ^= column bits 1:0, bank ^= 3:2, and row ^= 6:4, as Ramulator's loop over the levels does.
    address = ((0b1000 << 11) | (0b11001 << 6) | (0b10 << 4) | (0b01 << 2) | 0b11) << 6
    column = 0b1100111
    assert decoded(DDR4, "MOP4CLXOR", address) == [(0, 0, 0b01 ^ 0b11, 0b10 ^ 0b01, 0b1000 ^ 0b110, column)]


MAPPINGS = ["RoBaRaCoCh", "MOP4CLXOR", "row bank bankgroup column rank channel", "row column:3 bank bankgroup column:4"]


@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize("preset", ["ddr4_2400r", "ddr3_1600k"])
def test_a_mapping_sends_no_two_lines_to_one_place(preset, mapping):
    dram = load_dram(preset)
    if preset == "ddr3_1600k":
        mapping = mapping.replace("bankgroup ", "")
    lines = np.random.default_rng(3).permutation(1 << 16)[:2000] * 977 % (1 << 20)
    places = decoded(dram, mapping, *(lines << dram.offset_bits))
    assert len(set(places)) == len(set(lines.tolist()))
    assert all(0 <= number < count for place in places for number, count in zip(place, dram.counts, strict=True))


def test_a_user_s_mapping_is_read_from_the_most_significant_field():
    address = ((53 << 11) | (0b101 << 8) | (2 << 6) | (3 << 4) | 0b1001) << 6
    assert decoded(DDR4, "row column:3 bank bankgroup column:4", address) == [(0, 0, 3, 2, 53, 0b1011001)]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("RoBaRaCoChh", "no address mapping named 'RoBaRaCoChh'; did you mean 'RoBaRaCoCh'?"),
        ("row bank bankgrp column", "mapping: no level named 'bankgrp'; did you mean 'bankgroup'?"),
        ("row bank column", "mapping: expected 2 bits of bankgroup, got 0"),
        ("row bank bankgroup column:x", "mapping: expected a number of bits in 'column:x'"),
        ("row bank bankgroup column:5", "mapping: expected 7 bits of column, got 5"),
    ],
)
def test_a_bad_mapping_is_reported(mapping, message):
    with pytest.raises(InputError) as caught:
        address_mapping(DDR4, mapping)
    assert str(caught.value) == message


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path):
    trace = tmp_path / "endless.trace"
    trace.write_text("0 R 40\n" + "0" * 10_000 + "\n" + "0" * 10_001)
    with pytest.raises(InputError) as refused:
        read_trace(trace)
    assert str(refused.value).startswith(f"{trace}:2: expected 'CYCLE R|W HEX_ADDRESS'")
    trace.write_text("0 R 40\n" + "0" * 10_001)
    with pytest.raises(InputError) as refused:
        read_trace(trace)
    assert str(refused.value) == f"{trace}:2: expected lines of at most 10,000 characters, got a longer one"
