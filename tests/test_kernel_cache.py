"""Kernels come back from their cache, and no fault of the cache ends or changes a run."""

from __future__ import annotations

import errno
import hashlib
import os
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
jit_is_off = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(jit_is_off, reason="nothing is compiled")]

#: Compiles a small kernel and says how often it came from the cache.
ONE_KERNEL = """
from simcore.timing.kernel_cache import kept

def add_one(number):
    return number + 1

def compiled():
    from numba import int64
    from simcore.timing.numba_code import machine_code
    compilations.append(add_one)
    return machine_code(add_one, int64(int64))

for _ in range(2):
    compilations = []
    kernel = kept("here:add_one", "version", compiled)
    print(kernel(1), 1 - len(compilations))
"""

#: The same for the bank timings that come with simcore.
BANK_TIMING = """
from simcore.timing.bank_timing import resolve_timing
from simcore.timing.compiled import compile_serve
sram = resolve_timing("sram")
print(compile_serve(sram)(sram.params_array(), sram.initial_bank(0), sram.initial_shared(), 7, 0, 0))

"""


def run(code: str, folder: Path, *, before: str = "", **environment: str) -> tuple[str, str]:
    """What a program prints on both streams, its cache, home and temporary files being in ``folder``."""
    folder.mkdir(exist_ok=True)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("SIMCORE_", "NUMBA_", "XDG_"))}
    places = {"HOME": str(folder), "TMPDIR": str(folder), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    (folder / "program.py").write_text(before + code)
    command = [sys.executable, str(folder / "program.py")]
    done = subprocess.run(command, env={**own, **places, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def kernels_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.kernel"))


@pytest.fixture(scope="module")
def kept_once(tmp_path_factory):
    """The folder of a process that kept its kernel."""
    folder = tmp_path_factory.mktemp("kept")
    run(ONE_KERNEL, folder)
    return folder


@pytest.fixture
def kept(kept_once, tmp_path):
    """A copy of that folder of one's own."""
    shutil.copytree(kept_once, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_a_kernel_comes_back_in_the_next_process(tmp_path):
    assert run(ONE_KERNEL, tmp_path) == ("2 0\n2 1\n", "")
    assert run(ONE_KERNEL, tmp_path) == ("2 1\n2 1\n", "")
    assert [path.parent for path in kernels_in(tmp_path)] == [tmp_path / ".cache" / "simcore" / "kernels" / "version"]


def test_a_kernel_with_checked_bounds_is_another_one(kept):
    assert run(ONE_KERNEL, kept, NUMBA_BOUNDSCHECK="1")[0] == "2 0\n2 1\n"


@pytest.mark.parametrize("damage", ["empty", "truncated", "foreign", "another value"])
def test_a_file_that_is_no_kernel_is_compiled_again(kept, damage):
    (file,) = kernels_in(kept)
    whole = file.read_bytes()
    payload = pickle.dumps("no kernel")
    begins = whole[: whole.index(b"\n") + 1]
    file.write_bytes(
        {
            "empty": b"",
            "truncated": whole[: len(whole) // 2],
            "foreign": b"\x80\x04foreign",
            "another value": begins + hashlib.sha256(payload).digest() + payload,
        }[damage]
    )
    assert run(ONE_KERNEL, kept) == ("2 0\n2 1\n", "")
    assert file.read_bytes()[:20] == whole[:20]


def test_where_others_can_write_nothing_is_read_or_kept_and_it_is_said_once(kept):
    cache = kept / ".cache" / "simcore"
    cache.chmod(0o777)
    out, err = run(ONE_KERNEL + BANK_TIMING, kept)
    assert out == "2 0\n2 0\n(8, 8)\n"
    assert err == (
        f"simcore: cannot keep compiled kernels, so each run compiles them again: '{cache}' can be written by other users "
        "(mode 777); SIMCORE_CACHE_DIR can name another folder\n"
    )


def test_numba_keeps_nothing_in_a_folder_of_its_own_choice(tmp_path):
    before = set((ROOT / "models").rglob("*.nb[ic]"))
    run(ONE_KERNEL + BANK_TIMING, tmp_path)
    run(ONE_KERNEL + BANK_TIMING, tmp_path / "unsafe", SIMCORE_CACHE_DIR="/dev/null")
    assert not list(tmp_path.rglob("*.nb[ic]"))
    assert set((ROOT / "models").rglob("*.nb[ic]")) == before
    assert len(kernels_in(tmp_path)) == 2
    sources = [path for room in ("simcore", "models", "workloads") for path in (ROOT / room).rglob("*.py")]
    assert not [path for path in sources if re.search(r"\bcache=", path.read_text(encoding="utf-8"))]


FULL = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({bytes}, {bytes}))
"""


@pytest.mark.parametrize("size", [0, 200])
def test_a_full_disk_costs_the_cache_and_not_the_run(tmp_path, size):
    out, err = run(ONE_KERNEL, tmp_path, before=FULL.format(bytes=size))
    assert out == "2 0\n2 0\n"
    assert re.fullmatch(r"simcore: cannot keep compiled kernels, so each run compiles them again: .*: File too large; .*\n", err)
    assert not kernels_in(tmp_path)
    assert not list(tmp_path.rglob("*.unfinished"))


#: Kernels cannot be written, though the folder can.
REFUSES_KERNELS = """
import errno, os
from simcore.timing import kernel_cache
def full(path, content):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
kernel_cache.write_kernel = full
"""

REFUSES = """
import os
real = os.open
def refuse(path, flags, *rest, **more):
    if flags & os.O_CREAT and ".kernel." in str(path):
        raise OSError({number}, os.strerror({number}), str(path))
    return real(path, flags, *rest, **more)
os.open = refuse
"""


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EDQUOT])
def test_a_folder_that_cannot_be_written_costs_the_cache_and_not_the_run(tmp_path, number):
    out, err = run(ONE_KERNEL, tmp_path, before=REFUSES.format(number=number))
    assert out == "2 0\n2 0\n"
    assert os.strerror(number) in err
    assert len(err.splitlines()) == 1


def test_of_two_processes_that_need_a_kernel_at_once_one_compiles_it(tmp_path):
    own = {**os.environ, "SIMCORE_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    (tmp_path / "program.py").write_text(ONE_KERNEL.replace("def compiled():", "def compiled():\n    import time; time.sleep(2)"))
    command = [sys.executable, str(tmp_path / "program.py")]
    both = [subprocess.Popen(command, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(said) == [("2 0\n2 1\n", ""), ("2 1\n2 1\n", "")]
    assert len(kernels_in(tmp_path)) == 1
    assert not list(tmp_path.rglob("*.unfinished"))


def test_where_a_kernel_cannot_be_kept_the_others_compile_at_once(tmp_path):
    own = {**os.environ, "SIMCORE_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    slow = ONE_KERNEL.replace("def compiled():", "def compiled():\n    import time; print('begins', time.time()); time.sleep(4)")
    (tmp_path / "program.py").write_text(REFUSES_KERNELS + slow.replace("range(2)", "range(1)"))
    command = [sys.executable, str(tmp_path / "program.py")]
    three = [subprocess.Popen(command, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    said = [process.communicate()[0].split() for process in three]
    began = sorted(float(words[words.index("begins") + 1]) for words in said)
    assert began[1] - began[0] >= 3.5  # they wait for the first one
    assert began[2] - began[1] < 3.5  # and not for the second
