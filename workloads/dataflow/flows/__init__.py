"""The dataflows of simcore, one value per file. ``pyproject.toml`` names them under ``simcore.dataflow``."""
