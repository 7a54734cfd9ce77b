"""Preset systems: YAML files in models/systems and in the folders of other kinds, found by name and never imported."""

from __future__ import annotations

from pathlib import Path

from simcore.kinds.registry import preset_folders

# simcore installs models beside itself. A path keeps the core from importing it (or a user's own folder named models).
PRESETS = Path(__file__).resolve().parents[2] / "models" / "systems"


def preset_names() -> list[str]:
    """Return the names of the preset systems, sorted."""
    return sorted({path.stem for folder in (PRESETS, *preset_folders()) for path in folder.glob("*.yaml")})


def preset_path(name: str) -> Path | None:
    """Return the file of a preset system, or None if no preset has that name. Presets of this package come before others'."""
    if name.endswith((".yaml", ".yml", ".cfg")):
        return None  # a file's name, for which no kind needs to be loaded
    if name in {path.stem for path in PRESETS.glob("*.yaml")}:
        return PRESETS / f"{name}.yaml"
    found = (folder / f"{name}.yaml" for folder in preset_folders() if name in {path.stem for path in folder.glob("*.yaml")})
    return next(found, None)


def is_preset(path: Path) -> bool:
    """Return whether a file is one of the presets."""
    return path.parent == PRESETS or path.parent in preset_folders()
