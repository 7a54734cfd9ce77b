"""Columns of the compiled engine's tables. All state is int64 tables; a row is one thing, a column one fact about it."""

from __future__ import annotations

from simcore.program.program import Port

#: "none" in a column that holds a row number, a tile or a slot.
NONE = -1
#: Later than any cycle, for "never" in a minimum.
FAR = 1 << 62
#: The array's ports that read (ifmap, filter, psum), and all of them (with output).
READ_PORTS = int(Port.OUTPUT)
ARRAY_PORTS = int(Port.DMA)

# requests: one line each. First the window elements' (a fixed set each), then the bursts', then the write buffers' entries.
REQUEST_PORT, REQUEST_BANK, REQUEST_ROW, REQUEST_OP, REQUEST_ARRIVE, REQUEST_OWNER, REQUEST_NEXT, REQUEST_GRANTED = range(8)
REQUEST_FREE, REQUEST_DONE, REQUEST_SLOT, REQUEST_LEFT_FREE, REQUEST_LEFT_DONE, REQUEST_COUNTED = range(8, 14)
REQUEST_OLDER, REQUEST_NEWER, REQUEST_BIN = range(14, 17)
REQUEST_COLUMNS = 17

# banks, numbered through all scratchpads, with the heads and tails of their two queues.
BANK_PAD, BANK_GROUP, BANK_FUNCTION, BANK_FIRST_SERVER = range(4)
BANK_DIRECT_HEAD, BANK_DIRECT_TAIL, BANK_BUFFERED_HEAD, BANK_BUFFERED_TAIL = range(4, 8)
BANK_WAITING, BANK_LAST_PORT, BANK_LISTED = range(8, 11)
# Cycles a read or a write holds a port of the bank and takes until it is done, where these are always the same; else 0.
BANK_READ_HELD, BANK_WRITE_HELD, BANK_READ_DONE, BANK_WRITE_DONE = range(11, 15)
BANK_COLUMNS = 15

# pads: scratchpads; the first columns are their description, then the write buffer (a list by age) and its watermark state.
PAD_FIRST_BANK, PAD_BANKS, PAD_ROWS, PAD_LINE_BYTES, PAD_SERVERS, PAD_INTERLEAVING, PAD_ARBITER = range(7)
PAD_DEPTH, PAD_HIGH, PAD_LOW, PAD_READ_PRIORITY, PAD_PREEMPTION = range(7, 12)
PAD_BUFFER_HEAD, PAD_BUFFER_TAIL, PAD_BUFFERED, PAD_DRAINING = range(12, 16)
# How many banks have waiting requests; how many buffered writes are at a bank, and the earliest done.
PAD_LISTED, PAD_INFLIGHT, PAD_INFLIGHT_MIN = range(16, 19)
# Powers of two, so that shifts do for divisions (NONE where it is none).
PAD_BANK_SHIFT, PAD_LINE_SHIFT = range(19, 21)
# Whether a request that comes to an idle bank is certain to be granted in that cycle.
PAD_AT_ONCE = 21
PAD_COLUMNS = 22

# servers: a bank's ports; what holds one is kept here as well, because a request's row is used again once it is done.
SERVER_FREE_AT, SERVER_REQUEST, SERVER_PORT, SERVER_GRANTED, SERVER_DONE, SERVER_STATE_AT, SERVER_STATE_SIZE = range(7)
SERVER_BANK = 7
SERVER_COLUMNS = 8

# groups: bank groups, with their part of the flat parameter and shared-state arrays.
GROUP_PARAMS_AT, GROUP_PARAMS_SIZE, GROUP_SHARED_AT, GROUP_SHARED_SIZE = range(4)
GROUP_COLUMNS = 4

# bundles: requests that belong together: window elements of the read ports, then bursts.
BUNDLE_DUE, BUNDLE_UNGRANTED, BUNDLE_READY, BUNDLE_FIRST, BUNDLE_REQUESTS = range(5)
BUNDLE_COLUMNS = 5

# ports: the three read ports and the output port, with the cursor to their next element.
PORT_SEGMENT, PORT_NUMBER, PORT_NEXT_DUE, PORT_HEAD, PORT_IN_WINDOW, PORT_BLOCKED_TILE, PORT_CONSUMED = range(7)
PORT_LAST_SEGMENT = 7
# Where the cursor's element lies, kept up step by step to spare divisions: tile and element within it (linear), or pixel and tap.
PORT_TILE, PORT_WITHIN, PORT_OUT_ROW, PORT_OUT_COLUMN, PORT_KERNEL_ROW, PORT_KERNEL_COLUMN, PORT_CHANNEL = range(8, 15)
# The count of consumed elements at which a waiting DMA operation may start.
PORT_WAKE = 15
# The region and the scratchpad of the segment the cursor is in.
PORT_REGION, PORT_PAD = range(16, 18)
# When the oldest element in the window is due; FAR if there is none.
PORT_HEAD_DUE = 18
PORT_COLUMNS = 19

# queues: the DMA's; STARTED counts the bursts begun of the head operation.
QUEUE_HEAD, QUEUE_END, QUEUE_STARTED = range(3)
QUEUE_COLUMNS = 3

# bursts on their way.
BURST_OP, BURST_BYTES, BURST_MEMORY_DONE, BURST_NUMBER, BURST_ADDRESS, BURST_WRITE = range(6)
BURST_COLUMNS = 6

# op_states: bursts left of each operation, and whether it is done; its turn among all that started, and how many output elements
# had been made by then.
OP_LEFT, OP_DONE, OP_STARTED, OP_OUTPUTS = range(4)
OP_COLUMNS = 4

# slots: the tile that holds each, and its lines still in a write buffer.
SLOT_HOLDER, SLOT_WRITES = range(2)
SLOT_COLUMNS = 2

# output_places: the lines of the output element that is due, one in each column; the words of all of them stand in the first.
OUTPUT_WORDS, OUTPUT_BANK, OUTPUT_ROW, OUTPUT_SLOT = range(4)
OUTPUT_ROWS = 4

# counts per bank.
COUNT_READS, COUNT_WRITES, COUNT_DMA_READS, COUNT_DMA_WRITES, COUNT_FORWARDED, COUNT_PREEMPTED = range(6)
COUNT_CONFLICT, COUNT_BUSY = range(6, 8)
COUNT_COLUMNS = 8

# port_counts per array port.
PORT_COUNT_ELEMENTS, PORT_COUNT_WORDS, PORT_COUNT_LINES = range(3)
PORT_COUNT_COLUMNS = 3

# scalars: the machine's constants, then the engine's own.
SCALAR_STEPS, SCALAR_WINDOW, SCALAR_OUTSTANDING_LIMIT, SCALAR_BURST_BYTES, SCALAR_MEMORY_LATENCY = range(5)
SCALAR_MEMORY_BYTES, SCALAR_RATIO_P, SCALAR_RATIO_Q, SCALAR_START, SCALAR_IDLE_SKIPPING, SCALAR_COALESCING = range(5, 11)
SCALAR_NOW, SCALAR_STEP, SCALAR_COMPUTE, SCALAR_MEMORY_FREE, SCALAR_BIN = range(11, 16)
SCALAR_OUTSTANDING, SCALAR_TURN, SCALAR_OPS_LEFT, SCALAR_FREE_WRITES, SCALAR_POSTED, SCALAR_OUTPUT_LINES = range(16, 22)
# How many bursts are in each of the lists, and what happened in this cycle.
SCALAR_LOADING, SCALAR_FILLING, SCALAR_READING, SCALAR_STORING, SCALAR_SPARE_BURSTS, SCALAR_EVENTS = range(22, 28)
# Operations of the DMA that have started; queues whose head operation has; whether a head may have become able to start.
SCALAR_DMA_EVENTS, SCALAR_STARTED, SCALAR_MAY_START = range(28, 31)
# A bank (counted from 1) whose timing broke its contract; cycles in a row in which nothing happened (without idle skipping).
SCALAR_BROKEN_BANK, SCALAR_NOTHING = range(31, 33)
# The scratchpad of the element in `posted`.
SCALAR_POSTED_PAD = 33
# The earliest arrival of a burst that is being loaded. Of a DRAM: whether there is one, bursts to hand to it, core cycle of its
# next event, bursts and transactions it has not done, and whether it was asked for more refreshes than it can do.
SCALAR_ARRIVES, SCALAR_HAS_DRAM, SCALAR_SENT, SCALAR_DRAM_NEXT, SCALAR_AWAITED, SCALAR_HELD, SCALAR_OVERRUN = range(34, 41)
# Of traffic: whether the requests that arrive together are more than there are free rows.
SCALAR_ROWS_ARE_SHORT = 41
SCALAR_COLUMNS = 42
