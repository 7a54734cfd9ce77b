"""The kernel that reads the text of traces gives what the reader of lines gives, and leaves to it whatever is not plain."""

from __future__ import annotations

import gzip
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from simcore.dram import trace as of_lines
from simcore.dram.trace import DramTrace
from simcore.engine.compiled.dram import trace_text
from simcore.engine.dram_traces import read_trace
from simcore.errors import InputError

pytestmark = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"), reason="nothing is compiled")

BLANKS = st.sampled_from([b" ", b"  ", b"\t", b" \t "])
DECIMAL = st.one_of(st.integers(0, 1 << 48), st.integers(0, 99)).map(lambda number: str(number).encode())
HEX = (
    st.integers(0, 1 << 48)
    .flatmap(lambda number: st.sampled_from([f"{number:x}", f"{number:X}", f"0x{number:x}", f"0X{number:x}", f"{number:020x}"]))
    .map(str.encode)
)
REQUEST = st.tuples(st.sampled_from([b"", b" "]), DECIMAL, BLANKS, st.sampled_from([b"R", b"W"]), BLANKS, HEX).map(b"".join)
COMMENT = st.sampled_from([b"# a comment", b"  # 1 R 2", b"#", b"", b"   "])
#: What the reader of lines takes, refuses or finds unreadable, and the kernel must leave to it.
ODD = st.sampled_from(
    [
        *(b"1_0 R 20", b"+1 R 2", b"-1 R 2", b"1 R -2", b"1 R 0x_1", b"1 R 0x", b"0x1 R 2", b"1 r 2", b"1 R 2 3", b"1 R"),
        *(b"R 1 2", b"1.0 R 2", b"1 R 2 # why", b"\x0c1 R 2", b"1\x0bR\x0b2", b"\xd9\xa1 R 2", b"# \xc2\xb5s", b"# \xff"),
        *(b"1 R 2\x00", b"\xef\xbb\xbf1 R 2", b"1 R 2\r3 W 4", b"# a\r5 W 6", b"1 R " + b"f" * 20),
        *(b"0" * 999 + b" R 1", b"0" * 5000 + b" R 1", b"#" + b" " * 10_000),
    ]
)
ENDS = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n"])


def texts(lines: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    whole = st.lists(st.tuples(lines, ENDS).map(b"".join), max_size=12).map(b"".join)
    return st.tuples(whole, st.sampled_from([b"", b"", b"7 W 1f", b"# end", b"8 R 2\r"])).map(b"".join)


def told(read: object, path: Path) -> object:
    """The columns of the trace that a reader returns, or the text of its error."""
    try:
        found = read(path)  # type: ignore[operator]
    except InputError as error:
        return str(error)
    return [getattr(found, column).tolist() for column in ("earliest", "op", "address")]


@pytest.mark.slow
@pytest.mark.parametrize("piece", [1, 7, 64, 1 << 20])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(texts(st.one_of(REQUEST, COMMENT)), texts(st.one_of(REQUEST, COMMENT, ODD))))
@example(text=b"")
@example(text=b"0 R 0")
@example(text=b"281474976710655 W ffffffffffff\n")
@example(text=b"281474976710656 W 0\n")
def test_every_text_is_read_as_line_by_line(
    text: bytes, piece: int, packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "some.trace"
    file.write_bytes(gzip.compress(text) if packed else text)
    monkeypatch.setattr(trace_text, "_PIECE", piece)
    assert told(read_trace, file) == told(of_lines.read_trace, file)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts(st.one_of(st.just(b"12 W 0x1F40"), st.just(b" 3 R 40 "), COMMENT)))
def test_plain_texts_are_read_by_the_kernel_alone(text: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "some.trace"
    file.write_bytes(text)
    monkeypatch.setattr(of_lines, "read_trace", None)
    assert isinstance(read_trace(file), DramTrace)


@pytest.mark.parametrize("damage", ["cut", "flipped", "no gzip"])
def test_a_damaged_gzip_is_told_as_line_by_line(damage: str, tmp_path: Path) -> None:
    whole = gzip.compress(b"1 R 2\n" * 1000)
    flipped = whole[:30] + bytes([whole[30] ^ 255]) + whole[31:]
    file = tmp_path / "some.trace.gz"
    file.write_bytes({"cut": whole[:-9], "flipped": flipped, "no gzip": b"\x1f\x8bnone"}[damage])
    assert told(read_trace, file) == told(of_lines.read_trace, file)
    assert "expected a whole gzip file" in str(told(read_trace, file))


def test_the_simpy_engine_reads_line_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "some.trace").write_text("1 R 2\n")
    monkeypatch.setattr(trace_text, "read_plain_trace", None)
    assert read_trace(tmp_path / "some.trace", "simpy").address.tolist() == [2]
    with pytest.raises(InputError, match="no engine named 'simp'"):
        read_trace(tmp_path / "some.trace", "simp")


def test_reading_takes_memory_for_the_trace_a_column_and_a_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = 100_000
    file = tmp_path / "some.trace"
    file.write_text("".join(f"{at} R {64 * at:x}\n" for at in range(requests)))
    monkeypatch.setattr(trace_text, "_PIECE", 1 << 14)
    read_trace(file)  # loads the kernel
    tracemalloc.start()
    found = read_trace(file)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.array_equal(found.address, 64 * np.arange(requests))
    assert most < (3 + 1.2) * 8 * requests
