"""Columns of the tables of the compiled DRAM device. All tables are int64; a row is one thing, a column one fact about it.

In `banks` rows and columns are exchanged, so that one fact of neighbouring banks lies together.
"""

from __future__ import annotations

# rules: the effect of an issued command on the ready times of others. A node of the rule's level has SPAN banks. OUTER is the
# span of its parent in a rule between siblings, else 0. RING is the row of `rings` of a rule with a window, which is joined with
# the rule without one (LATENCY) of the same span; NONE without a window. STRIDE is the number of banks that the following command
# addresses; the first of these banks keeps the time at which all of them are ready.
RULE_FOLLOWING, RULE_LATENCY, RULE_WINDOW, RULE_WINDOW_LATENCY, RULE_RING, RULE_SPAN, RULE_OUTER, RULE_STRIDE = range(8)
RULE_COLUMNS = 8

# commands: the place of their rules (first the wide ones, then those that change a single place in `ready`), the number of banks
# that they address, their slot of the cycle, whether they open a row, close rows, read or write.
COMMAND_FIRST_RULE, COMMAND_FIRST_NARROW, COMMAND_LAST_RULE, COMMAND_SPAN, COMMAND_BUS = range(5)
COMMAND_OPENS, COMMAND_CLOSES, COMMAND_ACCESSES = range(5, 8)
COMMAND_COLUMNS = 8

# banks, one column each: the open row or NONE, and the rank.
BANK_ROW, BANK_RANK = range(2)
BANK_COLUMNS = 2

# ranks: the number of open banks, the cycle since which there is one, and the cycles in which there was one.
RANK_OPEN, RANK_SINCE, RANK_CYCLES = range(3)
RANK_COLUMNS = 3

# totals of the device: the cycle of the last command, and the number of commands in the log.
TOTAL_LAST_COMMAND, TOTAL_LOGGED = range(2)
TOTAL_COLUMNS = 2

# log: the issued commands.
LOG_CLOCK, LOG_COMMAND, LOG_BANK, LOG_ROW, LOG_COLUMN = range(5)
LOG_COLUMNS = 5
