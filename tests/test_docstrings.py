"""Every public function of more than a few lines says its contract."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: Shorter functions are told by their names.
MOST_LINES = 5


def undocumented(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the public functions and methods of a module or class without a docstring. Functions inside functions are private."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            if not child.name.startswith("_") and ast.get_docstring(child) is None:
                yield child
        elif not (isinstance(child, ast.ClassDef) and child.name.startswith("_")):
            yield from undocumented(child)


def test_public_functions_say_their_contract() -> None:
    lacking = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for room in ("simcore", "models", "workloads")
        for path in sorted((ROOT / room).rglob("*.py"))
        for function in undocumented(ast.parse(path.read_text(encoding="utf-8")))
        if (function.end_lineno or 0) - function.body[0].lineno >= MOST_LINES
    ]
    assert not lacking
