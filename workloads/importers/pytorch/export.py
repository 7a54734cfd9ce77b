"""A PyTorch module as a network: torch.export gives ATen's graph with all shapes, and no weight is computed or allocated."""

from __future__ import annotations

import logging
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from operator import getitem
from pathlib import Path
from typing import Any

from simcore.errors import InputError
from workloads.importers.finishing import finished
from workloads.importers.graph import Graph
from workloads.importers.names import one_line
from workloads.importers.onnx_sizes import written_batch
from workloads.importers.operators.node import UnsupportedError
from workloads.importers.pytorch.calls import Call, Recorder, TensorName
from workloads.importers.pytorch.functions import FUNCTIONS
from workloads.importers.pytorch.products import PRODUCTS
from workloads.importers.pytorch.tensors import MOVES, SHAPED, VIEWS
from workloads.importers.translation import Translation
from workloads.network import Network

HANDLERS = {**MOVES, **FUNCTIONS, **PRODUCTS}
#: The opset whose meaning of attributes the handlers follow.
OPSET = 23


def from_torch(
    module: Any,
    example_inputs: Any,
    batch: int | None = None,
    *,
    name: str | None = None,
    skip_unsupported: bool = False,
    fusion: bool = True,
    file: Path | None = None,
) -> Network:
    """Return the network that a ``torch.nn.Module`` is in inference. A layer has the name of its module.

    ``example_inputs`` are the arguments of the module's call, a tensor or a tuple of them, or a dictionary of arguments by name.
    Only their shapes and types count. They go to the device of the module's weights, which may be torch's "meta"; then nothing
    is allocated. ``batch`` replaces axis 0 of the first input, as in :func:`workloads.importers.onnx.load_onnx`, which also
    describes the other arguments. ``name`` is the network's, by default the module's class, and ``file`` the one that holds the
    module, for manifests.

    Raise InputError if torch is not installed, if torch cannot export the module, and for operators without a layer (all of them
    at once).
    """
    torch = import_torch()
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"expected a torch.nn.Module, got {type(module).__name__}")
    name = name or type(module).__name__
    program = _exported(torch, module, example_inputs, name)
    graph = _Reader(torch, program, name).graph()
    return finished(Translation.of(graph), name, batch, skip_unsupported=skip_unsupported, fusion=fusion, file=file)


def import_torch() -> Any:
    """Return torch. Raise InputError, which names the extra, if it is not installed."""
    try:
        import torch
    except ImportError as error:
        raise InputError("reading PyTorch modules needs the package torch", hint="pip install 'simcore[train]'") from error
    return torch


def _exported(torch: Any, module: Any, given: Any, where: str) -> Any:
    """Return the exported program in inference, with operators that have no handler decomposed. Put the module back as it was."""
    device = next((tensor.device for tensor in (*module.parameters(), *module.buffers())), torch.device("meta"))
    keywords = dict(given) if isinstance(given, Mapping) else {}
    arguments = () if isinstance(given, Mapping) else (given,) if isinstance(given, torch.Tensor) else tuple(given)
    moved = torch.utils._pytree.tree_map_only(torch.Tensor, lambda tensor: tensor.to(device), (arguments, keywords))
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        with warnings.catch_warnings(), _silent(), torch.device(device):
            warnings.simplefilter("ignore")
            program = torch.export.export(module, moved[0], moved[1], strict=False)
            program = program if _is_known(program) else program.run_decompositions(_decompositions(torch))
            program.graph.eliminate_dead_code()
            return program
    except InputError:
        raise
    except Exception as error:  # a module's own code raises anything
        hint = "torch.export must be able to trace it: no branches on values, and inputs of the right shapes and types"
        raise InputError(f"torch cannot export the module ({type(error).__name__}: {one_line(error)})", where, hint) from error
    finally:
        for part in training:
            part.training = True


@contextmanager
def _silent() -> Iterator[None]:
    """Keep what torch logs and prints, such as tracebacks and graphs, from the user's screen. An error says it, too."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            yield
    finally:
        logging.disable(before)


def _calls(program: Any) -> Iterator[Any]:
    return (node for node in program.graph.nodes if node.op == "call_function" and node.target is not getitem)


def _is_known(program: Any) -> bool:
    """Return whether each operator that depends on the arguments has a handler, or a result that follows from shapes."""
    given = set(program.graph_signature.user_inputs)
    depend = {node for node in program.graph.nodes if node.op == "placeholder" and node.name in given}
    for node in program.graph.nodes:
        if node.op != "call_function" or not depend & set(node.all_input_nodes) or _operator(node.target) in SHAPED:
            continue
        depend.add(node)
        if node.target is not getitem and _operator(node.target) not in HANDLERS:
            return False
    return True


def _operator(target: Any) -> str:
    """Return an operator's name without its namespace and overload, and of one that works in place that of the other form."""
    name = str(getattr(target, "_opname", getattr(target, "__name__", target)))
    return name[:-1] if name.endswith("_") and not name.endswith("__") else name


def _decompositions(torch: Any) -> Any:
    """Return torch's own table of decompositions without the operators that have a handler."""
    table = torch.export.default_decompositions()
    for name in HANDLERS:
        packet = getattr(torch.ops.aten, name, None)
        for overload in packet.overloads() if packet is not None else ():
            table.pop(getattr(packet, overload), None)
    return table


class _Reader:
    """One pass over an exported program's nodes, which turns each call into nodes of the importer."""

    def __init__(self, torch: Any, program: Any, where: str) -> None:
        self.torch, self.program, self.where = torch, program, where
        self.recorder = Recorder()
        self.tensors: dict[Any, Any] = {}
        self.inside: dict[str, set[str]] = defaultdict(set)
        for node in _calls(program):
            if not self._is_view(node):
                self.inside[_module(node)[0]].add(_operator(node.target))
        self.leaves = {path for path, _ in map(_module, _calls(program))} - set(_ancestors(map(_module, _calls(program))))

    def graph(self) -> Graph:
        """Return all nodes as a graph."""
        found, signature = self.recorder.found, self.program.graph_signature
        inputs = [name for name in signature.user_inputs if isinstance(name, str)]
        for node in self.program.graph.nodes:
            if node.op == "placeholder":
                value = node.meta.get("val")
                self.tensors[node] = self._tensor(node.name, value) if isinstance(value, self.torch.Tensor) else value
                if node.name not in inputs:
                    found.constants.add(node.name)
                    found.fixed |= {node.name} - signature.inputs_to_parameters.keys()
            elif node.op == "call_function" and node.target is getitem:
                self.tensors[node] = self.tensors[node.args[0]][node.args[1]]
            elif node.op == "call_function":
                self._call(node)
        entered = [name for name in inputs if name in found.shapes]
        batch = written_batch({name: list(found.shapes[name]) for name in entered})
        (last,) = (node for node in self.program.graph.nodes if node.op == "output")
        results = list(_tensors_in([self._argument(value) for value in last.args]))
        return Graph(self.recorder.nodes, entered, results, found, batch, self.where, "PyTorch", OPSET)

    def _tensor(self, name: str, value: Any) -> TensorName:
        shape = tuple(value.shape)
        if not all(isinstance(extent, int) for extent in shape):
            raise InputError(f"tensor '{name}': expected a shape of numbers, got {shape}", where=self.where)
        self.recorder.found.shapes[name] = shape
        return TensorName(name)

    def _call(self, node: Any) -> None:
        """Record a call. What depends on no input is a constant; a call without a handler stays as an unknown operator."""
        value = node.meta.get("val")
        listed = value if isinstance(value, (tuple, list)) else [value]
        alone = not isinstance(value, (tuple, list))
        names = [
            self._tensor(node.name if alone else f"{node.name}.{index}", each) if isinstance(each, self.torch.Tensor) else each
            for index, each in enumerate(listed)
        ]
        self.tensors[node] = names[0] if alone else names
        outputs = tuple(name for name in names if isinstance(name, TensorName))
        arguments = self._arguments(node)
        found = self.recorder.found
        operator = _operator(node.target)
        if operator in SHAPED or all(tensor in found.constants for tensor in _tensors_in(arguments.values())):
            found.constants.update(outputs)
            if operator in SHAPED or all(tensor in found.fixed for tensor in _tensors_in(arguments.values())):
                found.fixed.update(outputs)
        if set(outputs) <= found.constants:
            return
        read = frozenset(user.args[1] for user in node.users if user.target is getitem and user.users)
        call = Call(operator, arguments, self._layer(node), outputs, read, self.recorder)
        try:
            if operator not in HANDLERS:
                raise UnsupportedError(operator)
            HANDLERS[operator](call)
        except UnsupportedError as reason:
            text = str(reason)
            call.node(text if text.startswith("aten.") else f"aten.{text}", list(_tensors_in(arguments.values())))
        if getattr(getattr(node.target, "_schema", None), "is_mutable", False):
            self.tensors[node.args[0]] = self.tensors[node]  # later calls read what was written in its place

    def _arguments(self, node: Any) -> dict[str, Any]:
        """Return a call's arguments by the names of the operator's schema, with tensors by name."""
        schema = getattr(node.target, "_schema", None)
        if schema is None:
            return {str(index): self._argument(value) for index, value in enumerate(node.args)}
        given = {argument.name: value for argument, value in zip(schema.arguments, node.args, strict=False)}
        given.update(node.kwargs)
        return {name: self._argument(value) for name, value in given.items()}

    def _argument(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [self._argument(item) for item in value]
        return self.tensors[value] if isinstance(value, self.torch.fx.Node) else value

    def _layer(self, node: Any) -> str:
        """Return the path of the module for the only operator of a module without parts, else the path and the operator."""
        path, _ = _module(node)
        operator, plain = _operator(node.target), path.split("@")[0]
        alone = path in self.leaves and len(self.inside[path]) == 1 and not self._is_view(node)
        return plain if plain and alone else f"{plain}.{operator}" if plain else operator

    def _is_view(self, node: Any) -> bool:
        return _operator(node.target) in VIEWS or not node.all_input_nodes


def _module(node: Any) -> tuple[str, tuple[str, ...]]:
    """Return the path of the module that makes a call, and those of the modules around it."""
    stack = [str(path) for path, _ in (node.meta.get("nn_module_stack") or {}).values()]
    return (stack[-1], tuple(stack[:-1])) if stack else ("", ())


def _ancestors(modules: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[str]:
    for path, around in modules:
        yield from (each for each in around if each != path)


def _tensors_in(values: Iterable[Any]) -> Iterator[TensorName]:
    for value in values:
        if isinstance(value, TensorName):
            yield value
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield from _tensors_in(value)
