"""The server: four pages, by name, to this computer alone."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from simcore.errors import InputError
from simcore.serve.catalogue import Catalogue
from simcore.serve.pages import error_page, list_page, list_policy

_ADDRESS = "127.0.0.1"
#: The port that a browser leaves out of the name of a host.
_PORT_OF_HTTP = 80
#: What every answer says: it belongs to this server's own pages, is what it says it is, and is not kept.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_LONGEST_PATH = 8000


class Server(ThreadingHTTPServer):
    """A server of one catalogue. Threads end with the process."""

    daemon_threads = True

    def __init__(self, catalogue: Catalogue, port: int, tell: Callable[[str], None]) -> None:
        """Listen on a port of this computer, 0 for a free one. ``tell`` takes a line about an unexpected error."""
        super().__init__((_ADDRESS, port), Handler)
        self.catalogue = catalogue
        self.tell = tell

    @property
    def address(self) -> str:
        """Return the address at which a browser finds the list."""
        return f"http://{_ADDRESS}:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    """The answers to GET and HEAD; every other method is refused by the base class."""

    server: Server
    server_version, sys_version = "simcore", ""
    protocol_version = "HTTP/1.1"
    #: Seconds after which a silent connection is closed.
    timeout = 30

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        """Send the page that the path names."""
        status, kind, policy, text = self._page()
        body = text.encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        if policy:
            self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _page(self) -> tuple[HTTPStatus, str, str, str]:
        """Return status, type, policy and text of the answer."""
        if not self._is_ours():
            return _error(HTTPStatus.FORBIDDEN, "this server answers to its own address alone")
        if len(self.path) > _LONGEST_PATH:
            return _error(HTTPStatus.REQUEST_URI_TOO_LONG, "this address is too long")
        try:
            asked = urlsplit(self.path)
            return self._found(asked.path, parse_qs(asked.query, max_num_fields=100))
        except (InputError, ValueError) as error:
            return _error(HTTPStatus.BAD_REQUEST, str(error))
        except Exception as error:  # a thread must not end silently, and a reader must not see a traceback
            self.server.tell("".join(traceback.format_exception(error)))
            return _error(HTTPStatus.INTERNAL_SERVER_ERROR, f"{type(error).__name__}; this is a bug in simcore")

    def _found(self, path: str, asked: dict[str, list[str]]) -> tuple[HTTPStatus, str, str, str]:
        catalogue = self.server.catalogue
        if path == "/":
            found, sweeps = catalogue.listed()
            return HTTPStatus.OK, "text/html", list_policy(), list_page(found, sweeps)
        if path == "/report":
            return HTTPStatus.OK, "text/html", "", catalogue.report(asked.get("run", []))
        if path == "/progress.json":
            text = json.dumps([asdict(each) for each in catalogue.listed()[1]])
            return HTTPStatus.OK, "application/json", "default-src 'none'", text
        return _error(HTTPStatus.NOT_FOUND, "there is no such page")

    def _is_ours(self) -> bool:
        """Return whether the browser asked for this server by its own name, not by a name that leads here from elsewhere."""
        port = "" if self.server.server_port == _PORT_OF_HTTP else f":{self.server.server_port}"
        return self.headers.get("Host", "") in {f"{_ADDRESS}{port}", f"localhost{port}"}

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of single requests."""


def _error(status: HTTPStatus, message: str) -> tuple[HTTPStatus, str, str, str]:
    return status, "text/html", list_policy(), error_page(int(status), message)


def make_server(root: str | Path, port: int = 0, tell: Callable[[str], None] = print) -> Server:
    """Return a server of what is saved below ``root``, which ``serve_forever`` starts.

    Raise InputError if there is no such directory, or if the port cannot be used.
    """
    if not 0 <= port <= 65535:
        raise InputError(f"expected a port from 0 to 65535, got {port}", "--port")
    catalogue = Catalogue(Path(root))
    try:
        return Server(catalogue, port, tell)
    except OSError as error:
        message = f"port {port} cannot be used: {error.strerror or error}"
        raise InputError(message, "--port", "another port, or 0 for a free one") from None
