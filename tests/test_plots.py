"""``results.plot``: figures of a run and of a loaded run are the same, show the tables, and are saved as SVG and PNG."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_up import made_up_results

from simcore import simulate
from simcore.errors import InputError
from simcore.results import Results

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def runs() -> tuple[Results, Results]:
    return simulate("lenet5", "edge-sram"), simulate("lenet5", "edge-stt")


@pytest.mark.slow
def test_a_loaded_run_draws_what_the_run_draws(runs: tuple[Results, Results], tmp_path: Path) -> None:
    loaded = Results.load(runs[0].save(tmp_path / "run"))
    for name in ("layers", "banks", "roofline", "energy"):
        for number, run in enumerate((runs[0], loaded)):
            getattr(run.plot, name)(file=tmp_path / f"{name}{number}.svg")
        assert (tmp_path / f"{name}0.svg").read_bytes() == (tmp_path / f"{name}1.svg").read_bytes()


def test_the_roofline_has_every_layer_that_multiplies(runs: tuple[Results, Results]) -> None:
    layers = runs[0].layers[(runs[0].layers["macs"] > 0) & (runs[0].layers["cycles"] > 0)]
    axes = runs[0].plot.roofline().axes[0]
    dots, roof = axes.lines
    assert dots.get_ydata().tolist() == (layers["macs"] / layers["cycles"]).tolist()
    # 32 x 32 processing elements, and 16 bytes in each of main memory's cycles, which are those of the core
    assert max(roof.get_ydata()) == 1024
    assert roof.get_ydata()[0] == 16 * roof.get_xdata()[0]


def test_bars_of_two_runs_have_the_lengths_of_their_layers(runs: tuple[Results, Results]) -> None:
    axes = runs[0].plot.compare(runs[1]).axes[0]
    drawn = sum(bar.get_width() for group in axes.containers for bar in group)
    scale = 1000 if axes.get_xlabel() == "thousand cycles" else 1
    assert drawn * scale == pytest.approx(runs[0].cycles + runs[1].cycles)


def test_one_layer_is_drawn_in_its_own_bins(runs: tuple[Results, Results]) -> None:
    timeline = runs[1].timeline
    bins = timeline[timeline["layer"] == "c1"]["bin_start_cycle"].nunique()
    mesh = runs[1].plot.banks("busy", layer="c1").axes[0].collections[0]
    assert mesh.get_array().shape == (len(runs[1].banks), bins)


def test_png_files_are_pictures(runs: tuple[Results, Results], tmp_path: Path) -> None:
    runs[0].plot.energy(file=tmp_path / "energy.png")
    assert (tmp_path / "energy.png").read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_drawn_is_an_error(runs: tuple[Results, Results], tmp_path: Path) -> None:
    ideal = simulate("lenet5", "h100-sxm")
    with pytest.raises(InputError, match="no banks"):
        ideal.plot.banks()
    with pytest.raises(InputError, match="no energy"):
        ideal.plot.energy()
    with pytest.raises(InputError, match="did you mean 'c1'"):
        runs[0].plot.banks(layer="c11")
    with pytest.raises(InputError, match="conflict"):
        runs[0].plot.banks("calm")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"\.svg or \.png"):
        runs[0].plot.layers(file=tmp_path / "layers.pdf")
    with pytest.raises(InputError, match="No such file"):
        runs[0].plot.layers(file=tmp_path / "absent" / "layers.svg")
    with pytest.raises(InputError, match="no layer in common"):
        runs[0].plot.compare(made_up_results())


def test_the_form_for_notebooks_shows_the_shares_of_the_cycles() -> None:
    results = made_up_results()
    shown = results._repr_html_()
    share = 100 * results.layers["compute_cycles"].sum() / results.cycles
    assert f"compute {share:.1f} %" in shown
    assert "made-up" in shown
