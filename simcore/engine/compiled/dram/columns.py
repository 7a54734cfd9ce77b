"""Columns of the compiled request controllers' tables. All tables are int64; a row is one thing, a column one fact about it.

In `uses`, `slots` and `answers` rows and columns are exchanged, so that one fact of neighbouring banks lies together.
"""

from __future__ import annotations

# uses, one column for each bank: the notes of its controller. These are the requests activated for its open row
# (bank-round-robin: 1 until a newly opened row is used), the accesses since it was closed, whether a precharge is already in the
# priority queue, the cycle of its last use, and the requests in its own queue (bank-round-robin).
USE_ACTIVE, USE_ACCESSES, USE_CLOSING, USE_LAST, USE_QUEUED = range(5)
USE_COLUMNS = 5

# slots, one column each: a request in a queue.
SLOT_BANK, SLOT_ROW, SLOT_COLUMN, SLOT_NUMBER, SLOT_WRITE, SLOT_LINE, SLOT_ARRIVE, SLOT_COUNTED, SLOT_PULSE = range(9)
SLOT_COLUMNS = 9

# order: slots in order of age, three rows per channel. With bank-round-robin, one row per bank follows those of the channels.
ORDER_READ, ORDER_WRITE, ORDER_ACTIVE = range(3)
ORDERS = 3

# priority: two rows per channel, with the command of each entry and its first bank.
PRIORITY_COMMAND, PRIORITY_BANK = range(2)
PRIORITY_ROWS = 2
#: The number of entries in Ramulator's priority queue.
PRIORITY_ENTRIES = 1568

# channels: lengths of the three orders (bank-round-robin: the last counts the queues of all banks) and of the priority queue,
# free slots, whether writes are served, and when to look again.
CHANNEL_READS, CHANNEL_WRITES, CHANNEL_ACTIVE, CHANNEL_PRIORITY, CHANNEL_FREE = range(5)
CHANNEL_DRAINING, CHANNEL_WAKE, CHANNEL_REFRESH, CHANNEL_REFRESH_BANK = range(5, 9)
# With one bus: the request that is served next unless something changes, and its cycle. NONE: not known.
CHANNEL_NEXT_KIND, CHANNEL_NEXT_AT, CHANNEL_NEXT_COMMAND, CHANNEL_NEXT_DUE = range(9, 13)
# The number of writes that came so far.
CHANNEL_WRITTEN = 13
# The bank that was served last (bank-round-robin), counted in the channel.
CHANNEL_TURN = 14
CHANNEL_COLUMNS = 15

# fixed: constants of a run. The first ones are commands.
FIXED_ACT, FIXED_PRE, FIXED_PREAB, FIXED_RD, FIXED_WR, FIXED_RDA, FIXED_WRA, FIXED_REFAB, FIXED_REFPB = range(9)
FIXED_WR_RESET, FIXED_WR_SET, FIXED_WRA_RESET, FIXED_WRA_SET = range(9, 13)
FIXED_SCHEDULER, FIXED_POLICY, FIXED_POLICY_LIMIT, FIXED_REFRESH, FIXED_INTERVAL = range(13, 18)
FIXED_CHANNELS, FIXED_BANKS, FIXED_READ_QUEUE, FIXED_WRITE_QUEUE, FIXED_DRAIN_ABOVE, FIXED_DRAIN_BELOW = range(18, 24)
FIXED_BUSES, FIXED_READ_CYCLES, FIXED_OFFSET_BITS, FIXED_BANK_LEVEL, FIXED_ROW_LEVEL, FIXED_COLUMN_LEVEL = range(24, 30)
# The write pulse, the share of SET pulses among random ones in units of 2^-53, and the seed of random pulses.
FIXED_PULSE, FIXED_SET_SHARE, FIXED_SEED = range(30, 33)
# bank-round-robin: places of a bank's queue, and accesses to a row after which a conflict need not wait for hits.
FIXED_BANK_QUEUE, FIXED_BEFORE_CONFLICT = range(33, 35)
FIXED_COLUMNS = 35

FRFCFS, FRFCFS_ROWHIT, FCFS, BANK_ROUND_ROBIN = range(4)
POLICY_OPEN, POLICY_CLOSED_AFTER, POLICY_TIMEOUT = range(3)
REFRESH_NONE, REFRESH_ALL, REFRESH_BANK = range(3)
# RESET and SET have the order of the commands with these pulses.
PULSE_WORST, PULSE_RESET, PULSE_SET, PULSE_RANDOM = range(4)

# progress of a run. NEXT is the next request of the trace, TIME the frontend's cycle, END the last cycle of the run.
PROGRESS_NEXT, PROGRESS_TIME, PROGRESS_END = range(3)
PROGRESS_COLUMNS = 3

# answers, one column per request: the cycle in which it entered its queue, the cycle in which it was done, and how it was done
# (`simcore.dram.outcome.DramOutcome`).
ANSWER_ARRIVE, ANSWER_DEPART, ANSWER_KIND = range(3)
ANSWER_COLUMNS = 3

# counts per bank, by the bank's state before the first command of a request: reads, then writes.
COUNT_HIT, COUNT_MISS, COUNT_CONFLICT = range(3)
COUNT_COLUMNS = 6

# For main memory. link: DRAM cycles that were over when the layer began, core cycles per DRAM cycle (P / Q), transactions
# forwarded and merged so far, and the places of a FIFO.
LINK_BEGIN, LINK_P, LINK_Q, LINK_FORWARDED, LINK_COALESCED, LINK_PLACES = range(6)
LINK_COLUMNS = 6
# fifos, one per channel: the place of the oldest transaction, the number of transactions, and the DRAM cycle that offers the
# oldest one next (FAR while it waits for a command).
FIFO_HEAD, FIFO_LENGTH, FIFO_AT = range(3)
FIFO_COLUMNS = 3
# waiting: the FIFOs' places, three rows per channel: the address, whether it is a write, and the burst.
WAITING_ADDRESS, WAITING_WRITE, WAITING_BURST = range(3)
WAITING_ROWS = 3
# notes, a row per burst: the transactions that are not done, and the latest DRAM cycle in which one was done.
NOTE_LEFT, NOTE_LAST = range(2)
NOTE_COLUMNS = 2

# trace: the DRAM cycle in which a controller accepted a transaction, the controller, the address, and how it was answered.
TRACE_AT, TRACE_CHANNEL, TRACE_ADDRESS, TRACE_WRITE, TRACE_ANSWER = range(5)
TRACE_COLUMNS = 5

# The results of the kernel of traces.
DONE, MORE, LOG_FULL, PRIORITY_FULL = range(4)
