"""The words of a block's key, each left out once: edits of the modules of replay that their sources yield.

A word is what a module writes into ``key`` (inputs) or ``found`` (requests that wait), and what it passes through ``_word`` (the
rest of the state). Left out, a word of ``key`` or ``found`` is 0; a ``_word`` is neither noted nor restored, so that the table
keeps what it has.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "simcore" / "engine" / "compiled" / "replay"
FILES = ("state.py", "waiting.py", "streams.py", "operations.py")


def edits() -> dict[str, tuple[str, str, str]]:
    """Return, for each word, the edit (file, source, source without the word). Names count the words of a function."""
    found = {}
    for file in FILES:
        source = (FOLDER / file).read_text(encoding="utf-8")
        for function in ast.parse(source).body:
            if isinstance(function, ast.FunctionDef) and function.name not in ("_word", "restore"):
                spots = sorted(_spots(function, source), key=lambda spot: (spot[0].lineno, spot[0].col_offset))
                for number, (node, instead) in enumerate(spots):
                    found[f"{function.name}-{number}"] = (f"replay/{file}", source, _replaced(source, node, instead))
    return found


def _spots(function: ast.FunctionDef, source: str) -> Iterator[tuple[ast.expr, str]]:
    """Yield each expression that is a word of a function, and what stands there without the word."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_word":
            yield node, f"({ast.get_source_segment(source, node.args[1])})"
        elif isinstance(node, ast.AugAssign) and _is_word(node.target):
            yield node.value, "0"
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                several = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                pairs = zip(target.elts, node.value.elts, strict=True) if several else ((target, node.value),)
                for place, value in pairs:
                    if _is_word(place) and not _is_constant(value):
                        yield value, "0"


def _is_word(target: ast.expr) -> bool:
    table = target.value if isinstance(target, ast.Subscript) else target
    return target is not table and (table.attr if isinstance(table, ast.Attribute) else getattr(table, "id", "")) in (
        "key",
        "found",
    )


def _is_constant(value: ast.expr) -> bool:
    """Return whether a value is a number, or NONE: it only separates words, or says that there is none."""
    is_none = isinstance(value, ast.Attribute) and value.attr == "NONE"
    return is_none or isinstance(value.operand if isinstance(value, ast.UnaryOp) else value, ast.Constant)


def _replaced(source: str, node: ast.expr, instead: str) -> str:
    lines = source.splitlines(keepends=True)
    begin = sum(len(line) for line in lines[: node.lineno - 1]) + node.col_offset
    end = sum(len(line) for line in lines[: (node.end_lineno or 0) - 1]) + (node.end_col_offset or 0)
    return source[:begin] + instead + source[end:]
