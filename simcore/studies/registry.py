"""The studies by name. A new study needs a package that defines ``STUDY``, and a line here."""

from __future__ import annotations

from importlib import import_module

from simcore.errors import InputError
from simcore.studies.form.study import Study

#: Name on the command line -> package that defines its ``STUDY``.
STUDIES = {
    "write-errors": "simcore.studies.write_errors",
    "stt-mram": "simcore.studies.stt_mram",
    "pim-dram": "simcore.studies.pim_dram",
    "pruning": "simcore.studies.pruning",
}


def load_study(name: str) -> Study:
    """Return the study of this name, whose package this imports.

    Raise KeyError for another name, and InputError if the package cannot be imported or has no ``STUDY`` of this name.
    """
    package = STUDIES[name]
    try:
        found = import_module(package).STUDY
    except Exception as error:
        message = f"the study '{name}' cannot be loaded from {package}: {type(error).__name__}: {error}"
        raise InputError(message) from error
    if not isinstance(found, Study) or found.name != name:
        raise InputError(f"expected {package}.STUDY to be a Study with the name '{name}', got {getattr(found, 'name', found)!r}")
    return found
