"""Branches and loops of an ONNX graph whose condition or number of turns is known: their nodes take the place of the node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from simcore.errors import InputError
from workloads.importers.graph import UNFIT
from workloads.importers.names import one_line
from workloads.importers.operators.node import Value

#: The most nodes that all branches and loops may become.
MOST_NODES = 20_000


@dataclass
class Bodies:
    """Puts nodes of bodies into the graph around them.

    ``known`` are the values so far, by name; ``add_node``, ``add_tensor`` and ``add_value`` take what the body holds, renamed.
    """

    onnx: Any
    opset: int
    known: Mapping[str, Value]
    add_node: Callable[[Any], None]
    add_tensor: Callable[[Any], None]
    add_value: Callable[[str, Value], None]
    where: str
    made: int = 0

    def expanded(self, node: Any) -> bool:
        """Add the nodes of an If or Loop, and return whether that is possible: condition and turns must be known.

        Raise InputError for a body of other inputs or results than the node's.
        """
        try:
            return self._branch(node) if node.op_type == "If" else self._turns(node)
        except UNFIT as error:
            called = f"node '{node.name or next(iter(node.output), node.op_type)}' ({node.op_type})"
            raise InputError(f"{called}: its body is not that of the operator ({one_line(error)})", where=self.where) from None

    def _branch(self, node: Any) -> bool:
        chosen = self._truth(node.input[0])
        if chosen is None:
            return False
        body = _attribute(node, "then_branch" if chosen else "else_branch")
        if len(body.output) != len(node.output):
            raise ValueError(f"{len(body.output)} results instead of {len(node.output)}")
        names = self._inlined(body, {}, f"{node.name or node.output[0]}/")
        self._aliased(node.output, [names.get(value.name, value.name) for value in body.output])
        return True

    def _turns(self, node: Any) -> bool:
        """Add the body's nodes for each turn, until the condition is false. What each turn gives is joined at the end."""
        body, turns = _attribute(node, "body"), self.known.get(node.input[0]) if node.input[0] else None
        begins = self._truth(node.input[1]) if len(node.input) > 1 and node.input[1] else True
        if turns is None or turns.size != 1 or begins is None or int(turns.item()) * len(body.node) > MOST_NODES:
            return False
        if not self._goes_on(body):
            return False
        carried, given = list(node.input[2:]), [value.name for value in body.input]
        if len(given) != 2 + len(carried) or len(body.output) != 1 + len(node.output):
            raise ValueError(f"{len(given)} inputs and {len(body.output)} results")
        collected: list[list[str]] = [[] for _ in body.output[1 + len(carried) :]]
        for turn in range(int(turns.item()) if begins else 0):
            prefix = f"{node.name or node.output[0]}/{turn}/"
            self.add_value(f"{prefix}{given[0]}", np.array(turn, np.int64))
            self.add_value(f"{prefix}{given[1]}", np.array(True))
            names = dict(zip(given, [f"{prefix}{given[0]}", f"{prefix}{given[1]}", *carried], strict=True))
            names = self._inlined(body, names, prefix)
            results = [names.get(value.name, value.name) for value in body.output]
            carried = results[1 : 1 + len(carried)]
            for kept, name in zip(collected, results[1 + len(carried) :], strict=True):
                kept.append(name)
        if any(not kept for kept in collected):
            return False
        self._aliased(node.output, carried)
        for output, kept in zip(node.output[len(carried) :], collected, strict=True):
            self._stacked(output, kept)
        return True

    def _goes_on(self, body: Any) -> bool:
        """Return whether a body hands on its condition, so that only the number of turns ends the loop."""
        made_by = {name: node for node in body.node for name in node.output}
        name = body.output[0].name
        for _ in range(len(body.node) + 1):
            if name == body.input[1].name:
                return True
            node = made_by.get(name)
            if node is None:
                return any(tensor.name == name and bool(self._tensor(tensor).all()) for tensor in body.initializer)
            if node.op_type == "Constant":
                return any(bool(self._tensor(attribute.t).all()) for attribute in node.attribute if attribute.name == "value")
            if node.op_type not in ("Identity", "Cast"):
                return False
            name = node.input[0]
        return False

    def _tensor(self, tensor: Any) -> Value:
        return np.asarray(self.onnx.numpy_helper.to_array(tensor))

    def _truth(self, name: str) -> bool | None:
        value = self.known.get(name)
        return bool(value.item()) if value is not None and value.size == 1 else None

    # Bodies -------------------------------------------------------------------------------------------------------------------

    def _inlined(self, body: Any, names: Mapping[str, str], prefix: str) -> dict[str, str]:
        """Add a body's tensors and nodes with names of their own, and return the names of all its tensors."""
        self.made += len(body.node)
        if self.made > MOST_NODES:
            raise InputError(f"expected branches and loops of at most {MOST_NODES} nodes in all, got more", where=self.where)
        named = dict(names)
        for tensor in body.initializer:
            copy = type(tensor)()
            copy.CopyFrom(tensor)
            copy.name = named[tensor.name] = f"{prefix}{tensor.name}"
            self.add_tensor(copy)
        for node in body.node:
            copy = type(node)()
            copy.CopyFrom(node)
            _rename(copy, named)
            for index, name in enumerate(node.output):
                if name:
                    copy.output[index] = named[name] = f"{prefix}{name}"
            copy.name = f"{prefix}{node.name}" if node.name else ""
            self.add_node(copy)
        return named

    def _aliased(self, outputs: Iterable[str], names: Iterable[str]) -> None:
        for output, name in zip(outputs, names, strict=False):
            if output:
                self.add_node(self.onnx.helper.make_node("Identity", [name], [output]))

    def _stacked(self, output: str, parts: list[str]) -> None:
        """Join what each turn of a loop gives along a new axis 0."""
        make, each = self.onnx.helper.make_node, []
        for number, part in zip(count(), parts):
            each.append(f"{output}/{number}")
            if self.opset < 13:
                self.add_node(make("Unsqueeze", [part], [each[-1]], axes=[0]))
            else:
                self.add_value(f"{output}/{number}/axes", np.array([0], np.int64))
                self.add_node(make("Unsqueeze", [part, f"{output}/{number}/axes"], [each[-1]]))
        self.add_node(make("Concat", each, [output], axis=0))


def _attribute(node: Any, name: str) -> Any:
    """Return an attribute that is a graph. ONNX's checker has seen that it is there."""
    return next(attribute.g for attribute in node.attribute if attribute.name == name)


def _rename(node: Any, names: Mapping[str, str]) -> None:
    """Rename what a node reads, also within its own bodies, where names of their own come first."""
    for index, name in enumerate(node.input):
        node.input[index] = names.get(name, name)
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            own = {value.name for value in (*graph.input, *graph.initializer)}
            own |= {name for inner in graph.node for name in inner.output}
            outer = {name: new for name, new in names.items() if name not in own}
            for inner in graph.node:
                _rename(inner, outer)
            for value in graph.output:
                value.name = outer.get(value.name, value.name)
