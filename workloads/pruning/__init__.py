"""Pruning of convolution filters without training: schedules, logs of live filters, and the pass that makes a network narrower.

Nothing here needs torch. ``workloads.learning`` has the real training, which writes the same logs.
"""

from workloads.pruning.groups import PruningGroup, prunable_filters, pruning_groups
from workloads.pruning.live import declared_log, live_filters, rounded
from workloads.pruning.log import PruningLog, checked_log
from workloads.pruning.narrow import narrow
from workloads.pruning.schedule_text import schedule_from

__all__ = [
    "PruningGroup",
    "PruningLog",
    "checked_log",
    "declared_log",
    "live_filters",
    "narrow",
    "prunable_filters",
    "pruning_groups",
    "rounded",
    "schedule_from",
]
