"""Whether a run replays blocks: the kernel that does takes longer to compile than a short run takes without it.

The choice changes no table (`simcore.engine.shortcuts`).
"""

from __future__ import annotations

from dataclasses import replace

from simcore.engine.cold_start import LOG
from simcore.engine.shortcuts import Shortcuts

#: The array steps of a process from which on the kernel is compiled. Without replay they take a few seconds.
WORTH_STEPS = 20_000_000

_steps = [0]


def replay_that_pays(shortcuts: Shortcuts, steps: int) -> Shortcuts:
    """Return the shortcuts for a run of so many array steps, the next of this process.

    They are without block replay as long as its kernel is not compiled and the runs of this process so far are short.
    """
    _steps[0] += steps
    if not shortcuts.block_replay or is_compiled():
        return shortcuts
    if _steps[0] < WORTH_STEPS:
        return replace(shortcuts, block_replay=False)
    LOG.info("compiling the replay of blocks, which takes about 10 s before the first long run")
    return shortcuts


def is_compiled() -> bool:
    """Return whether a kernel for replay is kept, or nothing is compiled at all."""
    from simcore.engine.compiled.cache import engine_version
    from simcore.engine.compiled.kernels import RUN_BLOCKS
    from simcore.saving.kernel_folder import SUFFIX
    from simcore.timing.kernel_cache import folder_of
    from simcore.timing.machine_code import jit_is_off

    folder = None if jit_is_off() else folder_of(engine_version())
    return jit_is_off() or (folder is not None and any(folder.glob(f"{RUN_BLOCKS.name}-*{SUFFIX}")))
