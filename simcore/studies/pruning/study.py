"""The whole study: its parts, in order."""

from __future__ import annotations

from simcore.engine.cold_start import log_cold_start
from simcore.progress import OnProgress
from simcore.spec import load_system
from simcore.studies.form.part import Part, joined, part_or_left_out
from simcore.studies.form.result import StudyResult
from simcore.studies.pruning.accuracy import study_accuracy
from simcore.studies.pruning.accuracy_points import AccuracySettings
from simcore.studies.pruning.assumptions import assumptions
from simcore.studies.pruning.catalogue import CATALOGUE
from simcore.studies.pruning.conclusions import conclusions
from simcore.studies.pruning.counts import count_findings, count_table
from simcore.studies.pruning.machines import cases_of, filter_table, machine_table, rounded_table, rows_table, run_cases
from simcore.studies.pruning.savings import layer_findings, machine_findings, rounded_findings, write_findings, write_table
from simcore.studies.pruning.settings import PruningSettings


def study_pruning(settings: PruningSettings, trained: AccuracySettings, on_progress: OnProgress | None = None) -> StudyResult:
    """Run every part. Equal settings give equal tables, except for wall-clock times, with any number of processes.

    Parts that need a missing extra are left out, with a line in ``left_out``.
    """
    for system in settings.chosen_systems:  # an unknown one is told before anything runs
        load_system(system)
    figures = part_or_left_out("figures", "plot", Part)
    accuracy = part_or_left_out("accuracy", "train", lambda: study_accuracy(trained, on_progress))
    whole = joined((figures, study_savings(settings, on_progress), accuracy))
    return StudyResult(
        catalogue=CATALOGUE,
        settings={**settings.to_dict(), "seeds": trained.number_of_seeds, "data": trained.data, "images": trained.images},
        tables=whole.tables,
        findings=whole.findings,
        conclusions=conclusions(whole.findings),
        assumptions=whole.assumptions,
        left_out=whole.left_out,
    )


def study_savings(settings: PruningSettings, on_progress: OnProgress | None = None) -> Part:
    """Return the savings: counted without a machine, and simulated on the systems."""
    log_cold_start()  # the study's processes compile the engine, but nobody hears them
    cases = cases_of(settings)
    found = run_cases(cases, settings.jobs, on_progress)
    counts = count_table(settings, on_progress)
    machines, layers, writes = machine_table(found), rows_table(found, "layers"), write_table(found)
    rounded = rounded_table(found)
    tables = {
        "counts": counts,
        "machines": machines,
        "layer_savings": layers,
        "epochs": rows_table(found, "epochs"),
        "filters": filter_table(found),
        "rounded": rounded,
        "writes": writes,
    }
    findings = {
        "counts": count_findings(counts),
        "machines": machine_findings(machines),
        "layers": layer_findings(layers),
        "rounded": rounded_findings(rounded),
        "writes": write_findings(writes),
    }
    return Part(tables, findings, assumptions(settings))
