"""The System: the description of a machine, read from YAML or SCALE-Sim files and validated with clear messages."""

from simcore.spec.array import ArraySpec
from simcore.spec.load import load_system, override_system, system_files, validate_file
from simcore.spec.machine_spec import MachineSpec, WordSpec
from simcore.spec.macro import MacroShareSpec, MacroSpec
from simcore.spec.memory import DramMemorySpec, MemorySpec, SimpleMemorySpec
from simcore.spec.presets import preset_names, preset_path
from simcore.spec.scratchpad import BankGroup, ScratchpadSpec, TimingSpec, WriteBufferSpec
from simcore.spec.system import DmaSpec, System, VectorUnitSpec
from simcore.spec.technology import GatingSpec, TechnologySpec

__all__ = [
    "ArraySpec",
    "BankGroup",
    "DmaSpec",
    "DramMemorySpec",
    "GatingSpec",
    "MachineSpec",
    "MacroShareSpec",
    "MacroSpec",
    "MemorySpec",
    "ScratchpadSpec",
    "SimpleMemorySpec",
    "System",
    "TechnologySpec",
    "TimingSpec",
    "VectorUnitSpec",
    "WordSpec",
    "WriteBufferSpec",
    "load_system",
    "override_system",
    "preset_names",
    "preset_path",
    "system_files",
    "validate_file",
]
