"""SCALE-Sim 3.0.0 as it comes from PyPI, in a virtual environment of its own, and the files that both tools read."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fresh import ROOT, run_fresh

#: SCALE-Sim does not say which numpy it needs; 3.0.0 fails with 2.4 and runs with 2.2.
REQUIREMENTS = ("scalesim==3.0.0", "numpy==2.2.*")

#: The layers, whose padding is part of the ifmap: SCALE-Sim has no other way to say it. The first is ResNet18's layer2.0.conv1,
#: the second a convolution of 16x16 pixels in which simcore repeats blocks.
LAYERS = {"resnet18_l2_0_conv1": "58, 58, 3, 3, 64, 128, 2", "conv_16x16x256_to_256": "18, 18, 3, 3, 256, 256, 1"}
TOPOLOGY = """\
Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,
{layer}, {sizes},
"""

#: 32x32 weight-stationary, 64 KiB a scratchpad, CALC mode: no stalls. [layout] and [sparsity] are off, but must be there.
CONFIGURATION = Path(__file__).with_name("scale-sim.cfg").read_text()

#: SCALE-Sim wants a layout of twenty numbers for each layer even where layouts are off; it does not look at their values.
LAYOUT = f"Layer name,{'number,' * 20}\n{{layer}},{'1,' * 20}\n"


@dataclass(frozen=True)
class ScaleSimFiles:
    """The files of one run, which simulates one layer."""

    layer: str
    topology: Path
    configuration: Path
    layout: Path
    reports: Path


@dataclass(frozen=True)
class ScaleSimRun:
    """Cycles of one run; CPU seconds of reading the files and simulating, and of the whole process with its imports."""

    cycles: int
    compute_cycles: int
    cpu_s: float
    process_cpu_s: float


class CannotInstall(Exception):
    """SCALE-Sim could not be installed; the text says why."""


def write_files(folder: Path, layer: str) -> ScaleSimFiles:
    """Write topology, configuration and layout of a layer into a folder."""
    files = ScaleSimFiles(layer, folder / "topology.csv", folder / "scale.cfg", folder / "layout.csv", folder / "reports")
    files.topology.write_text(TOPOLOGY.format(layer=layer, sizes=LAYERS[layer]))
    files.configuration.write_text(CONFIGURATION)
    files.layout.write_text(LAYOUT.format(layer=layer))
    files.reports.mkdir()
    return files


def install(folder: Path) -> Path:
    """The interpreter of a virtual environment with SCALE-Sim, made in a folder unless one is there that works.

    Raises CannotInstall, also if SCALE-Sim is installed but cannot be imported.
    """
    python = folder / "bin" / "python"
    if _failure(python, "-c", "import scalesim.scale_sim") is None:
        return python
    steps: tuple[tuple[str | Path, ...], ...] = (
        (sys.executable, "-m", "venv", "--clear", folder),
        (python, "-m", "pip", "install", "-q", *REQUIREMENTS),
        (python, "-c", "import scalesim.scale_sim"),
    )
    for command in steps:
        failure = _failure(*command)
        if failure is not None:
            raise CannotInstall(f"{' and '.join(REQUIREMENTS)} could not be installed: {failure}")
    return python


def _failure(*command: str | Path) -> str | None:
    """Why a command fails: the last line that it writes on stderr; None if it succeeds."""
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return (done.stderr.strip() or "no message").splitlines()[-1] if done.returncode else None


def run(python: Path, files: ScaleSimFiles) -> ScaleSimRun:
    """Run SCALE-Sim once in a fresh process. Raises RuntimeError where it fails."""
    script = ROOT / "benchmarks" / "scale_sim_child.py"
    fresh = run_fresh(python, script, files.configuration, files.topology, files.layout, files.reports)
    return ScaleSimRun(**fresh.last_json, process_cpu_s=fresh.cpu_s)
