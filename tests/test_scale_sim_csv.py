"""SCALE-Sim's topology files, with harmless mistakes that SCALE-Sim fails on, and with real faults."""

from pathlib import Path

import pytest

from simcore.errors import InputError
from workloads.importers.scale_sim import load_topology
from workloads.layers import Conv, Linear
from workloads.network import Network

HEADER = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
CONV = "Conv1, 224, 112, 11, 5, 3, 96, 4,\n"


def read(tmp_path: Path, text: str | bytes, **options: bool) -> Network:
    path = tmp_path / "file.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_topology(path, **options)


def test_a_row_is_a_convolution_under_scale_sims_shape_rule(tmp_path: Path) -> None:
    instance = read(tmp_path, HEADER + CONV).instances()[0]
    assert instance.layer == Conv("Conv1", 96, (11, 5), (4, 4), ceil_mode_scale_sim=True)
    # ceil((224 - 11 + 4) / 4) = 55, ceil((112 - 5 + 4) / 4) = 28; rounding down gives 54 and 27.
    assert (instance.input_shapes, instance.output_shape) == (((3, 224, 112),), (96, 55, 28))
    assert instance.macs == 55 * 28 * 96 * 11 * 5 * 3


def test_the_usual_shape_rule_can_be_chosen(tmp_path: Path) -> None:
    assert read(tmp_path, HEADER + CONV, scale_sim_shapes=False).instances()[0].output_shape == (96, 54, 27)


def test_stride_may_have_a_column_for_each_direction(tmp_path: Path) -> None:
    layer = read(tmp_path, "a, 8, 8, 3, 3, 2, 4, 2, 1,\n").instances()[0].layer
    assert isinstance(layer, Conv)
    assert layer.stride == (2, 1)


def test_a_matrix_product_is_a_linear_layer_of_m_rows(tmp_path: Path) -> None:
    instance = read(tmp_path, "Layer, M, N, K,\ng, 4, 5, 6,\n").instances()[0]
    assert (instance.layer, instance.input_shapes, instance.output_shape) == (Linear("g", 5, bias=False), ((4, 6),), (4, 5))
    assert instance.macs == 4 * 5 * 6


@pytest.mark.parametrize(
    "text",
    [
        CONV,
        HEADER.rstrip(",\n") + "\n" + CONV.rstrip(",\n"),
        HEADER + CONV.replace(",\n", ",,,\n"),
        "\n\n" + HEADER + "\n  \n" + CONV + "\n,,,\n",
        (HEADER + CONV).replace("\n", "\r\n"),
        "# a comment\n" + HEADER + "// another\n" + CONV.replace("\n", " # stem\n"),
        "\ufeff" + HEADER + CONV.replace(", ", "  ,\t"),
        HEADER.rstrip("\n") + " Sparsity,\n" + CONV.rstrip("\n") + " 1:1,\n",
        CONV.rstrip("\n") + "4:4",
        CONV.replace(",", ".0,").replace("Conv1.0", "Conv1"),
    ],
    ids=[
        "no header",
        "no trailing comma",
        "more commas",
        "blank lines",
        "crlf",
        "comments",
        "bom and spaces",
        "dense",
        "dense 4:4",
        "spreadsheet",
    ],
)
def test_harmless_differences_in_writing_change_nothing(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text).instances() == read(tmp_path, HEADER + CONV).instances()


def test_without_a_header_the_number_of_fields_tells_the_kind(tmp_path: Path) -> None:
    assert isinstance(read(tmp_path, "g, 4, 5, 6\n").instances()[0].layer, Linear)
    assert isinstance(read(tmp_path, "g, 4, 5, 6, 2:2\n").instances()[0].layer, Linear)
    assert isinstance(read(tmp_path, "c, 8, 8, 3, 3, 2, 4, 1\n").instances()[0].layer, Conv)


def test_repeated_names_are_numbered(tmp_path: Path) -> None:
    network = read(tmp_path, "g, 4, 5, 6\ng, 4, 5, 7\ng, 4, 5, 8\n")
    assert [instance.name for instance in network.instances()] == ["g", "g#2", "g#3"]


def test_a_layer_named_like_anothers_input_is_no_clash(tmp_path: Path) -> None:
    names = [instance.name for instance in read(tmp_path, "g, 4, 5, 6\ng.input, 4, 5, 7\n").instances()]
    assert names[0] == "g"
    assert len(set(names)) == 2


def test_layers_do_not_feed_each_other_and_names_mean_nothing(tmp_path: Path) -> None:
    network = read(tmp_path, "DP1, 8, 8, 3, 3, 2, 4, 1\nDP2, 6, 6, 3, 3, 4, 4, 1\n")
    assert [(i.name, i.producers) for i in network.instances()] == [("DP1", ("DP1.input",)), ("DP2", ("DP2.input",))]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + CONV + "Conv2, 27, 27, 5\n", r"file.csv:3: expected 8 or 9 fields \(name, ifmap height, .*\), got 4"),
        ("Layer, M, N, K,\ng, 4, 5\n", r"file.csv:2: expected 4 fields \(name, M, N, K\), got 3"),
        (HEADER + "c, 8, 8, 3, x, 2, 4, 1,\n", "file.csv:2: expected integers >= 1 after the name, got 'x'"),
        (HEADER + "c, 8, 8, 3, , 2, 4, 1,\n", "file.csv:2: expected integers >= 1 after the name, got ''"),
        (HEADER + "c, 8, 8, 3, 3, 2, 4, 0,\n", "file.csv:2: expected integers >= 1 after the name, got '0'"),
        (HEADER + "c, 8, 8.5, 3, 3, -2, 4, 1,\n", "file.csv:2: expected integers >= 1 after the name, got '8.5', '-2'"),
        (
            HEADER + "c, 8, 8, 3, 3, 2, 2147483648, 1,\n",
            "file.csv:2: expected integers of at most 2147483647 .*, got '2147483648'",
        ),
        (
            HEADER + f"c, 8, 8, 3, 3, 2, {'9' * 5000}, 1,\n",
            r"file.csv:2: expected integers of at most 2147483647 .*, got '9+\.\.\.'",
        ),
        (HEADER + "c, 8, 8, 9, 3, 2, 4, 1,\n", "file.csv:2: expected a filter no larger than the ifmap 8x8, got 9x3"),
        (HEADER + ", 8, 8, 3, 3, 2, 4, 1,\n", "file.csv:2: expected a layer name in the first field, got none"),
        (HEADER + "c, 8, 8, 3, 3, 2, 4, 1, 2:4,\n", r"file.csv:2: sparsity 2:4 is not supported, only dense layers \(N = M"),
        (HEADER + "c, 8, 8, 3, 3, 2, 4, 1, 2:x,\n", "file.csv:2: expected the sparsity as N:M, got '2:x'"),
        ("Layer, M, K, N,\ng, 4, 5, 6,\n", "file.csv:1: expected the columns M, N, K in this order, got M, K, N"),
        ("c, 8.5, 8, 3, 3, 2, 4, 1,\n", "file.csv:1: expected integers >= 1 after the name, got '8.5'"),
        (HEADER, "file.csv: expected at least one layer, got none"),
        ("", "file.csv: expected at least one layer, got none"),
        (HEADER + CONV + HEADER, "file.csv:3: expected integers >= 1 after the name, got 'IFMAP Height'"),
        (b"\x08\xff\xfe\x00", "file.csv: expected a readable file, got: not UTF-8 text"),
    ],
)
def test_a_bad_row_is_reported_by_file_and_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, text)


def test_all_bad_rows_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, HEADER + "a, 8, 8\n" + CONV + "b, 8, 8, 3, 3, 2, 4, 0,\n")
    assert [line.split(": ")[0].rsplit("/", 1)[-1] for line in str(caught.value).splitlines()] == ["file.csv:2", "file.csv:4"]


def test_a_file_cut_in_a_row_is_refused_wherever_a_field_is_lost(tmp_path: Path) -> None:
    text = HEADER + CONV + "Conv2, 27, 27, 5, 5, 96, 256, 1"
    start, end = text.index("Conv2") + len("Conv2,"), text.rindex(",")
    for length in range(start, end + 1):
        with pytest.raises(InputError, match=r"file\.csv:3: expected 8 or 9 fields"):
            read(tmp_path, text[:length])


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(InputError, match="expected a readable file, got: "):
            load_topology(path)
