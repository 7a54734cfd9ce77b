"""Every reader of a user's text, given corrupted texts, reads them or raises InputError, and nothing else."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from simcore.dram.checker import check_file
from simcore.dram.resolve import load_dram
from simcore.dram.trace import read_trace
from simcore.errors import InputError
from simcore.spec import load_system
from workloads.faults.placement_file import load_placement
from workloads.load import load_network

MODELS = Path(__file__).resolve().parents[1] / "models"

CFG = (
    "[general]\nrun_name = mine\n[architecture_presets]\nArrayHeight: 8\nArrayWidth: 8\nIfmapSramSzkB: 64\nFilterSramSzkB: 64\n"
    "OfmapSramSzkB: 64\nIfmapOffset: 0\nBandwidth: 10\nDataflow: ws\n"
)
TOPOLOGY = (
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
    "l, 8, 8, 3, 3, 4, 4, 1,\nm, 8, 8, 3, 3, 4, 4, 1,\n"
)
PLACEMENT = (
    "name: two\nsafe: {memory: sram}\nparts:\n  - {tensor: weights, bits: 0-7, memory: stt-34.5F2, error_rate: [1e-4, 2e-5]}\n"
    "  - {tensor: activations, bits: 8-, memory: stt-40F2, voltage_v: 0.6, pulse_ns: 3}\n"
)
COMMANDS = "clock,command,channel,rank,bankgroup,bank,row,column\n0,ACT,0,0,0,0,5,0\n20,RD,0,0,0,0,5,3\n"

#: What a part of a text is replaced by.
PARTS = (
    *(
        b"0x10",
        b"-1",
        b"0",
        b"1e99999999",
        b"9" * 5000,
        b"9" * 30,
        b"1e400",
        b"-1e400",
        b".inf",
        b".nan",
        b"nan",
        b"null",
        b"true",
    ),
    *(b"[]", b"{}", b"''", b"\xff", b"\x00", b"&a", b"*a", b"!!python/object:os.system", b"2001-01-01", b"1:30:00", b"\xc2\xb2"),
    *(b"0b11", b"1_000", b"{{{{", b"]]]", b"- ", b": ", b"\t", b"\n", b"#", b"1.5", b"18446744073709551616", b"a" * 300),
    *(
        b"'" + b"x" * 20000 + b"'",
        b"[" * 3000,
        b"nCL+nCL",
        b"max()",
        b"cycles(1e-99999999)",
        b"1//0",
        b"(1)(2)",
        b"-" * 190 + b"1",
    ),
    *(b"0x" + b"F" * 6000, b"0" * 5000 + b"1", b"5-3", b"\xe2\x80\xa8", b"=", b"mine.py:X", b"/dev/zero", b"."),
)
WORD = re.compile(rb"[A-Za-z0-9_.+-]+")


def of_ddr4(path: Path) -> object:
    return check_file(path, load_dram("ddr4_2400r"))


READERS: dict[str, tuple[Callable[[Path], object], list[bytes]]] = {
    "system.yaml": (load_system, [path.read_bytes() for path in sorted((MODELS / "systems").glob("*.yaml"))]),
    "system.cfg": (load_system, [CFG.encode()]),
    "dram.yaml": (lambda path: load_dram(str(path)), [path.read_bytes() for path in sorted((MODELS / "dram").glob("*.yaml"))]),
    "net.csv": (load_network, [TOPOLOGY.encode()]),
    "placement.yaml": (load_placement, [PLACEMENT.encode()]),
    "a.trace": (read_trace, [b"0 R 0x0\n12 W 1f40\n100 R 40\n"]),
    "commands.csv": (of_ddr4, [COMMANDS.encode()]),
}


def mutated(text: bytes, draw: random.Random) -> bytes:
    """The text with a word replaced, a byte changed, a piece cut out or put in, or a line repeated; one to four times."""
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        at = draw.randrange(len(text) + 1)
        kind = draw.random()
        words = list(WORD.finditer(text))
        if kind < 0.6 and words:
            word = draw.choice(words)
            text = text[: word.start()] + draw.choice((*PARTS, draw.choice(words).group())) + text[word.end() :]
        elif kind < 0.75:
            text = text[:at] + bytes([draw.randrange(256)]) + text[at + 1 :]
        elif kind < 0.85:
            text = text[:at] + text[at + draw.choice((1, 5, 50, 500)) :]
        elif kind < 0.93:
            text = text[:at] + draw.choice(PARTS) + text[at:]
        else:
            lines = text.split(b"\n")
            lines[draw.randrange(len(lines))] = draw.choice(lines)
            text = b"\n".join(lines)
    return text


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_a_text_that_is_no_longer_sound_is_read_or_refused(name: str, tmp_path: Path) -> None:
    read, texts = READERS[name]
    draw, path, refused = random.Random(name), tmp_path / name, 0
    for _ in range(40):
        path.write_bytes(mutated(draw.choice(texts), draw))
        try:
            read(path)
        except InputError:
            refused += 1
    assert refused >= 5


def test_an_onnx_file_that_is_no_longer_sound_is_read_or_refused(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    helper, draw, path = onnx.helper, random.Random("onnx"), tmp_path / "net.onnx"
    value, result = (helper.make_tensor_value_info(name, 1, shape) for name, shape in (("x", [1, 3, 8, 8]), ("z", [1, 4, 6, 6])))
    weight = helper.make_tensor("w", 1, [4, 3, 3, 3], [0.5] * 108)
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], name="conv"), helper.make_node("Relu", ["y"], ["z"], name="relu")]
    sound = helper.make_model(helper.make_graph(nodes, "net", [value], [result], [weight])).SerializeToString()
    refused = 0
    for _ in range(60):
        path.write_bytes(mutated(sound, draw))
        try:
            load_network(path)
        except InputError:
            refused += 1
    assert refused >= 5
