"""The dataflows that come with simcore, one value per file; ``pyproject.toml`` names them under ``simcore.dataflow``."""
