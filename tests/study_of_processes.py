"""A program that starts processes as a study does and waits for them. A test kills or interrupts it.

Its arguments are a named pipe and the way in which the processes work: ``compiled`` keeps Python from running, as compiled code
does, and ``portable`` does without Linux's own functions. Each process holds the pipe open and writes "began" into it, and
"ended" if nobody ends it.
"""

from __future__ import annotations

import ctypes
import sys
import time

from simcore.studies.form.processes import processes

WORK_S = 100


def without_linux() -> None:
    ctypes.CDLL(None).prctl(1, 0)


def work(pipe: str, how: str) -> None:
    with open(pipe, "w") as told:
        told.write("began\n")
        told.flush()
        if how == "compiled":
            ctypes.PyDLL(None).sleep(WORK_S)
        else:
            time.sleep(WORK_S)
        told.write("ended\n")


def main() -> None:
    pipe, how = sys.argv[1:]
    try:
        with processes(2, without_linux if how == "portable" else None) as pool:
            print("started", flush=True)
            for future in [pool.submit(work, pipe, how) for _ in range(2)]:
                future.result()
    except KeyboardInterrupt:
        print("interrupted")


if __name__ == "__main__":
    main()
