"""Einsum of one or two tensors: sums, a product of matrices, or a product of values, with views that order the axes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import prod

from workloads import layers
from workloads.importers.operators.node import Axes, Batch, LostBatchError, Node, Operator, UnsupportedError
from workloads.layers import Shape

Labels = tuple[str, ...]


def read_equation(equation: str, ranks: Sequence[int]) -> tuple[list[Labels], Labels]:
    """Return the labels of each operand and of the result. Axes of an ellipsis have the labels "0", "1", ...

    Raise ValueError for an equation that is none, or not one for operands of these ranks.
    """
    text = equation.replace(" ", "")
    if not re.fullmatch(r"[A-Za-z.,]*(->[A-Za-z.]*)?", text):
        raise ValueError(f"'{equation[:40]}' is no equation")
    ahead, arrow, behind = text.partition("->")
    given = ahead.split(",")
    if len(given) != len(ranks) or any(term.replace("...", "").count(".") for term in (*given, behind)):
        raise ValueError(f"'{equation[:40]}' is no equation of {len(ranks)} tensors")
    hidden = [rank - len(term.replace("...", "")) if "..." in term else 0 for term, rank in zip(given, ranks, strict=True)]
    most = max(hidden, default=0)
    terms = [_spread(term, most - count, most) for term, count in zip(given, hidden, strict=True)]
    if any(len(term) != rank for term, rank in zip(terms, ranks, strict=True)):
        raise ValueError(f"'{equation[:40]}' has terms of other ranks than {list(ranks)}")
    if arrow:
        return terms, _spread(behind, 0, most)
    once = sorted(label for label in {*ahead} - {*",."} if ahead.count(label) == 1)
    return terms, (*(str(number) for number in range(most)), *once)


def _spread(term: str, first: int, end: int) -> Labels:
    before, dots, after = term.partition("...")
    return (*before, *((str(number) for number in range(first, end)) if dots else ()), *after)


def einsum_shape(equation: str, shapes: Sequence[Shape]) -> Shape:
    """Return the shape of an Einsum's result. Raise ValueError for an equation that does not fit the shapes."""
    terms, result = read_equation(equation, [len(shape) for shape in shapes])
    extents = _extents(terms, shapes)
    if len(set(result)) != len(result) or not set(result) <= extents.keys():
        raise ValueError(f"'{equation[:40]}' has a result of unknown or repeated axes")
    return tuple(extents[label] for label in result)


def _extents(terms: Sequence[Labels], shapes: Sequence[Shape]) -> dict[str, int]:
    found: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        for label, extent in zip(term, shape, strict=True):
            if found.setdefault(label, extent) not in (extent, 1) and extent != 1:
                raise ValueError(f"axis '{label}' has the extents {found[label]} and {extent}")
            found[label] = max(found[label], extent)
    return found


def _read(node: Node) -> tuple[list[Labels], Labels]:
    equation = node.attributes["equation"]
    text = equation.decode() if isinstance(equation, bytes) else str(equation)
    terms, result = read_equation(text, [len(operand.shape) for operand in node.operands])
    if len(terms) > 2 or any(len(set(term)) != len(term) for term in terms):
        raise UnsupportedError("Einsum of more than two tensors or of a diagonal")
    return terms, result


def _axes(node: Node) -> Axes:
    """Follow the batch by its label, which the result must have."""
    terms, result = _read(node)
    batches = [operand.batch for operand in node.operands]
    labels = {term[batch.axis] for term, batch in zip(terms, batches, strict=True) if batch is not None}
    if not labels:
        return Axes(batches, [None])
    label = labels.pop()
    shared = [batch is None and label in term for term, batch in zip(terms, batches, strict=True)]
    whole = all(batch is None or batch.outer == 1 for batch in batches)
    if labels or label not in result or any(shared) or not whole:
        raise LostBatchError(f"Einsum '{node.name}' multiplies along the batch or joins it with other axes")
    return Axes(batches, [Batch(result.index(label))])


class _Operand:
    """A tensor on its way through views and sums: the layer that makes it, its labels, and their extents."""

    def __init__(self, node: Node, position: int, labels: Labels) -> None:
        self.node, self.position = node, position
        batch, shape = node.axes.operands[position], node.shape(position)
        if batch is not None and len(shape) < len(labels):
            labels = labels[: batch.axis] + labels[batch.axis + 1 :]
        self.labels, self.extents = labels, dict(zip(labels, shape, strict=True))
        self.constant = node.operands[position].constant
        self.name = "" if self.constant else node.read(position)

    def summed(self, kept: set[str]) -> None:
        """Add the values along all axes but those that are kept."""
        if set(self.labels) <= kept:
            return
        self.labels = tuple(label for label in self.labels if label in kept)
        shape = tuple(self.extents[label] for label in self.labels) or (1,)
        self.name = self.node.add(layers.Reduce(self.node.part(f"sum_{self.position}"), shape, "sum"), self.name)

    def ordered(self, labels: Labels, shape: Shape) -> str:
        """Return the layer that makes the tensor with its axes in this order, in this shape."""
        if labels != self.labels:
            order = tuple(self.labels.index(label) for label in labels)
            self.name = self.node.add(layers.Transpose(self.node.part(f"turned_{self.position}"), order), self.name)
        if shape != tuple(self.extents[label] for label in labels):
            self.name = self.node.add(layers.Reshape(self.node.part(f"matrix_{self.position}"), shape), self.name)
        return self.name


def _einsum(node: Node) -> list[str]:
    terms, result = _read(node)
    operands = [_Operand(node, position, term) for position, term in enumerate(terms)]
    batch = node.axes.results[0]
    if batch is not None and len(node.result()) < len(result):
        result = result[: batch.axis] + result[batch.axis + 1 :]
    if all(operand.constant for operand in operands):
        raise UnsupportedError("Einsum of constants")
    if len(operands) == 1:
        operands[0].summed(set(result))
        return [_finished(node, operands[0].name, operands[0].labels, result)]
    first, second = operands if not operands[0].constant else operands[::-1]
    first.summed(set(result) | set(second.labels))
    alike = tuple(label for label in first.labels if label in second.labels and label in result)
    inner = tuple(label for label in first.labels if label in second.labels and label not in result)
    rows = tuple(label for label in first.labels if label not in second.labels)
    columns = tuple(label for label in second.labels if label not in first.labels)
    if not set(columns) <= set(result):
        raise UnsupportedError("Einsum that sums an operand alone")
    sizes = first.extents | {label: second.extents[label] for label in columns}
    made = _product(node, first, second, (alike, rows, inner, columns), sizes)
    return [_finished(node, made, (*alike, *rows, *columns), result)]


def _product(
    node: Node, first: _Operand, second: _Operand, groups: tuple[Labels, Labels, Labels, Labels], sizes: Mapping[str, int]
) -> str:
    """Return the product of both tensors, with axes in the order: those of both, of the first, of the second."""
    alike, rows, inner, columns = groups
    ahead, m, k, n = tuple(sizes[label] for label in alike), *(prod(sizes[each] for each in group) for group in groups[1:])
    if any(second.extents[label] != first.extents[label] for label in (*alike, *inner)):
        raise UnsupportedError("Einsum that repeats values")
    left = first.ordered((*alike, *rows, *inner), (*ahead, m, k))
    if second.constant and not alike and inner:
        made = node.add(layers.Linear(node.part("product"), n, bias=False), left)
    else:
        if second.constant:
            right = node.add(layers.Constant(node.part("weights"), (*ahead, k, n)))
        else:
            right = second.ordered((*alike, *inner, *columns), (*ahead, k, n))
        kind = layers.MatMul if inner else layers.Mul
        made = node.add(kind(node.part("product")), left, right)
    shape = (*ahead, *(sizes[label] for label in (*rows, *columns)))
    return node.add(layers.Reshape(node.part("result"), shape or (1,)), made)


def _finished(node: Node, made: str, labels: Labels, result: Labels) -> str:
    if labels == result:
        return made
    return node.add(layers.Transpose(node.name, tuple(labels.index(label) for label in result)), made)


EINSUM = Operator(_einsum, _axes)
