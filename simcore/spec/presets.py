"""Preset systems: YAML files in models/systems, found beside this package and never imported."""

from __future__ import annotations

from pathlib import Path

# models is installed beside simcore; a path keeps the core free of importing it (and of a user's own folder named models).
PRESETS = Path(__file__).resolve().parents[2] / "models" / "systems"


def preset_names() -> list[str]:
    """The names of the preset systems, sorted."""
    return sorted(path.stem for path in PRESETS.glob("*.yaml"))


def preset_path(name: str) -> Path | None:
    """The file of a preset system, or None where no preset has that name."""
    return PRESETS / f"{name}.yaml" if name in preset_names() else None
