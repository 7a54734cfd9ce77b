"""A server on this computer alone that lists saved runs, studies and sweeps, and shows reports of them. It writes nothing."""

from simcore.serve.server import make_server

__all__ = ["make_server"]
