"""The headings of all tables that the command line prints, read from the source, so that no run has to print them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[1] / "simcore"
#: The functions that make a printed table. Their second argument, or ``columns``, holds its headings.
MAKERS = {"table", "table_of_names", "PrintedTable"}


def printed_headings() -> dict[str, str]:
    """Return each heading that stands in the source as a text, with the file in which it stands."""
    found: dict[str, str] = {}
    for path in sorted(ROOT.rglob("*.py")):
        for scope in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(scope, ast.FunctionDef):
                for heading in _headings(scope):
                    found.setdefault(heading, str(path.relative_to(ROOT)))
    return found


def _headings(function: ast.FunctionDef) -> Iterator[str]:
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in MAKERS:
            columns = next((word.value for word in call.keywords if word.arg == "columns"), None)
            columns = call.args[1] if columns is None and len(call.args) > 1 else columns
            if columns is not None:
                yield from _texts(columns, function)


@lru_cache(maxsize=1)
def _of_modules() -> dict[str, ast.expr]:
    """Return the tuples and lists to which modules give names."""
    found: dict[str, ast.expr] = {}
    for path in ROOT.rglob("*.py"):
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Tuple | ast.List):
                found |= {target.id: statement.value for target in statement.targets if isinstance(target, ast.Name)}
    return found


def _texts(node: ast.expr, function: ast.FunctionDef) -> Iterator[str]:
    """Yield the texts of a tuple or list, of a name that the function or a module gives one, and of what is appended to it."""
    if isinstance(node, ast.Name):
        if node.id in _of_modules():
            yield from _texts(_of_modules()[node.id], function)
        for statement in ast.walk(function):
            is_its = isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign) and any(
                isinstance(target, ast.Name) and target.id == node.id
                for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
            )
            if is_its and isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign) and statement.value is not None:
                yield from _texts(statement.value, function)
            if (
                isinstance(statement, ast.Call)
                and isinstance(statement.func, ast.Attribute)
                and isinstance(statement.func.value, ast.Name)
                and (statement.func.value.id, statement.func.attr) == (node.id, "append")
            ):
                yield from _texts(statement.args[0], function)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Tuple | ast.List):
        for item in node.elts:
            yield from _texts(item.value if isinstance(item, ast.Starred) else item, function)
    elif isinstance(node, ast.BinOp):
        yield from _texts(node.left, function)
        yield from _texts(node.right, function)
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, function)
        yield from _texts(node.orelse, function)
