"""Latencies as a table writes them, such as ``nCL + nBL + 2 - nCWL``. simcore parses them and never executes them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from fractions import Fraction
from math import ceil

from simcore.errors import InputError
from simcore.reading.expressions import parsed_expression, too_deep

_EXPECTED = "names, integers, + - * //, max(), min() and cycles()"
_LARGEST = 10**12
#: The form of a fraction in a table. The exponent has at most two digits, which is enough for a time in nanoseconds.
_DECIMAL = re.compile(r"[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]{1,2})?")

_FOLDS: dict[str, Callable[[list[Fraction]], Fraction]] = {"max": max, "min": min}


def evaluate(expression: int | str, value_of: Callable[[str], int], tck_ps: int, where: str | None = None) -> int:
    """Return the integer in cycles of an expression. ``value_of`` returns the cycles of a timing by name.

    ``cycles(x)`` rounds x nanoseconds up to whole clock cycles. Fractions and ``/`` are allowed only inside it. Raise InputError
    for other kinds of expressions, for a result that is no whole number, and for the errors of ``value_of``.
    """
    text = str(expression)
    tree = parsed_expression(text, _EXPECTED, where)
    try:
        result = _Walk(text, value_of, tck_ps, where).value(tree, inside_cycles=False)
    except RecursionError as error:
        raise too_deep(text, where) from error
    if abs(result) > _LARGEST:
        raise InputError(f"expected at most {_LARGEST} cycles, '{text}' gives more", where)
    if result.denominator != 1:
        raise InputError(f"expected a whole number of cycles, '{text}' gives {float(result):g}", where)
    return int(result)


class _Walk:
    """A walk through the tree of one expression."""

    def __init__(self, text: str, value_of: Callable[[str], int], tck_ps: int, where: str | None) -> None:
        self.text, self.value_of, self.tck_ps, self.where = text, value_of, tck_ps, where

    def value(self, node: ast.expr, inside_cycles: bool) -> Fraction:
        """Return the exact value of a node of the tree. Raise InputError for a kind of node that no latency has."""
        if isinstance(node, ast.Constant) and type(node.value) in ((int, float) if inside_cycles else (int,)):
            return self.constant(node, node.value)
        if isinstance(node, ast.Name):
            return Fraction(self.value_of(node.id))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self.value(node.operand, inside_cycles)
        if isinstance(node, ast.BinOp):
            return self.binary(node, inside_cycles)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args and not node.keywords:
            return self.call(node.func.id, node.args, inside_cycles)
        raise self.refused(node)

    def constant(self, node: ast.Constant, value: object) -> Fraction:
        """Return a number of the text, which inside ``cycles()`` may be a fraction."""
        if isinstance(value, int):
            return Fraction(value)
        # The number comes from the text, because the float of a decimal fraction may be another number.
        written = ast.get_source_segment(self.text.strip(), node) or ""
        if not _DECIMAL.fullmatch(written):
            raise InputError(f"expected a number such as 13.75, got '{written}' in '{self.text}'", self.where)
        return Fraction(written)

    def binary(self, node: ast.BinOp, inside_cycles: bool) -> Fraction:
        """Return a sum, difference, product or quotient. ``/`` is allowed inside ``cycles()`` alone."""
        left, right = self.value(node.left, inside_cycles), self.value(node.right, inside_cycles)
        if isinstance(node.op, ast.Add):
            return left + right
        if isinstance(node.op, ast.Sub):
            return left - right
        if isinstance(node.op, ast.Mult):
            return left * right
        divides = isinstance(node.op, ast.FloorDiv) or (inside_cycles and isinstance(node.op, ast.Div))
        if divides and right == 0:
            raise InputError(f"expected no division by zero, got '{self.text}'", self.where)
        if divides:
            return Fraction(left // right) if isinstance(node.op, ast.FloorDiv) else left / right
        raise self.refused(node)

    def call(self, name: str, arguments: list[ast.expr], inside_cycles: bool) -> Fraction:
        """Return ``max()``, ``min()`` or ``cycles()`` of its arguments."""
        if name in _FOLDS:
            return _FOLDS[name]([self.value(argument, inside_cycles) for argument in arguments])
        if name == "cycles" and len(arguments) == 1 and not inside_cycles:
            return Fraction(ceil(self.value(arguments[0], inside_cycles=True) * 1000 / self.tck_ps))
        raise InputError(f"expected {_EXPECTED}, got '{name}(...)' in '{self.text}'", self.where)

    def refused(self, node: ast.expr) -> InputError:
        part = ast.get_source_segment(self.text.strip(), node) or self.text
        return InputError(f"expected {_EXPECTED}, got '{part}' in '{self.text}'", self.where)
