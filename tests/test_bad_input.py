"""Bad input of every kind gives exit code 2 and one clear message, without a traceback or half-written files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import networkx as nx
import pytest
from typer.testing import CliRunner

from simcore import simulate
from simcore.cli import app
from simcore.errors import InputError
from simcore.results import Results
from workloads.layers import Activation, Conv, Input

MODEL = """
from simcore import BankTiming


class Mine(BankTiming):
    parameters = {{"cycles": {default}}}

    @staticmethod
    def serve(params, bank, shared, now, op, row):
        return {answer}


class NotATiming:
    pass
"""

SOUND = MODEL.format(default=1, answer="now + 1, now + 1")

CFG = """[general]
run_name = mine

[architecture_presets]
ArrayHeight: 8
ArrayWidth: 8
IfmapSramSzkB: 64
FilterSramSzkB: 64
OfmapSramSzkB: 64
IfmapOffset: 0
FilterOffset: 10000000
OfmapOffset: 20000000
Bandwidth: 10
Dataflow: ws
"""

TOPOLOGY = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"


@dataclass(frozen=True)
class Case:
    """A command line with ``{dir}`` for the test's folder, files to put there, and words the message must hold."""

    name: str
    command: str
    says: tuple[str, ...]
    files: tuple[tuple[str, str | bytes], ...] = ()


def system_file(text: str) -> tuple[tuple[str, str | bytes], ...]:
    return (("machine.yaml", f"extends: edge-sram\n{text}"),)


ON_FILE = "run lenet5 --system {dir}/machine.yaml"
ON_CFG = "run lenet5 --system {dir}/machine.cfg"


def on_system(name: str, text: str, *says: str) -> Case:
    return Case(name, ON_FILE, says, system_file(text))


def setting(name: str, change: str, *says: str) -> Case:
    return Case(name, f"run lenet5 --set {change}", says)


def on_cfg(name: str, text: str, *says: str) -> Case:
    return Case(name, ON_CFG, says, (("machine.cfg", text),))


def topology(name: str, text: str, *says: str) -> Case:
    return Case(name, "run {dir}/net.csv", says, (("net.csv", text),))


def with_model(name: str, target: str, source: str | None, *says: str, command: str = "check") -> Case:
    files = () if source is None else (("mine.py", source),)
    line = f"check {{dir}}/{target}" if command == "check" else f"run lenet5 --set scratchpads.ifmap.timing={{dir}}/{target}"
    return Case(name, line, says, files)


CASES = [
    # Names
    Case("unknown network", "run resnet81", ("resnet81", "resnet18")),
    Case("unknown system", "run lenet5 --system edge-sramm", ("edge-sramm", "edge-sram")),
    Case("unknown dataflow", "run lenet5 --dataflow rs", ("'rs'", "ws, os, is")),
    Case("unknown engine", "run lenet5 --engine fast", ("'fast'", "compiled, simpy")),
    Case("unknown metric", "explain cycels", ("cycels", "did you mean 'cycles'")),
    Case("unknown kind to list", "list sytems", ("sytems", "did you mean 'systems'")),
    Case("layer pattern that matches nothing", "run lenet5 --layers c9", ("c9", "c1")),
    Case("one of several layer patterns matches nothing", "run lenet5 --layers c1,outputs", ("outputs", "output")),
    Case("empty layer pattern", "run lenet5 --layers ,", ("layer patterns",)),
    Case("a layer that never runs by itself", "run lenet5 --layers flatten*", ("flatten", "by itself")),
    Case("batch of zero", "run lenet5 --batch 0", ("batch", "0")),
    Case("batch too large for any memory", "run lenet5 --batch 99999999999999999999", ("at most 65536", "99999999999999999999")),
    Case(
        "a size no tensor has",
        "run {dir}/net.csv",
        ("net.csv:2", "at most 2147483647"),
        (("net.csv", TOPOLOGY + "l, 8, 8, 3, 3, 99999999999999999999, 4, 1,\n"),),
    ),
    Case("YAML nested without end", ON_FILE, ("nested too deeply",), (("machine.yaml", "a: " + "[" * 5000),)),
    Case("YAML nested deeply", ON_FILE, ("nested too deeply",), (("machine.yaml", "a: " + "[" * 200 + "]" * 200),)),
    Case("negative batch", "run lenet5 --batch=-1", ("batch", "-1")),
    # System files
    on_system("unknown key", "array: {colums: 8}", "machine.yaml:2", "colums", "columns"),
    on_system("wrong unit", "core_clock_hz: 1 GB", "machine.yaml:2", "frequency", "1 GB"),
    on_system("ambiguous unit", "scratchpads: {ifmap: {capacity_bytes: 64 KB}}", "64 KB", "KiB"),
    on_system("zero banks", "scratchpads: {ifmap: {banks: 0}}", "banks", "0"),
    on_system("text for a number", "array: {rows: many}", "rows", "many"),
    on_system("float for an integer", "array: {rows: 8.5}", "rows", "8.5"),
    on_system("list for a mapping", "array: [8, 8]", "array"),
    on_system("capacity that is no multiple of the banks", "scratchpads: {ifmap: {banks: 3}}", "capacity_bytes", "multiple"),
    on_system(
        "xor over banks that are no power of two",
        "scratchpads: {ifmap: {banks: 12, capacity_bytes: 384 KiB, interleaving: xor}}",
        "power of two",
    ),
    on_system(
        "groups of too few banks",
        "scratchpads: {ifmap: {timing: null, bank_groups: [{banks: 2, timing: sram}]}}",
        *("bank_groups", "16"),
    ),
    on_system("watermark above the depth", "scratchpads: {ifmap: {write_buffer: {high_watermark: 99}}}", "high_watermark", "99"),
    on_system("burst that is no multiple of a line", "dma: {burst_bytes: 48}", "burst_bytes", "48"),
    on_system("unknown arbiter", "scratchpads: {ifmap: {arbiter: lifo}}", "lifo", "fcfs"),
    on_system("unknown timing", "scratchpads: {ifmap: {timing: stt-mramm}}", "stt-mramm", "stt-mram"),
    on_system("negative latency", "memory: {latency_cycles: -1}", "latency_cycles", "-1"),
    on_system(
        "negative parameter",
        "scratchpads: {ifmap: {timing: {model: sram, parameters: {read_cycles: -1}}}}",
        *("read_cycles", "-1"),
    ),
    on_system("unknown parameter", "scratchpads: {ifmap: {timing: {model: sram, parameters: {cycles: 1}}}}", "cycles"),
    on_system("missing scratchpad", "array: {partial_sums: ofmap}", "accumulator"),
    on_system("duplicate key", "array: {rows: 8}\narray: {rows: 4}", "array", "duplicate"),
    on_system("broken YAML", "array: {rows: 8", "machine.yaml"),
    on_system("unknown technology table", "technology: {table: mine}", "mine"),
    on_system("unknown process node", "technology: {node_nm: 5}", "7 to 45 nm", "5"),
    on_system("capacity below one tile", "scratchpads: {ifmap: {capacity_bytes: 32 B, banks: 1}}", "ifmap"),
    Case("missing system file", "run lenet5 --system {dir}/none.yaml", ("none.yaml",)),
    Case("system that is a text file", "run lenet5 --system {dir}/notes.txt", ("notes.txt",), (("notes.txt", "hello"),)),
    Case("system of bytes", ON_FILE, ("machine.yaml", "UTF-8"), (("machine.yaml", b"\xff\xfe\x00rows"),)),
    Case("empty system file", ON_FILE, ("machine.yaml",), (("machine.yaml", ""),)),
    Case("extends a file that is not there", ON_FILE, ("none.yaml",), (("machine.yaml", "extends: none.yaml\n"),)),
    Case(
        "extends cycle",
        ON_FILE,
        ("cycle", "other"),
        (("machine.yaml", "extends: other.yaml\n"), ("other.yaml", "extends: machine.yaml\n")),
    ),
    # SCALE-Sim configurations
    on_cfg("cfg without its section", "[general]\nrun_name = mine\n", "architecture_presets"),
    on_cfg("cfg with dataflow rs", CFG.replace("Dataflow: ws", "Dataflow: rs"), "'rs'", "os, ws, is"),
    on_cfg("cfg with a word for a number", CFG.replace("ArrayWidth: 8", "ArrayWidth: eight"), "ArrayWidth", "eight"),
    on_cfg("cfg with a misspelt key", CFG.replace("ArrayHeight", "ArrayHight"), "ArrayHight", "ArrayHeight"),
    # --set
    setting("set without a value", "array.rows", "array.rows"),
    setting("set of an unknown key", "array.row=8", "array.row", "rows"),
    setting("set of a bad value", "array.rows=-8", "array.rows", "-8"),
    setting("set of an empty mapping", "scratchpads={}", "scratchpads={}", "empty mapping"),
    setting("set below a value", "array.rows.x=8", "array.rows"),
    # Networks from files
    Case("missing ONNX file", "run {dir}/none.onnx", ("none.onnx",)),
    Case("ONNX file that is none", "run {dir}/net.onnx", ("net.onnx", "ONNX"), (("net.onnx", b"not a protobuf at all" * 9),)),
    Case("empty ONNX file", "run {dir}/net.onnx", ("net.onnx", "ONNX"), (("net.onnx", b""),)),
    Case("network of another file type", "run {dir}/net.pt", ("net.pt", ".onnx"), (("net.pt", b"x"),)),
    Case("missing topology", "run {dir}/none.csv", ("none.csv",)),
    topology("empty topology", "", "net.csv"),
    topology("topology with its header alone", TOPOLOGY, "net.csv"),
    topology("topology cut in half", f"{TOPOLOGY}a,8,8,3,3,4,8,1,\nb,8,8,3", "net.csv:3", "fields"),
    topology("topology with a word for a number", f"{TOPOLOGY}a,8,wide,3,3,4,8,1,\n", "net.csv:2", "wide"),
    topology("filter larger than its ifmap", f"{TOPOLOGY}odd,2,2,3,3,4,8,1,\n", "net.csv:2", "3x3"),
    topology("topology of zero channels", f"{TOPOLOGY}a,8,8,3,3,0,8,1,\n", "net.csv:2", "0"),
    # Memories of one's own
    with_model("model file that is not there", "none.py:Mine", None, "none.py"),
    with_model("model without a class name", "mine.py", SOUND, "FILE.py:Class", "Mine"),
    with_model("class that is not there", "mine.py:Mime", SOUND, "Mime", "Mine"),
    with_model("class of another kind", "mine.py:NotATiming", SOUND, "BankTiming"),
    with_model("model with a syntax error", "mine.py:Mine", "class Mine(:\n", "mine.py:1"),
    with_model("model whose file raises", "mine.py:Mine", "import no_such_module_anywhere\n", "no_such_module_anywhere"),
    with_model("model that returns floats", "mine.py:Mine", MODEL.format(default=1, answer="now + 1.5, now + 2"), "float"),
    with_model("model that is free too early", "mine.py:Mine", MODEL.format(default=1, answer="now, now + 2"), "free_at"),
    with_model("model done before it began", "mine.py:Mine", MODEL.format(default=1, answer="now + 1, now - 1"), "done_at"),
    with_model("model that reads out of bounds", "mine.py:Mine", MODEL.format(default=1, answer="params[7], now"), "mine.py"),
    with_model("model with a float parameter", "mine.py:Mine", MODEL.format(default=1.5, answer="now + 1, now + 1"), "1.5"),
    with_model("run with a model that is not there", "mine.py:Mime", SOUND, "Mime", command="run"),
    # Where results go
    Case("output under a missing folder", "run lenet5 --out {dir}/none/out", ("none",)),
    Case("output under a file", "run lenet5 --out {dir}/file/out", ("file",), (("file", ""),)),
    Case("output over a file", "run lenet5 --out {dir}/file", ("file",), (("file", "mine"),)),
    Case("output over another folder", "run lenet5 --out {dir}", ("other than results",), (("thesis.txt", "mine"),)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_bad_input_is_one_clear_message(case: Case, tmp_path: Path) -> None:
    for name, content in case.files:
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    arguments = [argument.replace("{dir}", str(tmp_path)) for argument in case.command.split()]
    if arguments[0] == "run" and "--out" not in arguments:
        arguments += ["--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert "this is a bug" not in result.stderr
    for words in case.says:
        assert words in result.stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert not [path for path in tmp_path.rglob("*") if path.is_dir()]


def test_there_are_many_kinds_and_each_is_tried_once() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 30


def test_a_truncated_onnx_file_is_refused(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    shape = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 3, 8, 8])
    weight = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [4, 3, 3, 3], [0.5] * 108)
    node = onnx.helper.make_node("Conv", ["x", "w"], ["y"], name="conv")
    out = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 4, 6, 6])
    content = onnx.helper.make_model(onnx.helper.make_graph([node], "net", [shape], [out], [weight])).SerializeToString()
    (tmp_path / "net.onnx").write_bytes(content[: len(content) // 2])
    result = CliRunner().invoke(app, ["run", str(tmp_path / "net.onnx")])
    assert result.exit_code == 2, result.output
    assert "net.onnx" in result.stderr
    assert "Traceback" not in result.stderr


def test_unsupported_operators_are_listed_all_at_once(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 3, 8, 8])
    out = onnx.helper.make_tensor_value_info("z", onnx.TensorProto.FLOAT, [1, 3, 8, 8])
    nodes = [onnx.helper.make_node("Hardmax", ["x"], ["y"]), onnx.helper.make_node("Bernoulli", ["y"], ["z"])]
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph(nodes, "net", [value], [out])), str(tmp_path / "net.onnx"))
    result = CliRunner().invoke(app, ["run", str(tmp_path / "net.onnx")])
    assert result.exit_code == 2, result.output
    assert "Hardmax" in result.stderr
    assert "Bernoulli" in result.stderr


def test_a_missing_argument_exits_2() -> None:
    assert CliRunner().invoke(app, ["run"]).exit_code == 2
    assert CliRunner().invoke(app, ["run", "lenet5", "--batch", "two"]).exit_code == 2
    assert CliRunner().invoke(app, ["simulate"]).exit_code == 2


def run_graph(graph: object) -> Results:
    return simulate(graph)  # type: ignore[arg-type]


def cyclic() -> nx.DiGraph:
    """Two layers that feed each other."""
    graph: nx.DiGraph = nx.DiGraph()
    graph.add_node("a", layer=Activation("a"))
    graph.add_node("b", layer=Activation("b"))
    graph.add_edge("a", "b")
    graph.add_edge("b", "a")
    return graph


def bare() -> nx.DiGraph:
    graph: nx.DiGraph = nx.DiGraph()
    graph.add_edge("a", "b")
    return graph


def misfit() -> nx.DiGraph:
    """A filter larger than its image."""
    graph: nx.DiGraph = nx.DiGraph()
    graph.add_node("image", layer=Input("image", (3, 4, 4)))
    graph.add_node("conv", layer=Conv("conv", 8, (5, 5)))
    graph.add_edge("image", "conv")
    return graph


@pytest.mark.parametrize(
    ("graph", "says"),
    [(cyclic(), "cycle"), (bare(), "Layer"), (misfit(), "conv"), (nx.Graph(), "DiGraph"), (nx.DiGraph(), "empty"), (17, "int")],
    ids=["cyclic", "without layers", "misfit", "undirected", "empty", "no graph"],
)
def test_a_bad_graph_is_refused_by_the_python_interface(graph: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        run_graph(graph)


@pytest.mark.parametrize("text", ["cycels", ""])
def test_an_unknown_system_object_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        simulate("lenet5", text)


@pytest.mark.parametrize("system", [5, None])
def test_a_system_of_another_type_is_reported(system):
    with pytest.raises(InputError, match="system: expected a System, a name or a file, got"):
        simulate("lenet5", system)


@pytest.mark.parametrize("dataflow", [None, "os"])
@pytest.mark.parametrize("overrides", ["array.rows=8", [8]])
def test_overrides_that_are_no_sequence_of_texts_are_reported(overrides, dataflow):
    with pytest.raises(InputError, match="overrides: expected a mapping such as"):
        simulate("lenet5", overrides=overrides, dataflow=dataflow)


def test_every_error_of_run_and_of_validate_starts_alike(tmp_path: Path) -> None:
    path = tmp_path / "machine.yaml"
    path.write_text("extends: edge-sram\narray: {rows: 0, colums: 4}\n")
    told = [
        CliRunner().invoke(app, command).stderr for command in (["validate", str(path)], ["run", "lenet5", "--system", str(path)])
    ]
    assert told[0] == told[1]
    assert len(told[0].splitlines()) == 2
    assert all(line.startswith(f"simcore: {path}:2: ") for line in told[0].splitlines())


def test_bad_banks_are_reported_all_at_once_with_their_lines(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "extends: edge-sram\nscratchpads:\n  ifmap: {timing: srm}\n"
        "  filter: {timing: {model: stt-mram, parameters: {read_cycle: 3}}}\n  ofmap: {macro: stt-34F2}\n"
    )
    told = CliRunner().invoke(app, ["validate", str(own)]).stderr.splitlines()
    assert [line.partition("own.yaml:")[2] for line in told] == [
        "3: scratchpads.ifmap.timing: no bank timing is called 'srm'; did you mean 'sram'?",
        "4: scratchpads.filter.timing (SttMram.read_cycle): no such parameter; did you mean 'read_cycles'?",
        "5: scratchpads.ofmap.macro: no memory cell is called 'stt-34F2'; did you mean 'stt-34.5F2'?",
    ]
    ran = CliRunner().invoke(app, ["run", "lenet5", "--system", str(own)])
    assert (ran.exit_code, "scratchpads.ifmap.timing: no bank timing is called 'srm'" in ran.stderr) == (2, True)
