"""Columns of the tables of the compiled request controllers: int64, a row is one thing, a column one fact about it.

In `uses`, `slots` and `answers` it is the other way round, so that one fact of neighbouring banks lies together.
"""

from __future__ import annotations

# uses, one column for each bank: what its controller notes of it. Requests activated for its open row (bank-round-robin: 1 until
# a row just opened is used), accesses since it was closed, whether a precharge is already in the priority queue, when it was last
# used, and the requests in its own queue (bank-round-robin).
USE_ACTIVE, USE_ACCESSES, USE_CLOSING, USE_LAST, USE_QUEUED = range(5)
USE_COLUMNS = 5

# slots, one column each: a request in a queue.
SLOT_BANK, SLOT_ROW, SLOT_COLUMN, SLOT_NUMBER, SLOT_WRITE, SLOT_LINE, SLOT_ARRIVE, SLOT_COUNTED, SLOT_PULSE = range(9)
SLOT_COLUMNS = 9

# order: slots in order of age, three rows per channel. With bank-round-robin, a row per bank comes after those of the channels.
ORDER_READ, ORDER_WRITE, ORDER_ACTIVE = range(3)
ORDERS = 3

# priority: two rows per channel. What the entries ask for, and their first bank.
PRIORITY_COMMAND, PRIORITY_BANK = range(2)
PRIORITY_ROWS = 2
#: As many entries as Ramulator's priority queue has.
PRIORITY_ENTRIES = 1568

# channels: lengths of the three orders (bank-round-robin: the last one's is that of all its banks' queues) and of the priority
# queue, free slots, whether writes are served, when to look again.
CHANNEL_READS, CHANNEL_WRITES, CHANNEL_ACTIVE, CHANNEL_PRIORITY, CHANNEL_FREE = range(5)
CHANNEL_DRAINING, CHANNEL_WAKE, CHANNEL_REFRESH, CHANNEL_REFRESH_BANK = range(5, 9)
# With one bus: the request that will be served next unless something changes, and when (NONE: not known).
CHANNEL_NEXT_KIND, CHANNEL_NEXT_AT, CHANNEL_NEXT_COMMAND, CHANNEL_NEXT_DUE = range(9, 13)
# Writes that came so far.
CHANNEL_WRITTEN = 13
# The bank that was served last (bank-round-robin), counted in the channel.
CHANNEL_TURN = 14
CHANNEL_COLUMNS = 15

# fixed: constants of a run. The first are commands.
FIXED_ACT, FIXED_PRE, FIXED_PREAB, FIXED_RD, FIXED_WR, FIXED_RDA, FIXED_WRA, FIXED_REFAB, FIXED_REFPB = range(9)
FIXED_WR_RESET, FIXED_WR_SET, FIXED_WRA_RESET, FIXED_WRA_SET = range(9, 13)
FIXED_SCHEDULER, FIXED_POLICY, FIXED_POLICY_LIMIT, FIXED_REFRESH, FIXED_INTERVAL = range(13, 18)
FIXED_CHANNELS, FIXED_BANKS, FIXED_READ_QUEUE, FIXED_WRITE_QUEUE, FIXED_DRAIN_ABOVE, FIXED_DRAIN_BELOW = range(18, 24)
FIXED_BUSES, FIXED_READ_CYCLES, FIXED_OFFSET_BITS, FIXED_BANK_LEVEL, FIXED_ROW_LEVEL, FIXED_COLUMN_LEVEL = range(24, 30)
# The write pulse, the share of SET pulses among random ones in units of 2^-53, and their seed.
FIXED_PULSE, FIXED_SET_SHARE, FIXED_SEED = range(30, 33)
# bank-round-robin: places of a bank's queue, and accesses of a row after which a conflict need not wait for hits.
FIXED_BANK_QUEUE, FIXED_BEFORE_CONFLICT = range(33, 35)
FIXED_COLUMNS = 35

FRFCFS, FRFCFS_ROWHIT, FCFS, BANK_ROUND_ROBIN = range(4)
POLICY_OPEN, POLICY_CLOSED_AFTER, POLICY_TIMEOUT = range(3)
REFRESH_NONE, REFRESH_ALL, REFRESH_BANK = range(3)
# RESET and SET in the order of the commands that stand for them.
PULSE_WORST, PULSE_RESET, PULSE_SET, PULSE_RANDOM = range(4)

# progress of a run. NEXT is the next request of the trace, TIME the frontend's, END the last cycle of the run.
PROGRESS_NEXT, PROGRESS_TIME, PROGRESS_END = range(3)
PROGRESS_COLUMNS = 3

# answers, one column per request: when it came into its queue, when it was done, and how (`simcore.dram.outcome.DramOutcome`).
ANSWER_ARRIVE, ANSWER_DEPART, ANSWER_KIND = range(3)
ANSWER_COLUMNS = 3

# counts per bank, by the bank's state before the first command of a request: reads, then writes.
COUNT_HIT, COUNT_MISS, COUNT_CONFLICT = range(3)
COUNT_COLUMNS = 6

# As main memory. link: cycles of the DRAM that were over when the layer began, core cycles per DRAM cycle (P / Q), transactions
# that were forwarded and merged so far, places of a FIFO.
LINK_BEGIN, LINK_P, LINK_Q, LINK_FORWARDED, LINK_COALESCED, LINK_PLACES = range(6)
LINK_COLUMNS = 6
# fifos, one per channel: where its oldest transaction is, how many there are, and the DRAM cycle that offers it next (FAR while
# it waits for a command).
FIFO_HEAD, FIFO_LENGTH, FIFO_AT = range(3)
FIFO_COLUMNS = 3
# waiting: the FIFOs' places, three rows per channel: address, whether it is a write, its burst.
WAITING_ADDRESS, WAITING_WRITE, WAITING_BURST = range(3)
WAITING_ROWS = 3
# notes, a row per burst: transactions not done, and the latest DRAM cycle in which one was.
NOTE_LEFT, NOTE_LAST = range(2)
NOTE_COLUMNS = 2

# What the kernel of traces returns.
DONE, MORE, LOG_FULL, PRIORITY_FULL = range(4)
