"""DEVIATIONS.md names tests of the DRAM that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_dram_deviation_names_a_test_that_exists() -> None:
    named = re.findall(r"`(tests/\w+\.py)::(\w+)`", (ROOT / "DEVIATIONS.md").read_text())
    assert len(named) == 8
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text(), f"{file}::{test}"
