"""Write error rates, compared with the golden Fokker-Planck solutions and with our own solver, and with process variation."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

from models.junction.closed_form import decay_rate, refined_error_rate
from models.junction.error_table import LEVELS, OVERDRIVES, STABILITIES, error_table, level_times
from models.junction.fokker_planck import error_curve
from models.junction.junction import Junction
from models.junction.variation import mean_error_rate, mean_factor, sampled_error_rates
from models.junction.write_error import (
    junction_error_rate,
    overdrive_for_error_rate,
    pulse_for_error_rate,
    write_error_rate,
)
from simcore.errors import InputError

GOLDEN = Path(__file__).parent / "golden" / "mram"


def golden(name: str) -> list[dict[str, float]]:
    with (GOLDEN / name).open(encoding="utf-8", newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


SOLUTIONS = golden("wer_fokker_planck.csv")


def test_the_golden_file_covers_what_is_claimed():
    assert len(SOLUTIONS) == 181
    assert {row["i"] for row in SOLUTIONS} == {1.2, 1.5, 2, 2.5, 3, 4}
    assert {row["Delta"] for row in SOLUTIONS} == {30, 45, 60, 80}


@pytest.mark.parametrize("row", SOLUTIONS, ids=lambda row: f"{row['Delta']:g}-{row['i']:g}-{row['wer_fp']:.0e}")
def test_error_rates_are_within_two_percent_of_the_golden_solutions(row):
    # Asked for: 5 % from i = 2 on, 10 % below, for 1e-10 < error rate < 0.5. The table and the closed form do better.
    assert write_error_rate(row["i"], row["tau"], row["Delta"]) == pytest.approx(row["wer_fp"], rel=0.02)


def test_the_three_closed_forms_are_those_of_the_golden_file():
    for row in SOLUTIONS:
        i, tau, stability = row["i"], row["tau"], row["Delta"]
        for method in ("butler", "sun"):
            assert write_error_rate(i, tau, stability, method) == pytest.approx(row[f"wer_{method}"], rel=4e-6)
        # The file's refined form has the exact angle, and not yet the first-order decay rate: move our tau to undo that.
        moved = tau * 2 * (i - 1) / decay_rate(i, stability)
        assert refined_error_rate(i, moved, stability) == pytest.approx(row["wer_refined"], rel=4e-6)


def test_the_refined_form_alone_misses_five_percent_at_an_overdrive_of_2_and_stability_30():
    # Why the table is used up to 2.5: the closed form is 5.7 to 7.2 % low here. If this fails, the form has improved: use it.
    low = [row for row in SOLUTIONS if row["i"] == 2 and row["Delta"] == 30]
    assert all(0.92 < refined_error_rate(2, row["tau"], 30) / row["wer_fp"] < 0.95 for row in low)


def test_error_rates_over_voltage_and_pulse():
    junction = Junction()
    for row in golden("wer_voltage_pulse.csv"):
        got = write_error_rate(row["i"], junction.tau(row["t_ns"]), 60)
        assert got == pytest.approx(row["wer_fp"], rel=0.005)
        assert refined_error_rate(row["i"], junction.tau(row["t_ns"]), 60) == pytest.approx(row["wer_refined1"], rel=1e-5)


def test_the_solver_converges_with_the_square_of_its_cells_to_the_golden_values():
    # A finer grid of the golden solver gave 0.109805, 2.7256e-4 and 6.4420e-7 with 2400 cells, still rising in the last digit.
    by_cells = {}
    for cells in (150, 300, 600, 2400):
        curve = error_curve(2, 60, 9, cells=cells, steps_per_tau=150)
        by_cells[cells] = np.array([curve.at(tau) for tau in (3, 6, 9)])
    errors = [np.abs(by_cells[cells] / by_cells[2400] - 1) for cells in (150, 300, 600)]
    assert (errors[0] / errors[1] > 3.5).all()
    assert (errors[1] / errors[2] > 3.5).all()
    assert by_cells[2400] == pytest.approx([0.109805, 2.7256e-4, 6.4420e-7], rel=2e-4)


def test_the_solver_converges_in_its_time_step():
    coarse, fine, finest = (error_curve(2, 60, 9, steps_per_tau=steps).at(9) for steps in (20, 40, 320))
    assert abs(coarse / finest - 1) > 5 * abs(fine / finest - 1)
    assert fine == pytest.approx(finest, rel=1e-4)


@pytest.mark.parametrize(("overdrive", "tau_end", "expected"), [(2, 14, 2.01589), (3, 8, 3.99990), (1.5, 25, 1.0441)])
def test_the_slowest_mode_of_the_solver(overdrive, tau_end, expected):
    assert error_curve(overdrive, 60, tau_end).decay_rate() == pytest.approx(expected, abs=5e-5 if overdrive == 1.5 else 6e-6)


@pytest.mark.parametrize(("overdrive", "stability", "expected"), [(0.4, 40, 9.371e-7), (0.6, 60, 6.777e-5)])
def test_the_solver_below_the_critical_current_gives_the_escape_rate(overdrive, stability, expected):
    assert error_curve(overdrive, stability, 60, steps_per_tau=30).decay_rate() == pytest.approx(expected, rel=2e-4)


def test_the_solver_keeps_all_digits_of_tiny_error_rates():
    curve = error_curve(3, 60, 12)
    late, later = curve.at(8), curve.at(11)
    assert later < 1e-15
    assert np.log(late / later) / 3 == pytest.approx(3.9999, abs=1e-3)


def test_the_table_is_what_the_solver_gives():
    table = error_table()
    assert table.tau.shape == (len(STABILITIES), len(OVERDRIVES), len(LEVELS))
    for stability, overdrive in ((10, 2.6), (60, 1.0), (30, 1.5), (120, 2.0)):
        row = table.tau[STABILITIES.index(stability), OVERDRIVES.index(overdrive)]
        assert row == pytest.approx(level_times(overdrive, stability), rel=1e-5)


@pytest.mark.slow
def test_between_its_points_the_table_is_within_one_percent_of_the_solver():
    generator = np.random.default_rng(4)
    for _ in range(15):
        overdrive, stability = float(generator.uniform(1.0, 2.6)), float(generator.uniform(10, 120))
        curve = error_curve(overdrive, stability, 20 / max(overdrive - 1, 0.25))
        for level in (0.8, 0.3, 1e-2, 1e-5, 1e-9):
            below = np.flatnonzero(curve.error_rate < level)
            if len(below):
                tau = float(curve.tau[below[0]])
                assert write_error_rate(overdrive, tau, stability, "table") == pytest.approx(curve.error_rate[below[0]], rel=0.01)


@pytest.mark.parametrize("stability", [15, 35, 60, 110])
def test_the_error_rate_never_rises_with_overdrive_or_pulse(stability):
    overdrives = [0.1, 0.5, 0.79, 0.8, 0.81, 0.99, 1.0, 1.3, 1.7, 2.49, 2.5, 2.51, 3, 5, 20]
    taus = [0, 0.1, 0.5, 1, 2, 4, 8, 16, 64]
    rates = np.array([[write_error_rate(i, tau, stability) for tau in taus] for i in overdrives])
    assert (np.diff(rates, axis=1) <= 0).all()
    assert ((rates >= 0) & (rates <= 1)).all()
    assert (rates[:, 0] > 0.999).all()
    # Where all but one write in a thousand fail, the table's first level is far and the order of overdrives is lost.
    assert (np.diff(np.minimum(rates, 0.998), axis=0) <= 0).all()


@pytest.mark.parametrize("overdrive", [0.9, 1.1, 2.0, 2.5, 4.0])
@pytest.mark.parametrize("target", [0.3, 1e-3, 1e-9, 1e-14])
def test_the_pulse_for_a_target_reaches_it(overdrive, target):
    assert write_error_rate(overdrive, pulse_for_error_rate(overdrive, target, 60), 60) == pytest.approx(target, rel=1e-6)


@pytest.mark.parametrize("tau", [1.0, 6.0, 30.0])
def test_the_overdrive_for_a_target_is_the_least_that_reaches_it(tau):
    for target in (0.1, 1e-6, 1e-12):
        least = overdrive_for_error_rate(tau, target, 60)
        assert write_error_rate(least, tau, 60) <= target < write_error_rate(least * 0.999, tau, 60)


def test_a_solver_called_by_method_agrees_with_the_table():
    for overdrive, tau in ((1.3, 12), (2.0, 6), (2.3, 3)):
        assert write_error_rate(overdrive, tau, 50, "fokker-planck") == pytest.approx(
            write_error_rate(overdrive, tau, 50), rel=0.003
        )


def test_a_junction_errs_by_direction():
    junction = Junction(current_asymmetry=1.3)
    worse, mean, better = (junction_error_rate(junction, 0.25, 10, direction) for direction in ("p-to-ap", None, "ap-to-p"))
    assert worse > 10 * mean > 100 * better


def test_variation_by_quadrature_by_sampling_and_by_formula():
    # i = 2.4, 10 ns, 5 %: Monte Carlo 2.82, formula 2.99 (Butler's form); the true mean is below the formula.
    tau = Junction().tau(10)
    nominal = write_error_rate(2.4, tau, 60, "butler")
    sampled = sampled_error_rates(2.4, tau, 60, 0.05, cells=20_000, seed=3, method="butler")
    assert mean_factor(2.4, tau, 0.05) == pytest.approx(2.99, abs=0.006)
    assert mean_error_rate(2.4, tau, 60, 0.05, method="butler") / nominal == pytest.approx(2.82, abs=0.03)
    assert sampled.mean() / nominal == pytest.approx(2.82, rel=0.05)


def test_sampled_cells_repeat_with_their_seed_alone():
    first, again, other = (sampled_error_rates(2, 6, 60, 0.1, cells=50, seed=seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert not (first == other).all()


def test_without_variation_the_mean_is_the_error_rate_itself():
    assert mean_error_rate(2, 6, 60, 0) == write_error_rate(2, 6, 60)


def test_a_missing_scipy_is_reported_with_the_extra_and_the_table_needs_none(monkeypatch):
    for name in [name for name in sys.modules if name == "scipy" or name.startswith("scipy.")]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "scipy.linalg", None)
    assert write_error_rate(1.5, 8, 60) > 0
    with pytest.raises(InputError) as caught:
        error_curve(2, 60, 1)
    assert str(caught.value) == "the Fokker-Planck solver needs scipy; pip install 'simcore[device]'"


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda: write_error_rate(2, 6, 300),
            "the table of write error rates holds overdrive 0.8 to 2.6 and stability 10 to 120, got overdrive 2 and stability "
            "300; the method fokker-planck solves any case",
        ),
        (
            lambda: write_error_rate(2, 6, 60, "buttler"),
            "no method of write error rates is called 'buttler'; did you mean 'butler'?",
        ),
        (lambda: write_error_rate(0, 6, 60), "overdrive: expected a number above 0, got 0"),
        (lambda: write_error_rate(2, -6, 60), "tau: expected a number of at least 0, got -6"),
        (lambda: pulse_for_error_rate(0.5, 1e-3, 60), "overdrive: expected a number of at least 0.8, got 0.5"),
        (
            lambda: overdrive_for_error_rate(1e-7, 1e-9, 60),
            "no overdrive up to 1e+06 reaches a write error rate of 1e-09 in tau 1e-07",
        ),
        (lambda: mean_error_rate(2, 6, 60, 0.5), "sigma: expected a relative standard deviation below 0.3, got 0.5"),
        (lambda: error_curve(2, 60, 9, cells=15), "cells: expected an even number of cells of at least 16, got 15"),
        (lambda: error_curve(2, 60, 1).at(2), "tau: expected a tau between 0 and 1, got 2"),
    ],
)
def test_what_is_out_of_range_is_refused(ask, message):
    with pytest.raises(InputError) as caught:
        ask()
    assert str(caught.value) == message
