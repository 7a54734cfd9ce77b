"""``simcore serve``: show saved runs in a browser on this computer, until Ctrl-C."""

from __future__ import annotations

import typer

from simcore.serve import make_server


def serve_command(directory: str, port: int) -> None:
    """Serve what is saved below a directory, and say where."""
    with make_server(directory, port, lambda text: typer.echo(text, err=True)) as server:
        typer.echo(f"{directory} is shown at {server.address} on this computer; Ctrl-C ends it.", err=True)
        server.serve_forever()
