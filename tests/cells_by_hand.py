"""Cells of STT-MRAM by hand: the refined closed form of docs/stt-mram.md, and the default junction's current and time scaled."""

from math import exp, expm1, pi, sqrt

#: Critical current in uA and tau_D in ns of stability 60, damping 0.01, efficiency 0.6, 0.35 T (docs/stt-mram.md).
CURRENT_UA, TAU_D_NS = 25.171, 1.62275

#: Cell -> current in uA, pulse in ns, stability at 300 K, damping, efficiency, field in T.
JUNCTIONS = {
    "stt-34.5F2": (40.82, 5, 40, 0.008, 0.65, 0.75),
    "stt-40F2": (49, 10, 43, 0.01, 0.6, 0.35),
    "stt-54F2": (80, 10, 60, 0.01, 0.6, 0.35),
    "stt-14F2": (272.7, 2, 60, 0.01, 0.6, 0.35),
}


def overdrive_of(cell: str) -> float:
    """The current over 25.171 uA scaled with stability x damping / efficiency. The barrier is the same at 350 K."""
    current_ua, _, stability, damping, efficiency, _ = JUNCTIONS[cell]
    return current_ua / (CURRENT_UA * stability / 60 * damping / 0.01 * 0.6 / efficiency)


def tau_of(cell: str) -> float:
    """The pulse over (1.62275 ns scaled with 1 / (damping x field))."""
    _, pulse_ns, _, damping, _, field_t = JUNCTIONS[cell]
    return pulse_ns / (TAU_D_NS * (0.01 * 0.35) / (damping * field_t))


def nominal_error_rate(cell: str) -> float:
    """The refined closed form at 350 K, where the stability is 300 / 350 of that at 300 K."""
    return refined(overdrive_of(cell), tau_of(cell), JUNCTIONS[cell][2] * 300 / 350)


def refined(i: float, tau: float, stability: float) -> float:
    s = 2 * 2 ** ((i - 1) / (i + 1)) * ((i - 1) / i) ** (2 / (i + 1))
    r = 2 * (i - 1) + (2 / (i - 1) - 1) / stability
    return -expm1(-s * stability * (i - 1) / (i * exp(r * tau) - 1))


def mean_error_rate(cell: str, spread: float, voltage: float = 1.0, pulse: float = 1.0) -> float:
    """The closed form averaged over a normal distribution of the overdrive, up to eight standard deviations, in steps of 0.01.

    ``voltage`` and ``pulse`` are relative to the cell's own.
    """
    steps = [step / 100 for step in range(-800, 801)]
    stability, tau, i = JUNCTIONS[cell][2] * 300 / 350, pulse * tau_of(cell), voltage * overdrive_of(cell)
    rates = (exp(-(x**2) / 2) * refined(i * (1 + spread * x), tau, stability) for x in steps)
    return sum(rates) / 100 / sqrt(2 * pi)
