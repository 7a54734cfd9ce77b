"""The DRAM as main memory, compiled on first import."""

from __future__ import annotations

from simcore.engine.compiled.cache import compile_kernel
from simcore.engine.compiled.dram.memory import run_memory
from simcore.engine.compiled.dram.signature import DRAM_SIGNATURE

run_present = compile_kernel(DRAM_SIGNATURE, run_memory)
