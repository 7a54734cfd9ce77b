"""Columns of the tables of the issuer of micro-programs. All tables are int64; a row is one thing, a column one fact about it."""

from __future__ import annotations

from simcore.pim.causes import RULE_CAUSES
from simcore.pim.limits import CAUSES

# units: a subarray that computes. FIRST and END are the rows of `operations` of its sequence, AT the row that it runs or will
# run next. PLACE is the number of operations that it has done, all repeats together, TOTAL how many there are. STAGE says which
# command comes next (STAGE_FIRST begins the operation), BURST how many bursts of the operation have come. WAKE is a cycle before
# which its command cannot come. ROW is the number of its first row, BANK the row of `peripheries`, REFRESH the row of `refreshes`
# that it must wait for. HELD is the cycle in which its row can be given to the periphery, and then the cycle in which the row is
# no longer needed there; 0 for an operation without a hold. FINISHED is the cycle in which its last precharge is done (with
# row copies: the last until now).
UNIT_NODE, UNIT_FIRST, UNIT_END, UNIT_AT, UNIT_PLACE, UNIT_TOTAL, UNIT_STAGE, UNIT_BURST, UNIT_WAKE = range(9)
UNIT_GROUP, UNIT_REFRESH, UNIT_BANK, UNIT_ROW, UNIT_HELD, UNIT_FINISHED = range(9, 15)
UNIT_COLUMNS = 15
# A row copy has its LINKs as bursts, then commands to the other subarray of the pair: STAGE_LAND and STAGE_LANDED, a precharge.
STAGE_FIRST, STAGE_SECOND, STAGE_BURSTS, STAGE_HOLD, STAGE_PRECHARGE, STAGE_LAND, STAGE_LANDED = range(7)

# peripheries: what the subarrays of a bank share. The cycles from which another subarray may use the bank's data lines (FAR while
# one moves data) and its periphery. LINKS is the cycle from which an operation may begin (FAR while a row is copied), WORKING the
# number of subarrays that have begun an operation, QUIET the cycle from which none has one open that was closed last. These three
# are kept only in runs with row copies.
PERIPHERY_WAY, PERIPHERY_FREE, PERIPHERY_LINKS, PERIPHERY_WORKING, PERIPHERY_QUIET = range(5)
PERIPHERY_COLUMNS = 5

# groups: units that keep step. LEVEL is the number of operations that all have begun, MAY the same at the start of the cycle,
# BEGUN how many have begun the operation after these, and AIM how many must.
GROUP_LEVEL, GROUP_MAY, GROUP_BEGUN, GROUP_AIM = range(4)
GROUP_COLUMNS = 4

# refreshes: a node that is refreshed as a whole. NODE and SPAN are its first subarray and the number of them, DUE counts
# refreshes that are due and not yet issued, ORDER says which of several has been due for longest.
# CLOSED is the cycle of the last precharge in it.
REFRESH_NODE, REFRESH_SPAN, REFRESH_DUE, REFRESH_ORDER, REFRESH_CLOSED = range(5)
REFRESH_COLUMNS = 5

# fixed: constants of a run. COMMANDS is the number of commands of the standard; the device has that many for every part. READABLE
# and WRITABLE are the cycles from an activation until the periphery can read or write the row, RECOVERY the cycles after a write.
# COPIES says whether rows are copied to other subarrays, ROWS is the number of rows of a subarray. HOLD and HOLD_WRITE are the
# commands that note in the stream that the periphery has a row.
FIXED_PARTS, FIXED_COMMANDS, FIXED_PRECHARGE, FIXED_WRITE, FIXED_REFRESH, FIXED_INTERVAL, FIXED_ALL = range(7)
FIXED_READABLE, FIXED_WRITABLE, FIXED_RECOVERY, FIXED_COPIES, FIXED_ROWS, FIXED_HOLD, FIXED_HOLD_WRITE = range(7, 14)
FIXED_COLUMNS = 14

# The parts of the rules: those of single subarrays, then those of each of `simcore.pim.causes.RULE_CAUSES`. The last is in use
# in runs with row copies. The columns of `stalls` are `simcore.pim.limits.CAUSES`: transfers, the periphery, row copies, then
# each part from PART_LIMITS on, then lock-step.
PART_OWN, PART_TRANSFER, PART_LIMITS = range(3)
PART_COPY = len(RULE_CAUSES)
STALL_TRANSFER, STALL_PERIPHERY, STALL_COPY, STALL_LIMITS = range(4)
STALL_LOCK_STEP = len(CAUSES) - 1

# progress: the cycle, the next refresh, how often refreshes were due, the order number of the next, and units still at work.
# LEVELS counts the levels that groups have reached. The kernel stops before cycle STOP_TIME, or when LEVELS has reached
# STOP_LEVELS. All that happened since these were set would be the same with the next refresh due in any cycle after LOW and up to
# HIGH, and the others at their interval after it. DUES counts the refreshes that were due since then.
PROGRESS_TIME, PROGRESS_NEXT_DUE, PROGRESS_TURN, PROGRESS_ORDER, PROGRESS_LEFT, PROGRESS_LEVELS = range(6)
PROGRESS_STOP_TIME, PROGRESS_STOP_LEVELS, PROGRESS_DUES, PROGRESS_LOW, PROGRESS_HIGH = range(6, 11)
PROGRESS_COLUMNS = 11

# What a call of the kernel ends with.
DONE, MORE, LOG_FULL, STOPPED = range(4)
