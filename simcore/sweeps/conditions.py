"""Conditions on the points of a sweep, such as ``array.rows <= 64``. simcore reads them and never executes them."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from simcore.errors import InputError
from simcore.reading.expressions import parsed_expression, too_deep
from simcore.reading.units import BANDWIDTH, FREQUENCY, MAC_RATE, SIZE, parse

Scalar: TypeAlias = str | int | float | bool | None
ValueOf: TypeAlias = Callable[[str], object]

_MAY_HOLD = "keys, numbers, texts in quotes, + - * / // %, comparisons, in [...], and, or, not, max() and min()"
#: No quantity is larger. A larger intermediate result is a typing error, and would make the arithmetic slow.
_LARGEST = 10**40

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True)
class Condition:
    """A condition that holds for a point or not. ``names`` are the keys that it reads."""

    text: str
    where: str
    tree: ast.expr
    names: tuple[str, ...]

    def holds(self, value_of: ValueOf) -> bool:
        """Return whether the condition is true of a point, whose value of a key ``value_of`` returns.

        A text such as '64 KiB' counts as the number of bytes, others with units likewise. Raise InputError for values that do
        not fit, such as an order of a text and a number, and for the errors of ``value_of``.
        """
        found = _Walk(self, value_of).value(self.tree)
        if not isinstance(found, bool):
            raise InputError(f"expected a condition that is true or false, '{self.text}' gives {found!r}", self.where)
        return found


def condition(text: str, where: str) -> Condition:
    """Return the condition that a text describes. Raise InputError if it is none."""
    tree = parsed_expression(text, _MAY_HOLD, where)
    names: list[str] = []
    try:
        _check(tree, text, where, names)
    except RecursionError as error:
        raise too_deep(text, where) from error
    return Condition(text, where, tree, tuple(dict.fromkeys(names)))


def _check(node: ast.expr, text: str, where: str, names: list[str]) -> None:
    """Raise InputError for a node that no condition may hold. Note the keys below it."""
    name = _dotted(node)
    if name is not None:
        if name not in _WORDS:
            names.append(name)
        return
    for part in _parts(node, text, where):
        _check(part, text, where, names)


def _parts(node: ast.expr, text: str, where: str) -> list[ast.expr]:
    """Return the nodes directly below one. Raise InputError for one that no condition may hold."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float):
        return []
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        return [node.operand]
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        return [node.left, node.right]
    if isinstance(node, ast.Compare) and all(type(op) in (*_ORDER, ast.Eq, ast.NotEq, ast.In, ast.NotIn) for op in node.ops):
        return [node.left, *node.comparators]
    if isinstance(node, ast.List | ast.Tuple):
        return node.elts
    if isinstance(node, ast.Call) and _dotted(node.func) in ("max", "min") and node.args and not node.keywords:
        return node.args
    part = ast.get_source_segment(text.strip(), node) or text
    raise InputError(f"expected {_MAY_HOLD}, got '{part}' in '{text}'", where)


def _dotted(node: ast.expr) -> str | None:
    """Return the key that a node names, such as array.rows, or None."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return None if before is None else f"{before}.{node.attr}"
    return None


def quantity(value: object) -> object:
    """Return a text with a unit as a number of the base unit: '64 KiB' as 65536. Return any other value as it is."""
    if not isinstance(value, str) or not value[:1].isdigit():
        return value
    for dimension in (SIZE, FREQUENCY, BANDWIDTH, MAC_RATE):
        try:
            return parse(value, dimension)
        except InputError:
            continue
    return value


class _Walk:
    """A walk through the tree of a condition at one point."""

    def __init__(self, of: Condition, value_of: ValueOf) -> None:
        self.of, self.value_of = of, value_of

    def value(self, node: ast.expr) -> Any:
        """Return the value of a node. Raise InputError for values that do not fit each other."""
        name = _dotted(node)
        if name is not None:
            return _WORDS[name] if name in _WORDS else quantity(self.value_of(name))
        if isinstance(node, ast.Constant):
            return quantity(node.value)
        if isinstance(node, ast.BoolOp):
            return self.joined(node)
        if isinstance(node, ast.UnaryOp):
            return not self.truth(node.operand) if isinstance(node.op, ast.Not) else -self.number(node.operand)
        if isinstance(node, ast.BinOp):
            return self.arithmetic(node)
        if isinstance(node, ast.Compare):
            return self.compared(node)
        if isinstance(node, ast.List | ast.Tuple):
            return [self.value(item) for item in node.elts]
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        return (max if node.func.id == "max" else min)([self.number(argument) for argument in node.args])

    def joined(self, node: ast.BoolOp) -> bool:
        """Return an ``and`` or ``or``. What decides nothing any more is not looked at."""
        ends = isinstance(node.op, ast.Or)
        return next((ends for part in node.values if self.truth(part) is ends), not ends)

    def arithmetic(self, node: ast.BinOp) -> int | float:
        """Return a sum, difference, product, quotient or remainder. Raise InputError for no divisor and for huge numbers."""
        left, right = self.number(node.left), self.number(node.right)
        if right == 0 and not isinstance(node.op, ast.Add | ast.Sub | ast.Mult):
            raise self.wrong("expected no division by zero")
        found: int | float = _ARITHMETIC[type(node.op)](left, right)
        if abs(found) > _LARGEST:
            raise self.wrong("expected smaller numbers")
        return found

    def compared(self, node: ast.Compare) -> bool:
        """Return a chain of comparisons, such as ``1 <= array.rows < 8``."""
        left = self.value(node.left)
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.value(comparator)
            if not self.holds_between(op, left, right):
                return False
            left = right
        return True

    def holds_between(self, op: ast.cmpop, left: Any, right: Any) -> bool:
        """Return one comparison."""
        if isinstance(op, ast.Eq | ast.NotEq):
            return bool(left == right) is isinstance(op, ast.Eq)
        if isinstance(op, ast.In | ast.NotIn):
            if not isinstance(right, list):
                raise self.wrong(f"expected a list such as [1, 2] after 'in', got {right!r}")
            return (left in right) is isinstance(op, ast.In)
        if not (_is_number(left) and _is_number(right)):
            raise self.wrong(f"expected two numbers to put in order, got {left!r} and {right!r}")
        return _ORDER[type(op)](left, right)

    def number(self, node: ast.expr) -> int | float:
        """Return the value of a node, which must be a number. Raise InputError if it is none."""
        found = self.value(node)
        if not _is_number(found):
            raise self.wrong(f"expected a number, got {found!r}")
        number: int | float = found
        return number

    def truth(self, node: ast.expr) -> bool:
        found = self.value(node)
        if not isinstance(found, bool):
            raise self.wrong(f"expected true or false, got {found!r}")
        return found

    def wrong(self, message: str) -> InputError:
        return InputError(f"{message} in '{self.of.text}'", self.of.where)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
