"""docs/your-own-memory.md: its models are written to files, its code is run, and its output equals the output in the guide."""

import contextlib
import io
import os
import re
from pathlib import Path

import pytest
import yaml

from simcore.timing.bank_timing import READ, WRITE, resolve_timing
from simcore.timing.model_check import check_timing

GUIDE = (Path(__file__).parents[1] / "docs" / "your-own-memory.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)
FILES = {text.split("\n", 1)[0].removeprefix("# "): text for kind, text in BLOCKS if kind == "python" and "# run" not in text}
RUNS = [
    (text, BLOCKS[index + 1][1])
    for index, (kind, text) in enumerate(BLOCKS)
    if kind == "python" and text.startswith("# run") and BLOCKS[index + 1][0] == "text"
]

jit_is_off = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_guide_holds_the_files_and_the_runs_it_speaks_of():
    assert set(FILES) == {"open_row.py", "worn.py", "shared_driver.py", "refreshed.py"}
    assert len(RUNS) == 3
    assert {name for _, text in BLOCKS for name in re.findall(r"(\w+\.py):\w", text)} == set(FILES)


@pytest.mark.parametrize(("code", "shown"), RUNS, ids=["check", "broken", "counters"])
def test_the_guides_code_prints_what_the_guide_shows(folder, code, shown):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "guide", "exec"), {})
    assert printed.getvalue() == shown


@pytest.mark.parametrize("target", ["open_row.py:OpenRow", "shared_driver.py:SharedDriver", "refreshed.py:Refreshed"])
def test_the_guides_models_pass_the_check(folder, target):
    report = check_timing(resolve_timing(target), requests=500)
    assert report.ok, str(report)


def test_an_open_row_is_a_hit_and_any_other_a_miss(folder):
    timing = resolve_timing("open_row.py:OpenRow", {"miss_cycles": 6})
    params, bank, shared = timing.params_array(), timing.initial_bank(0), timing.initial_shared()
    free = [int(timing.serve(params, bank, shared, now, READ, row)[0]) for now, row in [(0, 3), (6, 3), (7, 4)]]
    assert free == [6, 7, 13]


def test_the_refreshed_bank_counts_its_events_and_its_functions_take_their_part(folder):
    timing = resolve_timing("refreshed.py:Refreshed", {"refresh_period": 100})
    params, bank, shared = timing.params_array(), timing.initial_bank(0), timing.initial_shared()
    requests = [(990, 3), (994, 3), (1000, 3), (1024, 3), (1099, 4), (1103, 4), (1150, 4)]
    free = [int(timing.serve(params, bank, shared, now, READ, row)[0]) - now for now, row in requests]
    # opened, hit, refreshed and opened, hit, opened, refreshed and opened, hit
    assert free == [4, 1, 24, 1, 4, 24, 1]
    assert dict(zip(timing.bank_values, bank.tolist(), strict=True)) == {
        "open_row": 4,
        "refresh_at": 1200,
        "row_hits": 3,
        "row_misses": 4,
        "bank_refreshes": 2,
    }


def test_the_shared_driver_lets_one_bank_write_at_a_time(folder):
    timing = resolve_timing("shared_driver.py:SharedDriver")
    params, shared = timing.params_array(), timing.initial_shared()
    banks = [timing.initial_bank(index) for index in range(2)]
    done = [int(timing.serve(params, bank, shared, 5, WRITE, 0)[1]) for bank in banks]
    assert done == [15, 25]


def test_the_guides_system_fragments_name_what_the_guide_defines(folder):
    fragments = [yaml.safe_load(text)["scratchpads"] for kind, text in BLOCKS if kind == "yaml"]
    timing = fragments[0]["ifmap"]["timing"]
    assert resolve_timing(timing["model"], timing["parameters"]).values["miss_cycles"] == 6
    assert [resolve_timing(group["timing"]).name for group in fragments[1]["ofmap"]["bank_groups"]] == ["Sram", "SharedDriver"]
