"""Make the pictures of docs/reports.md: ``python tests/report_pictures.py``, with the extra ``browser`` and a Chromium."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import browser as chromium

from simcore import simulate
from simcore.report import write_report

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
#: Picture -> the window, what is chosen there, and the section that it begins with.
PICTURES: dict[str, tuple[dict[str, Any], str, str]] = {
    "report-light": ({"viewport": {"width": 1200, "height": 900}}, "screen", "cycles"),
    "report-dark": ({"viewport": {"width": 1200, "height": 900}, "color_scheme": "dark"}, "screen", "maps"),
    "report-phone": ({"viewport": {"width": 390, "height": 844}}, "screen", "overview"),
    "report-print": ({"viewport": {"width": 900, "height": 1100}}, "print", "overview"),
}


def main() -> None:
    """Write the pictures."""
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, chromium.started() as browser:
        path = write_report(Path(folder) / "report.html", [simulate("resnet18", name) for name in ("edge-sram", "edge-stt")])
        for name, (options, medium, section) in PICTURES.items():
            with chromium.opened(browser, path, **options) as found:
                found.page.emulate_media(media=medium)
                found.page.evaluate(f"document.getElementById('{section}').scrollIntoView()")
                found.page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
