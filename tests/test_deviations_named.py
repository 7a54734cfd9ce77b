"""The tests that DEVIATIONS.md names for the DRAM and STT-MRAM models exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_deviation_that_names_its_file_names_a_test_that_exists() -> None:
    text = (ROOT / "DEVIATIONS.md").read_text()
    rows = [line for line in text[text.index("# DRAM: deviations") :].splitlines() if re.match(r"\| (?!subject|---)", line)]
    named = [re.search(r"`(tests/\w+\.py)::(\w+)`", row) for row in rows]
    assert len(named) >= 14
    assert all(named), rows[named.index(None)] if None in named else ""
    for file, test in (found.groups() for found in named if found):
        assert f"def {test}(" in (ROOT / file).read_text(), f"{file}::{test}"
