"""``simcore serve`` shows what is saved and nothing else, to this computer alone."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest
from command_line import invoke
from made_up import made_up_results

from simcore import sweep
from simcore.errors import InputError
from simcore.serve import make_server
from simcore.serve.server import Server

HOSTILE = "a<img src=x onerror=alert(1)>&'\" b"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    (folder / "deep").mkdir()
    made_up_results().save(folder / "one")
    made_up_results().save(folder / "deep" / HOSTILE)
    cut = made_up_results().save(folder / "cut")
    (cut / "layers.csv").write_text("")
    sweep({"networks": ["lenet5"], "systems": ["h100-sxm", "ideal-ddr4-2400"]}, folder / "sweep", jobs=1)
    (folder / "secret.txt").write_text("secret")
    (folder.parent / "secret.txt").write_text("secret")
    return folder


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[Server]:
    with running(root) as found:
        yield found


@contextmanager
def running(root: Path) -> Iterator[Server]:
    told: list[str] = []
    with make_server(root, 0, told.append) as found:
        thread = Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield found
        finally:
            found.shutdown()
            thread.join()
    assert told == []


def ask(server: Server, path: str, method: str = "GET", **headers: str) -> tuple[int, str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text, answer.headers


def test_the_list_names_everything_once(server: Server) -> None:
    status, text, headers = ask(server, "/")
    assert status == 200
    for name in ("one", "cut", "sweep"):
        assert f">{name}</a>" in text or f"<li>{name}: " in text
    assert "<img" not in text
    assert "2 of 2 points done, 0 failed" in text
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "secret" not in text


@pytest.mark.parametrize("names", [["one"], [f"deep/{HOSTILE}"], ["one", f"deep/{HOSTILE}"], ["sweep"]])
def test_reports_are_made_of_what_is_listed(server: Server, names: list[str]) -> None:
    status, text, _ = ask(server, "/report?" + "&".join(f"run={quote(name)}" for name in names))
    assert status == 200
    assert text.startswith("<!doctype html><!-- simcore report -->")
    assert "<img" not in text.partition("<style>")[0]


@pytest.mark.parametrize(
    "path",
    [
        "/report",
        "/report?run=",
        "/report?run=..",
        "/report?run=../" + "x",
        "/report?run=one/../one",
        "/report?run=/etc",
        "/report?run=cut",
        "/report?run=secret.txt",
        "/report?run=one%00",
        "/report?" + "&".join(["run=one"] * 17),
        "/report?" + "&".join(["run=one"] * 101),
    ],
)
def test_other_names_are_refused(server: Server, path: str) -> None:
    status, text, _ = ask(server, path)
    assert status == 400
    assert "Traceback" not in text
    assert "secret" not in text.replace("secret.txt", "")


@pytest.mark.parametrize(
    "path", ["/secret.txt", "/../secret.txt", "/one/manifest.json", "/%2e%2e/secret.txt", "//one", "/report/"]
)
def test_no_file_is_served_by_its_path(server: Server, path: str) -> None:
    status, text, _ = ask(server, path)
    assert status in (400, 404)
    assert text.count("secret") == 0


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1", "127.0.0.1.example.org", "localhost", ""])
def test_other_hosts_are_refused(server: Server, host: str) -> None:
    status, text, _ = ask(server, "/", Host=host)
    assert status == 403
    assert "made-up" not in text
    assert "run=" not in text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_only_reading_is_possible(server: Server, method: str) -> None:
    assert ask(server, "/", method)[0] == 501


def test_head_has_no_body(server: Server) -> None:
    status, text, headers = ask(server, "/", "HEAD")
    assert (status, text) == (200, "")
    assert int(headers["Content-Length"]) > 1000


def test_a_very_long_address_is_refused(server: Server) -> None:
    assert ask(server, "/" + "x" * 9000)[0] == 414


def test_progress_of_a_sweep_is_told_as_it_changes(tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    folder.mkdir()
    (folder / ".simcore-sweep").write_text("{}")
    for text, expected in (
        ('{"rows": 5, "points": 5, "done": 2, "failed": 0}', {"rows": 5, "points": 5, "done": 2, "failed": 0}),
        ("{", {}),
        ("[1]", {}),
        ('{"done": "x"}', {}),
    ):
        (folder / "progress.json").write_text(text)
        with running(tmp_path) as server:
            status, answer, _ = ask(server, "/progress.json")
        assert status == 200
        assert [each["counts"] for each in json.loads(answer)] == [expected]


def test_it_listens_to_this_computer_alone(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"


def test_bad_arguments_are_errors(tmp_path: Path, server: Server) -> None:
    assert invoke("serve", str(tmp_path / "absent")).exit_code == 2
    with pytest.raises(InputError, match="cannot be used"):
        make_server(tmp_path, server.server_port)
    with pytest.raises(InputError, match="0 to 65535"):
        make_server(tmp_path, 70000)
