"""Columns of the compiled engine's tables. All state is int64 tables; a row is one thing, a column one fact about it."""

from __future__ import annotations

#: "none" in a column that holds a row number, a tile or a slot.
NONE = -1
#: Later than any cycle, for "never" in a minimum.
FAR = 1 << 62

# R: requests (one line each).
R_PORT, R_BANK, R_ROW, R_OP, R_ARRIVE, R_OWNER, R_NEXT, R_GRANTED = range(8)
R_FREE, R_DONE, R_SLOT, R_LEFT_FREE, R_LEFT_DONE, R_COUNTED, R_OLDER, R_NEWER = range(8, 16)
R_COLUMNS = 16

# B: banks.
B_PAD, B_GROUP, B_FUNCTION, B_FIRST_SERVER, B_DIRECT_HEAD, B_DIRECT_TAIL, B_BUFFERED_HEAD, B_BUFFERED_TAIL = range(8)
B_WAITING, B_LAST_PORT, B_LISTED = range(8, 11)
B_COLUMNS = 11

# P: scratchpads; the first columns are their description.
P_FIRST_BANK, P_BANKS, P_ROWS, P_LINE_BYTES, P_SERVERS, P_INTERLEAVING, P_ARBITER, P_DEPTH, P_HIGH, P_LOW = range(10)
P_READ_PRIORITY, P_PREEMPTION, P_BUFFER_HEAD, P_BUFFER_TAIL, P_BUFFERED, P_DRAINING = range(10, 16)
P_LISTED, P_INFLIGHT, P_INFLIGHT_MIN = range(16, 19)
P_COLUMNS = 19

# V: servers (a bank's ports).
V_FREE_AT, V_REQUEST, V_PORT, V_GRANTED, V_DONE, V_STATE_AT, V_STATE_SIZE = range(7)
V_COLUMNS = 7

# G: bank groups.
G_PARAMS_AT, G_PARAMS_SIZE, G_SHARED_AT, G_SHARED_SIZE = range(4)
G_COLUMNS = 4

# E: bundles: window elements of the read ports, then the DMA's bursts.
E_DUE, E_UNGRANTED, E_READY, E_FIRST, E_REQUESTS = range(5)
E_COLUMNS = 5

# N: the read ports and the output port.
N_SEGMENT, N_NUMBER, N_NEXT_DUE, N_HEAD, N_IN_WINDOW, N_BLOCKED_TILE, N_CONSUMED, N_LAST_SEGMENT = range(8)
N_COLUMNS = 8

# Q: DMA queues.
Q_HEAD, Q_END, Q_STARTED = range(3)
Q_COLUMNS = 3

# D: bursts (their requests are in E, from row `D_BUNDLE` of K on).
D_OP, D_BYTES, D_MEMORY_DONE, D_NUMBER = range(4)
D_COLUMNS = 4

# O: state of the operations.
O_LEFT, O_DONE = range(2)
O_COLUMNS = 2

# S: slots.
S_HOLDER, S_WRITES = range(2)
S_COLUMNS = 2

# C: counters per bank.
C_READS, C_WRITES, C_DMA_READS, C_DMA_WRITES, C_FORWARDED, C_PREEMPTED, C_CONFLICT, C_BUSY = range(8)
C_COLUMNS = 8

# W: counters per array port.
W_ELEMENTS, W_WORDS, W_LINES = range(3)
W_COLUMNS = 3

# K: the machine's constants and the engine's scalars.
K_NOW, K_STEP, K_STEPS, K_WINDOW, K_OUTSTANDING_LIMIT, K_BURST_BYTES, K_MEMORY_LATENCY, K_MEMORY_BYTES = range(8)
K_RATIO_P, K_RATIO_Q, K_MEMORY_FREE, K_START, K_BIN_SHIFT, K_BIN_LIMIT, K_OUTSTANDING, K_TURN = range(8, 16)
K_OPS_LEFT, K_COMPUTE, K_MAX_LINES, K_FIRST_WRITE, K_FREE_WRITES, K_BURST_LINES, K_POSTED, K_IDLE_SKIPPING = range(16, 24)
K_COALESCING, K_OUTPUT_LINES, K_SPARE_BURSTS, K_LOADING, K_FILLING, K_READING, K_STORING, K_EVENTS = range(24, 32)
K_COLUMNS = 32
