"""Constants of nature used by the junction, in SI units. Source: the 2019 SI (exact) and CODATA 2018."""

BOLTZMANN_J_PER_K = 1.380649e-23
ELEMENTARY_CHARGE_C = 1.602176634e-19
REDUCED_PLANCK_J_S = 1.054571817e-34
#: Gyromagnetic ratio of the electron spin.
GYROMAGNETIC_RAD_PER_S_T = 1.760859e11
EULER_GAMMA = 0.5772156649015329
SECONDS_PER_YEAR = 365.25 * 24 * 3600
