"""The command ``simcore``. A command imports what it needs only when it runs, so that ``--help`` answers at once."""

from simcore.cli.app import app, main

__all__ = ["app", "main"]
