"""Columns of the tables of a walk over known steps of micro-programs. All tables are int64."""

from __future__ import annotations

# steps: what happens from a state until the next one, if the next operations of all tracks and the next refresh are as they were.
# LOW and HIGH bound the cycles until the next refresh is due (after LOW, up to HIGH). LENGTH is the length of the windows that
# are compared, as an index of `contexts.LENGTHS`. TURN is whose turn the next refresh is. TO is the next state, CYCLES, PLACES
# and DUES are the cycles, operations and due refreshes in between. ENDS says that a unit finishes. LINK is the next step from the
# same state. The windows of the tracks follow.
STEP_LOW, STEP_HIGH, STEP_LENGTH, STEP_TURN, STEP_TO, STEP_CYCLES, STEP_PLACES, STEP_DUES, STEP_ENDS, STEP_LINK = range(10)
STEP_WINDOWS = 10

# cursor: the state, the cycle, the earliest operation, the next refresh and how many were due. INTERVAL and NODES are those of
# refreshes, TAKEN is the last step.
CURSOR_STATE, CURSOR_TIME, CURSOR_PLACE, CURSOR_NEXT_DUE, CURSOR_TURN, CURSOR_INTERVAL, CURSOR_NODES, CURSOR_TAKEN = range(8)
CURSOR_COLUMNS = 8

# tracks: a sequence that units follow. BODY is its first column of `windows`, LENGTH the operations of one repeat, TAIL the place
# from which the columns of the end hold, which begin at TAIL_AT.
TRACK_BODY, TRACK_LENGTH, TRACK_TAIL, TRACK_TAIL_AT, TRACK_TAIL_LENGTH = range(5)
TRACK_COLUMNS = 5

# What a walk ends with: all has finished, the step is not known, a unit finished in the step taken last, or only that time is up.
WALKED, UNKNOWN, FINISHES, WALKING = range(4)
