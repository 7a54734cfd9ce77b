"""The kernels of the compiled engine, none of which is compiled or loaded before it is called."""

from __future__ import annotations

from simcore.engine.compiled.cache import Kernel

#: The layer kernel. Its second argument is the address of RUN_MEMORY; machines without a DRAM neither compile nor load that.
RUN_LAYER = Kernel("simcore.engine.compiled.kernel", "run_layer")
RUN_MEMORY = Kernel("simcore.engine.compiled.dram.memory", "run_memory")
RUN_BLOCKS = Kernel("simcore.engine.compiled.replay.kernel", "run_blocks")
COUNT_LAYER = Kernel("simcore.engine.compiled.line_writes_kernel", "count_layer")
RUN_TRACE = Kernel("simcore.engine.compiled.dram.trace_kernel", "run_trace")
RUN_MICRO_PROGRAMS = Kernel("simcore.engine.compiled.pim.kernel", "run_micro_programs")
WALK_MICRO_PROGRAMS = Kernel("simcore.engine.compiled.pim.walk_kernel", "walk")
READ_LINES = Kernel("simcore.engine.compiled.dram.text_kernel", "read_lines")
SERVE_TRAFFIC = Kernel("simcore.engine.compiled.traffic_kernel", "serve_traffic")
