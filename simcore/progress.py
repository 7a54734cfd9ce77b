"""How work that takes long tells of itself."""

from __future__ import annotations

from collections.abc import Callable

#: Called with (work done, work in all, name of what is under way). Work is array steps in a simulation, runs in a study.
OnProgress = Callable[[int, int, str], None]
