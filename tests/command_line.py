"""Calls of the command line in this process."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import CliRunner, Result

from simcore.cli import app


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def printed_json(*arguments: str) -> dict[str, Any]:
    """The JSON that a successful command prints with ``--json``."""
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found
