"""DRAM that computes: micro-programs, their values on bit planes, their counts, and their command sequences."""

from simcore.pim.language import Line
from simcore.pim.program import MicroProgram, Operands
from simcore.pim.recorder import Recorder
from simcore.pim.rows import ComputeRows

__all__ = ["ComputeRows", "Line", "MicroProgram", "Operands", "Recorder"]
