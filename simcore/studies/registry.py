"""The studies by name. A new study needs a package that defines ``STUDY``, and a line here."""

from __future__ import annotations

from importlib import import_module

from simcore.studies.form.study import Study

#: Name on the command line -> package that defines its ``STUDY``.
STUDIES = {
    "write-errors": "simcore.studies.write_errors",
    "stt-mram": "simcore.studies.stt_mram",
}


def load_study(name: str) -> Study:
    """Return the study of this name. Raise KeyError for another name."""
    found: Study = import_module(STUDIES[name]).STUDY
    return found
