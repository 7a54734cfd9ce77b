"""A machine whose scratchpads keep their tensors as a placement says. A training run draws its errors from the same placement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from simcore.errors import InputError
from simcore.reading.tree import BANK_KEYS
from simcore.spec import System
from workloads.faults.device import MacroDevice, WriteDevice
from workloads.faults.injection import ErrorRates
from workloads.faults.pad_memory import PadRates
from workloads.faults.placement import Placement, Storage
from workloads.faults.step_writes import PADS
from workloads.faults.sum_words import SUM_BITS
from workloads.faults.word_memory import TENSORS
from workloads.layers.held import TensorKind


def placed_system(
    system: System, placement: Placement, held: Mapping[str, TensorKind | None], device: MacroDevice, word_bits: int
) -> System:
    """Return the System with the banks of each scratchpad built from macros that keep its tensor as the placement says.

    In every line the bits in SRAM, and the bits written at another voltage or pulse, lie in cells of their own beside the other
    bits. A scratchpad that is missing from ``held``, or holds None, keeps data that the placement does not name, so it is built
    like the safe bits. Node and leakage class are the device's. Raise InputError for bits with only an error rate, for a unified
    scratchpad and for scratchpads that exchange roles.
    """
    if "unified" in system.scratchpads:
        message = "expected scratchpads ifmap, filter and ofmap, each for one kind of tensor at a time, got a unified one"
        raise InputError(message, f"system {system.name}")
    if system.layer_results != "main-memory":
        message = f"expected scratchpads that keep their roles, layer_results main-memory, got {system.layer_results}"
        raise InputError(message, f"system {system.name}")
    if system.dma.prefetch != "none":
        message = f"expected layers that load their own tiles alone, dma.prefetch none, got {system.dma.prefetch}"
        raise InputError(message, f"system {system.name}")
    tree = system.to_yaml_dict()
    tree["technology"] = {**tree["technology"], "node_nm": device.node_nm, "leakage_class": device.leakage_class}
    for name in system.scratchpads:
        pad = {key: value for key, value in tree["scratchpads"][name].items() if key not in BANK_KEYS}
        macro = macro_of(placement.storages(held.get(name), word_bits), device, f"placement {placement.name}")
        tree["scratchpads"][name] = {**pad, "macro": macro}
    return System.model_validate(tree)


def placed_rates(placement: Placement, device: WriteDevice, word_bits: int) -> PadRates:
    """Return the error rates of every scratchpad and kind of tensor. Data that a placement does not name are safe."""
    found: dict[tuple[str, TensorKind | None], ErrorRates] = {}
    for pad in PADS.values():
        bits = SUM_BITS if pad == PADS["psum"] else word_bits
        for kind in (*TENSORS, None):
            storages = placement.storages(None if pad == PADS["psum"] else kind, bits)
            found[pad, kind] = np.array([storage.rates(device) for storage in storages], np.float64)
    return found


def macro_of(storages: Sequence[Storage], device: MacroDevice, where: str) -> dict[str, Any]:
    """Return the macros of a scratchpad with these bits in a word: the cell that holds most bits, and the others beside it.

    Raise InputError for bits with only an error rate.
    """
    counted = Counter(storages).most_common()
    main, beside = counted[0][0], counted[1:]
    shares = [{**_cell(storage, device, where), "bits_percent": 100 * bits / len(storages)} for storage, bits in beside]
    return {**_cell(main, device, where), "beside": shares}


def _cell(storage: Storage, device: MacroDevice, where: str) -> dict[str, Any]:
    if storage.memory == "sram":
        return {"cell": "sram"}
    if storage.pulse_ns is None:
        message = (
            "expected a write pulse and a voltage (or overdrive), got only an error rate, which gives neither time nor energy"
        )
        raise InputError(message, where)
    voltage_v = storage.voltage_v if storage.overdrive is None else device.voltage_v(storage.overdrive)
    return {"cell": device.cell, "voltage_v": voltage_v, "pulse_ns": storage.pulse_ns}
