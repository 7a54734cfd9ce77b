"""Reports in a real browser: every control works, nothing is asked of the network, names stay text, and everybody can read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import browser as chromium
import numpy as np
import pandas as pd
import pytest
from report_runs import HOSTILE, run_of_layers
from test_report import save_study

from simcore import simulate
from simcore.report import item_saved_in, write_report

REASON = chromium.why_not()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(REASON is not None, reason=str(REASON))]

PHONE = {"viewport": {"width": 390, "height": 844}}
DARK = {"color_scheme": "dark"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium.started() as found:
        yield found


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of two runs on systolic machines."""
    runs = [simulate("lenet5", system) for system in ("edge-sram", "edge-stt")]
    return write_report(tmp_path_factory.mktemp("report") / "pair.html", runs)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of runs on machines of all other kinds."""
    systems = ("pim-dram-feasibility", "h100-sxm", "ideal-ddr4-2400")
    runs = [simulate("lenet5", system, layers="c1,s2,f6") for system in systems]
    return write_report(tmp_path_factory.mktemp("report") / "kinds.html", runs)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of ten thousand layers, whose names would harm if they were markup."""
    names = [*HOSTILE, *(f"{HOSTILE[number % len(HOSTILE)][:60]}{number}" for number in range(10_000 - len(HOSTILE)))]
    return write_report(tmp_path_factory.mktemp("report") / "many.html", [run_of_layers(names, network=HOSTILE[1])])


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of a study, whose figure holds a script."""
    folder = tmp_path_factory.mktemp("study")
    rows = [{"x": number, "y": HOSTILE[number % len(HOSTILE)]} for number in range(60)]
    return write_report(folder / "study.html", [item_saved_in(save_study(folder / "study", {"times": rows}))])


@pytest.mark.parametrize("options", [{}, DARK, PHONE, {**PHONE, **DARK}])
@pytest.mark.parametrize("which", ["pair", "kinds", "study"])
def test_pages_are_readable_for_everybody(which: str, options: Any, browser: Any, request: pytest.FixtureRequest) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with chromium.opened(browser, request.getfixturevalue(which), **options) as found:
        faults = Axe().run(found.page).response["violations"]
        assert [fault["id"] for fault in faults] == []
        assert found.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        found.require_quiet()


@pytest.mark.parametrize("which", ["pair", "kinds", "many"])
def test_every_control_can_be_used(which: str, browser: Any, request: pytest.FixtureRequest) -> None:
    with chromium.opened(browser, request.getfixturevalue(which)) as found:
        page = found.page
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        page.wait_for_timeout(100)
        # Downloads are tried elsewhere; here every other control is used once, wherever it stands.
        used = page.evaluate(
            """() => {
                let used = 0;
                for (const each of document.querySelectorAll('button, select, input, canvas, .plot, a[href^="#"]')) {
                    if (each.disabled || each.textContent === 'Download CSV') continue;
                    if (each.matches('select')) {
                        each.selectedIndex = each.options.length - 1;
                        each.dispatchEvent(new Event('change'));
                    }
                    else if (each.matches('input')) { each.value = '1'; each.dispatchEvent(new Event('input')); }
                    else if (each.matches('canvas, .plot')) {
                        for (const key of ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp', 'Enter', 'Escape'])
                            each.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
                        each.dispatchEvent(new MouseEvent('mousemove', { clientX: 300, clientY: 200, bubbles: true }));
                    } else each.click();
                    used++;
                }
                return used;
            }"""
        )
        assert used > 30
        found.require_quiet()


def _section(page: Any, name: str) -> Any:
    return page.locator(f"#{name}")


def test_tables_are_sorted_and_filtered_and_downloaded(pair: Path, browser: Any, tmp_path: Path) -> None:
    layers = simulate("lenet5", "edge-sram").layers
    with chromium.opened(browser, pair, accept_downloads=True) as found:
        side = _section(found.page, "tables").locator(".side").first
        table = side.locator("details", has_text="layers, ").first
        table.locator("summary").click()
        table.get_by_role("button", name="cycles", exact=True).click()
        shown = [text.replace(",", "") for text in table.locator("tbody tr td:nth-child(1)").all_text_contents()]
        assert shown[:3] == layers.sort_values("cycles", ascending=False, kind="stable")["layer"].tolist()[:3]
        assert table.locator("th[aria-sort=descending]").inner_text().startswith("cycles")
        table.get_by_role("searchbox").fill("conv cycles>100")
        wanted = layers[(layers["op"] == "conv") & (layers["cycles"] > 100)]["layer"].tolist()
        assert sorted(table.locator("tbody tr td:nth-child(1)").all_text_contents()) == sorted(wanted)
        table.get_by_role("searchbox").fill("")
        with found.page.expect_download() as download:
            table.get_by_role("button", name="Download CSV").click()
        download.value.save_as(tmp_path / "layers.csv")
        found.require_quiet()
    read = pd.read_csv(tmp_path / "layers.csv")
    assert list(read.columns) == list(layers.columns)
    assert read["layer"].tolist() == layers["layer"].tolist()
    assert np.allclose(read["energy_pj"].to_numpy(float), layers["energy_pj"].to_numpy(float), rtol=1e-11)


def test_a_part_of_the_bars_is_hidden_by_the_legend(pair: Path, browser: Any) -> None:
    with chromium.opened(browser, pair) as found:
        side = _section(found.page, "cycles").locator(".side").first
        bars = side.locator(".bars rect")
        before = bars.count()
        side.locator(".legend button", has_text="compute").click()
        assert 0 < bars.count() < before
        side.locator(".legend button", has_text="compute").click()
        assert bars.count() == before
        side.get_by_role("button", name="Largest first").click()
        sums = [int(text.replace(",", "")) for text in side.locator(".bars .sum").all_text_contents()]
        assert sums == sorted(sums, reverse=True)
        assert sum(sums) == simulate("lenet5", "edge-sram").cycles


def test_the_map_zooms_to_a_layer_by_mouse_and_by_keyboard(pair: Path, browser: Any) -> None:
    with chromium.opened(browser, pair) as found:
        side = _section(found.page, "maps").locator(".side").first
        canvas, choice = side.locator("canvas[tabindex]"), side.locator("select")
        assert choice.input_value() == ""
        canvas.focus()
        canvas.press("ArrowRight")
        assert "ifmap bank 0, cycle " in side.locator("p[role=status]").inner_text()
        canvas.press("Enter")
        assert choice.input_value() == "=c1"
        assert "layer c1" in canvas.get_attribute("aria-label")
        canvas.press("Escape")
        assert choice.input_value() == ""
        box = canvas.bounding_box()
        canvas.click(position={"x": box["width"] - 2, "y": 5})
        assert choice.input_value() == "=output"
        side.get_by_role("button", name="Banks busy").click()
        assert "banks busy" in canvas.get_attribute("aria-label")
        _section(found.page, "cycles").locator(".bars .name", has_text="c3").first.click()
        assert choice.input_value() == "=c3"


def test_the_theme_is_switched_and_the_maps_follow(pair: Path, browser: Any) -> None:
    with chromium.opened(browser, pair) as found:
        page = found.page
        colour = "getComputedStyle(document.body).backgroundColor"
        pixels = "document.querySelector('.scale canvas').getContext('2d').getImageData(0, 0, 1, 1).data.join()"
        assert page.evaluate(colour) == "rgb(255, 255, 255)"
        light = page.evaluate(pixels)
        button = page.get_by_role("button", name="Theme: system")
        button.click()
        assert page.evaluate(colour) == "rgb(255, 255, 255)"
        page.get_by_role("button", name="Theme: light").click()
        assert page.evaluate(colour) == "rgb(20, 23, 27)"
        assert page.evaluate(pixels) != light
        page.emulate_media(media="print")
        assert page.evaluate(colour) == "rgb(255, 255, 255)"
        assert page.evaluate(pixels) == light


def test_roofline_and_bandwidth_are_read_with_the_keyboard(pair: Path, browser: Any) -> None:
    layers = simulate("lenet5", "edge-sram").layers
    first = layers[(layers["macs"] > 0) & (layers["cycles"] > 0)].iloc[0]
    with chromium.opened(browser, pair) as found:
        roofline = _section(found.page, "roofline")
        assert roofline.locator(".dot").count() == 2 * int(((layers["macs"] > 0) & (layers["cycles"] > 0)).sum())
        roofline.locator(".plot").press("ArrowRight")
        said = roofline.locator("p[role=status]").inner_text()
        intensity = first["macs"] / (first["dram_read_bytes"] + first["dram_write_bytes"])
        name, found_intensity, found_rate = re.fullmatch(
            r"edge-sram, (.*): (.*) MACs per byte, (.*) MACs per cycle.*", said
        ).groups()
        assert name == first["layer"]
        assert float(found_intensity) == pytest.approx(intensity, abs=0.01)
        assert float(found_rate) == pytest.approx(first["macs"] / first["cycles"], abs=0.01)
        bandwidth = _section(found.page, "bandwidth").locator(".side").first
        bandwidth.locator(".plot").press("ArrowRight")
        read = re.match(r"c1: (.*) bytes per cycle read", bandwidth.locator("p[role=status]").inner_text())[1]
        assert float(read) == pytest.approx(first["dram_read_bytes"] / first["cycles"], abs=0.01)


def test_names_that_are_markup_stay_text(many: Path, browser: Any) -> None:
    with chromium.opened(browser, many) as found:
        page = found.page
        assert page.evaluate("window.harmed") is None
        assert page.locator("img, iframe, object, embed").count() == 0
        assert HOSTILE[1] in page.locator("h1").inner_text()
        tables = _section(page, "tables").locator("details", has_text="layers, 10,000 rows").first
        tables.locator("summary").click()
        tables.get_by_role("searchbox").fill(f"{HOSTILE[2]}".split()[0])
        assert "onerror" in tables.locator("tbody tr td").first.inner_text()
        _section(page, "cycles").locator(".bars .name").first.click()
        assert page.evaluate("window.harmed") is None
        found.require_quiet()


def test_the_server_lists_runs_and_compares_those_chosen(browser: Any, tmp_path: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from test_serve import running

    for system in ("edge-sram", "edge-stt"):
        simulate("lenet5", system).save(tmp_path / system)
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / ".simcore-sweep").write_text("{}")
    with running(tmp_path) as server, chromium.opened(browser, server.address) as found:
        page = found.page
        assert Axe().run(page).response["violations"] == []
        progress = page.locator("[data-sweep]")
        assert progress.inner_text() == "? of ? points done, ? failed"
        (tmp_path / "sweep" / "progress.json").write_text('{"points": 7, "done": 3, "failed": 1}')
        page.get_by_text("3 of 7 points done, 1 failed").wait_for()
        page.get_by_label("choose edge-sram").check()
        page.get_by_label("choose edge-stt").check()
        page.get_by_role("button", name="Open a report").click()
        page.wait_for_selector("html[data-ready]")
        page.wait_for_selector("#comparison")
        assert "lenet5: edge-stt takes" in _section(page, "comparison").inner_text()
        assert found.said == []


def test_figures_of_a_study_are_pictures(study: Path, browser: Any) -> None:
    with chromium.opened(browser, study) as found:
        picture = found.page.locator("figure img")
        assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
        assert picture.get_attribute("alt") == "the time"
        assert found.page.evaluate("window.harmed") is None
        found.page.locator("details", has_text="times, 60 rows").locator("summary").click()
        found.page.locator("tbody tr").first.wait_for()
        assert found.page.locator("tbody tr").count() == 50
        found.require_quiet()


def test_without_scripts_the_totals_are_there(pair: Path, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pair.as_uri())
    assert "switched off" in page.locator("noscript").inner_text()
    assert page.locator("td", has_text=f"{simulate('lenet5', 'edge-stt').cycles}").count() >= 1
    context.close()
