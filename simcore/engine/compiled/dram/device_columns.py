"""Columns of the tables of the compiled DRAM device: int64, a row is one thing, a column one fact about it.

In `banks` it is the other way round, so that one fact of neighbouring banks lies together.
"""

from __future__ import annotations

# rules: what a command that is issued does to the ready times of others. A node of the rule's level has SPAN banks; OUTER is the
# span of its parent in a rule between siblings, else 0. RING is the row of `rings` of a rule with a window, which joins the one
# without (LATENCY) of the same span, else NONE. STRIDE is the number of banks that the following command addresses: when all of
# them are ready is kept at the first.
RULE_FOLLOWING, RULE_LATENCY, RULE_WINDOW, RULE_WINDOW_LATENCY, RULE_RING, RULE_SPAN, RULE_OUTER, RULE_STRIDE = range(8)
RULE_COLUMNS = 8

# commands: where their rules are, first the wide ones, then those of a single place in `ready`; how many banks they address;
# their slot of the cycle; whether they open a row, close rows, and whether they read or write.
COMMAND_FIRST_RULE, COMMAND_FIRST_NARROW, COMMAND_LAST_RULE, COMMAND_SPAN, COMMAND_BUS = range(5)
COMMAND_OPENS, COMMAND_CLOSES, COMMAND_ACCESSES = range(5, 8)
COMMAND_COLUMNS = 8

# banks, one column each: the open row or NONE, and its rank.
BANK_ROW, BANK_RANK = range(2)
BANK_COLUMNS = 2

# ranks: open banks, since when there is one, and for how long there was one.
RANK_OPEN, RANK_SINCE, RANK_CYCLES = range(3)
RANK_COLUMNS = 3

# totals of the device: the cycle of its last command, and how many commands are in the log.
TOTAL_LAST_COMMAND, TOTAL_LOGGED = range(2)
TOTAL_COLUMNS = 2

# log: commands issued.
LOG_CLOCK, LOG_COMMAND, LOG_BANK, LOG_ROW, LOG_COLUMN = range(5)
LOG_COLUMNS = 5
