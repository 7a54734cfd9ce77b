"""A real Chromium for the tests of pages, or the reason why there is none."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")


def executable() -> str | None:
    """The browser that SIMCORE_BROWSER names, or the first that is installed."""
    return os.environ.get("SIMCORE_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)


def why_not() -> str | None:
    """Why no page can be opened, or None."""
    if importlib.util.find_spec("playwright") is None:
        return "no playwright: pip install 'simcore[browser]'"
    return None if executable() else "no Chromium: apt-get install chromium, or set SIMCORE_BROWSER"


@dataclass
class Watched:
    """A page, what its console said, and what it asked the network for beside itself."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def require_quiet(self) -> None:
        assert self.said == []
        assert self.asked == []


@contextmanager
def started() -> Iterator[Any]:
    """Start the browser, without a sandbox for root, as containers of continuous integration run tests."""
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=executable(), args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Any, address: Path | str, **context: Any) -> Iterator[Watched]:
    """Open a file or an address, and wait until a report is drawn."""
    made = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
    try:
        page = made.new_page()
        watched = Watched(page)
        page.on("console", lambda message: watched.said.append(message.text))
        page.on("pageerror", lambda error: watched.said.append(str(error)))
        first = address.as_uri() if isinstance(address, Path) else address
        page.on("request", lambda asked: None if asked.url.startswith((first, "data:")) else watched.asked.append(asked.url))
        page.goto(first)
        page.wait_for_selector("html[data-ready]", timeout=60_000)
        yield watched
    finally:
        made.close()
