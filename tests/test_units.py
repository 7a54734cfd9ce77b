"""Quantities with units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simcore.errors import InputError, InputErrors, did_you_mean, nearest, raise_all
from simcore.reading import units


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("64 KiB", 65536),
        ("2MiB", 2**21),
        ("1 GiB", 2**30),
        ("32 B", 32),
        ("48", 48),
        (48, 48),
        ("0.5 KiB", 512),
        (" 1_024 B ", 1024),
    ],
)
def test_size_is_parsed_to_bytes(text: object, size_bytes: int) -> None:
    assert units.parse_size_bytes(text) == size_bytes


def test_frequency_is_parsed_to_hz() -> None:
    assert units.parse_frequency_hz("1 GHz") == 10**9
    assert units.parse_frequency_hz("1.066 GHz") == 1_066_000_000


def test_time_is_parsed_to_picoseconds() -> None:
    assert units.parse_time_ps("10 ns") == 10_000
    assert units.parse_time_ps("0.625ns") == 625


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("64 parsecs", "expected a size such as '64 KiB', got '64 parsecs'; units: B, KiB, MiB, GiB"),
        ("64 KB", "expected a size such as '64 KiB', got '64 KB'; did you mean 'KiB'?"),
        ("64 kib", "expected a size such as '64 KiB', got '64 kib'; did you mean 'KiB'?"),
        ("1 GHz", "expected a size such as '64 KiB', got '1 GHz'; units: B, KiB, MiB, GiB"),
        ("0.3 B", "expected a whole number of B, got '0.3 B'"),
        ("-1 KiB", "expected a size such as '64 KiB', got '-1 KiB'"),
        ("", "expected a size such as '64 KiB', got ''"),
        (True, "expected a size such as '64 KiB', got True"),
        (1.5, "expected a size such as '64 KiB', got 1.5"),
    ],
)
def test_a_text_that_is_no_size_is_named(text: object, message: str) -> None:
    with pytest.raises(InputError) as caught:
        units.parse_size_bytes(text)
    assert str(caught.value) == message


def test_wrong_unit_of_frequency_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"^expected a frequency such as '1 GHz', got '1 GHZ'; did you mean 'GHz'\?$"):
        units.parse_frequency_hz("1 GHZ")


@given(st.integers(0, 2**50))
def test_formatted_size_parses_back(size_bytes: int) -> None:
    assert units.parse_size_bytes(units.format_size(size_bytes)) == size_bytes


def test_format_takes_the_largest_unit_that_divides() -> None:
    assert units.format_size(65536) == "64 KiB"
    assert units.format_size(65537) == "65537 B"
    assert units.format_size(0) == "0 B"
    assert units.format_frequency(1_500_000_000) == "1500 MHz"
    assert units.format_time(10_000) == "10 ns"


def test_error_says_where_what_and_hint() -> None:
    assert str(InputError("expected 1, got 2", "a.yaml:3", "did you mean 1?")) == "a.yaml:3: expected 1, got 2; did you mean 1?"
    assert str(InputError("expected 1, got 2")) == "expected 1, got 2"


def test_several_errors_are_one_line_each() -> None:
    errors = [InputError("first", "a:1"), InputError("second", "a:2", "hint")]
    with pytest.raises(InputErrors) as caught:
        raise_all(errors)
    assert str(caught.value) == "a:1: first\na:2: second; hint"
    assert caught.value.errors == tuple(errors)


def test_one_error_is_raised_as_itself_and_none_not_at_all() -> None:
    error = InputError("only")
    with pytest.raises(InputError) as caught:
        raise_all([error])
    assert caught.value is error
    raise_all([])


def test_nearest_is_none_where_nothing_is_near() -> None:
    assert nearest("bnaks", ["banks", "lines"]) == "banks"
    assert nearest("zzz", ["banks", "lines"]) is None
    assert did_you_mean("zzz", ["banks", "lines"]) == "known: banks, lines"
