"""One chip whose scratchpads keep the same bits in the same cells for a whole training step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

import numpy as np

from simcore.errors import InputError
from simcore.reading.tree import BANK_KEYS
from simcore.spec import System
from workloads.faults.device import MacroDevice, WriteDevice
from workloads.faults.injection import ErrorRates
from workloads.faults.pad_memory import PadRates
from workloads.faults.placed_system import macro_of
from workloads.faults.placement import Storage
from workloads.faults.sum_words import SUM_BITS
from workloads.layers.held import TensorKind

#: The scratchpads of operands and results, and that of partial sums.
OPERAND_PADS = ("ifmap", "filter", "ofmap")
SUM_PAD = "accumulator"
PAD_NAMES = (*OPERAND_PADS, SUM_PAD)


@dataclass(frozen=True)
class Slices:
    """The bits of a scratchpad's words: the lower ``low_bits`` are kept in one way, those above in another."""

    above: Storage
    low: Storage | None = None
    low_bits: int = 0

    def storages(self, word_bits: int) -> tuple[Storage, ...]:
        """Return the storage of each bit, least significant first. Raise InputError if the word is too short for the split."""
        if not 0 <= self.low_bits <= word_bits:
            raise InputError(f"expected 0 to {word_bits} lower bits of a word of {word_bits}, got {self.low_bits}", "low_bits")
        low = self.above if self.low is None else self.low
        return (low,) * self.low_bits + (self.above,) * (word_bits - self.low_bits)


@dataclass(frozen=True)
class Chip:
    """Scratchpads by name ("ifmap", "filter", "ofmap", "accumulator"), each with slices that stay the same in every pass.

    ``array`` are overrides of the System's array, such as another dataflow. ``sram_banks`` gives, by scratchpad, how many of its
    first banks are made of SRAM alone; the other banks have the slices.
    """

    name: str
    pads: Mapping[str, Slices]
    word_bits: int = 16
    array: tuple[str, ...] = ()
    sram_banks: Mapping[str, int] = field(default_factory=dict)

    def storages(self, pad: str) -> tuple[Storage, ...]:
        """Return the storage of each bit of a word of a scratchpad, least significant first."""
        return self.pads[pad].storages(SUM_BITS if pad == SUM_PAD else self.word_bits)

    def rates(self, device: WriteDevice) -> PadRates:
        """Return the error rates of every scratchpad, which are those of all kinds of tensors in it."""
        found: dict[tuple[str, TensorKind | None], ErrorRates] = {}
        for pad in self.pads:
            of_bits: ErrorRates = np.array([storage.rates(device) for storage in self.storages(pad)], np.float64)
            found |= {(pad, kind): of_bits for kind in (*get_args(TensorKind), None)}
        return found

    def sram_bits_percent(self, banks: int = 16) -> float:
        """Return the share of the bits in SRAM, with scratchpads of equal capacity and so many banks."""
        shares = []
        for pad in self.pads:
            in_slices = float(np.mean([storage.memory == "sram" for storage in self.storages(pad)]))
            in_banks = self.sram_banks.get(pad, 0) / banks
            shares.append(in_banks + (1 - in_banks) * in_slices)
        return 100 * float(np.mean(shares))

    def to_dict(self) -> dict[str, Any]:
        """Return the chip for JSON."""
        pads = {
            name: {
                "above": each.above.to_dict(),
                "low_bits": each.low_bits,
                **({} if each.low is None else {"low": each.low.to_dict()}),
            }
            for name, each in self.pads.items()
        }
        return {"name": self.name, "pads": pads, "array": list(self.array), "sram_banks": dict(self.sram_banks)}


def chip_system(system: System, chip: Chip, device: MacroDevice) -> System:
    """Return the System with the banks of each scratchpad built from the macros of the chip, at the device's node and class.

    Raise InputError for bits with only an error rate, and for a System with other scratchpads than the chip's.
    """
    if set(system.scratchpads) != set(chip.pads):
        got = ", ".join(system.scratchpads)
        raise InputError(f"expected scratchpads {', '.join(chip.pads)}, got {got}", f"system {system.name}")
    tree = system.to_yaml_dict()
    tree["technology"] = {**tree["technology"], "node_nm": device.node_nm, "leakage_class": device.leakage_class}
    for name in system.scratchpads:
        pad = {key: value for key, value in tree["scratchpads"][name].items() if key not in BANK_KEYS}
        macro, in_sram = macro_of(chip.storages(name), device, f"chip {chip.name}"), chip.sram_banks.get(name, 0)
        groups = [{"banks": in_sram, "macro": {"cell": "sram"}}, {"banks": pad["banks"] - in_sram, "macro": macro}]
        tree["scratchpads"][name] = {**pad, **({"bank_groups": groups} if in_sram else {"macro": macro})}
    return System.model_validate(tree)
