"""The report of progress by work that takes long."""

from __future__ import annotations

from collections.abc import Callable

#: Called with (work done, total work, name of the current item). Work is array steps in a simulation and runs in a study.
OnProgress = Callable[[int, int, str], None]
