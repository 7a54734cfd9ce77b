"""A run that was saved, read back: the same tables, manifest and facts, without the machine that ran."""

from __future__ import annotations

import io
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simcore.errors import InputError, did_you_mean
from simcore.results.facts_form import require_facts
from simcore.results.saved_form import TABLE_FORM, require_columns, require_manifest
from simcore.results.shown import Shown
from simcore.saving.content import Content, saved_content
from simcore.saving.json_text import parsed

if TYPE_CHECKING:
    import pandas as pd

_END = ".parquet"


class LoadedResults(Shown):
    """A saved run. Its tables are attributes, as those of `Results`, and equal to those that were saved.

    A table is read, and its hash checked, when it is first asked for; InputError says if it was cut off or changed.
    """

    def __init__(self, content: Content) -> None:
        """Read the run of a checked directory. Raise InputError if it holds something else, such as a study."""
        self.directory = content.directory
        self._content = content
        if "facts.json" not in content.files or "manifest.json" not in content.files:
            what = "a study" if "index.md" in content.files else "something else"
            raise InputError(f"expected the results of a run, got those of {what}", str(content.directory))
        for name in TABLE_FORM:
            if f"{name}{_END}" not in content.files:
                raise InputError(f"expected the table '{name}' in a saved run, found none", str(content.directory))
        content.require_whole()
        self.facts: dict[str, Any] = require_facts(_json(content, "facts.json"), str(content.directory))
        self.manifest: dict[str, Any] = _object(content, "manifest.json")
        require_manifest(self.manifest, str(content.directory))
        self._tables: dict[str, pd.DataFrame] = {}

    @property
    def sha256(self) -> str:
        """Return the hash of all files of the run."""
        return self._content.sha256

    @property
    def network(self) -> str:
        """Return the name of the network."""
        return str(self.facts["network"])

    @property
    def cycles(self) -> int:
        """Return the core cycles of the whole run."""
        return int(self.facts["cycles"])

    @property
    def time_cycles(self) -> int:
        """Return the core cycles that the run takes, which are fewer than ``cycles`` if layers ran at the same time."""
        return int(self.facts["time_cycles"])

    @cached_property
    def table_names(self) -> tuple[str, ...]:
        """The names of the saved tables."""
        return tuple(name.removesuffix(_END) for name in self._content.files if name.endswith(_END) and "/" not in name)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return all tables by name."""
        return {name: self.table(name) for name in self.table_names}

    def table(self, name: str) -> pd.DataFrame:
        """Return a table. Raise InputError if there is none of that name, or if its file was changed."""
        if name not in self._tables:
            self._tables[name] = self._read(name)
        return self._tables[name]

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``simcore run --json`` printed."""
        return _object(self._content, "results.json")

    def _read(self, name: str) -> pd.DataFrame:
        if name not in self.table_names:
            raise InputError(f"this run has no table '{name}'", str(self.directory), did_you_mean(name, self.table_names))
        raw = self._content.read(f"{name}{_END}")
        import pandas as pd

        try:
            found = pd.read_parquet(io.BytesIO(raw))
            for number in range(found.shape[1]):
                found.iloc[:, number].tolist()  # decodes texts, which may be none
        except Exception as error:  # pyarrow raises errors of many classes for a broken file
            reason = " ".join(str(error).split())[:200]
            raise InputError(f"'{name}{_END}' is no table: {reason}", str(self.directory)) from None
        require_columns(name, found, self.facts["causes"], str(self.directory))
        return found

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_") or name not in self.table_names:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        return self.table(name)

    def __repr__(self) -> str:
        return f"<LoadedResults {self.network} on {self.facts['system']}: {self.facts['said_time']}, from {self.directory}>"


def load_results(directory: str | Path) -> LoadedResults:
    """Return the run that was saved in a directory.

    Raise InputError, in one line, if there is none, if it is of a form that this version cannot read, or was cut off or changed.
    """
    return LoadedResults(saved_content(directory))


def _json(content: Content, name: str) -> Any:
    try:
        return parsed(content.read(name))
    except ValueError as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"'{name}' is no JSON that simcore writes: {reason}", str(content.directory)) from None


def _object(content: Content, name: str) -> dict[str, Any]:
    found = _json(content, name)
    if not isinstance(found, dict):
        raise InputError(f"expected one object in '{name}', got something else", str(content.directory))
    return found
