"""Build the wheel, compare its files with the tree's, and use it in a clean environment of each Python that is installed.

``python tests/try_wheel.py`` takes each Python from 3.11 to 3.13 that it finds, ``python tests/try_wheel.py PYTHON...`` others.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
PACKAGES = ("simcore", "models", "workloads")
#: Versions that are looked for.
MINORS = (11, 12, 13)
#: What a user does first, in a folder that is not the tree.
COMMANDS = (
    "--version",
    "list systems",
    "run lenet5 --system edge-stt --quiet --out run --report run.html",
    "banks lenet5 --system edge-stt --layers c1 --quiet",
    "compare run lenet5@edge-sram",
    "report run --out again.html",
    "list runs .",
    "memory sram 64KiB",
    "pim multiply --bits 4",
    "explain write_backpressure",
)
#: What compiles further kernels, which the first Python alone does.
FURTHER = ("run lenet5 --system pim-dram-ddr4 --quiet", "run lenet5 --system edge-sram-ddr4 --layers c1 --quiet")


def tracked(folder: Path) -> list[str]:
    """Return the files of the packages that git tracks, or that it would."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.split("\0")
    return [name for name in listed if name and (folder / name).is_file()]


def build(folder: Path) -> Path:
    """Build the wheel from a copy of the tree, so that nothing that lies about gets into it. Return the wheel."""
    copy = folder / "tree"
    for name in tracked(ROOT):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(copy)]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def differences(wheel: Path) -> list[str]:
    """Return the files that are in the tree's packages or in the wheel alone."""
    wanted = {name for name in tracked(ROOT) if name.split("/")[0] in PACKAGES}
    with zipfile.ZipFile(wheel) as opened:
        found = {name for name in opened.namelist() if ".dist-info/" not in name and not name.endswith("/")}
    return [f"not in the wheel: {name}" for name in sorted(wanted - found)] + [
        f"in the wheel alone: {name}" for name in sorted(found - wanted)
    ]


def pythons() -> list[str]:
    """Return a Python of each of these versions: on the PATH, else of pyenv."""
    found = []
    for minor in MINORS:
        of_pyenv = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python3"))
        named = [shutil.which(f"python3.{minor}", path=os.defpath), shutil.which(f"python3.{minor}"), *map(str, of_pyenv)]
        works = [name for name in named if name and _runs(name)]
        found += works[:1]
    return found


def _runs(python: str) -> bool:
    said = subprocess.run([python, "-c", "import venv, ensurepip"], capture_output=True, check=False)
    return said.returncode == 0


def use(wheel: Path, python: str, folder: Path, commands: Sequence[str]) -> str:
    """Install the wheel for a Python and run the commands. Return the Python's version and what the run of a network said."""
    folder.mkdir()
    subprocess.run([python, "-m", "venv", str(folder / "venv")], check=True)
    own, work = folder / "venv" / "bin", folder / "work"
    work.mkdir()
    subprocess.run([own / "python", "-m", "pip", "install", "--quiet", str(wheel)], check=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SIMCORE", "VIRTUAL_ENV"))}
    environment = kept | {"SIMCORE_CACHE_DIR": str(folder / "cache")}
    files = ", ".join(f"{name}.__file__" for name in PACKAGES)
    code = f"import sys, {', '.join(PACKAGES)}; print(sys.version.split()[0], {files})"
    said = _run([own / "python", "-c", code], work, environment).split()
    assert all(Path(place).is_relative_to(folder) for place in said[1:]), said
    outputs = [_run([own / "simcore", *command.split()], work, environment) for command in commands]
    assert (work / "run.html").stat().st_size > 50_000
    return f"Python {said[0]}: {outputs[2].strip()}"


def _run(command: Sequence[str | Path], work: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout


def main() -> None:
    """Build, compare, and use the wheel. Say what was done."""
    with TemporaryDirectory() as place:
        wheel = build(Path(place))
        wrong = differences(wheel)
        assert not wrong, "\n".join(wrong)
        print(f"{wheel.name}: every file of the packages, and no other", flush=True)
        for number, python in enumerate(sys.argv[1:] or pythons()):
            began = time.monotonic()
            commands = COMMANDS if number else (*COMMANDS, *FURTHER)
            said = use(wheel, python, Path(place) / str(number), commands)
            print(f"{said}; {len(commands)} commands in {time.monotonic() - began:.0f} s with the installation", flush=True)


if __name__ == "__main__":
    main()
