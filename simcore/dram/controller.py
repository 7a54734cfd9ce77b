"""What a user chooses of a memory controller, under the name by which the DRAM's own modules know it."""

from simcore.spec.dram_controller import ControllerSpec, RowPolicySpec, WritePulseSpec

__all__ = ["ControllerSpec", "RowPolicySpec", "WritePulseSpec"]
