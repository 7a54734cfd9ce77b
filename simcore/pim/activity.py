"""What is written down about the time of subarrays that compute, and about the phases of a run."""

from __future__ import annotations

from enum import IntEnum

#: What an operation of a subarray is called: one of a micro-program, a row that is moved over the data bus, a row that the bank's
#: periphery reads or writes, a row that is copied to another subarray.
ROW_OPERATIONS = ("AAP", "AP", "read row", "write row", "row to periphery", "row from periphery", "row copy")


class RowOperation(IntEnum):
    """The numbers of ROW_OPERATIONS."""

    AAP = 0
    AP = 1
    READ = 2
    WRITE = 3
    TO_PERIPHERY = 4
    FROM_PERIPHERY = 5
    COPY = 6


class Activity(IntEnum):
    """Columns of a row about a subarray: from ``CYCLE`` on it did the same for ``CYCLES`` cycles. Its rows leave no gap.

    It did ``OPERATION`` (RowOperation), the ``NUMBER``-th of its sequence from 0 on, which raises ``ROW`` first. If ``CAUSE`` is
    no NOTHING, it waited for that cause (an index of `simcore.pim.limits.CAUSES`) before this operation or within it.
    ``BANK`` is a bank of the work. ``SUBARRAY`` is the subarray of the bank, or NOTHING for one that works beside the others.
    """

    CYCLE = 0
    CYCLES = 1
    BANK = 2
    SUBARRAY = 3
    OPERATION = 4
    CAUSE = 5
    ROW = 6
    NUMBER = 7


class PhaseActivity(IntEnum):
    """Columns of a row about a phase: from ``CYCLE`` on it took ``CYCLES`` cycles. ``KIND`` is an index of PHASE_KINDS.

    ``STAGE`` is the stage of a pipeline in which a layer had this share of a step; a step itself, and a phase of layers that
    follow each other, have NOTHING. ``BESIDE`` is 1 for transfers beside the multiplications of their stage.
    """

    CYCLE = 0
    CYCLES = 1
    KIND = 2
    STAGE = 3
    BESIDE = 4
    REPEATS = 5
    BANKS = 6
    SUBARRAYS = 7
