"""The spec of a DRAM that multiplies: its standard, what computes at a time, limits, program, precision, placement, periphery."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from simcore.dram.tables import ResolvedDram
from simcore.errors import InputError
from simcore.pim.limits import LAND, LINK, PimLimits, load_pim_dram
from simcore.pim.work import banks_of
from simcore.reading.keys import Written, key
from simcore.reading.numbers import shown
from simcore.reading.values import Broken, Count, CountOrNone, Flag, FrequencyHz, Spec, Text, number_of, raise_broken
from simcore.spec.machine_spec import MachineSpec, WordSpec

#: The widest operands of a network. Their products and sums fit an int64.
MOST_BITS = 16
#: Keys of every machine that follow from others here.
_DERIVED = {
    "core_clock_hz": "cycles are those of the DRAM's clock (`dram.standard`)",
    "words": "`precision` says how wide weights and activations are",
}


Bits = Annotated[int, Field(strict=True, ge=1, le=MOST_BITS)]
Activations = Annotated[Literal[1, 2], number_of("1 or 2"), Written("1 or 2")]


class DramSpec(Spec):
    """The DRAM whose subarrays compute. Its channels and ranks are counts of levels (`overrides`)."""

    standard: Annotated[
        Text,
        Field(min_length=1),
        key("A DRAM that computes, by name or from a file (`simcore list pim`).", cycles=True),
    ]
    overrides: Annotated[
        dict[Text, CountOrNone],
        key(
            "Timings in cycles and counts of levels in place of the standard's, such as `channel: 2` or `nWLOV: 5`.", cycles=True
        ),
    ] = Field(default_factory=dict)


class LimitsSpec(Spec):
    """The limits on commands that hold."""

    trrd: Annotated[Flag, key("Whether tRRD keeps activations of a rank apart.", cycles=True)] = True
    tfaw: Annotated[Flag, key("Whether a rank takes at most four activations in tFAW.", cycles=True)] = True
    command_bus: Annotated[
        Flag, key("Whether the subarrays of a channel share one command bus; else each has a sequencer of its own.", cycles=True)
    ] = True
    power_cycles: Annotated[
        CountOrNone, key("Period in which the power of a rank allows 32 activations; 0 sets no limit.", "cycles", cycles=True)
    ] = 0
    refresh: Annotated[
        Literal["none", "all-bank", "per-bank"],
        key("Refresh of all banks of a rank at once (`all-bank`), of one after the other (`per-bank`), or `none`.", cycles=True),
    ] = "all-bank"
    aap_activations: Annotated[
        Activations, key("What an AAP counts as in tRRD, tFAW and the power: 1 or 2 activations.", "activations", cycles=True)
    ] = 1
    count_rows: Annotated[
        Flag, key("Whether several rows that are raised together count as so many activations; else as one.", cycles=True)
    ] = False

    def limits(self) -> PimLimits:
        """Return the limits as the issuers take them."""
        return PimLimits(**self.model_dump())


class PrecisionSpec(Spec):
    """The widths of the operands of a multiplication."""

    weight_bits: Annotated[Bits, key("Bits of a weight.", "bits", cycles=True)] = 8
    activation_bits: Annotated[Bits, key("Bits of an activation.", "bits", cycles=True)] = 8
    signed: Annotated[Flag, key("Whether both are in two's complement; else they are not negative.", cycles=True)] = False


class PeripherySpec(Spec):
    """What each bank has at its row buffer. It serves one subarray of the bank at a time."""

    enabled: Annotated[
        Flag,
        key(
            "Whether reading products through the adder tree, writing operands and the vector unit take time; if not, only "
            "multiplications and transfers do.",
            cycles=True,
        ),
    ] = True
    clock_hz: Annotated[FrequencyHz, key("Clock of the periphery.", cycles=True)]
    tree_columns: Annotated[
        Count, key("Columns of a product row that the adder tree takes in each cycle.", "columns", cycles=True)
    ]
    transposer_bits_per_cycle: Annotated[
        Count, key("Bits of an operand row that the transpose unit writes in each cycle.", "bits", cycles=True)
    ]
    vector_words_per_cycle: Annotated[
        Count,
        key(
            "Words that the unit for ReLU, normalisation, quantisation, pooling and sums takes in each cycle.",
            "words",
            cycles=True,
        ),
    ]


class PimDramSpec(MachineSpec):
    """A machine of kind ``pim-dram``. Its cycles are those of the DRAM's clock, from which ``core_clock_hz`` follows."""

    kind: Annotated[Literal["pim-dram"], key("Kind of machine: DRAM that multiplies in its subarrays.", cycles=True)] = "pim-dram"
    core_clock_hz: Annotated[FrequencyHz, Field(exclude=True), key("The DRAM's clock; it cannot be given.", cycles=True)] = 1
    words: Annotated[WordSpec, Field(exclude=True), key("Sizes of words; they cannot be given.")] = WordSpec()
    dram: Annotated[DramSpec, key("The DRAM that computes.")]
    banks: Annotated[
        Count | None,
        key("Banks of each channel that compute, of all its ranks.", "banks", cycles=True, default="all banks"),
    ] = None
    active_subarrays: Annotated[
        Count,
        key("Subarrays of each bank that may compute at the same time; fewer do if that ends sooner.", "subarrays", cycles=True),
    ] = 1
    lock_step: Annotated[
        Flag,
        key(
            "Whether no bank begins an operation before all have begun the one before; else each goes its own pace.", cycles=True
        ),
    ] = True
    limits: Annotated[LimitsSpec, key("The limits on commands that hold.")] = LimitsSpec()
    program: Annotated[
        Text,
        Field(min_length=1),
        key("Micro-program of the multiplication: a family (`maj`, `simdram`) or FILE.py:NAME.", cycles=True),
    ] = "maj"
    initialised: Annotated[
        Flag,
        key("Whether to issue the operations, too, that the published count of the program leaves out.", cycles=True),
    ] = True
    precision: Annotated[PrecisionSpec, key("Widths of weights and activations.")] = PrecisionSpec()
    pairs_per_column: Annotated[
        Count,
        key(
            "Operand pairs that share a column and are multiplied one after the other, so that a layer takes so many times fewer "
            "columns (the parallelism factor).",
            "pairs",
            cycles=True,
        ),
    ] = 1
    placement: Annotated[
        Literal["together", "pipelined"],
        key(
            "`together`: all banks work on one layer after the other. `pipelined`: each layer has banks of its own, and images "
            "follow each other.",
            cycles=True,
        ),
    ] = "together"
    banks_per_layer: Annotated[
        Count | None,
        key(
            "Banks of each layer in a pipeline; without it layers get as many as make the slowest one fastest.",
            "banks",
            cycles=True,
            default="shared out by work",
        ),
    ] = None
    weights: Annotated[
        Literal["resident", "reloaded"],
        key(
            "Whether weights stay in their rows from image to image (`resident`) or are written for each (`reloaded`).",
            cycles=True,
        ),
    ] = "resident"
    operands: Annotated[
        Literal["transposer", "bus"],
        key(
            "How the activations of a round come to their rows: from the bank's transpose unit, or over the channel's bus.",
            cycles=True,
        ),
    ] = "transposer"
    transfers: Annotated[
        Flag, key("Whether moving inputs, results and weights over the channel's bus takes time.", cycles=True)
    ] = True
    overlap_transfers: Annotated[
        Flag,
        key(
            "Whether, in a pipeline, a further subarray of each bank brings the inputs of the next image and takes the results "
            "of the one before away while the bank multiplies.",
            cycles=True,
        ),
    ] = False
    row_copies: Annotated[
        Flag,
        key(
            "Whether rows that a bank has go from one of its subarrays to another over links between their row buffers; else "
            "over the channel's bus.",
            cycles=True,
        ),
    ] = False
    periphery: Annotated[PeripherySpec, key("The adder tree, the transpose unit and the vector unit of each bank.")]

    @model_validator(mode="before")
    @classmethod
    def _clock_of_the_dram(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        raise_broken(
            [
                Broken((name,), f"expected no {name} in a machine of this kind: {why}")
                for name, why in _DERIVED.items()
                if name in given
            ]
        )
        return {**given, "core_clock_hz": _clock_hz(given.get("dram"))}

    @field_validator("dram")
    @classmethod
    def _computes(cls, dram: DramSpec) -> DramSpec:
        try:
            load_pim_dram(dram.standard, PimLimits(refresh="none"), dram.overrides)
        except InputError as error:
            raise_broken([Broken(("overrides" if dram.overrides else "standard",), error.message, error.hint)])
        return dram

    @model_validator(mode="after")
    def _fits_the_dram(self) -> Self:
        try:
            dram = self.resolved()
        except InputError as error:
            raise_broken([Broken(("limits",), error.message, error.hint)])
            raise
        banks, subarrays = len(banks_of(dram)), dram.node_counts[-1]
        if self.banks_per_layer is not None and self.placement == "together":
            hint = "set placement=pipelined, or leave banks_per_layer out"
            raise_broken([Broken(("banks_per_layer",), "expected none, because all banks work on each layer (placement)", hint)])
        if self.row_copies and (subarrays < 2 or not {LINK, LAND} <= set(dram.commands)):
            hint = "choose a DRAM with at least two subarrays in a bank and the commands LINK and LAND, or leave row_copies out"
            why = "a bank has only one subarray" if subarrays < 2 else f"{dram.name} links no subarrays"
            raise_broken([Broken(("row_copies",), f"expected false, because {why}", hint)])
        if self.overlap_transfers and (self.placement == "together" or self.active_subarrays >= subarrays):
            together = self.placement == "together"
            why = "there is no pipeline (placement)" if together else f"all {subarrays} subarrays of a bank compute"
            hint = "set placement=pipelined" if together else "set fewer active_subarrays"
            raise_broken([Broken(("overlap_transfers",), f"expected false, because {why}", hint)])
        every = (self.banks or banks) * dram.counts[0]
        raise_broken(
            [
                Broken((name,), f"expected at most {most}, as {dram.name} has, got {got}")
                for name, got, most in (
                    ("banks", self.banks or 1, banks),
                    ("active_subarrays", self.active_subarrays, subarrays),
                    ("banks_per_layer", self.banks_per_layer or 1, every),
                )
                if got > most
            ]
        )
        return self

    def resolved(self) -> ResolvedDram:
        """Return the DRAM in integers, without the timings of limits that do not hold."""
        return load_pim_dram(self.dram.standard, self.limits.limits(), self.dram.overrides)


def _clock_hz(dram: object) -> int:
    """Return the DRAM's clock, rounded to whole Hz; 1 for a DRAM that cannot be read, about which its own check complains."""
    if isinstance(dram, DramSpec):
        return _clock_of(dram.standard, tuple(dram.overrides.items()))
    if not isinstance(dram, dict) or not isinstance(dram.get("standard"), str):
        return 1
    overrides = dram.get("overrides") or {}
    if not isinstance(overrides, dict) or not all(isinstance(value, int) for value in overrides.values()):
        return 1
    return _clock_of(dram["standard"], tuple(overrides.items()))


@lru_cache(maxsize=16)
def _clock_of(standard: str, overrides: tuple[tuple[str, int], ...]) -> int:
    try:
        return round(1e12 / load_pim_dram(standard, PimLimits(refresh="none"), dict(overrides)).tck_ps)
    except InputError:
        return 1


def precision_of(bits: str) -> tuple[str, str]:
    """Return the widths of weights and activations in ``8`` or ``4x8``. Raise InputError for another text."""
    found = re.fullmatch(r"([0-9]{1,9})(?:x([0-9]{1,9}))?", bits.strip(), flags=re.ASCII)
    if found is None:
        raise InputError(f"expected bits such as 8, or 4x8 for weights and activations, got {shown(bits)}", "--precision")
    weights, activations = found[1], found[2] or found[1]
    wrong = next((width for width in (weights, activations) if not 1 <= int(width) <= MOST_BITS), None)
    if wrong is not None:
        raise InputError(f"expected 1 to {MOST_BITS} bits, got {int(wrong)}", f"--precision {bits.strip()}")
    return weights, activations
