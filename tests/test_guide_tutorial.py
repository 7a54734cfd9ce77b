"""docs/tutorial.md: its commands and its Python run as printed, in its order, and print what the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from printed_pages import run_page, runs_in

PAGE = "tutorial.md"


@pytest.mark.slow
def test_the_tutorials_commands_and_code_print_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    assert run_page(PAGE, tmp_path) == runs_in(PAGE) > 8
