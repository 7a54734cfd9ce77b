"""Columns of the tables of the issuer of micro-programs. All tables are int64; a row is one thing, a column one fact about it."""

from __future__ import annotations

# units: a subarray that computes. FIRST and END are its rows of `operations`, AT the row that it runs or will run next, STAGE
# which command comes next (STAGE_FIRST begins the operation). WAKE is a cycle before which its command cannot come.
# REFRESH is the row of `refreshes` that it must wait for. FINISHED is the cycle in which its last precharge is done.
UNIT_NODE, UNIT_FIRST, UNIT_END, UNIT_AT, UNIT_STAGE, UNIT_WAKE, UNIT_GROUP, UNIT_REFRESH, UNIT_FINISHED, UNIT_ROW = range(10)
UNIT_COLUMNS = 10
STAGE_FIRST, STAGE_SECOND, STAGE_PRECHARGE = range(3)

# groups: units that keep step. LEVEL is the number of operations that all have begun, MAY the same at the start of the cycle,
# BEGUN how many have begun the operation after these, and AIM how many must.
GROUP_LEVEL, GROUP_MAY, GROUP_BEGUN, GROUP_AIM = range(4)
GROUP_COLUMNS = 4

# refreshes: a node that is refreshed as a whole. NODE and SPAN are its first subarray and the number of them, DUE counts
# refreshes that are due and not yet issued, ORDER says which of several has been due for longest.
REFRESH_NODE, REFRESH_SPAN, REFRESH_DUE, REFRESH_ORDER = range(4)
REFRESH_COLUMNS = 4

# fixed: constants of a run. COMMANDS is the number of commands of the standard; the device has that many for every part.
FIXED_PARTS, FIXED_COMMANDS, FIXED_PRECHARGE, FIXED_REFRESH, FIXED_INTERVAL, FIXED_ALL = range(6)
FIXED_COLUMNS = 6

# progress: the cycle, the next refresh, how often refreshes were due, the order number of the next, and units still at work.
PROGRESS_TIME, PROGRESS_NEXT_DUE, PROGRESS_TURN, PROGRESS_ORDER, PROGRESS_LEFT = range(5)
PROGRESS_COLUMNS = 5

# What a call of the kernel ends with.
DONE, MORE, LOG_FULL = range(3)
