"""A language model's run in the form of a report: its steps and totals as a study, and the runs of prefill and last step."""

from __future__ import annotations

from collections.abc import Mapping

from simcore.generation import Generation
from simcore.generation.printed import printed_lines, summary
from simcore.report.study_item import SavedStudy
from simcore.results.any_run import AnyRun


def generation_items(found: Generation) -> Mapping[str, AnyRun | SavedStudy]:
    """Return what a report of the generation holds, by name. The runs are those of ``simcore run`` for each network."""
    runs = {"prefill": found.prefill}
    if found.last is not None:
        runs |= {f"decode step {found.order.decode}": found.last}
    return {**runs, "tokens": _as_study(found)}


def _as_study(found: Generation) -> SavedStudy:
    order = found.order
    asked = {"prefill_tokens": order.prefill, "decode_tokens": order.decode, "decode_every": order.every, "batch": order.batch}
    shown = {
        "tables": {"steps": list(found.step_rows())},
        "conclusions": [line for line in printed_lines(found) if line],
        "findings": {name: value for name, value in found.totals.items() if value is not None},
        "settings": asked,
    }
    return SavedStudy("tokens", f"Tokens: {summary(found)}", shown, {}, {})
