"""The junction: critical current, time unit, closed forms, heat, energy, endurance; worked examples to the given digits."""

from math import inf

import pytest

from models.junction.closed_form import (
    butler_error_rate,
    butler_pulse,
    decay_rate,
    escape_angle_squared,
    mean_switching_time,
    refined_error_rate,
    refined_pulse,
    sun_error_rate,
)
from models.junction.endurance import busiest_writes_per_s, lifetime_s
from models.junction.junction import Junction
from models.junction.thermal import escape_rate, expected_retention_failures, read_disturb_probability, retention_s
from simcore.errors import InputError

TEN_YEARS_S = 10 * 365.25 * 24 * 3600


def digits(value: float, count: int) -> str:
    return f"{value:.{count - 1}e}"


def test_the_critical_current_of_the_default_junction_is_25_171_ua():
    assert digits(Junction().kt_j, 7) == "4.141947e-21"
    assert digits(Junction().critical_current_ua(), 5) == "2.5171e+01"


def test_the_critical_current_is_in_proportion_to_the_stability():
    assert Junction(thermal_stability=30).critical_current_ua() == pytest.approx(Junction().critical_current_ua() / 2)


def test_the_unit_of_time_of_the_default_junction_is_1_62275_ns():
    assert digits(Junction().tau_d_ns, 6) == "1.62275e+00"


def test_the_directions_differ_by_the_asymmetry_and_their_geometric_mean_stays():
    junction = Junction(current_asymmetry=1.5)
    up, down = junction.critical_current_ua("p-to-ap"), junction.critical_current_ua("ap-to-p")
    assert up / down == pytest.approx(1.5)
    assert (up * down) ** 0.5 == pytest.approx(junction.critical_current_ua()) == pytest.approx(Junction().critical_current_ua())
    assert junction.overdrive(0.3, "p-to-ap") < junction.overdrive(0.3) < junction.overdrive(0.3, "ap-to-p")


@pytest.mark.parametrize(
    ("overdrive", "tau", "expected"),
    [(2, 3, "1.678229e-01"), (2, 6, "4.547051e-04"), (2, 9, "1.127353e-06"), (3, 4, "1.110672e-05"), (1.5, 10, "2.237957e-03")],
)
def test_butlers_form_to_seven_digits(overdrive, tau, expected):
    assert digits(butler_error_rate(overdrive, tau, 60), 7) == expected
    assert butler_pulse(overdrive, float(expected), 60) == pytest.approx(tau, rel=1e-6)


@pytest.mark.parametrize(("overdrive", "expected"), [(1.5, ".954"), (2, "1.5874"), (3, "2.3094"), (4, "2.7019")])
def test_the_escape_angle_to_the_digits_given(overdrive, expected):
    places = len(expected.split(".")[1])
    assert escape_angle_squared(overdrive) == pytest.approx(float(expected), abs=0.51 * 10**-places)


def test_the_escape_angle_is_the_noise_free_switching_time():
    # From a small angle the spin reaches the equator when exp(2 (i-1) tau) = escape angle^2 / angle^2: integrated by steps.
    from math import cos, exp, log, pi, sin

    overdrive, start = 2.0, 1e-4
    cells = 20000
    width = (log(pi / 2) - log(start)) / cells
    angles = [exp(log(start) + (cell + 0.5) * width) for cell in range(cells)]
    tau = sum(angle * width / (sin(angle) * (overdrive - cos(angle))) for angle in angles)
    assert escape_angle_squared(overdrive) == pytest.approx(start**2 * exp(2 * (overdrive - 1) * tau), rel=1e-5)


@pytest.mark.parametrize(("overdrive", "expected"), [(2, "2.01667e+00"), (3, "4.00000e+00"), (1.5, "1.05000e+00")])
def test_the_first_order_decay_rate(overdrive, expected):
    assert digits(decay_rate(overdrive, 60), 6) == expected


@pytest.mark.parametrize(("overdrive", "expected_ns"), [(1.5, 9.046), (2, 4.523), (3, 2.262)])
def test_suns_mean_switching_time(overdrive, expected_ns):
    assert mean_switching_time(overdrive, 60) * Junction().tau_d_ns == pytest.approx(expected_ns, abs=0.0005)


@pytest.mark.parametrize(
    ("overdrive", "pulses_ns"), [(2, (9.10, 14.70, 20.31)), (3, (4.67, 7.47, 10.27)), (4, (3.14, 5.01, 6.88))]
)
def test_pulses_for_a_target_by_butlers_form(overdrive, pulses_ns):
    tau_d_ns = Junction().tau_d_ns
    got = [butler_pulse(overdrive, target, 60) * tau_d_ns for target in (1e-3, 1e-6, 1e-9)]
    assert got == [pytest.approx(expected, abs=0.005) for expected in pulses_ns]


def test_closed_forms_stay_exact_where_the_error_rate_is_tiny_and_never_overflow():
    assert refined_error_rate(3, 8, 60) / refined_error_rate(3, 9, 60) == pytest.approx(2.718281828459045 ** decay_rate(3, 60))
    assert 0 < refined_error_rate(3, 160, 60) < 1e-250
    assert refined_error_rate(3, 1e9, 60) == butler_error_rate(1e300, 1e300, 60) == sun_error_rate(3, 1e9, 60) == 0
    assert refined_error_rate(3, 0, 60) == pytest.approx(1)


def test_the_refined_pulse_is_the_inverse_of_the_refined_error_rate():
    for target in (0.4, 1e-3, 1e-9, 1e-15):
        assert refined_error_rate(2.7, refined_pulse(2.7, target, 45), 45) == pytest.approx(target, rel=1e-9)


def test_a_target_that_is_reached_at_once_needs_no_pulse():
    assert refined_pulse(3, 1 - 1e-16, 5) == butler_pulse(3, 1 - 1e-16, 5) == 0


def test_browns_escape_rate_below_the_critical_current():
    assert digits(escape_rate(0.4, 40), 4) == "1.002e-06"
    assert digits(escape_rate(0.6, 60), 4) == "7.577e-05"


@pytest.mark.parametrize(
    ("exponent", "overdrive", "expected"),
    [(2, 0.3, "8.525e-13"), (2, 0.4, "2.081e-09"), (2, 0.5, "1.530e-06"), (1, 0.5, "4.679e-13")],
)
def test_read_disturb_depends_on_its_exponent(exponent, overdrive, expected):
    assert digits(read_disturb_probability(Junction(read_disturb_exponent=exponent), overdrive, 5), 4) == expected


def test_a_read_without_current_disturbs_as_much_as_no_read():
    assert read_disturb_probability(Junction(thermal_stability=20), 0, 5) == pytest.approx(5e-9 / 0.48516, rel=1e-4)


@pytest.mark.parametrize(
    ("stability", "expected"),
    [(60, "1.142e+17"), (40, "2.354e+08"), (35, "1.59e+06"), (30, "1.07e+04"), (25, "7.20e+01"), (20, "4.85e-01")],
)
def test_retention_in_seconds(stability, expected):
    assert digits(retention_s(Junction(thermal_stability=stability)), len(expected) - 5) == expected


def test_64_mib_lose_one_and_a_half_bits_in_ten_years():
    assert digits(expected_retention_failures(Junction(), 64 * 2**23, TEN_YEARS_S), 5) == "1.4836e+00"
    assert expected_retention_failures(Junction(thermal_stability=20), 1000, TEN_YEARS_S) == pytest.approx(1000)


def test_resistances_and_write_energies_of_a_40_nm_junction():
    junction = Junction()
    assert round(junction.parallel_resistance_ohm, 1) == 3978.9
    assert round(junction.antiparallel_resistance_ohm, 1) == 7957.7
    assert [round(junction.energy_fj(v, t), 1) for v, t in ((0.5, 10), (0.4, 10), (0.5, 5))] == [628.3, 402.1, 314.2]


def test_a_line_written_every_10_ns_lasts_as_long_as_its_endurance():
    assert lifetime_s(1e12, 1e8) == pytest.approx(1e4)
    assert lifetime_s(1e15, 1e8) / 86400 == pytest.approx(115.7, abs=0.1)
    assert lifetime_s(1e12, 0) == inf


def test_wear_levelling_spreads_the_busiest_lines_writes():
    assert lifetime_s(1e12, 1e8, levelling=1, mean_writes_per_s=1e6) == pytest.approx(1e6)
    assert lifetime_s(1e12, 1e8, levelling=0.5, mean_writes_per_s=0) == pytest.approx(2e4)


def test_the_busiest_line_of_a_run_that_repeats_for_ever():
    assert busiest_writes_per_s(200, 1_000_000, 1e9) == pytest.approx(2e5)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: Junction(damping=0), "damping: expected a number above 0, got 0"),
        (lambda: Junction(thermal_stability=float("nan")), "thermal_stability: expected a number above 0, got nan"),
        (lambda: Junction().critical_current_ua("p-ap"), "no write direction is called 'p-ap'; did you mean 'p-to-ap'?"),
        (lambda: refined_error_rate(1, 3, 60), "overdrive: expected a number above 1, got 1"),
        (lambda: butler_error_rate(2, -1, 60), "tau: expected a number of at least 0, got -1"),
        (lambda: butler_pulse(2, 1, 60), "error_rate: expected a number between 0 and 1, got 1"),
        (lambda: read_disturb_probability(Junction(), 1, 5), "overdrive: expected a number between 0 and 1, got 1"),
        (
            lambda: lifetime_s(1e12, 1, mean_writes_per_s=2),
            "writes_per_s of the busiest line: expected a number of at least 2, got 1.0",
        ),
        (lambda: lifetime_s(1e12, 1, levelling=2), "levelling: expected a number between 0 and 1, got 2"),
        (lambda: busiest_writes_per_s(1, 0, 1e9), "cycles: expected a number above 0, got 0"),
    ],
)
def test_what_is_out_of_range_is_refused(ask, message):
    with pytest.raises(InputError) as caught:
        ask()
    assert str(caught.value) == message
