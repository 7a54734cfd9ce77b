"""Ctrl-C ends a command within 2 s, also in a call that Python cannot interrupt, and leaves others their time to clean up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from textwrap import indent

import pytest

ROOT = Path(__file__).parents[1]

BEGIN = """
import hashlib, signal, sys, threading, time
from simcore.cli.interruption import interrupted_in_time
signal.signal(signal.SIGINT, signal.default_int_handler)
"""
#: A call of some minutes, in C and without the interpreter's lock, as those of the compiler are. It says when it has begun.
DEAF = """
threading.Timer(0.3, print, ["begins"], {"flush": True}).start()
hashlib.pbkdf2_hmac("sha256", b"x", b"y", 500_000_000)
"""


def ended(code: str) -> tuple[int, str, str]:
    """Exit code and what a program prints that gets Ctrl-C once it has said that it begins."""
    own = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", BEGIN + code]
    process = subprocess.Popen(command, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    process.send_signal(signal.SIGINT)
    try:
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    return process.returncode, out, err


def test_a_call_that_cannot_be_interrupted_ends() -> None:
    code = "with interrupted_in_time():" + indent(DEAF, "    ")
    assert ended(code) == (130, "", "simcore: interrupted\n")


@pytest.mark.slow
def test_what_reacts_has_time_to_clean_up() -> None:
    code = """
with interrupted_in_time():
    try:
        print('begins', flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        time.sleep(2.5)
        print('cleaned')
"""
    assert ended(code) == (0, "cleaned\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("handler", ["signal.SIG_IGN", "lambda number, frame: print('own')"])
def test_a_process_that_treats_ctrl_c_otherwise_goes_on(handler: str) -> None:
    code = f"""
signal.signal(signal.SIGINT, {handler})
with interrupted_in_time():
    print('begins', flush=True)
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        time.sleep(0.1)
print('ends')
"""
    code, out, err = ended(code)
    assert (code, err) == (0, "")
    assert out.endswith("ends\n")


@pytest.mark.slow
def test_all_is_as_before_at_the_end() -> None:
    code = """
with interrupted_in_time():
    pass
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
assert signal.set_wakeup_fd(-1) == -1
try:
    print('begins', flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print('interrupted')
"""
    assert ended(code) == (0, "interrupted\n", "")
