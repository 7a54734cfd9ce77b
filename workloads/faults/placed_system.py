"""A machine whose scratchpads keep their tensors as a placement says, the one that a training run draws its errors from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from simcore.errors import InputError
from simcore.reading.tree import BANK_KEYS
from simcore.spec import System
from workloads.faults.device import MacroDevice
from workloads.faults.placement import Placement, Storage
from workloads.faults.word_memory import TensorKind


def placed_system(
    system: System, placement: Placement, held: Mapping[str, TensorKind | None], device: MacroDevice, word_bits: int
) -> System:
    """The System with the banks of each scratchpad made of macros that keep the tensor it holds as the placement says.

    Bits in SRAM and bits written at another voltage or pulse lie in cells of their own beside each other in every line. A
    scratchpad that is not in ``held``, or holds None, keeps data that the placement does not name, as its safe bits are kept.
    Node and leakage class are the device's. Raises InputError for bits whose error rate alone is known, for a unified scratchpad
    and for scratchpads that change roles.
    """
    if "unified" in system.scratchpads:
        message = "expected scratchpads ifmap, filter and ofmap, each for one kind of tensor at a time, got a unified one"
        raise InputError(message, f"system {system.name}")
    if system.layer_results != "main-memory":
        message = f"expected scratchpads that keep their roles, layer_results main-memory, got {system.layer_results}"
        raise InputError(message, f"system {system.name}")
    tree = system.to_yaml_dict()
    tree["technology"] = {**tree["technology"], "node_nm": device.node_nm, "leakage_class": device.leakage_class}
    for name in system.scratchpads:
        pad = {key: value for key, value in tree["scratchpads"][name].items() if key not in BANK_KEYS}
        tree["scratchpads"][name] = {**pad, "macro": _macro(placement, held.get(name), device, word_bits)}
    return System.model_validate(tree)


def _macro(placement: Placement, tensor: TensorKind | None, device: MacroDevice, word_bits: int) -> dict[str, Any]:
    """The macros of a scratchpad: the cell that most bits lie in, and the others beside it."""
    counted = Counter(placement.storages(tensor, word_bits)).most_common()
    main, beside = counted[0][0], counted[1:]
    shares = [{**_cell(storage, device, placement), "bits_percent": 100 * bits / word_bits} for storage, bits in beside]
    return {**_cell(main, device, placement), "beside": shares}


def _cell(storage: Storage, device: MacroDevice, placement: Placement) -> dict[str, Any]:
    if storage.memory == "sram":
        return {"cell": "sram"}
    if storage.pulse_ns is None:
        message = (
            "expected a write pulse and a voltage (or overdrive), got an error rate alone: it says nothing of time and energy"
        )
        raise InputError(message, f"placement {placement.name}")
    voltage_v = storage.voltage_v if storage.overdrive is None else device.voltage_v(storage.overdrive)
    return {"cell": device.cell, "voltage_v": voltage_v, "pulse_ns": storage.pulse_ns}
