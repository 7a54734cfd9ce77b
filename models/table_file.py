"""Tables that come with simcore, as plain values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

#: libyaml's parser, if PyYAML was built with it; it is ten times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_table(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file of ``models/data``. The file is trusted to be well-formed."""
    read: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    return read
