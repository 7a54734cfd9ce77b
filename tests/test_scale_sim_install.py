"""The benchmark beside SCALE-Sim is skipped, with the reason, wherever SCALE-Sim cannot be installed or does not run."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.scale_sim import CannotInstall, install


def _answers(monkeypatch: pytest.MonkeyPatch, failing: str) -> list[list[str]]:
    """Let every command succeed but those whose text contains ``failing``. Return the commands that were run."""
    ran: list[list[str]] = []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        ran.append(command)
        failed = failing in " ".join(command)
        return SimpleNamespace(returncode=int(failed), stderr="Traceback\nthe reason\n" if failed else "")

    monkeypatch.setattr(subprocess, "run", run)
    return ran


def test_an_environment_that_works_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = _answers(monkeypatch, "nothing fails")
    assert install(tmp_path) == tmp_path / "bin" / "python"
    assert len(ran) == 1


def test_what_cannot_be_imported_is_installed_once_and_then_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = _answers(monkeypatch, "import scalesim")
    with pytest.raises(CannotInstall, match=r"scalesim==3\.0\.0 and numpy==2\.2\.\* could not be installed: the reason"):
        install(tmp_path)
    imports = ["-c", "import scalesim.scale_sim"]
    assert [command[1:3] for command in ran] == [imports, ["-m", "venv"], ["-m", "pip"], imports]


def test_an_interpreter_that_is_gone_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "gone"))
    with pytest.raises(CannotInstall, match="No such file or directory"):
        install(tmp_path)
