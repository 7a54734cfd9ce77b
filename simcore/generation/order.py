"""The order for the inference of a language model, checked before anything is simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simcore.errors import InputError
from simcore.reading.overrides import Overrides
from simcore.run_time import LIMIT_S
from simcore.spec import MachineSpec

if TYPE_CHECKING:
    from workloads.networks.language_models import LanguageModel

#: A larger number of sequences or steps is taken as a typing error.
_MOST = 65536


@dataclass(frozen=True, kw_only=True)
class GenerationOrder:
    """What to simulate: a language model that reads ``prefill`` tokens at once and then writes in ``decode`` steps.

    Step ``i`` (from 1) reads one token behind ``prefill + i - 1`` cached ones, and gives the next. Every ``every``-th step is
    simulated, and the last; the others lie between their neighbours. ``batch`` sequences run side by side. ``layers`` are
    patterns: only layers that match one run, and all amounts are theirs. ``overrides`` change keys of the system. A run whose
    estimate exceeds ``limit_s`` seconds is an error; None allows any time.
    """

    model: str | LanguageModel
    system: str | Path | MachineSpec = "edge-sram"
    prefill: int
    decode: int = 0
    every: int = 1
    batch: int = 1
    layers: str | Sequence[str] | None = None
    engine: str | None = None
    dataflow: str | None = None
    overrides: Overrides = ()
    limit_s: float | None = LIMIT_S

    def checked_model(self) -> LanguageModel:
        """Return the model. Raise InputError for an unknown one and for numbers that it cannot run with."""
        from workloads.networks.language_models import LanguageModel, language_model

        model = self.model if isinstance(self.model, LanguageModel) else language_model(str(self.model))
        for option, value, least, most in (
            ("--prefill", self.prefill, 1, None),
            ("--decode", self.decode, 0, _MOST),
            ("--decode-every", self.every, 1, None),
            ("--batch", self.batch, 1, _MOST),
        ):
            if not isinstance(value, int) or isinstance(value, bool) or value < least or (most is not None and value > most):
                bound = f"of at least {least}" if most is None else f"from {least} to {most}"
                raise InputError(f"expected an integer {bound}, got {value!r}", option)
        if self.prefill + self.decode > model.positions:
            got = f"got {self.prefill} of the text and {self.decode} more"
            raise InputError(f"expected at most {model.positions} tokens, the positions of {model.name}, {got}", "--decode")
        return model

    @property
    def chosen_layers(self) -> str | None:
        """Return the patterns of the layers that run, with commas between them, or None if all run."""
        return self.layers if self.layers is None or isinstance(self.layers, str) else ",".join(self.layers)

    def cached_tokens(self, step: int) -> int:
        """Return the tokens in the cache before a step, which count from 1."""
        return self.prefill + step - 1

    def simulated_steps(self) -> list[int]:
        """Return the steps that are simulated: the first, every n-th from it, and the last."""
        return sorted({*range(1, self.decode + 1, self.every), self.decode} - {0})
