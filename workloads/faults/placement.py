"""Heterogeneous memory: which bits of each tensor lie in SRAM, and which in MRAM with a given write voltage and pulse.

A placement is one point of the trade-off between write energy and accuracy. It gives the error rates from which a training run
draws, and the energy of a written word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from simcore.errors import InputError, did_you_mean
from workloads.faults.device import WriteDevice
from workloads.faults.injection import ErrorRates, error_rates
from workloads.faults.word_memory import TENSORS
from workloads.layers.held import TensorKind

Memory = Literal["sram", "mram"]


@dataclass(frozen=True, kw_only=True)
class Storage:
    """How a bit is kept: in SRAM, or in MRAM with ``pulse_ns`` and either ``voltage_v`` or ``overdrive``, or with an error rate.

    ``error_rate`` is one number, or one for 0->1 and one for 1->0. ``write_pj_per_bit`` may accompany it; without it the energy
    is unknown (NaN). Raise InputError for values that contradict each other or are out of range.
    """

    memory: Memory = "mram"
    voltage_v: float | None = None
    overdrive: float | None = None
    pulse_ns: float | None = None
    error_rate: float | tuple[float, float] | None = None
    write_pj_per_bit: float | None = None

    def __post_init__(self) -> None:
        if self.memory not in get_args(Memory):
            raise InputError(f"no memory is called '{self.memory}'", "memory", did_you_mean(str(self.memory), get_args(Memory)))
        for name in ("voltage_v", "overdrive", "pulse_ns", "write_pj_per_bit"):
            _check_positive(name, getattr(self, name))
        pulsed = self.pulse_ns is not None and (self.voltage_v is None) != (self.overdrive is None)
        any_pulse = not (self.pulse_ns is None and self.voltage_v is None and self.overdrive is None)
        plain = self.error_rate is not None
        if self.memory == "sram" and (any_pulse or plain or self.write_pj_per_bit is not None):
            raise InputError("expected no other keys for 'sram', which has no write pulse and no write errors", "memory")
        if self.memory == "mram" and (any_pulse == plain or any_pulse != pulsed):
            raise InputError("expected mram with pulse_ns and one of voltage_v and overdrive, or with error_rate", "memory")
        if self.write_pj_per_bit is not None and not plain:
            raise InputError("expected error_rate beside it, because a pulse gives the energy of a bit", "write_pj_per_bit")

    def rates(self, device: WriteDevice) -> tuple[float, float]:
        """Return the write error rates of 0->1 and 1->0."""
        if self.memory == "sram":
            return 0.0, 0.0
        if self.error_rate is not None:
            return self.error_rate if isinstance(self.error_rate, tuple) else (self.error_rate, self.error_rate)
        return device.error_rates(self._voltage_v(device), self.pulse_ns or nan)

    def pj_per_bit(self, device: WriteDevice) -> float:
        """Return the energy of writing one bit, in picojoules, or NaN if only an error rate is known."""
        if self.memory == "sram":
            return device.sram_pj_per_bit
        if self.error_rate is not None:
            return nan if self.write_pj_per_bit is None else self.write_pj_per_bit
        return device.write_pj_per_bit(self._voltage_v(device), self.pulse_ns or nan)

    def to_dict(self) -> dict[str, Any]:
        """Return the given values, for YAML and JSON."""
        given: dict[str, Any] = {
            "memory": self.memory,
            "voltage_v": self.voltage_v,
            "overdrive": self.overdrive,
            "pulse_ns": self.pulse_ns,
        }
        rate = list(self.error_rate) if isinstance(self.error_rate, tuple) else self.error_rate
        given |= {"error_rate": rate, "write_pj_per_bit": self.write_pj_per_bit}
        return {key: value for key, value in given.items() if value is not None}

    def _voltage_v(self, device: WriteDevice) -> float:
        return device.voltage_v(self.overdrive) if self.overdrive is not None else self.voltage_v or nan


def _check_positive(name: str, value: float | None) -> None:
    if value is not None and not (isfinite(value) and value > 0):
        raise InputError(f"expected a number above 0, got {value!r}", name)


SRAM = Storage(memory="sram")


@dataclass(frozen=True)
class PlacedBits:
    """Bits ``low`` to ``high`` of one kind of tensor, both included. Bit 0 is the least significant.

    ``high`` None stands for the last bit of the word.
    """

    tensor: TensorKind
    storage: Storage
    low: int = 0
    high: int | None = None

    def __post_init__(self) -> None:
        if self.tensor not in TENSORS:
            raise InputError(f"no tensor is called '{self.tensor}'", "tensor", did_you_mean(str(self.tensor), TENSORS))
        if self.low < 0 or (self.high is not None and self.high < self.low):
            raise InputError(f"expected bits LOW-HIGH with 0 <= LOW <= HIGH, got {self.low}-{self.high}", "bits")

    def bits(self, word_bits: int) -> range:
        """Return the bit positions in a word. Raise InputError if the word is too short for them."""
        high = word_bits - 1 if self.high is None else self.high
        if high >= word_bits or self.low >= word_bits:
            raise InputError(f"expected bits 0 to {word_bits - 1} of a word of {word_bits}, got {self.low}-{high}", "bits")
        return range(self.low, high + 1)

    def to_dict(self) -> dict[str, Any]:
        """Return the part as a mapping, for YAML and JSON."""
        all_bits = self.low == 0 and self.high is None
        bits = "all" if all_bits else f"{self.low}-{'' if self.high is None else self.high}"
        return {"tensor": self.tensor, "bits": bits, **self.storage.to_dict()}


@dataclass(frozen=True)
class TensorWrites:
    """The writes of one kind of tensor.

    ``error_rates`` has the shape (word bits, 2). ``pj_per_word`` is the energy of one word in pJ. ``sram_bits`` counts the bits
    in SRAM. ``pulse_ns`` is the longest write pulse of any bit, which is the duration of a word's write (0 if no pulse is known).
    """

    error_rates: ErrorRates
    pj_per_word: float
    sram_bits: int
    pulse_ns: float


@dataclass(frozen=True)
class Placement:
    """The storage of every bit: ``parts`` if one of them names the bit, or else ``safe``. No bit may be named twice."""

    name: str
    safe: Storage
    parts: tuple[PlacedBits, ...] = ()

    def resolve(self, word_bits: int, device: WriteDevice) -> dict[TensorKind, TensorWrites]:
        """Return error rates and energies of every kind of tensor. Raise InputError for bits named twice or not in the word."""
        return {tensor: self._tensor(tensor, word_bits, device) for tensor in TENSORS}

    def to_dict(self) -> dict[str, Any]:
        """Return the placement in the form that ``placement_from_yaml`` reads."""
        return {"name": self.name, "safe": self.safe.to_dict(), "parts": [part.to_dict() for part in self.parts]}

    def storages(self, tensor: TensorKind | None, word_bits: int) -> list[Storage]:
        """Return the storage of each bit of a tensor's word, least significant first.

        ``tensor`` None stands for data that no placement names. Raise InputError for bits named twice or not in the word.
        """
        kept: dict[int, Storage] = {}
        for part in (part for part in self.parts if part.tensor == tensor):
            for bit in part.bits(word_bits):
                if bit in kept:
                    raise InputError(f"bit {bit} of {tensor} is placed twice", f"placement {self.name}")
                kept[bit] = part.storage
        return [kept.get(bit, self.safe) for bit in range(word_bits)]

    def _tensor(self, tensor: TensorKind, word_bits: int, device: WriteDevice) -> TensorWrites:
        storages = self.storages(tensor, word_bits)
        distinct = {storage: (storage.rates(device), storage.pj_per_bit(device)) for storage in set(storages)}
        rates = sum(
            (error_rates(word_bits, distinct[kept_in][0], [bit]) for bit, kept_in in enumerate(storages)), _none(word_bits)
        )
        energy = sum(distinct[storage][1] for storage in storages)
        return TensorWrites(
            rates,
            energy,
            sum(storage.memory == "sram" for storage in storages),
            max(storage.pulse_ns or 0.0 for storage in storages),
        )


def _none(word_bits: int) -> npt.NDArray[np.float64]:
    return np.zeros((word_bits, 2))


def training_rates(writes: Mapping[TensorKind, TensorWrites]) -> dict[TensorKind, ErrorRates]:
    """Return only the error rates, in the form that a training run takes."""
    return {tensor: each.error_rates for tensor, each in writes.items()}
