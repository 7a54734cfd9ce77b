"""No cache returns stale code: after an edit, the edited model or engine runs next."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MODEL = """
from simcore import BankTiming

class Slow(BankTiming):
    @staticmethod
    def serve(params, bank, shared, now, op, row):
        return now + {cycles}, now + {cycles}
"""

HELPED = """
from simcore import BankTiming

def cycles():
    return {cycles}

class Slow(BankTiming):
    @staticmethod
    def serve(params, bank, shared, now, op, row):
        return now + cycles(), now + cycles()
"""

SIMULATE = """
import sys
from simcore import simulate

pads = ("ifmap", "filter", "ofmap", "accumulator")
overrides = [f"scratchpads.{pad}.timing={sys.argv[1]}:Slow" for pad in pads]
print(simulate("lenet5", "edge-sram", layers="f5,output", overrides=overrides).layers["cycles"].sum())
"""


def run_python(code: str, *arguments: str, package_root: Path = ROOT) -> str:
    """What a program prints, in a process of its own."""
    path = os.pathsep.join([str(package_root), str(ROOT)])
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": path}
    command = [sys.executable, "-P", "-c", code, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize(("model", "runs"), [(MODEL, (1, 1, 9)), (HELPED, (1, 9))], ids=["serve", "a function that serve calls"])
def test_an_edited_model_file_changes_the_cycles_of_the_next_process(tmp_path, model, runs):
    cycles = []
    for written in runs:
        (tmp_path / "slow.py").write_text(model.format(cycles=written), encoding="utf-8")
        cycles.append(int(run_python(SIMULATE, str(tmp_path / "slow.py"))))
    assert cycles[0] == cycles[-2] < cycles[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "edited",
    [
        "engine/compiled/banks.py",
        "engine/compiled/dram/device.py",
        "program/streams.py",
        "timing/addresses.py",
        "timing/machine_code.py",
    ],
)
def test_an_edited_source_of_the_kernel_gets_a_version_of_its_own(tmp_path, edited):
    shutil.copytree(ROOT / "simcore", tmp_path / "simcore", ignore=shutil.ignore_patterns("__pycache__"))
    # Only the hash is asked for: nothing is compiled.
    ask = "from simcore.engine.compiled.cache import engine_version; print(engine_version())"
    file = tmp_path / "simcore" / edited
    versions = [run_python(ask, package_root=tmp_path)]
    file.write_text(file.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    versions.append(run_python(ask, package_root=tmp_path))
    file.write_text(file.read_text(encoding="utf-8").removesuffix("\n# edited\n"), encoding="utf-8")
    versions.append(run_python(ask, package_root=tmp_path))
    assert versions[0] == versions[2] != versions[1]
