"""Settings of hypothesis: the same cases in every run, or thousands of new ones with ``SIMCORE_HYPOTHESIS_PROFILE=deep``.

A terminal's width, which pytest-xdist hands to its processes, is forgotten: what is printed must not depend on it.
"""

import os

from hypothesis import HealthCheck, settings

_COMMON = {"deadline": None, "print_blob": True, "suppress_health_check": list(HealthCheck)}

settings.register_profile("ci", derandomize=True, database=None, **_COMMON)
settings.register_profile("deep", max_examples=2000, **_COMMON)
settings.load_profile(os.environ.get("SIMCORE_HYPOTHESIS_PROFILE", "ci"))

os.environ.pop("COLUMNS", None)
