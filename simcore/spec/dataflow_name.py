"""The name of a dataflow, checked against the installed ones. The planner owns the dataflow itself."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from simcore.errors import nearest
from simcore.extensions.installed import offered
from simcore.reading.values import Broken, raise_broken

#: Installed packages, and simcore itself, offer dataflows under this entry-point group.
DATAFLOW_GROUP = "simcore.dataflow"


def dataflow_names() -> list[str]:
    """Return the names of all installed dataflows, in the order in which every list shows them."""
    return sorted(offered(DATAFLOW_GROUP, "dataflow"), reverse=True)


def is_file(name: str) -> bool:
    """Return whether a dataflow's name is that of a file: ``FILE.py:NAME``, or ``FILE.py``, which lacks the NAME."""
    return ".py:" in name or name.endswith(".py")


def _known(value: object) -> object:
    names = dataflow_names()
    if value in names or (isinstance(value, str) and is_file(value)):
        return value
    *first, last = [f"'{name}'" for name in names]
    expected = f"{', '.join(first)} or {last}" if first else last
    got = repr(value) if isinstance(value, str) else _SHOWN.get(repr(value), repr(value))
    match = nearest(value, names) if isinstance(value, str) else None
    raise_broken([Broken((), f"expected {expected}, got {got}", f"did you mean '{match}'?" if match else None)])
    return value


_SHOWN = {"None": "null", "True": "true", "False": "false"}

DataflowName = Annotated[str, BeforeValidator(_known)]
