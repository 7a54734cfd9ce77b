"""Text files are written completely or not at all, and replace nothing but earlier files of the same form."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from simcore.errors import InputError
from simcore.saving import text_files

HEADER = "clock,command"


def write(lines: Mapping[Path, object]) -> None:
    with text_files(dict.fromkeys(lines, HEADER)) as write_now:
        write_now(lines)


def test_lines_are_written_and_gzipped_by_the_name(tmp_path):
    write({tmp_path / "plain.csv": [HEADER, "1,ACT"], tmp_path / "packed.csv.gz": [HEADER, "2,PRE"]})
    assert (tmp_path / "plain.csv").read_text() == "clock,command\n1,ACT\n"
    assert gzip.decompress((tmp_path / "packed.csv.gz").read_bytes()) == b"clock,command\n2,PRE\n"
    assert sorted(os.listdir(tmp_path)) == ["packed.csv.gz", "plain.csv"]


@pytest.mark.parametrize("name", ["c.csv", "c.csv.gz"])
def test_an_earlier_file_of_the_same_kind_is_replaced(tmp_path, name):
    for row in ("1,ACT", "2,PRE"):
        write({tmp_path / name: [HEADER, row]})
        first = (tmp_path / name).read_bytes()
    write({tmp_path / name: [HEADER, "2,PRE"]})
    assert (tmp_path / name).read_bytes() == first


@pytest.mark.parametrize("content", [b"thesis", b"clock,command,more\n", b"\xff\xfe", b"\x1f\x8bdamaged"])
def test_any_other_file_stays(tmp_path, content):
    (tmp_path / "c.csv").write_bytes(content)
    with pytest.raises(InputError, match="is a file that simcore did not write"):
        write({tmp_path / "c.csv": [HEADER]})
    assert (tmp_path / "c.csv").read_bytes() == content
    assert os.listdir(tmp_path) == ["c.csv"]


def test_a_link_is_followed_and_stays(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "c.csv").symlink_to(tmp_path / "there" / "c.csv")
    write({tmp_path / "c.csv": [HEADER]})
    assert (tmp_path / "c.csv").is_symlink()
    assert (tmp_path / "there" / "c.csv").read_text() == "clock,command\n"


def test_files_are_written_whole_or_not_at_all(tmp_path):
    def breaking() -> Iterator[str]:
        yield "a line"
        raise OSError(28, "No space left on device")

    (tmp_path / "second").write_text(HEADER)
    with pytest.raises(InputError) as caught:
        write({tmp_path / "first": [HEADER], tmp_path / "second": breaking()})
    assert str(caught.value) == f"{tmp_path / 'second'}: cannot write here: No space left on device"
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("second", HEADER)]


def test_a_file_that_another_run_is_to_write_is_refused(tmp_path):
    with (
        text_files({tmp_path / "c.csv": HEADER}),
        pytest.raises(InputError, match=f"another simcore \\(process {os.getpid()}\\) is writing here"),
    ):
        write({tmp_path / "c.csv": [HEADER]})
    assert os.listdir(tmp_path) == []
