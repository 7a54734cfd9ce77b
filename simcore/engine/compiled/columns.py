"""Columns of the compiled engine's tables. All state is in int64 tables; a row is one thing, a column one fact about it."""

from __future__ import annotations

from simcore.program.program import Port
from simcore.program.traces import Access

#: "none" in a column that holds a row number, a tile or a slot.
NONE = -1
#: A cycle later than any other, which stands for "never" in a minimum.
FAR = 1 << 62
#: The number of the array's ports that read (ifmap, filter, psum), and of all its ports (with output).
READ_PORTS = int(Port.OUTPUT)
ARRAY_PORTS = int(Port.DMA)

# requests, one line each: first those of the window elements (a fixed set each), then those of the bursts, then the entries of
# the write buffers.
REQUEST_PORT, REQUEST_BANK, REQUEST_ROW, REQUEST_OP, REQUEST_ARRIVE, REQUEST_OWNER, REQUEST_NEXT, REQUEST_GRANTED = range(8)
REQUEST_FREE, REQUEST_DONE, REQUEST_SLOT, REQUEST_LEFT_FREE, REQUEST_LEFT_DONE, REQUEST_COUNTED = range(8, 14)
REQUEST_OLDER, REQUEST_NEWER, REQUEST_BIN = range(14, 17)
# Of a write buffer's entry: the number of its output element, times MADE_LINES, plus the number of its line in the element.
REQUEST_MADE = 17
REQUEST_COLUMNS = 18
MADE_LINES = 1 << 20

# banks of all scratchpads in one sequence, with the heads and tails of their two queues.
BANK_PAD, BANK_GROUP, BANK_FUNCTION, BANK_FIRST_SERVER = range(4)
BANK_DIRECT_HEAD, BANK_DIRECT_TAIL, BANK_BUFFERED_HEAD, BANK_BUFFERED_TAIL = range(4, 8)
BANK_WAITING, BANK_LAST_PORT, BANK_LISTED = range(8, 11)
# The cycles for which a read or a write holds a port of the bank, and the cycles until it is done, if they are constant; else 0.
BANK_READ_HELD, BANK_WRITE_HELD, BANK_READ_DONE, BANK_WRITE_DONE = range(11, 15)
BANK_COLUMNS = 15

# pads: scratchpads. The first columns describe them; the write buffer (a list by age) and its watermark state follow.
PAD_FIRST_BANK, PAD_BANKS, PAD_ROWS, PAD_LINE_BYTES, PAD_SERVERS, PAD_INTERLEAVING, PAD_ARBITER = range(7)
PAD_DEPTH, PAD_HIGH, PAD_LOW, PAD_READ_PRIORITY, PAD_PREEMPTION = range(7, 12)
PAD_BUFFER_HEAD, PAD_BUFFER_TAIL, PAD_BUFFERED, PAD_DRAINING = range(12, 16)
# The number of banks with waiting requests, the number of buffered writes at a bank, and the earliest cycle in which one is done.
PAD_LISTED, PAD_INFLIGHT, PAD_INFLIGHT_MIN = range(16, 19)
# The exponents of powers of two, so that shifts replace divisions. NONE if the number is no power of two.
PAD_BANK_SHIFT, PAD_LINE_SHIFT = range(19, 21)
# Whether a request that comes to an idle bank is certain to be granted in that cycle.
PAD_AT_ONCE = 21
# The cycle up to which `buffer_cycles` is counted.
PAD_COUNTED = 22
PAD_COLUMNS = 23

# servers: a bank's ports. They also keep facts about the request that they serve, because its row is used again once it is done.
SERVER_FREE_AT, SERVER_REQUEST, SERVER_PORT, SERVER_GRANTED, SERVER_DONE, SERVER_STATE_AT, SERVER_STATE_SIZE = range(7)
SERVER_BANK = 7
SERVER_COLUMNS = 8

# groups: bank groups, with their part of the flat arrays of parameters and shared state.
GROUP_PARAMS_AT, GROUP_PARAMS_SIZE, GROUP_SHARED_AT, GROUP_SHARED_SIZE = range(4)
GROUP_COLUMNS = 4

# bundles: requests that belong together. Window elements of the read ports come first, then bursts. PAD: an element's scratchpad.
BUNDLE_DUE, BUNDLE_UNGRANTED, BUNDLE_READY, BUNDLE_FIRST, BUNDLE_REQUESTS, BUNDLE_PAD = range(6)
BUNDLE_COLUMNS = 6

# ports: the three read ports and the output port, with the cursor to their next element.
PORT_SEGMENT, PORT_NUMBER, PORT_NEXT_DUE, PORT_HEAD, PORT_IN_WINDOW, PORT_BLOCKED_TILE, PORT_CONSUMED = range(7)
PORT_LAST_SEGMENT = 7
# The place of the cursor's element, updated at each move to avoid divisions: tile and element within it (linear), or pixel and
# tap.
PORT_TILE, PORT_WITHIN, PORT_OUT_ROW, PORT_OUT_COLUMN, PORT_KERNEL_ROW, PORT_KERNEL_COLUMN, PORT_CHANNEL = range(8, 15)
# The count of consumed elements at which a waiting DMA operation may start.
PORT_WAKE = 15
# The region and the scratchpad of the cursor's segment.
PORT_REGION, PORT_PAD = range(16, 18)
# The step in which the oldest element in the window is due, or FAR if there is none.
PORT_HEAD_DUE = 18
PORT_COLUMNS = 19

# queues of the DMA: the next operation to start, and the one whose bursts start, with the number of its started bursts. LEFT
# counts the bytes of started operations that are in no burst yet.
QUEUE_NEXT, QUEUE_END, QUEUE_HEAD, QUEUE_BURSTS, QUEUE_LEFT = range(5)
QUEUE_COLUMNS = 5

# bursts that are outstanding.
BURST_OP, BURST_BYTES, BURST_MEMORY_DONE, BURST_NUMBER, BURST_ADDRESS, BURST_WRITE = range(6)
BURST_COLUMNS = 6

# op_states: the bursts left of each operation; once it is done, the operations that were not done until then, else 0; its turn
# among all started operations, and the number of output elements that had been made when it started.
OP_LEFT, OP_DONE, OP_STARTED, OP_OUTPUTS = range(4)
OP_COLUMNS = 4

# slots: the tile in each slot, and the number of its lines that are still in a write buffer.
SLOT_HOLDER, SLOT_WRITES = range(2)
SLOT_COLUMNS = 2

# output_places: the lines of the output element that is due, one per column. The first column holds the words of all lines.
OUTPUT_WORDS, OUTPUT_BANK, OUTPUT_ROW, OUTPUT_SLOT = range(4)
OUTPUT_ROWS = 4

# counts per bank.
COUNT_READS, COUNT_WRITES, COUNT_DMA_READS, COUNT_DMA_WRITES, COUNT_FORWARDED, COUNT_PREEMPTED = range(6)
COUNT_CONFLICT, COUNT_BUSY = range(6, 8)
COUNT_COLUMNS = 8

# port_counts per array port.
PORT_COUNT_ELEMENTS, PORT_COUNT_WORDS, PORT_COUNT_LINES = range(3)
PORT_COUNT_COLUMNS = 3

#: Rows of `burst_lists`: the lists of outstanding bursts by their state; the first two are rings. SENT also lists the bursts that
#: go to a DRAM in this cycle.
LOADING, STORING, FILLING, READING, SPARE, SENT = range(6)
BURST_LISTS = 6

#: How a call of the layer kernel ended: its time is up, the layer is done, nothing can happen any more, a DRAM's refreshes pile
#: up.
GOES_ON, DONE, STUCK, OVERRUN = range(4)

# scalars: the machine's constants, then the engine's own values.
SCALAR_STEPS, SCALAR_WINDOW, SCALAR_OUTSTANDING_LIMIT, SCALAR_BURST_BYTES, SCALAR_MEMORY_LATENCY = range(5)
SCALAR_RATE_BYTES, SCALAR_RATIO_P, SCALAR_RATIO_Q, SCALAR_START, SCALAR_IDLE_SKIPPING, SCALAR_COALESCING = range(5, 11)
SCALAR_NOW, SCALAR_STEP, SCALAR_COMPUTE, SCALAR_MEMORY_FREE, SCALAR_BIN = range(11, 16)
SCALAR_OUTSTANDING, SCALAR_OPS_LEFT, SCALAR_FREE_WRITES, SCALAR_POSTED, SCALAR_OUTPUT_LINES = range(16, 21)
# The number of bursts in each list, and the events of this cycle.
SCALAR_LOADING, SCALAR_STORING, SCALAR_FILLING, SCALAR_READING, SCALAR_SPARE_BURSTS, SCALAR_EVENTS = range(22, 28)
# The number of started DMA operations, the queues with bursts to start, and whether an operation may have become able to start.
SCALAR_DMA_EVENTS, SCALAR_STARTED, SCALAR_MAY_START = range(28, 31)
# A bank (counted from 1) whose timing broke its contract, and the number of consecutive cycles in which nothing happened (without
# idle skipping).
SCALAR_BROKEN_BANK, SCALAR_NOTHING = range(31, 33)
# The scratchpad of the element in `posted`.
SCALAR_POSTED_PAD = 33
# The earliest arrival of a burst that is being loaded. For a DRAM: whether there is one, the bursts to hand to it, the core cycle
# of its next event, its unfinished bursts and transactions, and whether more refreshes became due than it can do.
SCALAR_ARRIVES, SCALAR_HAS_DRAM, SCALAR_SENT, SCALAR_DRAM_NEXT, SCALAR_AWAITED, SCALAR_HELD, SCALAR_OVERRUN = range(34, 41)
# For traffic: whether more requests arrive together than there are free rows.
SCALAR_ROWS_ARE_SHORT = 41
# Main memory moves RATE_BYTES in RATE_CYCLES of its cycles. Its port is free from its cycle MEMORY_FREE on, of which MEMORY_PART
# parts, of RATE_BYTES, are taken. DMA_BYTES are the bytes of bursts after which the DMA starts no further burst in a core cycle.
SCALAR_RATE_CYCLES, SCALAR_MEMORY_PART, SCALAR_DMA_BYTES = range(42, 45)
# Traces: the core cycles that are traced (none if END is 0), the rows noted so far, and whether some must be handed over.
SCALAR_ACCESS_FROM, SCALAR_ACCESS_END, SCALAR_ACCESSES, SCALAR_ACCESS_ROOM = range(45, 49)
SCALAR_TRANSACTION_FROM, SCALAR_TRANSACTION_END, SCALAR_TRANSACTIONS, SCALAR_TRANSACTION_ROOM = range(49, 53)
SCALAR_TRACE_IS_FULL = 21
# Where the rings of loading and storing bursts begin.
SCALAR_FIRST_LOADING, SCALAR_FIRST_STORING = range(53, 55)
# The step before which the kernel returns; FAR if the layer runs to its end.
SCALAR_STOP_STEP = 55
# The earliest cycle in which memory is done with a store, FAR while a DRAM has decided none.
SCALAR_STORED = 56
SCALAR_COLUMNS = 57

# trace: columns of `Access`, in which the bank is that of all scratchpads in one sequence and the scratchpad is not noted.
TRACE_COLUMNS = len(Access)
