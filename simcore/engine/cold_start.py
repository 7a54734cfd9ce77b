"""The notice that the compiled engine is not in the cache, so that what follows takes longer."""

from __future__ import annotations

import logging

#: Whoever wants the notice gives this logger a handler at level INFO. Nobody hears it otherwise.
LOG = logging.getLogger("simcore.engine")


def log_cold_start() -> None:
    """Log that the engine is compiled now, if it is not in the cache."""
    from simcore.engine.compiled.cache import is_cold

    if is_cold():
        LOG.info("compiling the engine, which takes about 20 s once after installation")
