"""What a new interpreter imports when it runs some code: the commands start fast because they import little."""

import subprocess
import sys
from collections.abc import Iterable

_REPORT = "\nimport sys\nprint('\\nimported:', *[name for name in sys.argv[1:] if name in sys.modules])"


def imported_by(code: str, names: Iterable[str]) -> tuple[set[str], str]:
    """Run ``code`` in a new interpreter. Return those of the modules ``names`` that it imported, and what the code printed."""
    command = [sys.executable, "-c", code + _REPORT, *names]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0, found.stderr
    printed, _, imported = found.stdout.rpartition("\nimported:")
    return set(imported.split()), printed
