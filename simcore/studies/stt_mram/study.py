"""The whole study: its parts, in order."""

from __future__ import annotations

from simcore.engine.cold_start import log_cold_start
from simcore.progress import OnProgress
from simcore.studies.form.part import Part, joined, part_or_left_out
from simcore.studies.form.result import StudyResult
from simcore.studies.form.spread import processes_kept
from simcore.studies.stt_mram.accuracy import study_accuracy
from simcore.studies.stt_mram.arrays import array_table, comparison_table, density_findings
from simcore.studies.stt_mram.assumptions import assumptions
from simcore.studies.stt_mram.catalogue import CATALOGUE
from simcore.studies.stt_mram.conclusions import conclusions
from simcore.studies.stt_mram.gains import gain_findings, gain_range_table, limit_findings, with_gains
from simcore.studies.stt_mram.held import held_findings
from simcore.studies.stt_mram.kept import study_kept
from simcore.studies.stt_mram.pulses import pulse_findings, pulse_table
from simcore.studies.stt_mram.ratio_map import bound_findings, bound_table, ratio_table
from simcore.studies.stt_mram.settings import SttMramSettings
from simcore.studies.stt_mram.systems import of_study, simulate_jobs, study_jobs
from simcore.studies.stt_mram.where.part import map_jobs, study_map, study_only
from simcore.studies.stt_mram.writes import cheapest_table, write_findings, write_table


def study_stt_mram(settings: SttMramSettings, on_progress: OnProgress | None = None) -> StudyResult:
    """Run every part, or one configuration of the map. Equal settings give equal tables, with any number of processes.

    Parts that need a missing extra are left out, with a line in ``left_out``.
    """
    if settings.only is not None:
        return _result(settings, study_only(settings.only, settings, on_progress))
    figures = part_or_left_out("figures", "plot", Part)
    # This part runs first, because it is the only one that may reject something from the user: placements.
    accuracy = part_or_left_out("accuracy", "train", lambda: _trained(settings, on_progress))
    with processes_kept():
        simulated = (study_systems(settings, on_progress), study_kept(settings, on_progress))
    whole = joined((figures, study_macros(settings.cell), *simulated, accuracy))
    return _result(settings, whole)


def _trained(settings: SttMramSettings, on_progress: OnProgress | None) -> Part:
    # It is imported here because what trains needs an extra.
    from simcore.studies.stt_mram.accuracy_stays import study_accuracy_stays

    with processes_kept():  # each of them loads torch
        return joined((study_accuracy(settings, on_progress), study_accuracy_stays(settings, on_progress)))


def _result(settings: SttMramSettings, whole: Part) -> StudyResult:
    return StudyResult(
        catalogue=CATALOGUE,
        settings=settings.to_dict(),
        tables=whole.tables,
        findings=whole.findings,
        conclusions=conclusions(whole.findings),
        assumptions=(*assumptions(settings), *whole.assumptions),
        left_out=whole.left_out,
    )


def study_macros(cell: str) -> Part:
    """Return parts 1 to 3, which need only macros."""
    comparisons, cheapest, bounds = comparison_table(), cheapest_table(cell), bound_table(cell)
    tables = {"arrays": array_table(), "comparisons": comparisons, "writes": write_table(cell), "cheapest_writes": cheapest}
    found = {
        "density_and_leakage": density_findings(comparisons, cell),
        "relaxed_writes": write_findings(cell),
        "energy_ratio_range": bound_findings(bounds),
    }
    return Part({**tables, "energy_ratios": ratio_table(cell), "energy_ratio_bounds": bounds}, found)


def study_systems(settings: SttMramSettings, on_progress: OnProgress | None) -> Part:
    """Return parts 4 and 5: networks on systems of macros."""
    log_cold_start()  # the study's processes compile the engine, but nobody hears them
    jobs = list(dict.fromkeys((*study_jobs(settings), *map_jobs(settings))))
    runs, all_stalls = simulate_jobs(jobs, settings, on_progress)
    systems, stalls = (of_study(table, settings) for table in (runs, all_stalls))
    systems = with_gains(systems)
    ranges, pulses = gain_range_table(systems), pulse_table(settings, on_progress)
    found = {
        "energy_gains": gain_findings(ranges),
        "held": held_findings(systems, settings.cell),
        "busy_share": limit_findings(systems, "busy_percent_at_15x"),
        "main_memory_energy": limit_findings(systems, "dram_pj_per_byte_at_15x"),
        "write_pulses": pulse_findings(pulses),
    }
    tables = {"systems": systems, "system_stalls": stalls, "gain_ranges": ranges, "pulses": pulses}
    return joined((Part(tables, found), study_map(runs)))
