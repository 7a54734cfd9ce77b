"""The printed lines about what keeps stored bits within ``technology.stored_error_rate``."""

from __future__ import annotations

from simcore.results import Results
from simcore.systolic.of_results import system_of
from simcore.systolic.storage import protections


def storage_lines(results: Results) -> list[str]:
    """Return a line per scratchpad of STT-MRAM macros: how long its words stay and what keeps them. None without the key."""
    lines = []
    for pad, found in protections(system_of(results), results.runs, results.line_wear):
        stay = f"words stay {1e6 * pad.stay.seconds:.3g} us and are read {pad.stay.reads:.3g} times on average"
        kept = {"none": "no code", "code": "a code of 72 bits for 64", "scrub": "a code of 72 bits for 64 and scrubs"}[found.name]
        if found.name == "scrub":
            kept += f" every {1e6 * found.period_s:.3g} us ({pad.bank_percent(found):.2g} % of the banks' time)"
        lines.append(f"Stored bits of {pad.name} ({pad.cell.name}): {stay}; kept by {kept}: {found.error_rate:.2g} stay wrong.")
    return lines
